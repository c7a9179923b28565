/*
 * Times as numbers since 1970, the present time, and times of other zones: see datetime_functions.h.
 */
#include <math.h>

#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/datetime_functions.h"
#include "expressions/datetime_text.h"
#include "expressions/sql_conditions.h"

/* --- numbers since 1970 --- */

bool resolve_timestamp_seconds(struct analysis *a, struct expression *call)
{
    if (!datetime_take(a, call, 0, 'n', "\"NUMERIC\"")) {
        return false;
    }
    enum type_kind kind = call->args[0]->type->kind;
    call->type = type_simple(TYPE_TIMESTAMP);
    call->nullable = kind == TYPE_FLOAT || kind == TYPE_DOUBLE || arguments_nullable(call);
    return true;
}

enum number_fate {
    NUMBER_GOOD,
    NUMBER_NULL,
    NUMBER_OVERFLOW,
    NUMBER_INEXACT,
};

static enum number_fate micros_of(const struct column *c, int32_t row, int64_t unit, int64_t *out)
{
    switch (c->type->kind) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE: {
        double micros = column_double(c, row) * 1e6;
        if (isnan(micros) || isinf(column_double(c, row))) {
            return NUMBER_NULL;
        }
        *out = micros >= 9223372036854775807.0    ? INT64_MAX
               : micros <= -9223372036854775808.0 ? INT64_MIN
                                                  : (int64_t)micros;
        return NUMBER_GOOD;
    }
    case TYPE_DECIMAL: {
        int128 micros = 0;
        int128 factor = decimal_power(c->type->scale);
        if (__builtin_mul_overflow(column_decimal(c, row), (int128)MICROS_PER_SECOND, &micros)) {
            return NUMBER_OVERFLOW;
        }
        *out = (int64_t)(micros / factor);
        return micros % factor != 0              ? NUMBER_INEXACT
               : (int128)*out != micros / factor ? NUMBER_OVERFLOW
                                                 : NUMBER_GOOD;
    }
    default:
        return __builtin_mul_overflow(column_integer(c, row), unit, out) ? NUMBER_OVERFLOW
                                                                         : NUMBER_GOOD;
    }
}

/* What a number counts, by the function's name. */
static int64_t unit_of(const char *name)
{
    return strstr(name, "seconds") ? MICROS_PER_SECOND : strstr(name, "millis") ? 1000 : 1;
}

struct column *timestamp_of_units(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *const *args,
                                  const struct rows *rows)
{
    int64_t unit = unit_of(call->function->name);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        switch (micros_of(args[0], i, unit, &((int64_t *)v.values)[i])) {
        case NUMBER_GOOD: break;
        case NUMBER_NULL: vector_null(&v, i); break;
        case NUMBER_OVERFLOW:
            vector_drop(&v);
            return args[0]->type->kind == TYPE_DECIMAL
                       ? evaluation_fail(ev, &(struct expression){ .span = span_none() },
                                         &sql_java_arithmetic, "Overflow")
                       : datetime_overflow(ev, "long");
        case NUMBER_INEXACT:
            vector_drop(&v);
            return evaluation_fail(ev, &(struct expression){ .span = span_none() },
                                   &sql_java_arithmetic, "Rounding necessary");
        }
    }
    return vector_finish(&v);
}

struct column *units_of_timestamp(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *const *args,
                                  const struct rows *rows)
{
    (void)ev;
    int64_t unit = unit_of(call->function->name);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int64_t *)v.values)[i] = datetime_floor(column_integer(args[0], i), unit);
        }
    }
    return vector_finish(&v);
}

struct column *date_of_days(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int32_t *)v.values)[i] = (int32_t)column_integer(args[0], i);
        }
    }
    return vector_finish(&v);
}

/* --- other zones --- */

struct column *shift_zone(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    bool from_utc = call->function->name[0] == 'f';
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        const struct zone *zone = NULL;
        if (!row_counts(rows, i)) {
            continue;
        }
        if (!datetime_find_zone(ev->settings, column_text(args[1], i), &zone)) {
            vector_drop(&v);
            return datetime_refuse_zone(ev, column_text(args[1], i));
        }
        int64_t micros = column_integer(args[0], i);
        ((int64_t *)v.values)[i] =
            from_utc ? zone_local_micros(zone, micros) : zone_utc_micros(zone, micros);
    }
    return vector_finish(&v);
}

bool resolve_convert_timezone(struct analysis *a, struct expression *call)
{
    if (call->count == 2) { /* from the session's zone */
        const struct expression *zone = analysis_call(a, "current_timezone", NULL, 0, call->span);
        if (!zone) {
            return false;
        }
        datetime_add_argument(a, call, scalar_null(type_simple(TYPE_VOID)));
        analysis_set_arg(call, 2, call->args[1]);
        analysis_set_arg(call, 1, call->args[0]);
        analysis_set_arg(call, 0, zone);
    }
    if (!datetime_take(a, call, 0, 's', "\"STRING\"") ||
        !datetime_take(a, call, 1, 's', "\"STRING\"")) {
        return false;
    }
    const struct type *clock = type_simple(TYPE_TIMESTAMP_NTZ);
    if (!cast_allowed(call->args[2]->type, clock, CAST_ANSI)) {
        return analysis_unexpected_type(a, call, 2, "\"TIMESTAMP_NTZ\"");
    }
    analysis_set_arg(call, 2, analysis_cast(a, call->args[2], clock));
    call->type = clock;
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *convert_timezone(struct evaluation *ev,
                                const struct expression *call,
                                struct column *const *args,
                                const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        const struct zone *zones[2] = { NULL, NULL };
        if (!row_counts(rows, i)) {
            continue;
        }
        for (int k = 0; k < 2; k++) {
            if (!datetime_find_zone(ev->settings, column_text(args[k], i), &zones[k])) {
                vector_drop(&v);
                return datetime_refuse_zone(ev, column_text(args[k], i));
            }
        }
        int64_t utc = zone_utc_micros(zones[0], column_integer(args[2], i));
        ((int64_t *)v.values)[i] = zone_local_micros(zones[1], utc);
    }
    return vector_finish(&v);
}

/* --- now --- */

bool resolve_current(struct analysis *a, struct expression *call)
{
    const char *name = call->function->name;
    (void)a;
    call->type = type_simple(strstr(name, "date")    ? TYPE_DATE
                             : strstr(name, "zone")  ? TYPE_STRING
                             : strstr(name, "local") ? TYPE_TIMESTAMP_NTZ
                                                     : TYPE_TIMESTAMP);
    call->nullable = false;
    return true;
}

struct column *current_time(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)args;
    int64_t value = ev->settings->now_us;
    switch (call->type->kind) {
    case TYPE_DATE: value = datetime_today(ev->settings); break;
    case TYPE_TIMESTAMP_NTZ: value = zone_local_micros(ev->settings->zone, value); break;
    default: break;
    }
    struct scalar scalar = scalar_of_integer(call->type, value);
    return scalar_column(&scalar, rows->count);
}

struct column *current_zone(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)args;
    (void)call;
    const char *name = ev->settings->zone_name;
    struct scalar scalar = scalar_text(bytes_of(name ? name : "UTC"));
    return scalar_column(&scalar, rows->count);
}
