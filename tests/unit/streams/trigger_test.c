/*
 * Triggers: intervals from text, and when the next one is due.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "streams/trigger.h"

#include <cmocka.h>

#define EXPLAINED                                                                           \
    "Please ensure that the value provided is in a valid format for defining an interval. " \
    "You can reference the documentation for the correct format. "

static int64_t interval(const char *text)
{
    struct sql_error error = { 0 };
    int64_t ms = -1;
    if (!trigger_interval(text, &ms, &error)) {
        fail_msg("%s: %s", text, error.message);
    }
    return ms;
}

static void refused(const char *text, const char *message)
{
    struct sql_error error = { 0 };
    int64_t ms;
    assert_false(trigger_interval(text, &ms, &error));
    assert_string_equal(error.message, message);
    sql_error_finish(&error);
}

static void intervals_are_read_as_spark_reads_them(void **state)
{
    (void)state;
    assert_int_equal(interval("0 seconds"), 0);
    assert_int_equal(interval("3 seconds"), 3000);
    assert_int_equal(interval("1 minute 30 seconds"), 90000);
    assert_int_equal(interval("interval 1 day"), 86400000);
    assert_int_equal(interval("500 milliseconds"), 500);
    assert_int_equal(interval("1.5 seconds"), 1500);
    assert_int_equal(interval("1 week"), 7 * 86400000);
}

static void intervals_that_cannot_be_are_refused(void **state)
{
    (void)state;
    refused("1 month", "Doesn't support month or year interval: 1 month");
    refused("-1 seconds", "requirement failed: the interval of trigger should not be negative");
    refused("", "interval cannot be null or blank.");
    refused(
        "soon",
        "[INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER] Error parsing 'soon' to interval. " EXPLAINED
        "Unrecognized number soon. SQLSTATE: 22006");
    refused(
        "1 s 2 moons",
        "[INVALID_INTERVAL_FORMAT.INVALID_UNIT] Error parsing '1 s 2 moons' to interval. " EXPLAINED
        "Invalid unit s. SQLSTATE: 22006");
    refused(
        "interval 5",
        "[INVALID_INTERVAL_FORMAT.MISSING_UNIT] Error parsing 'interval 5' to interval. " EXPLAINED
        "Expect a unit name after 5 but hit EOL. SQLSTATE: 22006");
    refused(
        "1x seconds",
        "[INVALID_INTERVAL_FORMAT.INVALID_VALUE] Error parsing '1x seconds' to interval. " EXPLAINED
        "Invalid value 1x seconds. SQLSTATE: 22006");
}

static void triggers_lie_on_multiples_of_the_interval(void **state)
{
    (void)state;
    assert_int_equal(trigger_next(3000, 6000, 6010), 9000);   /* began on time, was quick */
    assert_int_equal(trigger_next(3000, 6450, 6500), 9000);   /* began late: back on the grid */
    assert_int_equal(trigger_next(3000, 6000, 9000), 9000);   /* exactly as long as it may take */
    assert_int_equal(trigger_next(3000, 6000, 14000), 14000); /* too slow: at once */
    assert_int_equal(trigger_next(0, 6000, 6001), 6001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_are_read_as_spark_reads_them),
        cmocka_unit_test(intervals_that_cannot_be_are_refused),
        cmocka_unit_test(triggers_lie_on_multiples_of_the_interval),
    };
    return cmocka_run_group_tests_name("triggers", tests, NULL, NULL);
}
