/*
 * expressions/datetime: columns of dates, times and patterns; summer time; and patterns made at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns_of.h"
#include "expressions/datetime_format.h"

#include <cmocka.h>

static const struct sql_settings utc = { .ansi = true, .zone_name = "UTC" };

static void gives(const struct sql_settings *settings,
                  const char *expression,
                  const char *from,
                  const char *wanted)
{
    char *got = cells(settings, expression, from);
    assert_string_equal(got, wanted);
    free(got);
}

static void patterns_may_differ_by_row(void **state)
{
    (void)state;
    gives(&utc, "date_format(timestamp'2024-02-29 12:34:56.7', a)",
          "VALUES ('yyyy'), (null), ('D'), ('D'), ('HH:mm:ss.SS') AS t(a)",
          "2024, NULL, 60, 60, 12:34:56.70");
    gives(&utc, "to_date(a, b)",
          "VALUES ('20240229', 'yyyyMMdd'), ('60 2024', 'D yyyy'), (null, 'yyyy') AS t(a, b)",
          "2024-02-29, 2024-02-29, NULL");
    gives(&utc, "date_format(timestamp'2024-02-29 12:34:56.7', a)",
          "VALUES ('yyyy'), ('#') AS t(a)",
          "!INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION");
}

static void nulls_and_what_cannot_be_read(void **state)
{
    (void)state;
    struct sql_settings off = utc;
    off.ansi = false;
    const char *from = "VALUES ('2024-02-29'), (null), ('2023-02-29'), ('x') AS t(a)";
    gives(&off, "to_timestamp(a, 'yyyy-MM-dd')", from, "2024-02-29 00:00:00, NULL, NULL, NULL");
    gives(&utc, "try_to_timestamp(a, 'yyyy-MM-dd')", from, "2024-02-29 00:00:00, NULL, NULL, NULL");
    gives(&utc, "to_timestamp(a, 'yyyy-MM-dd')", from, "!CANNOT_PARSE_TIMESTAMP");
    gives(&off, "next_day(date'2024-01-01', a)", "VALUES ('mo'), (null), ('x') AS t(a)",
          "2024-01-08, NULL, NULL");
}

static void summer_time_is_minded(void **state)
{
    (void)state;
    struct sql_settings here = utc;
    here.zone = new_york();
    here.zone_name = "America/New_York";
    assert_non_null(here.zone);
    /* days keep the clock's time, also as 24 hours; fewer hours are hours */
    gives(&here, "timestamp'2024-03-09 12:00:00' + interval '1' day", NULL, "2024-03-10 12:00:00");
    gives(&here, "timestamp'2024-03-09 12:00:00' + interval '24' hour", NULL,
          "2024-03-10 12:00:00");
    gives(&here, "timestamp'2024-03-09 12:00:00' + interval '23' hour", NULL,
          "2024-03-10 12:00:00");
    /* a local time that is not moves by the gap; one that is twice is the first, unless it came from the second */
    gives(&here, "timestamp'2024-03-10 02:30:00'", NULL, "2024-03-10 03:30:00");
    gives(&here, "unix_seconds(timestamp'2024-11-03 01:30:00')", NULL, "1730611800");
    gives(&here, "unix_seconds(timestamp_seconds(1730615400) + interval '0' month)", NULL,
          "1730615400");
    gives(&here, "unix_seconds(date_trunc('hour', timestamp_seconds(1730615400)))", NULL,
          "1730613600");
    gives(&here, "date_format(timestamp'2024-07-01 00:00:00', 'z zzzz xxx O')", NULL,
          "EDT Eastern Daylight Time -04:00 GMT-4");
    gives(&here, "date_format(timestamp'2024-01-01 00:00:00', 'z xx')", NULL, "EST -0500");
}

static void intervals_do_not_wrap(void **state)
{
    (void)state;
    gives(&utc, "interval '106751991' day * 2", NULL,
          "!INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION");
    gives(&utc, "a + interval '106751991' day", "VALUES (interval '106751991' day), (null) AS t(a)",
          "!INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION");
    gives(&utc, "interval '5' month / a", "VALUES (2), (-2), (null) AS t(a)",
          "INTERVAL '0-3' YEAR TO MONTH, INTERVAL '-0-3' YEAR TO MONTH, NULL");
}

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Whatever a pattern is, it is taken or refused; and what is printed by it can be looked at again. */
static void any_pattern_is_taken_or_refused(void **state)
{
    (void)state;
    static const char letters[] = "GyMLdDEFaHkKhmsSVzZOXxQq[]'- :/.,T#{}Yue0\xc3\xa9";
    uint64_t random = 5;
    int32_t taken = 0;
    for (int32_t i = 0; i < 20000; i++) {
        uint8_t text[40];
        size_t len = next(&random) % sizeof(text);
        for (size_t k = 0; k < len; k++) {
            text[k] = k > 0 && next(&random) % 2
                          ? text[k - 1]
                          : (uint8_t)letters[next(&random) % (sizeof(letters) - 1)];
        }
        for (int reading = 0; reading < 2; reading++) {
            struct pattern p;
            struct pattern_fault fault;
            struct pattern_time time;
            char message[PATTERN_MESSAGE_MAX];
            struct buffer out;
            if (!pattern_compile((struct bytes){ text, len }, reading, &p, &fault)) {
                assert_int_not_equal(fault.problem, PATTERN_GOOD);
                continue;
            }
            taken++;
            buffer_init(&out, 1 << 16);
            int64_t local = (int64_t)(next(&random) << 31) - (INT64_C(1) << 61);
            (void)pattern_print(&p, &utc, local, (int32_t)(next(&random) % 7200) - 3600, &out);
            (void)pattern_read(&p, &utc, buffer_bytes(&out), &time, message);
            buffer_finish(&out);
            pattern_free(&p);
        }
    }
    assert_true(taken > 500);
}

/* What is printed in full is read again as the same. */
static void times_come_back(void **state)
{
    (void)state;
    static const char *const patterns[] = { "yyyy-MM-dd HH:mm:ss.SSSSSS", "yyyyMMdd HHmmss.SSSSSS",
                                            "d MMMM yyyy, h:mm:ss.SSSSSS a",
                                            "yyyy-DDD k:m:s.SSSSSS",
                                            "G yyyy MM dd HH mm ss SSSSSS" };
    uint64_t random = 9;
    for (int32_t i = 0; i < 5000; i++) {
        struct pattern print;
        struct pattern read;
        struct pattern_fault fault;
        struct pattern_time time;
        char message[PATTERN_MESSAGE_MAX];
        struct bytes text = bytes_of(patterns[i % 5]);
        int64_t local = (int64_t)(next(&random) % 4000000) * MICROS_PER_DAY / 2 -
                        700000 * MICROS_PER_DAY + (int64_t)(next(&random) % MICROS_PER_DAY);
        struct buffer out;
        buffer_init(&out, 1 << 16);
        assert_true(pattern_compile(text, false, &print, &fault));
        assert_true(pattern_compile(text, true, &read, &fault));
        assert_true(pattern_print(&print, &utc, local, 0, &out));
        if (!pattern_read(&read, &utc, buffer_bytes(&out), &time, message)) {
            fail_msg("%s", message);
        }
        assert_int_equal(time.local, local);
        buffer_finish(&out);
        pattern_free(&print);
        pattern_free(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_may_differ_by_row),
        cmocka_unit_test(nulls_and_what_cannot_be_read),
        cmocka_unit_test(summer_time_is_minded),
        cmocka_unit_test(intervals_do_not_wrap),
        cmocka_unit_test(any_pattern_is_taken_or_refused),
        cmocka_unit_test(times_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
