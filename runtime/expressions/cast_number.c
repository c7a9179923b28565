/*
 * Casts to numbers and booleans: see cast.h.
 */
#include <math.h>
#include <strings.h>

#include "columns/calendar.h"
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/cast_parts.h"
#include "expressions/expression_text.h"
#include "expressions/sql_conditions.h"

/* --- what is wrong --- */

static const struct sql_condition invalid_number = { "CAST_INVALID_INPUT", "22018",
                                                     "SparkNumberFormatException" };
static const struct sql_condition invalid_time = { "CAST_INVALID_INPUT", "22018",
                                                   "SparkDateTimeException" };

struct column *cast_invalid(struct evaluation *ev,
                            const struct expression *call,
                            const struct column *from,
                            int32_t row)
{
    struct buffer value;
    struct buffer type;
    buffer_init(&value, SQL_ERROR_MAX);
    buffer_init(&type, 4096);
    struct scalar scalar = scalar_of_row(from, row);
    bool text = from->type->kind == TYPE_STRING;
    if (text) {
        buffer_printf(&value, "'%.*s'", BYTES_ARG(scalar.text));
    } else {
        print_literal(&value, &scalar, ev->settings->zone, false);
    }
    type_print_sql(&type, call->type);
    bool time = call->type->kind == TYPE_DATE || call->type->kind == TYPE_TIMESTAMP ||
                call->type->kind == TYPE_TIMESTAMP_NTZ;
    (void)evaluation_fail(
        ev, call,
        time                               ? &invalid_time
        : call->type->kind == TYPE_BOOLEAN ? &sql_cast_invalid_input
                                           : &invalid_number,
        "The value %.*s of the type \"%s\" cannot be cast to \"%.*s\" because it is "
        "malformed. Correct the value as per the syntax, or change its target type. Use "
        "`try_cast` to tolerate malformed input and return NULL instead.",
        BYTES_ARG(buffer_bytes(&value)), text ? "STRING" : "DOUBLE",
        BYTES_ARG(buffer_bytes(&type)));
    buffer_finish(&value);
    buffer_finish(&type);
    return NULL;
}

struct column *cast_overflow(struct evaluation *ev,
                             const struct expression *call,
                             const struct column *from,
                             int32_t row)
{
    struct buffer value;
    struct buffer types;
    buffer_init(&value, SQL_ERROR_MAX);
    buffer_init(&types, 4096);
    struct scalar scalar = scalar_of_row(from, row);
    bool plain = from->type->kind == TYPE_FLOAT ||
                 (from->type->kind == TYPE_DOUBLE && !isfinite(scalar.number));
    print_literal(&value, &scalar, ev->settings->zone, !plain);
    type_print_sql(&types, from->type);
    buffer_append_text(&types, "\" cannot be cast to \"");
    type_print_sql(&types, call->type);
    const struct expression nowhere = { .span = span_none() };
    (void)evaluation_fail(
        ev, &nowhere, &sql_cast_overflow,
        "The value %.*s of the type \"%.*s\" due to an overflow. Use `try_cast` to "
        "tolerate overflow and return NULL instead.",
        BYTES_ARG(buffer_bytes(&value)), BYTES_ARG(buffer_bytes(&types)));
    buffer_finish(&value);
    buffer_finish(&types);
    return NULL;
}

/* --- reading text --- */

struct bytes cast_trim(struct bytes text)
{
    while (text.len > 0 && (text.data[0] <= ' ' || text.data[0] == 127)) {
        text = (struct bytes){ text.data + 1, text.len - 1 };
    }
    while (text.len > 0 && (text.data[text.len - 1] <= ' ' || text.data[text.len - 1] == 127)) {
        text.len--;
    }
    return text;
}

bool cast_parse_integer(struct bytes text, bool fraction, int64_t low, int64_t high, int64_t *out)
{
    text = cast_trim(text);
    bool negative = text.len > 0 && text.data[0] == '-';
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t first = i;
    int64_t value = 0; /* negative, where there is more room */
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_sub_overflow(value, (int64_t)(text.data[i] - '0'), &value)) {
            return false;
        }
    }
    bool digits = i > first;
    if (fraction && i < text.len && text.data[i] == '.') {
        i++;
        while (i < text.len && text.data[i] >= '0' && text.data[i] <= '9') {
            i++;
        }
        digits = true; /* even "." alone is 0 */
    }
    if (!digits || i < text.len || (!negative && value == INT64_MIN)) {
        return false;
    }
    value = negative ? value : -value;
    *out = value;
    return value >= low && value <= high;
}

