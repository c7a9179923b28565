/*
 * Casts to intervals: see cast.h.
 */
#include "columns/calendar.h"
#include "columns/decimal.h"
#include "expressions/cast_parts.h"
#include "expressions/interval.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition malformed = { "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING",
                                                "22006", "SparkIllegalArgumentException" };
static const struct sql_condition malformed_time = {
    "INVALID_INTERVAL_FORMAT.UNMATCHED_FORMAT_STRING_WITH_NOTICE", "22006",
    "SparkIllegalArgumentException"
};

static struct column *refuse_text(struct evaluation *ev, const struct type *type, struct bytes text)
{
    bool time = type->kind == TYPE_INTERVAL_TIME;
    struct buffer formats;
    buffer_init(&formats, 4096);
    interval_print_formats(&formats, type->from, type->to);
    buffer_append_text(&formats, " when cast to ");
    type_print(&formats, type);
    const struct expression nowhere = { .span = span_none() };
    (void)evaluation_fail(
        ev, &nowhere, time ? &malformed_time : &malformed,
        "Error parsing '%.*s' to interval. Please ensure that the value provided is in a valid "
        "format for defining an interval. You can reference the documentation for the correct "
        "format. Interval string does not match %s format of %.*s: %.*s.%s",
        BYTES_ARG(text), time ? "day-time" : "year-month", BYTES_ARG(buffer_bytes(&formats)),
        BYTES_ARG(text),
        time ? " Set \"spark.sql.legacy.fromDayTimeString.enabled\" to \"true\" to restore the "
               "behavior before Spark 3.0."
             : "");
    buffer_finish(&formats);
    return NULL;
}

/* Of one interval type as another: what its smallest unit does not show is cut off. */
static int64_t cut(const struct type *type, int64_t value)
{
    if (type->to == UNIT_MONTH || type->to == UNIT_SECOND) {
        return value;
    }
    return value - value % interval_unit_size(type->to);
}

static bool fits(const struct type *type, int128 value)
{
    return type->kind == TYPE_INTERVAL_MONTHS ? value >= INT32_MIN && value <= INT32_MAX
                                              : value >= INT64_MIN && value <= INT64_MAX;
}

/* So many of the smallest unit; fractions are rounded half up. */
static bool of_number(const struct column *from, int32_t row, const struct type *to, int64_t *out)
{
    int128 unit = interval_unit_size(to->to);
    int128 value = 0;
    if (from->type->kind == TYPE_DECIMAL) {
        int128 factor = decimal_power(from->type->scale);
        if (__builtin_mul_overflow(column_decimal(from, row), unit, &value)) {
            return false;
        }
        int128 rest = value % factor;
        value /= factor;
        if (rest >= factor - rest || -rest >= factor + rest) {
            value += rest > 0 ? 1 : rest < 0 ? -1 : 0;
        }
    } else {
        value = (int128)column_integer(from, row) * unit;
    }
    *out = (int64_t)value;
    return fits(to, value);
}

struct column *cast_to_interval(struct evaluation *ev,
                                const struct expression *call,
                                struct column *from,
                                const struct rows *rows)
{
    const struct type *to = call->type;
    struct vector v = vector_new(to, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        int64_t value = 0;
        bool good = true;
        if (!row_counts(rows, i)) {
            continue;
        }
        if (from->type->kind == TYPE_STRING) {
            struct interval_value read = { .from = to->from, .to = to->to };
            good = interval_parse_cast(cast_trim(column_text(from, i)), &read) == INTERVAL_OK;
            value = to->kind == TYPE_INTERVAL_MONTHS ? read.months : read.micros;
        } else if (type_is_interval(from->type)) {
            value = cut(to, column_integer(from, i));
        } else {
            good = of_number(from, i, to, &value);
        }
        if (!good && call->cast_mode != CAST_TRY) {
            vector_drop(&v);
            return from->type->kind == TYPE_STRING ? refuse_text(ev, to, column_text(from, i))
                                                   : cast_overflow(ev, call, from, i);
        }
        if (!good) {
            vector_null(&v, i);
        } else if (to->kind == TYPE_INTERVAL_MONTHS) {
            ((int32_t *)v.values)[i] = (int32_t)value;
        } else {
            ((int64_t *)v.values)[i] = value;
        }
    }
    return vector_finish(&v);
}
