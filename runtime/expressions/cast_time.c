/*
 * Casts to dates and timestamps: see cast.h.
 */
#include <math.h>

#include "columns/calendar.h"
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/cast_parts.h"
#include "expressions/datetime_text.h"
#include "expressions/sql_conditions.h"

enum outcome {
    OUTCOME_GOOD,
    OUTCOME_INVALID,
    OUTCOME_OVERFLOW,
    OUTCOME_FAILED, /* the error is set */
};

/* --- dates --- */

static bool read_date(const struct sql_settings *settings,
                      const struct column *from,
                      int32_t row,
                      int64_t *out)
{
    struct bytes text = column_text(from, row);
    if (datetime_read_date(text, out)) {
        return true;
    }
    if (!from->constant || !datetime_read_word(settings, text, out)) {
        return false;
    }
    *out = datetime_floor(*out, MICROS_PER_DAY);
    return true;
}

struct column *cast_to_date(struct evaluation *ev,
                            const struct expression *call,
                            struct column *from,
                            const struct rows *rows)
{
    enum type_kind kind = from->type->kind;
    const struct zone *zone = kind == TYPE_TIMESTAMP ? ev->settings->zone : NULL;
    struct vector v = vector_new(call->type, rows);
    int32_t *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t days = 0;
        if (kind != TYPE_STRING) {
            days = datetime_floor(zone_local_micros(zone, column_integer(from, i)), MICROS_PER_DAY);
        } else if (!read_date(ev->settings, from, i, &days)) {
            if (call->cast_mode == CAST_ANSI) {
                vector_drop(&v);
                return cast_invalid(ev, call, from, i);
            }
            vector_null(&v, i);
        }
        out[i] = (int32_t)days;
    }
    return vector_finish(&v);
}

/* --- timestamps --- */

static bool read_timestamp(const struct sql_settings *settings,
                           const struct column *from,
                           int32_t row,
                           bool local,
                           int64_t *out)
{
    struct bytes text = column_text(from, row);
    if (local ? datetime_read_local(settings, text, out)
              : datetime_read_timestamp(settings, text, out)) {
        return true;
    }
    if (!from->constant || !datetime_read_word(settings, text, out)) {
        return false;
    }
    bool epoch = *out == 0;
    *out = local || epoch ? *out : zone_utc_micros(settings->zone, *out);
    return true;
}

static int64_t saturated_product(int64_t value, int64_t factor)
{
    int64_t product = 0;
    return __builtin_mul_overflow(value, factor, &product) ? (value < 0 ? INT64_MIN : INT64_MAX)
                                                           : product;
}

/* The integer part, of which the lowest 64 bits stay. */
static int64_t micros_of_decimal(const struct column *from, int32_t row)
{
    int128 value = column_decimal(from, row);
    int scale = from->type->scale;
    if (scale >= 6) {
        return (int64_t)(value / decimal_power(scale - 6));
    }
    return (int64_t)((uint128)value * (uint128)decimal_power(6 - scale));
}

static enum outcome micros_of_double(struct evaluation *ev,
                                     const struct expression *call,
                                     double seconds,
                                     int64_t *out)
{
    bool ansi = call->cast_mode == CAST_ANSI;
    double micros = seconds * 1e6;
    if (isnan(seconds) || isinf(seconds)) {
        return OUTCOME_INVALID;
    }
    if (micros >= -9223372036854775808.0 && micros <= 9223372036854775808.0) {
        *out = micros < 9223372036854775808.0 ? (int64_t)micros : INT64_MAX;
        return OUTCOME_GOOD;
    }
    if (call->cast_mode == CAST_LEGACY) {
        *out = micros < 0 ? INT64_MIN : INT64_MAX;
        return OUTCOME_GOOD;
    }
    if (!ansi) {
        return OUTCOME_OVERFLOW;
    }
    char digits[DOUBLE_TEXT_MAX];
    const struct expression nowhere = { .span = span_none() };
    size_t len = double_text(digits, micros);
    (void)evaluation_fail(ev, &nowhere, &sql_cast_overflow,
                          "The value %.*sD of the type \"DOUBLE\" cannot be cast to \"BIGINT\" due "
                          "to an overflow. Use `try_cast` to tolerate overflow and return NULL "
                          "instead.",
                          (int)len, digits);
    return OUTCOME_FAILED;
}

static enum outcome to_timestamp(struct evaluation *ev,
                                 const struct expression *call,
                                 const struct column *from,
                                 int32_t row,
                                 int64_t *out)
{
    bool local = call->type->kind == TYPE_TIMESTAMP_NTZ;
    const struct zone *zone = ev->settings->zone;
    switch (from->type->kind) {
    case TYPE_STRING:
        return read_timestamp(ev->settings, from, row, local, out) ? OUTCOME_GOOD : OUTCOME_INVALID;
    case TYPE_DATE:
        if (__builtin_mul_overflow(column_integer(from, row), MICROS_PER_DAY, out)) {
            (void)evaluation_fail(ev, &(struct expression){ .span = span_none() },
                                  &sql_java_arithmetic, "long overflow");
            return OUTCOME_FAILED;
        }
        *out = local ? *out : zone_utc_micros(zone, *out);
        return OUTCOME_GOOD;
    case TYPE_TIMESTAMP:
        *out = zone_local_micros(zone, column_integer(from, row));
        return OUTCOME_GOOD;
    case TYPE_TIMESTAMP_NTZ:
        *out = zone_utc_micros(zone, column_integer(from, row));
        return OUTCOME_GOOD;
    case TYPE_BOOLEAN: *out = column_bool(from, row); return OUTCOME_GOOD;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return micros_of_double(ev, call, column_double(from, row), out);
    case TYPE_DECIMAL: *out = micros_of_decimal(from, row); return OUTCOME_GOOD;
    default:
        *out = saturated_product(column_integer(from, row), MICROS_PER_SECOND);
        return OUTCOME_GOOD;
    }
}

struct column *cast_to_timestamp(struct evaluation *ev,
                                 const struct expression *call,
                                 struct column *from,
                                 const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    int64_t *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        enum outcome outcome = to_timestamp(ev, call, from, i, &out[i]);
        if (outcome == OUTCOME_GOOD) {
            continue;
        }
        if (outcome == OUTCOME_FAILED || call->cast_mode == CAST_ANSI) {
            vector_drop(&v);
            return outcome == OUTCOME_FAILED ? NULL : cast_invalid(ev, call, from, i);
        }
        vector_null(&v, i);
    }
    return vector_finish(&v);
}
