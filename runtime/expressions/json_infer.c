/*
 * schema_of_json(text[, options]), and the schema of many texts: the type that a text has.
 *
 * Source: org.apache.spark.sql.catalyst.json.JsonInferSchema of Spark 4.1.
 */
#include "expressions/json_infer.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "columns/decimal.h"
#include "expressions/datetime_text.h"
#include "expressions/json_conditions.h"
#include "expressions/json_functions.h"
#include "expressions/json_options.h"
#include "expressions/sql_conditions.h"

enum { FIELDS_MAX = 100000 };

struct inference {
    struct arena *arena;
    struct json_reader reader;
    const struct json_options *options;
    const struct sql_settings *settings;
};

bool resolve_schema_of_json(struct analysis *a, struct expression *call)
{
    struct json_options *options = ARENA_NEW(a->arena, struct json_options, 1);
    struct bytes text;
    if (!json_options_read(a, call, 1, options) || !json_text_argument(a, call, 0)) {
        return false;
    }
    if (!json_constant_text(a, call->args[0], &text)) {
        return !sql_failed(a->error) &&
               analysis_mismatch(a, call, &sql_non_foldable,
                                 "the input `json` should be a foldable \"STRING\" expression.");
    }
    call->extra = options;
    call->type = type_simple(TYPE_STRING);
    call->nullable = false;
    return true;
}

/* --- types of two values as one --- */

static const struct type *common(struct inference *s, const struct type *a, const struct type *b);

static int compare_fields(const void *a, const void *b)
{
    return bytes_compare(((const struct field *)a)->name, ((const struct field *)b)->name);
}

/* Both in the order of names: merged as lists. */
static const struct type *common_struct(struct inference *s,
                                        const struct type *a,
                                        const struct type *b)
{
    size_t room = (size_t)a->field_count + (size_t)b->field_count;
    struct field *fields = ARENA_NEW(s->arena, struct field, room + 1);
    int32_t count = 0;
    int32_t i = 0;
    int32_t k = 0;
    while (i < a->field_count || k < b->field_count) {
        int order = i == a->field_count   ? 1
                    : k == b->field_count ? -1
                                          : compare_fields(&a->fields[i], &b->fields[k]);
        fields[count] = order <= 0 ? a->fields[i] : b->fields[k];
        if (order == 0) {
            fields[count].type = common(s, a->fields[i].type, b->fields[k].type);
        }
        count++;
        i += order <= 0;
        k += order >= 0;
    }
    return type_struct(s->arena, fields, count);
}

static const struct type *common_decimal(struct inference *s,
                                         const struct type *a,
                                         const struct type *b)
{
    struct decimal_shape x =
        a->kind == TYPE_DECIMAL ? decimal_shape_of(a) : decimal_shape_for(a->kind);
    struct decimal_shape y =
        b->kind == TYPE_DECIMAL ? decimal_shape_of(b) : decimal_shape_for(b->kind);
    int whole = x.precision - x.scale > y.precision - y.scale ? x.precision - x.scale
                                                              : y.precision - y.scale;
    int scale = x.scale > y.scale ? x.scale : y.scale;
    return whole + scale > DECIMAL_MAX_PRECISION ? type_simple(TYPE_DOUBLE)
                                                 : type_decimal(s->arena, whole + scale, scale);
}

static const struct type *common(struct inference *s, const struct type *a, const struct type *b)
{
    if (a->kind == TYPE_VOID || type_equal(a, b)) {
        return b;
    }
    if (b->kind == TYPE_VOID) {
        return a;
    }
    if (a->kind == TYPE_STRUCT && b->kind == TYPE_STRUCT) {
        return common_struct(s, a, b);
    }
    if (a->kind == TYPE_ARRAY && b->kind == TYPE_ARRAY) {
        return type_array(s->arena, common(s, a->element, b->element), true);
    }
    if (!type_is_numeric(a) || !type_is_numeric(b)) {
        return type_simple(TYPE_STRING);
    }
    bool inexact = a->kind == TYPE_DOUBLE || b->kind == TYPE_DOUBLE;
    return inexact ? type_simple(TYPE_DOUBLE) : common_decimal(s, a, b);
}

/* --- types of values --- */

