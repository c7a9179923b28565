/*
 * Whatever a program prints, what is shown of it steers nothing; and what is kept of it is bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/arena.h"
#include "sandbox/capture.h"
#include "tap/text.h"

#include <cmocka.h>

static void printable_text_stays_as_it_is(void **state)
{
    (void)state;
    struct buffer out;
    const char *text = "a\tb\nc \xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x9f \\ \"";
    buffer_init(&out, 1024);
    text_printable(&out, bytes_of(text));
    assert_true(bytes_equal_text(buffer_bytes(&out), text));
    buffer_finish(&out);
}

static void everything_else_is_spelled_out(void **state)
{
    static const struct {
        const char *raw;
        const char *shown;
    } cases[] = {
        { "\033[2J", "\\x1b[2J" },
        { "\r\n", "\\x0d\n" },
        { "\xff", "\\xff" },
        { "\xc0\x80", "\\xc0\\x80" },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
        { "\xe2\x80\xae", "\\u{202e}" },
        { "\xc2\x85", "\\u{85}" },
        { "\xef\xbb\xbf", "\\u{feff}" },
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
        { "\xe2\x82", "\\xe2\\x82" },
        { "\x7f", "\\x7f" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out;
        buffer_init(&out, 1024);
        text_printable(&out, bytes_of(cases[i].raw));
        buffer_append(&out, "", 1);
        assert_string_equal((const char *)out.data, cases[i].shown);
        buffer_finish(&out);
    }
}

static void the_first_difference_has_a_line_and_a_column(void **state)
{
    size_t line = 0;
    size_t column = 0;
    (void)state;
    assert_false(text_first_difference(bytes_of("same\n"), bytes_of("same\n"), &line, &column));
    assert_true(text_first_difference(bytes_of("a\nbcd"), bytes_of("a\nbxd"), &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    assert_true(text_first_difference(bytes_of("a\n"), bytes_of("a\nb"), &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 1);
}

/* Against the whole output kept: every cut of the stream into writes gives the same start and end. */
static void a_capture_keeps_the_start_and_the_end(void **state)
{
    enum { KEEP = 20, HALF = KEEP / 2, TOTAL = 97 };
    char all[TOTAL];
    (void)state;
    for (int i = 0; i < TOTAL; i++) {
        all[i] = (char)('!' + i % 90);
    }
    for (size_t step = 1; step <= TOTAL; step++) {
        for (size_t len = 0; len <= TOTAL; len += 1) {
            struct capture c;
            struct buffer out;
            capture_init(&c, KEEP);
            buffer_init(&out, 4096);
            for (size_t at = 0; at < len; at += step) {
                capture_add(&c, all + at, len - at < step ? len - at : step);
            }
            capture_text(&c, &out);
            assert_int_equal(capture_dropped(&c), len > KEEP ? len - KEEP : 0);
            size_t head = len < HALF ? len : HALF;
            size_t tail = len - head < HALF ? len - head : HALF;
            assert_true(out.len >= head + tail);
            if (len > 0) {
                assert_memory_equal(out.data, all, head);
                assert_memory_equal(out.data + out.len - tail, all + len - tail, tail);
            }
            if (len <= KEEP) {
                assert_int_equal(out.len, len);
            }
            capture_finish(&c);
            buffer_finish(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printable_text_stays_as_it_is),
        cmocka_unit_test(everything_else_is_spelled_out),
        cmocka_unit_test(the_first_difference_has_a_line_and_a_column),
        cmocka_unit_test(a_capture_keeps_the_start_and_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
