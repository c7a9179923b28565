/*
 * Interval literals, as the grammar asks for them: see sql_build.h.
 *
 *     INTERVAL 1 DAY 2 HOURS           values with units: a type from the largest to the smallest unit
 *     INTERVAL '1 02:03' DAY TO MINUTE  one text, read as its units say
 *     INTERVAL '1 day 2 hours'          one text with units inside
 */
#include "expressions/interval.h"
#include "expressions/sql_build_type.h"

static const struct syntax *literal_of(struct parse *p,
                                       struct span at,
                                       const struct interval_value *value)
{
    const struct type *type = type_interval(p->arena, value->from, value->to);
    return build_literal(
        p, at, scalar_of_integer(type, value->from <= UNIT_MONTH ? value->months : value->micros));
}

static const struct syntax *refuse(struct parse *p,
                                   struct span at,
                                   enum interval_problem problem,
                                   struct bytes text)
{
    struct bytes whole = { p->text.data + at.start, (size_t)(at.end - at.start) };
    if (problem == INTERVAL_MIXED) {
        struct bytes inner = bytes_trim((struct bytes){ whole.data + 8, whole.len - 8 });
        (void)parse_fail(p, at, &sql_mixed_interval_fields,
                         "Cannot mix year-month and day-time fields: interval %.*s.",
                         BYTES_ARG(inner));
    } else {
        (void)parse_fail(p, at, &sql_invalid_interval_part, "Error parsing interval, '%.*s'.",
                         BYTES_ARG(text));
    }
    return NULL;
}

const struct syntax *build_interval_text(struct parse *p,
                                         struct span at,
                                         const struct text_list *parts)
{
    const struct syntax *text = build_string(p, at, parts);
    struct interval_value value = { 0 };
    enum interval_problem problem = interval_parse_units(text->scalar.text, &value);
    return problem == INTERVAL_OK ? literal_of(p, at, &value)
                                  : refuse(p, at, problem, text->scalar.text);
}

/* The text of a value that stands as a literal: a number as it was written, or a string's content. */
static struct bytes value_text(struct parse *p, const struct syntax *value)
{
    if (value->kind == SYNTAX_CALL && value->count == 1) { /* -1 */
        struct bytes inner = value_text(p, value->args[0]);
        return bytes_is_null(inner) ? inner : arena_printf(p->arena, "-%.*s", BYTES_ARG(inner));
    }
    if (value->kind != SYNTAX_LITERAL) {
        return (struct bytes){ 0 };
    }
    return value->scalar.type->kind == TYPE_STRING
               ? value->scalar.text
               : (struct bytes){ p->text.data + value->span.start,
                                 (size_t)(value->span.end - value->span.start) };
}

const struct syntax *build_interval(struct parse *p,
                                    struct span at,
                                    const struct syntax_list *values_and_units)
{
    struct interval_value value = { 0 };
    for (int32_t i = 0; i < values_and_units->count; i += 2) {
        struct bytes text = value_text(p, values_and_units->items[i]);
        struct bytes unit = values_and_units->items[i + 1]->text;
        enum interval_problem problem = bytes_is_null(text)
                                            ? INTERVAL_MALFORMED
                                            : interval_add_unit(&value, i == 0, text, unit);
        if (problem != INTERVAL_OK) {
            return refuse(p, at, problem, text);
        }
    }
    return literal_of(p, at, &value);
}

const struct syntax *build_interval_range(struct parse *p,
                                          struct span at,
                                          const struct text_list *parts,
                                          bool negative,
                                          const struct token *from,
                                          const struct token *to)
{
    const struct syntax *text = build_string(p, at, parts);
    const struct type *type = build_interval_type(p, at, from, to);
    if (!type) {
        return NULL;
    }
    struct interval_value value = { .from = type->from, .to = type->to };
    enum interval_problem problem = interval_parse_range(text->scalar.text, &value);
    if (problem != INTERVAL_OK) {
        return refuse(p, at, problem, text->scalar.text);
    }
    value.months = negative ? -value.months : value.months;
    value.micros = negative ? -value.micros : value.micros;
    return literal_of(p, at, &value);
}