/* Digits and scale of a number's text, as BigDecimal counts them. */
static const struct type *decimal_of(struct inference *s, struct bytes text)
{
    int64_t digits = 0;
    int64_t scale = 0;
    int64_t exponent = 0;
    bool point = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if ((c | 0x20) == 'e') {
            struct bytes rest = { text.data + i + 1, text.len - i - 1 };
            rest.data += rest.data[0] == '+';
            rest.len = (size_t)(text.data + text.len - rest.data);
            if (!bytes_parse_i64(rest, &exponent) || exponent > 10000 || exponent < -10000) {
                return type_simple(TYPE_DOUBLE);
            }
            break;
        }
        point = point || c == '.';
        if (c >= '0' && c <= '9') {
            digits += digits > 0 || c != '0';
            scale += point;
        }
    }
    scale -= exponent;
    digits = digits < 1 ? 1 : digits;
    int64_t precision = digits > scale ? digits : scale;
    if (precision > DECIMAL_MAX_PRECISION || scale < 0) {
        return type_simple(TYPE_DOUBLE);
    }
    return type_decimal(s->arena, (int)precision, (int)scale);
}

static const struct type *number_type(struct inference *s)
{
    struct bytes text = buffer_bytes(&s->reader.text);
    int64_t value;
    uint8_t last = text.data[text.len - 1];
    if (s->reader.token == JSON_INT) {
        return bytes_parse_i64(text, &value) ? type_simple(TYPE_BIGINT) : decimal_of(s, text);
    }
    bool word = last == 'N' || last == 'y';
    return s->options->prefers_decimal && !word ? decimal_of(s, text) : type_simple(TYPE_DOUBLE);
}

static const struct type *string_type(struct inference *s)
{
    struct bytes text = buffer_bytes(&s->reader.text);
    int64_t micros;
    if (text.len == 0) {
        return type_simple(TYPE_VOID);
    }
    bool time = s->options->infer_timestamp && s->settings &&
                datetime_read_timestamp(s->settings, text, &micros);
    return type_simple(time ? TYPE_TIMESTAMP : TYPE_STRING);
}

/* NULL: the text is broken. Recursion is bounded by the reader's depth. */
static const struct type *infer(struct inference *s);

static const struct type *infer_struct(struct inference *s)
{
    struct buffer fields;
    buffer_init(&fields, FIELDS_MAX * sizeof(struct field));
    bool ok = true;
    while (ok && (ok = json_next(&s->reader)) && s->reader.token == JSON_NAME) {
        struct field f = { .name = arena_copy(s->arena, json_name(&s->reader)), .nullable = true };
        f.type = json_next(&s->reader) ? infer(s) : NULL;
        ok = f.type != NULL;
        buffer_append(&fields, &f, sizeof(f));
    }
    const struct type *type = NULL;
    if (ok && !fields.overflow) {
        size_t count = fields.len / sizeof(struct field);
        struct field *sorted = ARENA_NEW(s->arena, struct field, count + 1);
        if (count > 0) {
            memcpy(sorted, fields.data, fields.len);
            qsort(sorted, count, sizeof(*sorted), compare_fields);
        }
        type = type_struct(s->arena, sorted, (int32_t)count);
    }
    buffer_finish(&fields);
    return type;
}

static const struct type *infer_array(struct inference *s)
{
    const struct type *element = type_simple(TYPE_VOID);
    while (json_next(&s->reader)) {
        if (s->reader.token == JSON_END_ARRAY) {
            return type_array(s->arena, element, true);
        }
        const struct type *one = infer(s);
        if (!one) {
            return NULL;
        }
        element = common(s, element, one);
    }
    return NULL;
}

static const struct type *infer(struct inference *s)
{
    const struct type *string = type_simple(TYPE_STRING);
    switch (s->reader.token) {
    case JSON_START_OBJECT: return infer_struct(s);
    case JSON_START_ARRAY: return infer_array(s);
    case JSON_STRING:
        if (!json_complete(&s->reader)) {
            return NULL;
        }
        return string_type(s);
    case JSON_INT:
    case JSON_FLOAT: return s->options->primitives_as_string ? string : number_type(s);
    case JSON_TRUE:
    case JSON_FALSE: return s->options->primitives_as_string ? string : type_simple(TYPE_BOOLEAN);
    default: return type_simple(TYPE_VOID);
    }
}

/* Nulls become strings or are dropped; structs without fields, and fields without a name, are dropped. NULL: nothing is left. */
static const struct type *settle(struct arena *arena, const struct type *type, bool drop_nulls)
{
    if (type->kind == TYPE_VOID) {
        return drop_nulls ? NULL : type_simple(TYPE_STRING);
    }
    if (type->kind == TYPE_ARRAY) {
        const struct type *element = settle(arena, type->element, drop_nulls);
        return element ? type_array(arena, element, true) : NULL;
    }
    if (type->kind != TYPE_STRUCT) {
        return type;
    }
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)type->field_count + 1);
    int32_t count = 0;
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct type *inner =
            type->fields[i].name.len > 0 ? settle(arena, type->fields[i].type, drop_nulls) : NULL;
        if (inner) {
            fields[count] = type->fields[i];
            fields[count++].type = inner;
        }
    }
    return count > 0 ? type_struct(arena, fields, count) : NULL;
}

