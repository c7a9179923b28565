/*
 * base/buffer: content survives growth; beyond the limit nothing changes but the flag.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

#include <cmocka.h>

static void content_survives_growth(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1 << 20);
    for (int i = 0; i < 5000; i++) {
        buffer_printf(&b, "%d,", i);
    }
    assert_false(b.overflow);
    struct bytes rest = buffer_bytes(&b);
    for (int i = 0; i < 5000; i++) {
        struct bytes number;
        int64_t value = -1;
        assert_true(bytes_cut(&rest, ',', &number));
        assert_true(bytes_parse_i64(number, &value));
        assert_int_equal(value, i);
    }
    buffer_finish(&b);
}

static void append_beyond_the_limit_changes_nothing_and_sticks(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 8);
    buffer_append_text(&b, "12345678");
    assert_false(b.overflow);
    buffer_append(&b, NULL, 0);
    assert_false(b.overflow);
    buffer_append_text(&b, "9");
    assert_true(b.overflow);
    assert_true(bytes_equal_text(buffer_bytes(&b), "12345678"));
    buffer_consume(&b, 4);
    buffer_append_text(
        &b, "a"); /* there is room now, but a writer that lost something must not go on */
    assert_true(bytes_equal_text(buffer_bytes(&b), "5678"));
    buffer_clear(&b);
    buffer_append_text(&b, "a");
    assert_false(b.overflow);
    assert_true(bytes_equal_text(buffer_bytes(&b), "a"));
    buffer_finish(&b);
}

static void printf_fills_to_the_last_byte(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 8);
    buffer_printf(&b, "%s", "12345678");
    assert_false(b.overflow);
    assert_true(bytes_equal_text(buffer_bytes(&b), "12345678"));
    buffer_finish(&b);
}

static void an_empty_buffer_is_empty_not_null(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 8);
    assert_false(bytes_is_null(buffer_bytes(&b)));
    assert_int_equal(buffer_bytes(&b).len, 0);
    assert_non_null(buffer_extend(&b, 0));
    buffer_consume(&b, 0);
    buffer_finish(&b);
    buffer_finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_survives_growth),
        cmocka_unit_test(append_beyond_the_limit_changes_nothing_and_sticks),
        cmocka_unit_test(printf_fills_to_the_last_byte),
        cmocka_unit_test(an_empty_buffer_is_empty_not_null),
    };
    return cmocka_run_group_tests_name("base.buffer", tests, NULL, NULL);
}
