/*
 * Dates and times cut to a unit, and distances in units: see datetime_functions.h.
 */
#include <math.h>

#include "columns/calendar.h"
#include "expressions/coercion.h"
#include "expressions/datetime_functions.h"
#include "expressions/datetime_text.h"

static const struct sql_condition illegal_day = { "ILLEGAL_DAY_OF_WEEK", "22009",
                                                  "SparkIllegalArgumentException" };
static const struct sql_condition illegal_unit = { "INVALID_PARAMETER_VALUE.DATETIME_UNIT", "22023",
                                                   "ParseException" };

/* --- cutting --- */

enum level {
    LEVEL_MICROSECOND,
    LEVEL_MILLISECOND,
    LEVEL_SECOND,
    LEVEL_MINUTE,
    LEVEL_HOUR,
    LEVEL_DAY,
    LEVEL_WEEK,
    LEVEL_MONTH,
    LEVEL_QUARTER,
    LEVEL_YEAR,
    LEVEL_COUNT,
};

/* A word's meaning by row, looked up once where it is constant. */
struct lookup {
    int (*find)(struct bytes text);
    const struct column *words;
    bool known;
    int meaning;
};

static int meaning_of(struct lookup *l, int32_t row)
{
    if (!l->known || !l->words->constant) {
        l->meaning = l->find(column_text(l->words, row));
        l->known = true;
    }
    return l->meaning;
}

/* -1: none. */
static int level_of(struct bytes text)
{
    static const char *const words[LEVEL_COUNT] = { "microsecond", "millisecond",  "second",
                                                    "minute",      "hour",         "day dd",
                                                    "week",        "month mon mm", "quarter",
                                                    "year yyyy yy" };
    return datetime_find_word(text, words, LEVEL_COUNT);
}

static int64_t cut_day(int level, int64_t day)
{
    struct date date = calendar_date(day);
    switch (level) {
    case LEVEL_WEEK: return day - (calendar_weekday(day) - 1);
    case LEVEL_MONTH: return calendar_days(date.year, date.month, 1);
    case LEVEL_QUARTER: return calendar_days(date.year, (date.month - 1) / 3 * 3 + 1, 1);
    case LEVEL_YEAR: return calendar_days(date.year, 1, 1);
    default: return day;
    }
}

/* False: it would lie before the first time that there is. */
static bool cut_time(const struct zone *zone, int level, int64_t utc, int64_t *out)
{
    static const int64_t units[] = {
        1, 1000, MICROS_PER_SECOND, MICROS_PER_MINUTE, MICROS_PER_HOUR, MICROS_PER_DAY
    };
    int64_t local = level <= LEVEL_SECOND ? utc : zone_local_micros(zone, utc);
    bool by_unit = level <= LEVEL_DAY;
    int64_t unit = by_unit ? units[level] : MICROS_PER_DAY;
    int64_t whole = datetime_floor(local, unit);
    if (__builtin_mul_overflow(by_unit ? whole : cut_day(level, whole), unit, &local)) {
        return false;
    }
    *out = level <= LEVEL_SECOND ? local
           : by_unit             ? datetime_back_to_utc(zone, local, utc)
                                 : zone_utc_micros(zone, local);
    return true;
}

struct column *date_trunc(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    struct lookup levels = { .find = level_of, .words = args[0] };
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int level = meaning_of(&levels, i);
        if (level < 0) {
            vector_null(&v, i);
        } else if (!cut_time(ev->settings->zone, level, column_integer(args[1], i),
                             &((int64_t *)v.values)[i])) {
            vector_drop(&v);
            return datetime_overflow(ev, "long");
        }
    }
    return vector_finish(&v);
}

struct column *trunc_date(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    (void)ev;
    struct lookup levels = { .find = level_of, .words = args[1] };
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int level = meaning_of(&levels, i);
        if (level < LEVEL_WEEK) {
            vector_null(&v, i);
        } else {
            ((int32_t *)v.values)[i] = (int32_t)cut_day(level, column_integer(args[0], i));
        }
    }
    return vector_finish(&v);
}

