/*
 * What the files of dates and times share. Internal to expressions.
 */
#pragma once

#include "expressions/analysis.h"
#include "expressions/evaluate.h"

/* --- datetime_arithmetic.c: behind the operators of numbers --- */

/* Has the call a date, a timestamp or an interval among its arguments? */
bool is_time_arithmetic(const struct expression *call);

/* Settles such a call: mostly it becomes a call of another function (`date + 1` is date_add). */
bool resolve_time_arithmetic(struct analysis *a, struct expression *call);

/* --- datetime_add.c: what those become --- */

typedef bool datetime_resolver(struct analysis *a, struct expression *call);
typedef struct column *datetime_kernel(struct evaluation *ev,
                                       const struct expression *call,
                                       struct column *const *args,
                                       const struct rows *rows);

datetime_resolver resolve_date_add;      /* date_add, date_sub: a date and an int or less */
datetime_resolver resolve_time_plus;     /* date or timestamp, interval */
datetime_resolver resolve_time_minus;    /* two dates or timestamps */
datetime_resolver resolve_interval_math; /* intervals with intervals, and with numbers */
datetime_kernel date_add;
datetime_kernel add_interval_days; /* extractansiintervaldays */
datetime_kernel time_plus;
datetime_kernel time_minus;
datetime_kernel interval_sum;
datetime_kernel interval_scaled;
datetime_kernel add_months;

/* `micros` of a timestamp (a clock's, with zone NULL), moved as java.time does. False: beyond what there is. */
bool datetime_plus_months(const struct zone *zone, int64_t micros, int64_t months, int64_t *out);
bool datetime_plus_micros(
    const struct zone *zone, int64_t micros, int64_t days, int64_t more, int64_t *out);

/* The zone that a column's times are shown in: the session's, none for dates and clocks. */
static inline const struct zone *datetime_zone_of(const struct evaluation *ev,
                                                  const struct type *type)
{
    return type->kind == TYPE_TIMESTAMP ? ev->settings->zone : NULL;
}

/* Local microseconds of a timestamp in a column. */
int64_t datetime_local(const struct zone *zone, const struct column *c, int32_t row);

/* [DATETIME_OVERFLOW]-like: Java's "long overflow", "integer overflow". Returns NULL. */
struct column *datetime_overflow(struct evaluation *ev, const char *kind);
