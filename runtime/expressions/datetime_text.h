/*
 * Dates and timestamps from text, in the forms that CAST takes. Internal to expressions.
 *
 *     [+-]yyyy[-[m]m[-[d]d]]                                     years of 4 to 7 digits (6 in timestamps)
 *     ... [ T][h]h[:[m]m[:[s]s[.fraction]]] [zone]               a date may be followed by anything there
 *     [T][h]h:[m]m[:...]                                         a time alone: of today
 *
 * Source: SparkDateTimeUtils.stringToDate, parseTimestampString of Spark 4.1. Thread: any.
 */
#pragma once

#include "columns/settings.h"

/* Days since 1970. False: it is no date. */
bool datetime_read_date(struct bytes text, int64_t *out_days);

/* Microseconds since 1970; without a zone in the text in the session's. False: it is no timestamp. */
bool datetime_read_timestamp(const struct sql_settings *settings, struct bytes text, int64_t *out);

/* Microseconds of a clock; a zone in the text is checked and then left aside. */
bool datetime_read_local(const struct sql_settings *settings, struct bytes text, int64_t *out);

/* The words "epoch", "now", "today", "tomorrow", "yesterday", which constants may be: microseconds of local time. */
bool datetime_read_word(const struct sql_settings *settings, struct bytes text, int64_t *out_local);

/* A zone by its name or offset. False: there is none. */
bool datetime_find_zone(const struct sql_settings *settings,
                        struct bytes name,
                        const struct zone **out_zone);

/* --- instants and local times, as java.time moves them --- */

/* UTC of a local time that was reached from `utc`: where it is twice, the offset stays what it was. */
int64_t datetime_back_to_utc(const struct zone *zone, int64_t local, int64_t utc);

/* Today, in the session's zone. */
int64_t datetime_today(const struct sql_settings *settings);

/* Seconds since 1970, rounded down. */
static inline int64_t datetime_floor(int64_t value, int64_t unit)
{
    return value / unit - (value % unit < 0);
}