struct column *last_day(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t day = column_integer(args[0], i);
            struct date date = calendar_date(day);
            ((int32_t *)v.values)[i] =
                (int32_t)(day - date.day + calendar_days_in_month(date.year, date.month));
        }
    }
    return vector_finish(&v);
}

/* 0 is Monday; -1: none. */
static int weekday_of(struct bytes text)
{
    static const char *const days[] = { "mo mon monday",   "tu tue tuesday", "we wed wednesday",
                                        "th thu thursday", "fr fri friday",  "sa sat saturday",
                                        "su sun sunday" };
    return datetime_find_word(text, days, 7);
}

struct column *next_day(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    struct lookup weekdays = { .find = weekday_of, .words = args[1] };
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int wanted = meaning_of(&weekdays, i);
        if (wanted < 0 && ev->settings->ansi) {
            vector_drop(&v);
            return evaluation_fail(ev, &(struct expression){ .span = span_none() }, &illegal_day,
                                   "Illegal input for day of week: %.*s.",
                                   BYTES_ARG(column_text(args[1], i)));
        }
        if (wanted < 0) {
            vector_null(&v, i);
            continue;
        }
        int64_t day = column_integer(args[0], i);
        int32_t ahead = (wanted + 1 - calendar_weekday(day) + 6) % 7 + 1;
        ((int32_t *)v.values)[i] = (int32_t)(day + ahead);
    }
    return vector_finish(&v);
}

/* --- distances --- */

struct column *date_diff(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int32_t *)v.values)[i] =
                (int32_t)(column_integer(args[0], i) - column_integer(args[1], i));
        }
    }
    return vector_finish(&v);
}

bool resolve_months_between(struct analysis *a, struct expression *call)
{
    if (call->count == 2) {
        datetime_add_argument(a, call, scalar_bool(true));
    }
    if (!datetime_take(a, call, 0, 'T', "\"TIMESTAMP\"") ||
        !datetime_take(a, call, 1, 'T', "\"TIMESTAMP\"") ||
        !datetime_take(a, call, 2, 'b', "\"BOOLEAN\"")) {
        return false;
    }
    call->type = type_simple(TYPE_DOUBLE);
    call->nullable = arguments_nullable(call);
    return true;
}

static double months_apart(int64_t x, int64_t y, bool rounded)
{
    int64_t x_rest = 0;
    int64_t y_rest = 0;
    struct date a = calendar_date(calendar_day_of_micros(x, &x_rest));
    struct date b = calendar_date(calendar_day_of_micros(y, &y_rest));
    double months = (double)(((int64_t)a.year - b.year) * 12 + a.month - b.month);
    bool last_days = a.day == calendar_days_in_month(a.year, a.month) &&
                     b.day == calendar_days_in_month(b.year, b.month);
    if (a.day == b.day || last_days) {
        return months;
    }
    int64_t seconds = (int64_t)(a.day - b.day) * SECONDS_PER_DAY + x_rest / MICROS_PER_SECOND -
                      y_rest / MICROS_PER_SECOND;
    double difference = months + (double)seconds / (31.0 * SECONDS_PER_DAY);
    return rounded ? floor(difference * 1e8 + 0.5) / 1e8 : difference;
}

struct column *months_between(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    const struct zone *zone = ev->settings->zone;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((double *)v.values)[i] =
                months_apart(datetime_local(zone, args[0], i), datetime_local(zone, args[1], i),
                             column_bool(args[2], i));
        }
    }
    return vector_finish(&v);
}

/* --- timestampadd, timestampdiff --- */

struct step {
    int64_t months; /* 0: it is made of microseconds */
    int64_t days;
    int64_t micros;
};

static const struct step steps[] = {
    { 12, 0, 0 },
    { 3, 0, 0 },
    { 1, 0, 0 },
    { 0, 7, 7 * MICROS_PER_DAY },
    { 0, 1, MICROS_PER_DAY },
    { 0, 0, MICROS_PER_HOUR },
    { 0, 0, MICROS_PER_MINUTE },
    { 0, 0, MICROS_PER_SECOND },
    { 0, 0, 1000 },
    { 0, 0, 1 },
};

