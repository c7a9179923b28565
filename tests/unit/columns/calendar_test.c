/*
 * columns/calendar: days and dates go to and fro, and texts are Spark's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/calendar.h"

#include <cmocka.h>

/* Day by day over 1600 years, against counting. */
static void dates_follow_each_other(void **state)
{
    (void)state;
    int64_t days = calendar_days(-400, 1, 1);
    for (int32_t year = -400; year < 1200; year++) {
        int32_t day_of_year = 1;
        for (int32_t month = 1; month <= 12; month++) {
            for (int32_t day = 1; day <= calendar_days_in_month(year, month); day++, days++) {
                struct date date = calendar_date(days);
                assert_true(date.year == year && date.month == month && date.day == day);
                assert_true(calendar_days(year, month, day) == days);
                assert_true(calendar_day_of_year(days) == day_of_year++);
            }
        }
    }
}

static void knows_some_days(void **state)
{
    (void)state;
    assert_int_equal(calendar_days(1970, 1, 1), 0);
    assert_int_equal(calendar_days(2024, 2, 29), 19782);
    assert_int_equal(calendar_days(1, 1, 1), -719162);
    assert_int_equal(calendar_weekday(19782), 4);
    assert_int_equal(calendar_weekday(-1), 3);
    int32_t year = 0;
    assert_int_equal(calendar_iso_week(calendar_days(2021, 1, 3), &year), 53);
    assert_int_equal(year, 2020);
    assert_int_equal(calendar_iso_week(calendar_days(2024, 12, 30), &year), 1);
    assert_int_equal(year, 2025);
    assert_true(calendar_is_date(2024, 2, 29));
    assert_false(calendar_is_date(2023, 2, 29));
    assert_false(calendar_is_date(1900, 2, 29));
    assert_true(calendar_is_date(2000, 2, 29));
    assert_false(calendar_is_date(2000, 13, 1));
    assert_false(calendar_is_date(2000, 0, 1));
    assert_false(calendar_is_date(2000, 1, 0));
}

static void months_end_where_they_must(void **state)
{
    (void)state;
    assert_int_equal(calendar_add_months(calendar_days(2024, 1, 31), 1),
                     calendar_days(2024, 2, 29));
    assert_int_equal(calendar_add_months(calendar_days(2024, 3, 31), -13),
                     calendar_days(2023, 2, 28));
    assert_int_equal(calendar_add_months(calendar_days(0, 1, 15), -1), calendar_days(-1, 12, 15));
}

static void assert_date(int64_t days, const char *expected)
{
    char text[CALENDAR_TEXT_MAX + 1];
    text[calendar_print_date(text, days)] = 0;
    assert_string_equal(text, expected);
}

static void assert_time(int64_t micros, const char *expected)
{
    char text[CALENDAR_TEXT_MAX + 1];
    text[calendar_print_time(text, micros)] = 0;
    assert_string_equal(text, expected);
}

static void prints_what_spark_prints(void **state)
{
    (void)state;
    assert_date(0, "1970-01-01");
    assert_date(calendar_days(9999, 12, 31), "9999-12-31");
    assert_date(calendar_days(10000, 1, 1), "+10000-01-01");
    assert_date(calendar_days(-1, 12, 31), "-0001-12-31");
    assert_date(calendar_days(0, 1, 1), "0000-01-01");
    assert_date(INT32_MAX, "+5881580-07-11");
    assert_date(INT32_MIN, "-5877641-06-23");
    assert_time(0, "1970-01-01 00:00:00");
    assert_time(-1, "1969-12-31 23:59:59.999999");
    assert_time(100000, "1970-01-01 00:00:00.1");
    assert_time(1020, "1970-01-01 00:00:00.00102");
    assert_time(INT64_MAX, "+294247-01-10 04:00:54.775807");
    assert_time(INT64_MIN, "-290308-12-21 19:59:05.224192");
}

static void clocks(void **state)
{
    (void)state;
    int64_t rest = 0;
    assert_int_equal(calendar_day_of_micros(-1, &rest), -1);
    assert_true(rest == MICROS_PER_DAY - 1);
    struct clock_time clock = calendar_clock(rest);
    assert_int_equal(clock.hour, 23);
    assert_int_equal(clock.minute, 59);
    assert_int_equal(clock.second, 59);
    assert_int_equal(clock.micros, 999999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_follow_each_other),
        cmocka_unit_test(knows_some_days),
        cmocka_unit_test(months_end_where_they_must),
        cmocka_unit_test(prints_what_spark_prints),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
