/*
 * Dates, times and intervals made of their parts: see datetime_functions.h.
 */
#include <stdio.h>

#include "columns/calendar.h"
#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_functions.h"
#include "expressions/datetime_text.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition out_of_bounds = { "DATETIME_FIELD_OUT_OF_BOUNDS.WITH_SUGGESTION",
                                                    "22023", "SparkDateTimeException" };
static const struct sql_condition bad_fraction = { "INVALID_FRACTION_OF_SECOND", "22023",
                                                   "SparkDateTimeException" };
static const struct sql_condition invalid_timezone = { "INVALID_TIMEZONE", "22009",
                                                       "SparkDateTimeException" };

static const struct expression nowhere = { .span = { -1, -1 } };

static struct column *refuse_field(struct evaluation *ev, const char *what)
{
    return evaluation_fail(ev, &nowhere, &out_of_bounds,
                           "%s. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass "
                           "this error.",
                           what);
}

struct column *datetime_refuse_zone(struct evaluation *ev, struct bytes name)
{
    return evaluation_fail(
        ev, &nowhere, &invalid_timezone,
        "The timezone: %.*s is invalid. The timezone must be either a region-based zone ID or a "
        "zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. "
        "Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm\u2019 or '(+|-)HH:mm:ss', e.g "
        "'-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and 'UTC' "
        "are accepted as synonyms for '+00:00'.",
        BYTES_ARG(name));
}

/* --- make_date, make_timestamp --- */

bool resolve_make_date(struct analysis *a, struct expression *call)
{
    for (int32_t i = 0; i < 3; i++) {
        if (!datetime_take(a, call, i, 'i', "\"INT\"")) {
            return false;
        }
    }
    call->type = type_simple(TYPE_DATE);
    call->nullable = !a->settings->ansi || arguments_nullable(call);
    return true;
}

struct column *make_date(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        char what[160];
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t year = column_integer(args[0], i);
        int64_t month = column_integer(args[1], i);
        int64_t day = column_integer(args[2], i);
        if (!datetime_complain_date(year, month, day, what, sizeof(what))) {
            int64_t days = calendar_days(year, (int32_t)month, (int32_t)day);
            if (days >= INT32_MIN && days <= INT32_MAX) {
                ((int32_t *)v.values)[i] = (int32_t)days;
                continue;
            }
            vector_drop(&v);
            return datetime_overflow(ev, "integer");
        }
        if (ev->settings->ansi) {
            vector_drop(&v);
            return refuse_field(ev, what);
        }
        vector_null(&v, i);
    }
    return vector_finish(&v);
}

bool resolve_make_timestamp(struct analysis *a, struct expression *call)
{
    bool tries = strncmp(call->function->name, "try_", 4) == 0;
    for (int32_t i = 0; i < call->count; i++) {
        if (i != 5 &&
            !datetime_take(a, call, i, i < 5 ? 'i' : 's', i < 5 ? "\"INT\"" : "\"STRING\"")) {
            return false;
        }
    }
    if (!type_is_numeric(call->args[5]->type) && call->args[5]->type->kind != TYPE_VOID &&
        call->args[5]->type->kind != TYPE_STRING) {
        return analysis_unexpected_type(a, call, 5, "\"DECIMAL(16,6)\"");
    }
    analysis_set_arg(call, 5, analysis_cast(a, call->args[5], type_decimal(a->arena, 16, 6)));
    bool clock = strstr(call->function->name, "ntz") != NULL;
    call->type = type_simple(clock ? TYPE_TIMESTAMP_NTZ : TYPE_TIMESTAMP);
    call->nullable = tries || !a->settings->ansi;
    for (int32_t i = 0; i < call->count;
         i++) { /* the decimal's rounding makes nothing null that is not */
        const struct expression *arg = call->args[i];
        call->nullable = call->nullable || (i == 5 && arg->implicit ? arg->args[0] : arg)->nullable;
    }
    return true;
}

