/*
 * The functions of dates and times, file by file: what the table in functions_datetime.c names. Internal to expressions.
 */
#pragma once

#include "expressions/datetime.h"

/* --- datetime_fields.c --- */
datetime_kernel date_field; /* year ... second, by the function's name */
datetime_kernel time_field;
datetime_kernel second_with_fraction;
datetime_kernel field_name;     /* dayname, monthname */
datetime_kernel interval_field; /* "interval year" ... */
datetime_resolver resolve_extract;
datetime_resolver resolve_interval_field;
datetime_resolver resolve_second_with_fraction;

/* --- datetime_trunc.c --- */
datetime_kernel date_trunc;
datetime_kernel trunc_date;
datetime_kernel last_day;
datetime_kernel next_day;
datetime_kernel months_between;
datetime_kernel date_diff;
datetime_kernel timestamp_diff;
datetime_kernel timestamp_add;
datetime_resolver resolve_months_between;
datetime_resolver resolve_timestamp_add;

/* --- datetime_make.c --- */
datetime_kernel make_date;
datetime_kernel make_timestamp;
datetime_kernel make_interval;
datetime_resolver resolve_make_date;
datetime_resolver resolve_make_timestamp;
datetime_resolver resolve_make_interval;

/* [INVALID_TIMEZONE]. Returns NULL. */
struct column *datetime_refuse_zone(struct evaluation *ev, struct bytes name);

/* --- datetime_epoch.c --- */
datetime_kernel timestamp_of_units; /* timestamp_seconds ... */
datetime_kernel units_of_timestamp; /* unix_seconds ... */
datetime_kernel date_of_days;       /* date_from_unix_date, unix_date */
datetime_kernel shift_zone;         /* from_utc_timestamp, to_utc_timestamp */
datetime_kernel convert_timezone;
datetime_kernel current_time;
datetime_kernel current_zone;
datetime_resolver resolve_timestamp_seconds;
datetime_resolver resolve_convert_timezone;
datetime_resolver resolve_current;

/* --- datetime_convert.c, datetime_resolve.c --- */
datetime_kernel format_time;
datetime_kernel parse_time;
datetime_kernel unix_time;
datetime_resolver resolve_to_time;
datetime_resolver resolve_unix_time;
datetime_resolver resolve_from_unixtime;

/* --- datetime_resolve.c --- */

/* One more argument at the end. */
void datetime_add_argument(struct analysis *a, struct expression *call, struct scalar value);

/* Converts argument i as `letter` says; false: an error is set that names `wanted`. */
bool datetime_take(
    struct analysis *a, struct expression *call, int32_t i, char letter, const char *wanted);

/* Without regard to case. */
bool datetime_is_word(struct bytes text, const char *word);

/* Which of the words, separated by blanks in each entry, `text` is; -1: none. */
int datetime_find_word(struct bytes text, const char *const *lists, int count);
