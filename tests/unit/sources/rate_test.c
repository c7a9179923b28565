/*
 * sources/rate: how many rows there are by a second, as the table in RateStreamProvider has it, and without overflow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/rate.h"

#include <cmocka.h>

static void speed_grows_evenly_and_then_stays(void **state)
{
    (void)state;
    static const int64_t wanted[] = { 0, 2, 6, 12, 20, 30, 40 };
    for (int64_t second = 0; second < 7; second++) {
        assert_int_equal(rate_value_at(second, 10, 4), wanted[second]);
    }
}

static void without_a_ramp_each_second_has_as_many(void **state)
{
    (void)state;
    for (int64_t second = 0; second < 10; second++) {
        assert_int_equal(rate_value_at(second, 7, 0), 7 * second);
    }
}

static void a_ramp_longer_than_the_rate_gives_nothing_at_first(void **state)
{
    (void)state;
    assert_int_equal(rate_value_at(5, 3, 10), 0);
    assert_int_equal(rate_value_at(11, 3, 10), 3);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    int64_t max = INT64_MAX;
    assert_true(rate_value_at(1, max, 0) == max);
    assert_true(rate_value_at(max / 1000, 1000, 0) == max / 1000 * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(speed_grows_evenly_and_then_stays),
        cmocka_unit_test(without_a_ramp_each_second_has_as_many),
        cmocka_unit_test(a_ramp_longer_than_the_rate_gives_nothing_at_first),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