/* Most whole numbers are a few digits and nothing else. */
static inline bool parse_short(struct bytes text, int64_t *out)
{
    if (text.len == 0 || text.len > 18) {
        return false;
    }
    size_t i = text.len > 1 && text.data[0] == '-';
    int64_t value = 0;
    for (; i < text.len; i++) {
        uint8_t digit = (uint8_t)(text.data[i] - '0');
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = text.data[0] == '-' ? -value : value;
    return true;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

bool cast_parse_double(struct bytes text, bool single, double *out)
{
    text = cast_trim(text);
    float narrow = 0;
    bool negative = text.len > 0 && text.data[0] == '-';
    struct bytes word = text;
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        word = (struct bytes){ text.data + 1, text.len - 1 };
    }
    if (is_word(word, "inf") || is_word(word, "infinity")) {
        *out = negative ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    if (is_word(text, "nan") || bytes_equal_text(word, "NaN")) {
        *out = (double)NAN;
        return true;
    }
    if (!single) {
        return double_parse(text, out);
    }
    bool good = float_parse(text, &narrow);
    *out = (double)narrow;
    return good;
}

static bool parse_boolean(struct bytes text, bool *out)
{
    static const char *const yes[] = { "t", "true", "y", "yes", "1" };
    static const char *const no[] = { "f", "false", "n", "no", "0" };
    text = cast_trim(text);
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (is_word(text, yes[i]) || is_word(text, no[i])) {
            *out = is_word(text, yes[i]);
            return true;
        }
    }
    return false;
}

/* --- to boolean --- */

struct column *cast_to_boolean(struct evaluation *ev,
                               const struct expression *call,
                               struct column *from,
                               const struct rows *rows)
{
    enum type_kind kind = from->type->kind;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        bool value = false;
        if (!row_counts(rows, i)) {
            continue;
        }
        if (kind == TYPE_STRING) {
            if (!parse_boolean(column_text(from, i), &value)) {
                if (call->cast_mode == CAST_ANSI) {
                    vector_drop(&v);
                    return cast_invalid(ev, call, from, i);
                }
                vector_null(&v, i);
            }
        } else if (kind == TYPE_DECIMAL) {
            value = column_decimal(from, i) != 0;
        } else if (kind == TYPE_FLOAT || kind == TYPE_DOUBLE) {
            value = column_double(from, i) != 0;
        } else if (kind == TYPE_DATE) {
            vector_null(&v, i);
        } else {
            value = column_integer(from, i) != 0;
        }
        if (value) {
            bit_set(v.values, i);
        }
    }
    return vector_finish(&v);
}

/* --- to integers --- */

static void store(const struct vector *v, int32_t row, int64_t value)
{
    switch (type_width(v->type)) {
    case 1: ((int8_t *)v->values)[row] = (int8_t)value; break;
    case 2: ((int16_t *)v->values)[row] = (int16_t)value; break;
    case 4: ((int32_t *)v->values)[row] = (int32_t)value; break;
    default: ((int64_t *)v->values)[row] = value; break;
    }
}

struct range {
    int64_t low;
    int64_t high;
};

static struct range range_of(const struct type *t)
{
    switch (type_width(t)) {
    case 1: return (struct range){ INT8_MIN, INT8_MAX };
    case 2: return (struct range){ INT16_MIN, INT16_MAX };
    case 4: return (struct range){ INT32_MIN, INT32_MAX };
    default: return (struct range){ INT64_MIN, INT64_MAX };
    }
}

enum outcome {
    OUTCOME_GOOD,
    OUTCOME_INVALID,
    OUTCOME_OVERFLOW,
    OUTCOME_NULL,
};

/* As Java narrows: towards zero, to the ends where it does not fit, and NaN to 0. */
static int64_t java_integer(double value, bool wide)
{
    if (isnan(value)) {
        return 0;
    }
    double low = wide ? -9223372036854775808.0 : -2147483648.0;
    double high = wide ? 9223372036854775807.0 : 2147483647.0;
    if (value <= low) {
        return wide ? INT64_MIN : INT32_MIN;
    }
    return value >= high ? (wide ? INT64_MAX : INT32_MAX) : (int64_t)value;
}

static enum outcome double_to_integer(double value, const struct type *to, bool ansi, int64_t *out)
{
    bool wide = to->kind == TYPE_BIGINT;
    *out = java_integer(value, wide);
    if (!ansi) {
        return OUTCOME_GOOD;
    }
    struct range range = range_of(to);
    double cut = trunc(value);
    bool fits = wide ? cut >= -9223372036854775808.0 && cut <= 9223372036854775808.0
                     : cut >= (double)range.low && cut <= (double)range.high;
    return fits ? OUTCOME_GOOD : OUTCOME_OVERFLOW;
}

