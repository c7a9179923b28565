/*
 * Types, as the grammar asks for them: see sql_build.h.
 */
#include "expressions/sql_build_type.h"

#include <strings.h>

static bool is_word(struct bytes word, const char *text)
{
    return word.len == strlen(text) && strncasecmp((const char *)word.data, text, word.len) == 0;
}

static const struct {
    const char *name;
    enum type_kind kind;
} simple_types[] = {
    { "boolean", TYPE_BOOLEAN },
    { "tinyint", TYPE_TINYINT },
    { "byte", TYPE_TINYINT },
    { "smallint", TYPE_SMALLINT },
    { "short", TYPE_SMALLINT },
    { "int", TYPE_INT },
    { "integer", TYPE_INT },
    { "bigint", TYPE_BIGINT },
    { "long", TYPE_BIGINT },
    { "float", TYPE_FLOAT },
    { "real", TYPE_FLOAT },
    { "double", TYPE_DOUBLE },
    { "date", TYPE_DATE },
    { "timestamp", TYPE_TIMESTAMP },
    { "timestamp_ltz", TYPE_TIMESTAMP },
    { "timestamp_ntz", TYPE_TIMESTAMP_NTZ },
    { "string", TYPE_STRING },
    { "binary", TYPE_BINARY },
    { "void", TYPE_VOID },
};

static const struct type *unsupported(struct parse *p, struct span at)
{
    struct bytes text = { p->text.data + at.start, (size_t)(at.end - at.start) };
    struct bytes upper = arena_copy(p->arena, text);
    for (size_t i = 0; i < upper.len; i++) {
        uint8_t *c = (uint8_t *)(uintptr_t)upper.data + i;
        *c = *c >= 'a' && *c <= 'z' ? (uint8_t)(*c - 32) : *c;
    }
    if (bytes_equal_text(upper, "TIME") || bytes_starts_with(upper, bytes_of("TIME("))) {
        (void)sql_fail(p->error, &sql_unsupported_time, "The data type TIME is not supported.");
        return NULL;
    }
    (void)parse_fail(p, at, &sql_unsupported_datatype, "Unsupported data type \"%.*s\".",
                     BYTES_ARG(upper));
    return NULL;
}

/* A word that is no type, or one that needs the types of its parts. */
static const struct type *without_parts(struct parse *p, struct span at, struct bytes word)
{
    if (is_word(word, "array")) {
        (void)parse_fail(p, at, &sql_incomplete_array,
                         "Incomplete complex type: The definition of \"ARRAY\" type is incomplete. "
                         "You must provide an element type. For example: \"ARRAY<INT>\".");
    } else if (is_word(word, "map")) {
        (void)parse_fail(
            p, at, &sql_incomplete_map,
            "Incomplete complex type: The definition of \"MAP\" type is incomplete. You "
            "must provide a key type and a value type. For example: \"MAP<TIMESTAMP, "
            "INT>\".");
    } else if (is_word(word, "struct")) {
        (void)parse_fail(
            p, at, &sql_incomplete_struct,
            "Incomplete complex type: The definition of \"STRUCT\" type is incomplete. "
            "You must provide at least one field type. For example: \"STRUCT<name "
            "STRING, phone DECIMAL(10, 0)>\".");
    } else {
        return unsupported(p, at);
    }
    return NULL;
}

static const struct type *build_decimal_type(struct parse *p,
                                             const struct token *first,
                                             const struct token *second)
{
    int64_t precision = 10;
    int64_t scale = 0;
    if ((first && !bytes_parse_i64(first->text, &precision)) ||
        (second && !bytes_parse_i64(second->text, &scale)) || precision > 1000000) {
        precision = 1000000;
    }
    if (scale > precision) {
        (void)sql_fail(p->error, &sql_decimal_scale,
                       "\nDecimal scale (%lld) cannot be greater than precision (%lld).",
                       (long long)scale, (long long)precision);
        sql_error_add(p->error, "\n== SQL ==\n%.*s", BYTES_ARG(p->text));
        return NULL;
    }
    if (precision > DECIMAL_MAX_PRECISION) {
        (void)sql_fail(p->error, &sql_decimal_precision,
                       "Decimal precision %lld exceeds max precision 38.", (long long)precision);
        return NULL;
    }
    return type_decimal(p->arena, (int)precision, (int)scale);
}

