/*
 * The calendar: days and microseconds since 1970 as dates and times, and their texts.
 *
 * Proleptic Gregorian, as java.time: the rules of today for all years, with a year 0 and years before it. Any day of a 32-bit
 * number and any microsecond of a 64-bit one has a date.
 *
 * Thread: any.
 */
#pragma once

#include "base/bytes.h"

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_MINUTE (60 * MICROS_PER_SECOND)
#define MICROS_PER_HOUR   (60 * MICROS_PER_MINUTE)
#define MICROS_PER_DAY    (24 * MICROS_PER_HOUR)
#define SECONDS_PER_DAY   86400

struct date {
    int32_t year;
    int32_t month; /* 1 to 12 */
    int32_t day;   /* 1 to 31 */
};

struct clock_time {
    int32_t hour;
    int32_t minute;
    int32_t second;
    int32_t micros;
};

enum { CALENDAR_TEXT_MAX = 40 }; /* bytes of the longest text, and some more */

bool calendar_is_leap(int64_t year);
int32_t calendar_days_in_month(int64_t year, int32_t month);

/* Is there such a day? */
bool calendar_is_date(int64_t year, int64_t month, int64_t day);

/* Days since 1970-01-01, of a date that there is. */
int64_t calendar_days(int64_t year, int32_t month, int32_t day);
struct date calendar_date(int64_t days);

/* 1 (Monday) to 7 (Sunday); 1 to 366; the ISO week and the year that it belongs to. */
int32_t calendar_weekday(int64_t days);
int32_t calendar_day_of_year(int64_t days);
int32_t calendar_iso_week(int64_t days, int32_t *out_year);

/* The date `months` later: the last day of its month where that month is too short. */
int64_t calendar_add_months(int64_t days, int64_t months);

/* Of a local time: the day, and the microseconds since its midnight. */
int64_t calendar_day_of_micros(int64_t micros, int64_t *out_micros_of_day);
struct clock_time calendar_clock(int64_t micros_of_day);

/* "2024-02-29", "+10000-01-01", "-0001-12-31"; not terminated; returns the length. */
size_t calendar_print_date(char out[CALENDAR_TEXT_MAX], int64_t days);

/* "2024-02-29 12:34:56.789": microseconds of a local time, the fraction without zeros at its end. */
size_t calendar_print_time(char out[CALENDAR_TEXT_MAX], int64_t micros);
