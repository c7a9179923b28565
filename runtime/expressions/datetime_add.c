/*
 * Dates, timestamps and intervals, added and subtracted: see datetime.h.
 */
#include <math.h>

#include "columns/calendar.h"
#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/datetime.h"
#include "expressions/datetime_text.h"
#include "expressions/sql_conditions.h"

struct column *datetime_overflow(struct evaluation *ev, const char *kind)
{
    return evaluation_fail(ev, &(struct expression){ .span = span_none() }, &sql_java_arithmetic,
                           "%s overflow", kind);
}

/* --- moving --- */

bool datetime_plus_months(const struct zone *zone, int64_t micros, int64_t months, int64_t *out)
{
    int64_t of_day = 0;
    int64_t day = calendar_day_of_micros(zone_local_micros(zone, micros), &of_day);
    int64_t local = 0;
    if (__builtin_mul_overflow(calendar_add_months(day, months), MICROS_PER_DAY, &local) ||
        __builtin_add_overflow(local, of_day, &local)) {
        return false;
    }
    *out = datetime_back_to_utc(zone, local, micros);
    return true;
}

bool datetime_plus_micros(
    const struct zone *zone, int64_t micros, int64_t days, int64_t more, int64_t *out)
{
    int64_t moved = micros;
    if (days != 0) {
        if (__builtin_mul_overflow(days, MICROS_PER_DAY, &moved) ||
            __builtin_add_overflow(moved, zone_local_micros(zone, micros), &moved)) {
            return false;
        }
        moved = datetime_back_to_utc(zone, moved, micros);
    }
    return !__builtin_add_overflow(moved, more, out);
}

int64_t datetime_local(const struct zone *zone, const struct column *c, int32_t row)
{
    return zone_local_micros(zone, column_integer(c, row));
}

/* --- dates and days --- */

bool resolve_date_add(struct analysis *a, struct expression *call)
{
    const struct type *date = implicit_type(a->arena, a->settings, call->args[0]->type, 'D');
    const struct type *days = call->args[1]->type;
    if (!date) {
        return analysis_unexpected_type(a, call, 0, "\"DATE\"");
    }
    if (days->kind == TYPE_STRING || days->kind == TYPE_VOID) {
        days = type_simple(TYPE_INT);
    }
    if (days->kind < TYPE_TINYINT || days->kind > TYPE_INT) {
        return analysis_unexpected_type(a, call, 1, "(\"INT\" or \"SMALLINT\" or \"TINYINT\")");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], date));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], days));
    struct scalar value;
    if (!a->settings->ansi && call->args[1]->kind == EXPRESSION_CAST &&
        analysis_constant(a, call->args[1], &value) && !value.null) {
        analysis_set_arg(call, 1,
                         analysis_literal(a, value, call->args[1])); /* known now: no null */
    }
    call->type = date;
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *date_add(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    (void)ev;
    bool minus = strcmp(call->function->name, "date_sub") == 0;
    struct vector v = vector_new(call->type, rows);
    int32_t *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t days = column_integer(args[1], i);
            out[i] = (int32_t)(column_integer(args[0], i) + (minus ? -days : days));
        }
    }
    return vector_finish(&v);
}

struct column *add_interval_days(struct evaluation *ev,
                                 const struct expression *call,
                                 struct column *const *args,
                                 const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int32_t *)v.values)[i] = (int32_t)(column_integer(args[0], i) / MICROS_PER_DAY);
        }
    }
    return vector_finish(&v);
}

struct column *add_months(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t day = calendar_add_months(column_integer(args[0], i), column_integer(args[1], i));
        if (day < INT32_MIN || day > INT32_MAX) {
            vector_drop(&v);
            return datetime_overflow(ev, "integer");
        }
        ((int32_t *)v.values)[i] = (int32_t)day;
    }
    return vector_finish(&v);
}

/* --- times and intervals --- */

bool resolve_time_plus(struct analysis *a, struct expression *call)
{
    const struct type *time = call->args[0]->type;
    const struct type *interval = call->args[1]->type;
    bool months = interval->kind == TYPE_INTERVAL_MONTHS;
    if (!type_is_interval(interval)) {
        return analysis_unexpected_type(a, call, 1, "\"INTERVAL\"");
    }
    if (time->kind == TYPE_STRING || time->kind == TYPE_VOID ||
        (time->kind == TYPE_DATE && !months)) {
        time = type_simple(TYPE_TIMESTAMP);
    }
    if (time->kind < TYPE_DATE || time->kind > TYPE_TIMESTAMP_NTZ) {
        return analysis_unexpected_type(a, call, 0,
                                        "\"(TIMESTAMP OR TIMESTAMP WITHOUT TIME ZONE)\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], time));
    call->type = time;
    call->nullable = arguments_nullable(call);
    return true;
}

static bool move(const struct zone *zone,
                 const struct type *type,
                 const struct type *by,
                 int64_t value,
                 int64_t interval,
                 int64_t *out)
{
    if (type->kind == TYPE_DATE) {
        *out = calendar_add_months(value, interval);
        return *out >= INT32_MIN && *out <= INT32_MAX;
    }
    if (by->kind == TYPE_INTERVAL_MONTHS) {
        return datetime_plus_months(zone, value, interval, out);
    }
    int64_t days = interval / MICROS_PER_DAY;
    return datetime_plus_micros(zone, value, days, interval % MICROS_PER_DAY, out);
}

struct column *time_plus(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    bool minus = call->function->name[5] == '-';
    bool date = call->type->kind == TYPE_DATE;
    const struct zone *zone = datetime_zone_of(ev, call->type);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t by = column_integer(args[1], i);
        int64_t moved = 0;
        if ((minus && by == INT64_MIN) ||
            !move(zone, call->type, args[1]->type, column_integer(args[0], i), minus ? -by : by,
                  &moved)) {
            vector_drop(&v);
            return datetime_overflow(ev, date ? "integer" : "long");
        }
        if (date) {
            ((int32_t *)v.values)[i] = (int32_t)moved;
        } else {
            ((int64_t *)v.values)[i] = moved;
        }
    }
    return vector_finish(&v);
}

/* --- times from times --- */

bool resolve_time_minus(struct analysis *a, struct expression *call)
{
    const struct type *common = type_simple(TYPE_DATE);
    for (int32_t i = 0; i < 2; i++) {
        enum type_kind kind = call->args[i]->type->kind;
        bool time = kind >= TYPE_DATE && kind <= TYPE_TIMESTAMP_NTZ;
        if (!time && kind != TYPE_STRING && kind != TYPE_VOID) {
            return binary_types_differ(a, call);
        }
        if (time) {
            common = common_type(a->arena, a->settings, common, call->args[i]->type);
        }
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], common));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], common));
    call->type = common->kind == TYPE_DATE ? type_interval(a->arena, UNIT_DAY, UNIT_DAY)
                                           : type_interval(a->arena, UNIT_DAY, UNIT_SECOND);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *time_minus(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    const struct zone *zone = datetime_zone_of(ev, args[0]->type);
    bool dates = args[0]->type->kind == TYPE_DATE;
    struct vector v = vector_new(call->type, rows);
    int64_t *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        bool over = false;
        if (dates) {
            int64_t days = column_integer(args[0], i) - column_integer(args[1], i);
            over = __builtin_mul_overflow(days, MICROS_PER_DAY, &out[i]);
        } else {
            over = __builtin_sub_overflow(datetime_local(zone, args[0], i),
                                          datetime_local(zone, args[1], i), &out[i]);
        }
        if (over) {
            vector_drop(&v);
            return datetime_overflow(ev, "long");
        }
    }
    return vector_finish(&v);
}
