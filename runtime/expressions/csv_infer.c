/*
 * The schema of CSV: see csv_infer.h.
 */
#include "expressions/csv_infer.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_text.h"

struct csv_inference {
    struct arena *arena;
    const struct csv_options *options;
    const struct sql_settings *settings;
    struct pattern date; /* how dates are written, strictly */
    bool has_date;
    struct pattern timestamp;
    bool has_timestamp; /* else the forms that CAST takes */
    bool bad_timestamp;
    int32_t count;
    struct bytes *names;
    const struct type **types;
    const struct type *decimals[DECIMAL_MAX_PRECISION + 1]; /* decimal(n,0), each made once */
};

/* --- names --- */

static struct bytes safe_name(struct csv_inference *s,
                              const struct bytes *names,
                              int32_t count,
                              int32_t i)
{
    const struct csv_options *o = s->options;
    if (!o->header || names[i].len == 0 || bytes_equal(names[i], o->null_value)) {
        return arena_printf(s->arena, "_c%d", i);
    }
    bool twice = false;
    struct field f = { .name = names[i] };
    struct type one = { .kind = TYPE_STRUCT, .field_count = 1, .fields = &f };
    for (int32_t k = 0; k < count && !twice; k++) {
        twice = k != i && type_field_index(&one, names[k], s->settings->case_sensitive) == 0;
    }
    return twice ? arena_printf(s->arena, "%.*s%d", BYTES_ARG(names[i]), i)
                 : arena_copy(s->arena, names[i]);
}

static bool compile(struct pattern *p, struct bytes text)
{
    struct pattern_fault fault;
    return pattern_compile(text, true, p, &fault);
}

struct csv_inference *csv_inference_new(struct arena *arena,
                                        const struct csv_options *options,
                                        const struct sql_settings *settings,
                                        const struct bytes *names,
                                        int32_t count)
{
    struct csv_inference *s = MEM_NEW(struct csv_inference);
    s->arena = arena;
    s->options = options;
    s->settings = settings;
    s->count = count;
    s->names = ARENA_NEW(arena, struct bytes, (size_t)count + 1);
    s->types = ARENA_NEW(arena, const struct type *, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        s->names[i] = safe_name(s, names, count, i);
        s->types[i] = type_simple(TYPE_VOID);
    }
    struct bytes date = options->date_format;
    s->has_date = compile(&s->date, bytes_is_null(date) ? bytes_of("yyyy-MM-dd") : date);
    if (!bytes_is_null(options->timestamp_format)) {
        s->has_timestamp = compile(&s->timestamp, options->timestamp_format);
        s->bad_timestamp = !s->has_timestamp;
    }
    return s;
}

void csv_inference_free(struct csv_inference *s)
{
    if (!s) {
        return;
    }
    if (s->has_date) {
        pattern_free(&s->date);
    }
    if (s->has_timestamp) {
        pattern_free(&s->timestamp);
    }
    free(s);
}

/* --- the type of a value: the first that it is, from one type on --- */

static bool fits(const struct csv_inference *s, const struct pattern *p, struct bytes text)
{
    struct pattern_time time;
    char message[PATTERN_MESSAGE_MAX];
    return pattern_read(p, s->settings, text, &time, message);
}

static bool is_word(struct bytes text, const char *word)
{
    size_t i = 0;
    while (i < text.len && word[i] && (text.data[i] | 0x20) == word[i]) {
        i++;
    }
    return i == text.len && !word[i];
}

static const struct type *try_boolean(struct bytes text)
{
    return type_simple(is_word(text, "true") || is_word(text, "false") ? TYPE_BOOLEAN
                                                                       : TYPE_STRING);
}

static const struct type *try_timestamp(const struct csv_inference *s, struct bytes text)
{
    int64_t micros;
    bool is = s->has_timestamp    ? fits(s, &s->timestamp, text)
              : !s->bad_timestamp ? datetime_read_timestamp(s->settings, text, &micros)
                                  : false;
    return is ? type_simple(TYPE_TIMESTAMP) : try_boolean(text);
}

static const struct type *try_date(const struct csv_inference *s, struct bytes text)
{
    return s->has_date && fits(s, &s->date, text) ? type_simple(TYPE_DATE) : try_timestamp(s, text);
}

static const struct type *try_double(const struct csv_inference *s, struct bytes text)
{
    const struct csv_options *o = s->options;
    double value;
    bool is = double_parse(text, &value) || bytes_equal(text, o->nan_value) ||
              bytes_equal(text, o->positive_inf) || bytes_equal(text, o->negative_inf) ||
              bytes_equal_text(text, "Infinity") || bytes_equal_text(text, "-Infinity") ||
              bytes_equal_text(text, "NaN");
    if (is) {
        return type_simple(TYPE_DOUBLE);
    }
    return o->prefer_date ? try_date(s, text) : try_timestamp(s, text);
}

