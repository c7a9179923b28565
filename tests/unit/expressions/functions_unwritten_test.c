/*
 * The list of functions that are not written yet is true and in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "expressions/function.h"

#include <cmocka.h>

static void what_is_written_is_not_listed(void **state)
{
    (void)state;
    for (size_t i = 0; function_unwritten(i); i++) {
        struct bytes name = bytes_of(function_unwritten(i));
        if (function_find(name)) {
            fail_msg("%s is written", function_unwritten(i));
        }
        assert_true(function_is_unwritten(name));
        assert_true(i == 0 || strcmp(function_unwritten(i - 1), function_unwritten(i)) < 0);
    }
    assert_false(function_is_unwritten(bytes_of("upper")));
    assert_false(function_is_unwritten(bytes_of("uper")));
    assert_true(function_is_unwritten(bytes_of("XPATH")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_not_listed),
    };
    return cmocka_run_group_tests_name("expressions.functions_unwritten", tests, NULL, NULL);
}
