/*
 * columns/utf8: bytes that are no text are repaired as Java repairs them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/utf8.h"
#include "golden.h"

#include <cmocka.h>

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t len = 0;
    for (; hex[0] && hex[1]; hex += 2) {
        char pair[3] = { hex[0], hex[1], 0 };
        out[len++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

static void repairs_as_java_does(void **state)
{
    (void)state;
    struct golden g = golden_open("java/utf8.txt");
    int count = 0;
    while (getline(&g.line, &g.capacity, g.file) >= 0) {
        char given[64];
        char repaired[64];
        uint8_t bytes[32];
        uint8_t expected[32];
        if (g.line[0] == '#' || sscanf(g.line, "%60s %60s", given, repaired) != 2) {
            continue;
        }
        struct bytes text = { bytes, from_hex(given, bytes) };
        struct bytes right = { expected, from_hex(repaired, expected) };
        struct buffer out;
        buffer_init(&out, 100);
        utf8_repair(&out, text);
        assert_true(bytes_equal(buffer_bytes(&out), right));
        assert_int_equal(utf8_is_valid(text), bytes_equal(text, right));
        buffer_finish(&out);
        count++;
    }
    golden_close(&g);
    assert_int_equal(count, 2000);
}

static void reads_characters(void **state)
{
    (void)state;
    struct bytes text = bytes_of("a\xc3\xa9\xe8\xa1\xa8\xf0\x9f\x98\x80\xff");
    const uint32_t expected[] = { 'a', 0xe9, 0x8868, 0x1f600, UTF8_REPLACEMENT };
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(utf8_next(text, &at), expected[i]);
    }
    assert_int_equal(at, text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repairs_as_java_does),
        cmocka_unit_test(reads_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