/* Of `steps`; -1: none. */
static int step_of(struct bytes unit)
{
    static const char *const words[] = { "year",          "quarter",    "month",  "week",
                                         "day dayofyear", "hour",       "minute", "second",
                                         "millisecond",   "microsecond" };
    return datetime_find_word(unit, words, 10);
}

static struct column *refuse_unit(struct evaluation *ev,
                                  const struct expression *call,
                                  struct bytes unit)
{
    return evaluation_fail(
        ev, &(struct expression){ .span = span_none() }, &illegal_unit,
        "The value of parameter(s) `unit` in `%s` is invalid: expects one of the "
        "units without quotes YEAR, QUARTER, MONTH, WEEK, DAY, DAYOFYEAR, HOUR, "
        "MINUTE, SECOND, MILLISECOND, MICROSECOND, but got the string literal "
        "'%.*s'.",
        call->function->name, BYTES_ARG(unit));
}

/* Whole months from x to y, towards zero. */
static int64_t whole_months(int64_t x, int64_t y)
{
    int64_t x_rest = 0;
    int64_t y_rest = 0;
    struct date a = calendar_date(calendar_day_of_micros(x, &x_rest));
    struct date b = calendar_date(calendar_day_of_micros(y, &y_rest));
    int64_t months = ((int64_t)b.year - a.year) * 12 + b.month - a.month;
    int64_t in_month = (int64_t)(b.day - a.day) * MICROS_PER_DAY + y_rest - x_rest;
    return months + (months > 0 && in_month < 0 ? -1 : months < 0 && in_month > 0 ? 1 : 0);
}

struct column *timestamp_diff(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    const struct zone *zone = ev->settings->zone;
    struct lookup units = { .find = step_of, .words = args[0] };
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int which = meaning_of(&units, i);
        if (which < 0) {
            vector_drop(&v);
            return refuse_unit(ev, call, column_text(args[0], i));
        }
        const struct step *step = &steps[which];
        int64_t x = datetime_local(zone, args[1], i);
        int64_t y = datetime_local(zone, args[2], i);
        int64_t distance = 0;
        if (!step->months && __builtin_sub_overflow(y, x, &distance)) {
            vector_drop(&v);
            return datetime_overflow(ev, "long");
        }
        ((int64_t *)v.values)[i] =
            step->months ? whole_months(x, y) / step->months : distance / step->micros;
    }
    return vector_finish(&v);
}

bool resolve_timestamp_add(struct analysis *a, struct expression *call)
{
    bool clock = call->args[2]->type->kind == TYPE_TIMESTAMP_NTZ;
    if (!datetime_take(a, call, 0, 's', "\"STRING\"") ||
        !datetime_take(a, call, 1, 'l', "\"BIGINT\"") ||
        (!clock && !datetime_take(a, call, 2, 'T', "\"TIMESTAMP\""))) {
        return false;
    }
    call->type = call->args[2]->type;
    call->nullable = arguments_nullable(call);
    return true;
}

static bool step_forward(
    const struct zone *zone, const struct step *step, int64_t by, int64_t from, int64_t *out)
{
    int64_t amount = 0;
    int64_t size = step->months ? step->months : step->days ? step->days : step->micros;
    if (__builtin_mul_overflow(by, size, &amount)) {
        return false;
    }
    if (step->months) {
        return amount >= INT32_MIN && amount <= INT32_MAX &&
               datetime_plus_months(zone, from, amount, out);
    }
    return step->days ? datetime_plus_micros(zone, from, amount, 0, out)
                      : datetime_plus_micros(zone, from, 0, amount, out);
}

struct column *timestamp_add(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    const struct zone *zone = datetime_zone_of(ev, call->type);
    struct lookup units = { .find = step_of, .words = args[0] };
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int which = meaning_of(&units, i);
        if (which < 0) {
            vector_drop(&v);
            return refuse_unit(ev, call, column_text(args[0], i));
        }
        if (!step_forward(zone, &steps[which], column_integer(args[1], i),
                          column_integer(args[2], i), &((int64_t *)v.values)[i])) {
            vector_drop(&v);
            return datetime_overflow(ev, "long");
        }
    }
    return vector_finish(&v);
}