struct column *schema_of_json(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    struct arena arena;
    arena_init(&arena, 4096);
    struct inference *s = MEM_NEW(struct inference);
    s->arena = &arena;
    s->options = call->extra;
    json_reader_init(&s->reader, s->options->allow);
    struct builder *b = builder_new(call->type);
    struct buffer text;
    buffer_init(&text, INT32_MAX);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        json_reader_start(&s->reader, column_text(args[0], i));
        const struct type *type = json_next(&s->reader) ? infer(s) : NULL;
        ok = type != NULL;
        if (ok) {
            type = settle(&arena, type, s->options->drop_all_null);
            buffer_clear(&text);
            type_print_sql(&text, type ? type : type_struct(&arena, NULL, 0));
            builder_text(b, buffer_bytes(&text));
        }
    }
    json_reader_finish(&s->reader);
    free(s);
    buffer_finish(&text);
    arena_finish(&arena);
    struct column *c = builder_finish(b);
    if (!ok) {
        column_release(c);
        (void)sql_fail(ev->error, &sql_json_parse, "The text is not valid JSON.");
        return NULL;
    }
    return c;
}

/* --- many texts --- */

struct json_inference {
    struct inference parts; /* its arena is `scratch` */
    struct arena scratch;   /* what one record needs */
    struct arena *arena;
    const struct type *type; /* of the records so far: a struct */
};

struct json_inference *json_inference_new(struct arena *arena,
                                          const struct json_options *options,
                                          const struct sql_settings *settings)
{
    struct json_inference *s = MEM_NEW(struct json_inference);
    arena_init(&s->scratch, 0);
    s->arena = arena;
    s->parts.arena = &s->scratch;
    s->parts.options = options;
    s->parts.settings = settings;
    json_reader_init(&s->parts.reader, options->allow);
    s->type = type_struct(arena, NULL, 0);
    return s;
}

void json_inference_free(struct json_inference *s)
{
    if (s) {
        json_reader_finish(&s->parts.reader);
        arena_finish(&s->scratch);
        free(s);
    }
}

/* Mostly a record brings nothing new: then nothing is kept of it. */
static void add_type(struct json_inference *s, const struct type *type)
{
    const struct type *all = common_struct(&s->parts, s->type, type);
    if (!type_equal(all, s->type)) {
        s->type = type_copy(s->arena, all);
    }
}

/* A record that is none: the text of such has a column of its own. */
static bool add_bad(struct json_inference *s, const struct type *other, struct sql_error *error)
{
    const struct json_options *o = s->parts.options;
    if (o->drop_malformed) {
        return true;
    }
    if (o->fail_fast) {
        struct buffer name;
        buffer_init(&name, SQL_ERROR_MAX);
        if (other) {
            buffer_append_text(&name,
                               "Failed to infer a common schema. Struct types are expected, but `");
            type_print(&name, other);
            buffer_append_text(&name, "` was found");
        } else {
            buffer_append(&name, o->corrupt_column.data, o->corrupt_column.len);
        }
        (void)sql_fail(error, &sql_json_malformed,
                       "Malformed records are detected in record parsing: %.*s.\nParse Mode: "
                       "FAILFAST. To process malformed records as null result, try setting the "
                       "option 'mode' as 'PERMISSIVE'. ",
                       BYTES_ARG(buffer_bytes(&name)));
        buffer_finish(&name);
        return false;
    }
    if (type_field_index(s->type, o->corrupt_column, true) < 0) {
        struct field f = { o->corrupt_column, type_simple(TYPE_STRING), true, { 0 } };
        add_type(s, type_struct(&s->scratch, &f, 1));
    }
    return true;
}

bool json_inference_add(struct json_inference *s, struct bytes text, struct sql_error *error)
{
    struct json_reader *r = &s->parts.reader;
    arena_reset(&s->scratch);
    json_reader_start(r, text);
    bool ok = json_next(r);
    if (ok && r->token == JSON_NONE) {
        return true;
    }
    const struct type *type = ok ? infer(&s->parts) : NULL;
    while (type && type->kind == TYPE_ARRAY) {
        type = type->element;
    }
    if (!type) {
        return add_bad(s, NULL, error);
    }
    if (type->kind == TYPE_STRUCT) {
        add_type(s, type);
        return true;
    }
    return type->kind == TYPE_VOID || add_bad(s, type, error);
}

const struct type *json_inference_type(struct json_inference *s)
{
    struct arena *arena = s->arena;
    const struct type *type = settle(arena, s->type, s->parts.options->drop_all_null);
    return type ? type : type_struct(arena, NULL, 0);
}
