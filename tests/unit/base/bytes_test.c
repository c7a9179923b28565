/*
 * base/bytes: comparing, cutting, trimming and parsing byte ranges, at their edges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#include <cmocka.h>

static void null_and_empty_differ_but_are_equal_in_content(void **state)
{
    (void)state;
    struct bytes null = { 0 };
    struct bytes empty = bytes_of("");
    assert_true(bytes_is_null(null));
    assert_true(bytes_is_null(bytes_of(NULL)));
    assert_false(bytes_is_null(empty));
    assert_true(bytes_equal(null, empty));
    assert_int_equal(bytes_hash(null), bytes_hash(empty));
}

static void order_is_by_unsigned_bytes_then_length(void **state)
{
    (void)state;
    assert_true(bytes_compare(bytes_of("a"), bytes_of("b")) < 0);
    assert_true(bytes_compare(bytes_of("\x7f"), bytes_of("\x80")) < 0);
    assert_true(bytes_compare(bytes_of("ab"), bytes_of("a")) > 0);
    assert_true(bytes_compare(bytes_of(""), bytes_of("a")) < 0);
    assert_int_equal(bytes_compare(bytes_of("abc"), bytes_of("abc")), 0);
}

static void prefix_is_found_only_at_the_start(void **state)
{
    (void)state;
    assert_true(bytes_starts_with(bytes_of("topic-0"), bytes_of("topic")));
    assert_true(bytes_starts_with(bytes_of("topic"), bytes_of("")));
    assert_false(bytes_starts_with(bytes_of("top"), bytes_of("topic")));
    assert_false(bytes_starts_with(bytes_of("a-topic"), bytes_of("topic")));
}

static void cut_gives_every_part_and_then_stops(void **state)
{
    (void)state;
    struct bytes rest = bytes_of("a,,b,");
    const char *const expected[] = { "a", "", "b", "" };
    struct bytes head;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        assert_true(bytes_cut(&rest, ',', &head));
        assert_true(bytes_equal_text(head, expected[i]));
    }
    assert_false(bytes_cut(&rest, ',', &head));

    struct bytes empty = bytes_of("");
    assert_true(bytes_cut(&empty, ',', &head));
    assert_int_equal(head.len, 0);
    assert_false(bytes_cut(&empty, ',', &head));
}

static void trim_takes_blanks_off_both_ends_only(void **state)
{
    (void)state;
    assert_true(bytes_equal_text(bytes_trim(bytes_of(" \ta b\r\n")), "a b"));
    assert_int_equal(bytes_trim(bytes_of(" \n ")).len, 0);
    assert_int_equal(bytes_trim(bytes_of("")).len, 0);
}

static void parses_the_whole_range_of_64_bits(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t value;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "+7", 7 },
        { "007", 7 },
        { "9223372036854775807", INT64_MAX },
        { "-9223372036854775807", -INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        int64_t value = 1;
        assert_true(bytes_parse_i64(bytes_of(good[i].text), &value));
        assert_true(value == good[i].value);
    }
}

static void refuses_what_is_no_number_and_leaves_the_result_alone(void **state)
{
    (void)state;
    const char *const bad[] = { "",
                                "-",
                                "+",
                                "--1",
                                "1 ",
                                " 1",
                                "1.0",
                                "0x1",
                                "a",
                                "1e3",
                                "9223372036854775808",
                                "99999999999999999999",
                                "-9223372036854775809" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t value = 42;
        assert_false(bytes_parse_i64(bytes_of(bad[i]), &value));
        assert_int_equal(value, 42);
    }
    int64_t value = 42;
    assert_false(bytes_parse_i64((struct bytes){ 0 }, &value));
}

static void text_that_does_not_fit_becomes_empty(void **state)
{
    (void)state;
    char out[4] = "zzz";
    assert_true(bytes_to_text(bytes_of("abc"), out, sizeof(out)));
    assert_string_equal(out, "abc");
    assert_false(bytes_to_text(bytes_of("abcd"), out, sizeof(out)));
    assert_string_equal(out, "");
    assert_true(bytes_to_text((struct bytes){ 0 }, out, sizeof(out)));
    assert_string_equal(out, "");
    assert_false(bytes_to_text(bytes_of("a"), out, 0));
}

static void control_characters_are_told(void **state)
{
    (void)state;
    assert_false(bytes_has_control((struct bytes){ 0 }));
    assert_false(bytes_has_control(bytes_of("plain text, \xc3\xa8 too")));
    assert_true(bytes_has_control(bytes_of("two\nlines")));
    assert_true(bytes_has_control(bytes_of("\x7f")));
    assert_true(bytes_has_control((struct bytes){ (const uint8_t *)"a\0b", 3 }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_and_empty_differ_but_are_equal_in_content),
        cmocka_unit_test(order_is_by_unsigned_bytes_then_length),
        cmocka_unit_test(prefix_is_found_only_at_the_start),
        cmocka_unit_test(cut_gives_every_part_and_then_stops),
        cmocka_unit_test(trim_takes_blanks_off_both_ends_only),
        cmocka_unit_test(parses_the_whole_range_of_64_bits),
        cmocka_unit_test(refuses_what_is_no_number_and_leaves_the_result_alone),
        cmocka_unit_test(text_that_does_not_fit_becomes_empty),
        cmocka_unit_test(control_characters_are_told),
    };
    return cmocka_run_group_tests_name("base.bytes", tests, NULL, NULL);
}