/* Local microseconds of a row's fields. False: `what` says why not. */
static bool assemble(struct column *const *args, int32_t row, int64_t *out, char *what, size_t size)
{
    static const char *const names[] = { "HourOfDay", "MinuteOfHour", "SecondOfMinute" };
    int64_t year = column_integer(args[0], row);
    int64_t month = column_integer(args[1], row);
    int64_t day = column_integer(args[2], row);
    int64_t micros = (int64_t)column_decimal(args[5], row);
    int64_t clock[] = { column_integer(args[3], row), column_integer(args[4], row),
                        datetime_floor(micros, MICROS_PER_SECOND) };
    bool next_minute = micros == MICROS_PER_MINUTE;
    if (datetime_complain_date(year, month, day, what, size)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        int64_t high = i == 0 ? 23 : 59;
        if ((clock[i] < 0 || clock[i] > high) && !(i == 2 && next_minute)) {
            (void)snprintf(what, size, "Invalid value for %s (valid values 0 - %lld): %lld",
                           names[i], (long long)high, (long long)clock[i]);
            return false;
        }
    }
    int64_t of_day = clock[0] * MICROS_PER_HOUR + clock[1] * MICROS_PER_MINUTE + micros;
    if (__builtin_mul_overflow(calendar_days(year, (int32_t)month, (int32_t)day), MICROS_PER_DAY,
                               out) ||
        __builtin_add_overflow(*out, of_day, out)) {
        (void)snprintf(what, size, "long overflow");
        return false;
    }
    return true;
}

struct column *make_timestamp(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    bool strict = ev->settings->ansi && strncmp(call->function->name, "try_", 4) != 0;
    bool clock = call->type->kind == TYPE_TIMESTAMP_NTZ;
    for (int32_t i = 0; i < rows->count; i++) {
        char what[160];
        int64_t local = 0;
        const struct zone *zone = ev->settings->zone;
        if (!row_counts(rows, i)) {
            continue;
        }
        if (call->count == 7 && !datetime_find_zone(ev->settings, column_text(args[6], i), &zone)) {
            vector_drop(&v);
            return datetime_refuse_zone(ev, column_text(args[6], i));
        }
        int64_t micros = (int64_t)column_decimal(args[5], i);
        if (micros > MICROS_PER_MINUTE && micros < MICROS_PER_MINUTE + MICROS_PER_SECOND &&
            strict) {
            vector_drop(&v);
            return evaluation_fail(
                ev, &nowhere, &bad_fraction,
                "Valid range for seconds is [0, 60] (inclusive), but the provided "
                "value is %lld.%06lld. To avoid this error, use "
                "`try_make_timestamp`, which returns NULL on error.",
                (long long)(micros / MICROS_PER_SECOND), (long long)(micros % MICROS_PER_SECOND));
        }
        if (assemble(args, i, &local, what, sizeof(what))) {
            ((int64_t *)v.values)[i] = clock ? local : zone_utc_micros(zone, local);
        } else if (strict) {
            vector_drop(&v);
            return refuse_field(ev, what);
        } else {
            vector_null(&v, i);
        }
    }
    return vector_finish(&v);
}

/* --- make_dt_interval, make_ym_interval: what is missing is 0 --- */

bool resolve_make_interval(struct analysis *a, struct expression *call)
{
    bool months = strstr(call->function->name, "ym") != NULL;
    int32_t wanted = months ? 2 : 4;
    const struct type *seconds = type_decimal(a->arena, 18, 6);
    while (call->count < wanted) {
        bool last = !months && call->count == 3;
        struct scalar zero = last ? (struct scalar){ .type = seconds } : scalar_int(0);
        datetime_add_argument(a, call, zero);
    }
    call->nullable = false;
    for (int32_t i = 0; i < wanted; i++) {
        call->nullable = call->nullable || call->args[i]->nullable;
        if (!months && i == 3) {
            analysis_set_arg(call, i, analysis_cast(a, call->args[i], seconds));
        } else if (!datetime_take(a, call, i, 'i', "\"INT\"")) {
            return false;
        }
    }
    call->type = type_simple(months ? TYPE_INTERVAL_MONTHS : TYPE_INTERVAL_TIME);
    return true;
}

struct column *make_interval(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    static const int64_t units[] = { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE };
    bool months = call->count == 2;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        int128 total = 0;
        if (!row_counts(rows, i)) {
            continue;
        }
        if (months) {
            total = (int128)column_integer(args[0], i) * 12 + column_integer(args[1], i);
            ((int32_t *)v.values)[i] = (int32_t)total;
        } else {
            total = column_decimal(args[3], i);
            for (int k = 0; k < 3; k++) {
                total += (int128)column_integer(args[k], i) * units[k];
            }
            ((int64_t *)v.values)[i] = (int64_t)total;
        }
        bool fits = months ? total >= INT32_MIN && total <= INT32_MAX
                           : total >= INT64_MIN && total <= INT64_MAX;
        if (!fits) {
            vector_drop(&v);
            return datetime_overflow(ev, months ? "integer" : "long");
        }
    }
    return vector_finish(&v);
}
