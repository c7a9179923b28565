/*
 * The rule for the years to come: POSIX's TZ text, the footer of a TZif file.
 *
 *     CET-1CEST,M3.5.0,M10.5.0/3     one hour east; from the last Sunday of March, 2:00, two; back on the last of October, 3:00
 *     <+0330>-3:30                   always the same
 *
 * Thread: any.
 */
#pragma once

#include "columns/zone.h"

enum rule_form {
    RULE_MONTH_WEEK_DAY, /* Mm.w.d: week 5 is the last */
    RULE_DAY_NO_LEAP,    /* Jn: 1 to 365, February 29 is never counted */
    RULE_DAY,            /* n: 0 to 365 */
};

/* A moment of every year, in local time. */
struct rule_day {
    enum rule_form form;
    int32_t month;
    int32_t week;
    int32_t day;
    int32_t seconds; /* after that day's midnight; may be negative or more than a day */
};

struct zone_rule {
    bool present;
    bool has_summer;
    int32_t standard; /* offsets, seconds east */
    int32_t summer;
    struct rule_day begins; /* the summer's, in standard time */
    struct rule_day ends;   /* in summer time */
};

bool zone_rule_parse(struct bytes text, struct zone_rule *out_rule);

/* The offset at a second of UTC, and from when until when it counts. */
struct zone_span zone_rule_find(const struct zone_rule *rule, int64_t utc_seconds);
