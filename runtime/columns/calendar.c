/*
 * The calendar: see calendar.h. The arithmetic counts years from March, so that the leap day is a year's last.
 */
#include "columns/calendar.h"

enum {
    DAYS_PER_ERA = 146097, /* of 400 years */
    EPOCH_SHIFT = 719468,  /* days from 0000-03-01 to 1970-01-01 */
};

static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t floor_rest(int64_t a, int64_t b)
{
    return a % b + (a % b < 0 ? b : 0);
}

bool calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int32_t calendar_days_in_month(int64_t year, int32_t month)
{
    static const uint8_t DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return month == 2 && calendar_is_leap(year) ? 29 : DAYS[month - 1];
}

bool calendar_is_date(int64_t year, int64_t month, int64_t day)
{
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= calendar_days_in_month(year, (int32_t)month);
}

int64_t calendar_days(int64_t year, int32_t month, int32_t day)
{
    year -= month <= 2 ? 1 : 0;
    int64_t era = floor_divide(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_SHIFT;
}

struct date calendar_date(int64_t days)
{
    days += EPOCH_SHIFT;
    int64_t era = floor_divide(days, DAYS_PER_ERA);
    int32_t day_of_era = (int32_t)(days - era * DAYS_PER_ERA);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * day_of_year + 2) / 153;
    struct date date = {
        .year = (int32_t)(year_of_era + era * 400 + (month >= 10 ? 1 : 0)),
        .month = month + (month < 10 ? 3 : -9),
        .day = day_of_year - (153 * month + 2) / 5 + 1,
    };
    return date;
}

int32_t calendar_weekday(int64_t days)
{
    return (int32_t)floor_rest(days + 3, 7) + 1; /* 1970-01-01 was a Thursday */
}

int32_t calendar_day_of_year(int64_t days)
{
    return (int32_t)(days - calendar_days(calendar_date(days).year, 1, 1)) + 1;
}

int32_t calendar_iso_week(int64_t days, int32_t *out_year)
{
    int64_t thursday =
        days - calendar_weekday(days) + 4; /* a week belongs to the year of its Thursday */
    *out_year = calendar_date(thursday).year;
    return (calendar_day_of_year(thursday) - 1) / 7 + 1;
}

int64_t calendar_add_months(int64_t days, int64_t months)
{
    struct date date = calendar_date(days);
    int64_t month = (int64_t)date.year * 12 + date.month - 1 + months;
    int64_t year = floor_divide(month, 12);
    int32_t month_of_year = (int32_t)floor_rest(month, 12) + 1;
    int32_t last = calendar_days_in_month(year, month_of_year);
    return calendar_days(year, month_of_year, date.day < last ? date.day : last);
}

int64_t calendar_day_of_micros(int64_t micros, int64_t *out_micros_of_day)
{
    *out_micros_of_day = floor_rest(micros, MICROS_PER_DAY);
    return floor_divide(micros, MICROS_PER_DAY);
}

struct clock_time calendar_clock(int64_t micros_of_day)
{
    int32_t seconds = (int32_t)(micros_of_day / MICROS_PER_SECOND);
    return (struct clock_time){
        .hour = seconds / 3600,
        .minute = seconds / 60 % 60,
        .second = seconds % 60,
        .micros = (int32_t)(micros_of_day % MICROS_PER_SECOND),
    };
}

/* At least `width` digits. */
static char *print_number(char *out, int64_t value, int width)
{
    char text[20];
    int at = 20;
    for (; value > 0 || width > 0; value /= 10, width--) {
        text[--at] = (char)('0' + value % 10);
    }
    memcpy(out, text + at, (size_t)(20 - at));
    return out + (20 - at);
}

static char *print_pair(char *out, char before, int32_t value)
{
    out[0] = before;
    out[1] = (char)('0' + value / 10);
    out[2] = (char)('0' + value % 10);
    return out + 3;
}

static char *print_date(char *out, int64_t days)
{
    struct date date = calendar_date(days);
    if (date.year < 0 || date.year > 9999) {
        *out++ = date.year < 0 ? '-' : '+';
    }
    out = print_number(out, date.year < 0 ? -(int64_t)date.year : date.year, 4);
    return print_pair(print_pair(out, '-', date.month), '-', date.day);
}

size_t calendar_print_date(char out[CALENDAR_TEXT_MAX], int64_t days)
{
    return (size_t)(print_date(out, days) - out);
}

size_t calendar_print_time(char out[CALENDAR_TEXT_MAX], int64_t micros)
{
    int64_t micros_of_day = 0;
    int64_t day = calendar_day_of_micros(micros, &micros_of_day);
    struct clock_time clock = calendar_clock(micros_of_day);
    char *at = print_pair(print_date(out, day), ' ', clock.hour);
    at = print_pair(print_pair(at, ':', clock.minute), ':', clock.second);
    if (clock.micros > 0) {
        *at++ = '.';
        at = print_number(at, clock.micros, 6);
        while (at[-1] == '0') {
            at--;
        }
    }
    return (size_t)(at - out);
}