static const struct type *decimal_of(struct csv_inference *s, int precision)
{
    if (!s->decimals[precision]) {
        s->decimals[precision] = type_decimal(s->arena, precision, 0);
    }
    return s->decimals[precision];
}

/* A whole number of up to 38 digits. */
static const struct type *try_decimal(struct csv_inference *s, struct bytes text)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+') ? 1 : 0;
    int digits = 0;
    int seen = 0;
    for (; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c < '0' || c > '9') {
            return try_double(s, text);
        }
        seen++;
        digits += digits > 0 || c != '0';
        if (digits > DECIMAL_MAX_PRECISION) {
            return try_double(s, text);
        }
    }
    return seen > 0 ? decimal_of(s, digits > 0 ? digits : 1) : try_double(s, text);
}

static const struct type *try_integer(struct csv_inference *s, struct bytes text, bool narrow)
{
    int64_t value;
    if (!bytes_parse_i64(text, &value)) {
        return try_decimal(s, text);
    }
    bool is_int = narrow && value >= INT32_MIN && value <= INT32_MAX;
    return type_simple(is_int ? TYPE_INT : TYPE_BIGINT);
}

static const struct type *type_of(struct csv_inference *s,
                                  const struct type *so_far,
                                  struct bytes text)
{
    switch (so_far->kind) {
    case TYPE_VOID:
    case TYPE_INT: return try_integer(s, text, true);
    case TYPE_BIGINT: return try_integer(s, text, false);
    case TYPE_DECIMAL: return try_decimal(s, text);
    case TYPE_DOUBLE: return try_double(s, text);
    case TYPE_DATE: return try_date(s, text);
    case TYPE_TIMESTAMP: return try_timestamp(s, text);
    case TYPE_BOOLEAN: return try_boolean(text);
    default: return so_far;
    }
}

/* --- a type for both --- */

/* Dates are timestamps too where timestamps are read in any form. */
static bool dates_are_times(const struct csv_options *o)
{
    static const char *const forms[] = { "yyyy-MM-dd", "yyyy-M-d", "yyyy-M-dd", "yyyy-MM-d",
                                         "yyyy-MM",    "yyyy-M",   "yyyy" };
    bool found = bytes_is_null(o->date_format);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        found = found || bytes_equal_text(o->date_format, forms[i]);
    }
    return found && bytes_is_null(o->timestamp_format);
}

static struct decimal_shape shape_of(const struct type *type)
{
    return type->kind == TYPE_DECIMAL ? decimal_shape_of(type) : decimal_shape_for(type->kind);
}

static const struct type *common(struct csv_inference *s,
                                 const struct type *a,
                                 const struct type *b)
{
    if (a->kind == TYPE_VOID || type_equal(a, b)) {
        return b;
    }
    if (type_is_numeric(a) && type_is_numeric(b)) {
        if (a->kind == TYPE_DOUBLE || b->kind == TYPE_DOUBLE) {
            return type_simple(TYPE_DOUBLE);
        }
        if (a->kind != TYPE_DECIMAL && b->kind != TYPE_DECIMAL) {
            return type_simple(TYPE_BIGINT);
        }
        int x = shape_of(a).precision;
        int y = shape_of(b).precision;
        return decimal_of(s, x > y ? x : y);
    }
    bool mixed = (a->kind == TYPE_DATE && b->kind == TYPE_TIMESTAMP) ||
                 (a->kind == TYPE_TIMESTAMP && b->kind == TYPE_DATE);
    return type_simple(mixed && dates_are_times(s->options) ? TYPE_TIMESTAMP : TYPE_STRING);
}

void csv_inference_add(struct csv_inference *s, const struct bytes *values, int32_t count)
{
    for (int32_t i = 0; i < count && i < s->count; i++) {
        if (values[i].len > 0 && !bytes_equal(values[i], s->options->null_value)) {
            s->types[i] = common(s, s->types[i], type_of(s, s->types[i], values[i]));
        }
    }
}

const struct type *csv_inference_type(struct csv_inference *s)
{
    struct field *fields = ARENA_NEW(s->arena, struct field, (size_t)s->count + 1);
    for (int32_t i = 0; i < s->count; i++) {
        bool known = s->options->infer_schema && s->types[i]->kind != TYPE_VOID;
        fields[i] = (struct field){ .name = s->names[i],
                                    .type = known ? s->types[i] : type_simple(TYPE_STRING),
                                    .nullable = true };
    }
    return type_struct(s->arena, fields, s->count);
}
