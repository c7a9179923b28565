/*
 * withWatermark(): see plan_parts.h.
 */
#include <strings.h>

#include "expressions/interval.h"
#include "expressions/parser.h"
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static const int64_t us_per_month = INT64_C(31) * 24 * 3600 * 1000000; /* as Spark has it here */

static bool bad_delay(const struct planning *p)
{
    return sql_fail(p->error, &plan_bad_interval,
                    "Unable to parse '%.*s'. Please ensure that the value provided is in a valid "
                    "format for defining an interval. You can reference the documentation for the "
                    "correct format. If the issue persists, please double check that the input "
                    "value is not null or empty and try again.",
                    BYTES_ARG(p->written->delay));
}

/* "1 month 2 days": pairs of a number and a unit; months and days may stand side by side here. */
static bool parse_delay(struct bytes text, struct interval_value *sum)
{
    struct bytes rest = bytes_trim(text);
    struct bytes number = { 0 };
    int32_t pairs = 0;
    while (rest.len > 0) {
        struct bytes word = rest;
        (void)bytes_cut(&rest, ' ', &word);
        rest = bytes_trim(bytes_is_null(rest) ? (struct bytes){ word.data, 0 } : rest);
        if (bytes_is_null(number)) {
            bool opening = pairs == 0 && word.len == 8 &&
                           strncasecmp((const char *)word.data, "interval", 8) == 0;
            number = opening ? number : word;
            continue;
        }
        struct interval_value one = { 0 };
        if (interval_add_unit(&one, true, number, word) != INTERVAL_OK ||
            __builtin_add_overflow(sum->months, one.months, &sum->months) ||
            __builtin_add_overflow(sum->micros, one.micros, &sum->micros)) {
            return false;
        }
        number = (struct bytes){ 0 };
        pairs++;
    }
    return pairs > 0 && bytes_is_null(number);
}

static bool read_delay(const struct planning *p, int64_t *out_us)
{
    struct interval_value value = { 0 };
    int64_t us = 0;
    if (!parse_delay(p->written->delay, &value) ||
        __builtin_mul_overflow((int64_t)value.months, us_per_month, &us) ||
        __builtin_add_overflow(us, value.micros, &us)) {
        return bad_delay(p);
    }
    if (us < 0) {
        return sql_fail(p->error, &plan_illegal_argument,
                        "requirement failed: delay threshold (%.*s) should not be negative.",
                        BYTES_ARG(p->written->delay));
    }
    *out_us = us;
    return true;
}

/* A time, or a window, which ends at one. */
static bool is_event_time(const struct type *type)
{
    if (type->kind == TYPE_STRUCT) {
        int32_t end = type_field_index(type, bytes_of("end"), true);
        return end >= 0 && type->fields[end].type->kind == TYPE_TIMESTAMP;
    }
    return type->kind == TYPE_TIMESTAMP;
}

static bool bad_type(const struct planning *p, const struct type *type)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, type);
    (void)sql_fail(p->error, &plan_event_time_type,
                   "The event time `%.*s` has the invalid type \"%.*s\", but expected "
                   "\"TIMESTAMP\".",
                   BYTES_ARG(p->written->name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

static const struct expression *find_column(const struct planning *p)
{
    struct syntax name = {
        .kind = SYNTAX_NAME, .span = span_none(), .text = p->written->name, .depth = 1
    };
    struct analysis a = planning_analysis(p, p->inputs[0]);
    if (!parse_column_name(p->arena, p->written->name, &name.parts, &name.part_count, p->error)) {
        return NULL;
    }
    return analyze(&a, &name);
}

const struct plan *analyze_watermark(const struct planning *p)
{
    int64_t delay_us = 0;
    const struct expression *column = read_delay(p, &delay_us) ? find_column(p) : NULL;
    if (!column) {
        return NULL;
    }
    if (column->kind != EXPRESSION_COLUMN) {
        (void)sql_fail(p->error, &plan_illegal_argument,
                       "The event time `%.*s` must be a column of the frame, not a part of one.",
                       BYTES_ARG(p->written->name));
        return NULL;
    }
    if (!is_event_time(column->type)) {
        (void)bad_type(p, column->type);
        return NULL;
    }
    struct plan *plan = plan_new(p->arena, PLAN_WATERMARK, p->written, p->inputs, 1);
    const struct expression **list = ARENA_NEW(p->arena, const struct expression *, 1);
    list[0] = column;
    plan->expressions = list;
    plan->expression_count = 1;
    plan->event_column = column->index;
    plan->delay_us = delay_us;
    plan->name = p->written->delay;
    return plan;
}