const struct type *build_type(struct parse *p,
                              struct span at,
                              const struct token *name,
                              const struct token *first,
                              const struct token *second)
{
    struct bytes word = name->text;
    if (is_word(word, "decimal") || is_word(word, "dec") || is_word(word, "numeric")) {
        return build_decimal_type(p, first, second);
    }
    bool is_char = is_word(word, "char") || is_word(word, "character");
    if (is_char || is_word(word, "varchar")) {
        if (first && !second) {
            return type_simple(TYPE_STRING); /* lengths are for tables */
        }
        const char *shown = is_char ? "CHARACTER" : "VARCHAR";
        (void)parse_fail(p, at, &sql_datatype_missing_size,
                         "DataType \"%s\" requires a length parameter, for example \"%s\"(10). "
                         "Please specify the length.",
                         shown, shown);
        return NULL;
    }
    for (size_t i = 0; !first && i < sizeof(simple_types) / sizeof(simple_types[0]); i++) {
        if (is_word(word, simple_types[i].name)) {
            return type_simple(simple_types[i].kind);
        }
    }
    return first ? unsupported(p, at) : without_parts(p, at, word);
}

/* Bounds nesting, so that whoever walks a type may recurse. */
static int depth_of(const struct type *type)
{
    int deepest = 0;
    if (type->key) {
        deepest = depth_of(type->key);
    }
    if (type->element) {
        int depth = depth_of(type->element);
        deepest = depth > deepest ? depth : deepest;
    }
    for (int32_t i = 0; i < type->field_count; i++) {
        int depth = depth_of(type->fields[i].type);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static const struct type *not_too_deep(struct parse *p, struct span at, const struct type *type)
{
    if (depth_of(type) <= TYPE_MAX_DEPTH) {
        return type;
    }
    (void)parse_fail(p, at, &sql_parse_too_complex,
                     "The statement, including potential SQL functions and referred views, was too "
                     "complex to parse.");
    return NULL;
}

const struct type *build_array_type(struct parse *p, struct span at, const struct type *element)
{
    return not_too_deep(p, at, type_array(p->arena, element, true));
}

const struct type *build_map_type(struct parse *p,
                                  struct span at,
                                  const struct type *key,
                                  const struct type *value)
{
    return not_too_deep(p, at, type_map(p->arena, key, value, true));
}

const struct type *build_struct(struct parse *p, const struct field_list *fields)
{
    return build_struct_type(p, (struct span){ 0, (int32_t)p->text.len }, fields);
}

const struct type *build_struct_type(struct parse *p,
                                     struct span at,
                                     const struct field_list *fields)
{
    return not_too_deep(p, at, type_struct(p->arena, fields->items, fields->count));
}

/* struct<>; the lexer reads the brackets as "not equal", which may be written != as well. */
const struct type *build_empty_struct(struct parse *p, const struct token *brackets)
{
    if (brackets && !bytes_equal_text(brackets->text, "<>")) {
        parse_syntax_error(p, brackets);
        return NULL;
    }
    return type_struct(p->arena, NULL, 0);
}

static bool interval_unit(struct bytes word, enum interval_unit *out)
{
    static const char *const names[] = { "year", "month", "day", "hour", "minute", "second" };
    for (int i = 0; i < 6; i++) {
        if (is_word(word, names[i])) {
            *out = (enum interval_unit)i;
            return true;
        }
    }
    return false;
}

const struct type *build_interval_type(struct parse *p,
                                       struct span at,
                                       const struct token *from,
                                       const struct token *to)
{
    enum interval_unit first = UNIT_DAY;
    enum interval_unit last = UNIT_DAY;
    bool known =
        interval_unit(from->text, &first) && interval_unit(to ? to->text : from->text, &last);
    bool months = first <= UNIT_MONTH;
    if (!known || last < first || months != (last <= UNIT_MONTH) || (to && last == first)) {
        return unsupported(p, at);
    }
    return type_interval(p->arena, first, last);
}

struct field build_struct_field(struct parse *p,
                                const struct token *name,
                                const struct type *type,
                                bool not_null,
                                const struct text_list *comment)
{
    struct field field = { .name = word_text(p, name), .type = type, .nullable = !not_null };
    if (comment->count > 0) {
        const struct syntax *text = build_string(p, comment->items[0].span, comment);
        field.comment = text->scalar.text;
    }
    return field;
}