/* An interval of one unit counts that unit. */
static int64_t interval_units(const struct type *type, int64_t value)
{
    static const int64_t sizes[] = {
        [UNIT_YEAR] = 12,
        [UNIT_MONTH] = 1,
        [UNIT_DAY] = MICROS_PER_DAY,
        [UNIT_HOUR] = MICROS_PER_HOUR,
        [UNIT_MINUTE] = MICROS_PER_MINUTE,
        [UNIT_SECOND] = MICROS_PER_SECOND,
    };
    return value / sizes[type->to];
}

static enum outcome to_integer(const struct expression *call,
                               const struct column *from,
                               int32_t row,
                               int64_t *out)
{
    bool ansi = call->cast_mode != CAST_LEGACY;
    struct range range = range_of(call->type);
    switch (from->type->kind) {
    case TYPE_STRING: {
        struct bytes text = column_text(from, row);
        bool good = parse_short(text, out)
                        ? *out >= range.low && *out <= range.high
                        : cast_parse_integer(text, !ansi, range.low, range.high, out);
        return good ? OUTCOME_GOOD : OUTCOME_INVALID;
    }
    case TYPE_BOOLEAN: *out = column_bool(from, row); return OUTCOME_GOOD;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return double_to_integer(column_double(from, row), call->type, ansi, out);
    case TYPE_DECIMAL:
        if (!decimal_to_integer((struct decimal){ column_decimal(from, row), from->type->scale },
                                out)) {
            int128 whole = column_decimal(from, row) / decimal_power(from->type->scale);
            *out = (int64_t)whole; /* with ansi off the lowest bits stay */
            return ansi ? OUTCOME_OVERFLOW : OUTCOME_GOOD;
        }
        break;
    case TYPE_TIMESTAMP: {
        int64_t micros = column_integer(from, row);
        *out = micros / MICROS_PER_SECOND - (micros % MICROS_PER_SECOND < 0);
        break;
    }
    case TYPE_DATE: return OUTCOME_NULL;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
        *out = interval_units(from->type, column_integer(from, row));
        return *out >= range.low && *out <= range.high ? OUTCOME_GOOD : OUTCOME_OVERFLOW;
    default: *out = column_integer(from, row); break;
    }
    bool fits = *out >= range.low && *out <= range.high;
    if (!fits && !ansi && from->type->kind == TYPE_TIMESTAMP) {
        return OUTCOME_NULL;
    }
    return fits || !ansi ? OUTCOME_GOOD : OUTCOME_OVERFLOW;
}

struct column *cast_to_integer(struct evaluation *ev,
                               const struct expression *call,
                               struct column *from,
                               const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        int64_t value = 0;
        enum outcome outcome =
            row_counts(rows, i) ? to_integer(call, from, i, &value) : OUTCOME_GOOD;
        if (outcome == OUTCOME_INVALID || outcome == OUTCOME_OVERFLOW) {
            if (call->cast_mode == CAST_ANSI ||
                (outcome == OUTCOME_OVERFLOW && call->cast_mode != CAST_TRY)) {
                vector_drop(&v);
                return outcome == OUTCOME_INVALID ? cast_invalid(ev, call, from, i)
                                                  : cast_overflow(ev, call, from, i);
            }
            vector_null(&v, i);
        } else if (outcome == OUTCOME_NULL) {
            vector_null(&v, i);
        }
        store(&v, i, value);
    }
    return vector_finish(&v);
}

/* --- to floating numbers --- */

static double plain_double(const struct column *from, int32_t row, bool single)
{
    switch (from->type->kind) {
    case TYPE_BOOLEAN: return column_bool(from, row);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return column_double(from, row);
    case TYPE_DECIMAL: {
        struct decimal d = { column_decimal(from, row), from->type->scale };
        return single ? (double)decimal_to_float(d) : decimal_to_double(d);
    }
    case TYPE_TIMESTAMP: return (double)column_integer(from, row) / 1e6;
    default:
        return single ? (double)(float)column_integer(from, row)
                      : (double)column_integer(from, row);
    }
}

struct column *cast_to_floating(struct evaluation *ev,
                                const struct expression *call,
                                struct column *from,
                                const struct rows *rows)
{
    bool single = call->type->kind == TYPE_FLOAT;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double value = 0;
        if (from->type->kind == TYPE_DATE) {
            vector_null(&v, i);
        } else if (from->type->kind != TYPE_STRING) {
            value = plain_double(from, i, single);
        } else if (!cast_parse_double(column_text(from, i), single, &value)) {
            if (call->cast_mode == CAST_ANSI) {
                vector_drop(&v);
                return cast_invalid(ev, call, from, i);
            }
            vector_null(&v, i);
        }
        if (single) {
            ((float *)v.values)[i] = (float)value;
        } else {
            ((double *)v.values)[i] = value;
        }
    }
    return vector_finish(&v);
}
