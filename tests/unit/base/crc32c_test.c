/*
 * base/crc32c: the published check values, and both implementations agree on every length and alignment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

#include <cmocka.h>

/* RFC 3720, appendix B.4, and the check value of the CRC catalogue. */
static void gives_the_published_values(void **state)
{
    (void)state;
    unsigned char zeros[32] = { 0 };
    unsigned char ones[32];
    unsigned char up[32];
    memset(ones, 0xff, sizeof(ones));
    for (int i = 0; i < 32; i++) {
        up[i] = (unsigned char)i;
    }
    assert_true(crc32c(0, "123456789", 9) == 0xe3069283U);
    assert_true(crc32c(0, zeros, 32) == 0x8a9136aaU);
    assert_true(crc32c(0, ones, 32) == 0x62a8ab43U);
    assert_true(crc32c(0, up, 32) == 0x46dd794eU);
    assert_true(crc32c(0, "", 0) == 0);
}

static void both_versions_agree_and_continue(void **state)
{
    (void)state;
    unsigned char data[256];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char)(i * 167 + 13);
    }
    for (size_t start = 0; start < 9; start++) {
        for (size_t len = 0; start + len <= sizeof(data); len++) {
            uint32_t whole = crc32c(0, data + start, len);
            assert_true(whole == crc32c_portable(0, data + start, len));
            uint32_t first = crc32c(0, data + start, len / 3);
            assert_true(whole == crc32c(first, data + start + len / 3, len - len / 3));
        }
    }
}

/* Long enough for every way through: blocks of both sizes, several of each, and all that may be left behind them. */
static void both_versions_agree_on_big_ones(void **state)
{
    enum { SIZE = 3 * (3 * 8192) + 3 * 256, LENGTHS = 2 * 3 * 256 + 16 };
    (void)state;
    unsigned char *data = malloc(SIZE + LENGTHS);
    assert_non_null(data);
    uint64_t random = 1;
    for (size_t i = 0; i < SIZE + LENGTHS; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        data[i] = (unsigned char)(random >> 56);
    }
    uint32_t expected = 0x12345678U; /* of a range before this one */
    for (size_t len = 0; len < LENGTHS; len++) {
        assert_true(crc32c(0x12345678U, data, len) == expected);
        expected = crc32c_portable(expected, data + len, 1);
    }
    for (int i = 0; i < 200; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        size_t start = (size_t)(random >> 33) % LENGTHS;
        size_t len = (size_t)(random >> 40) % SIZE;
        uint32_t before = (uint32_t)random;
        assert_true(crc32c(before, data + start, len) ==
                    crc32c_portable(before, data + start, len));
    }
    for (size_t len = SIZE - 9; len <= SIZE + 9; len++) {
        assert_true(crc32c(0, data + len % 8, len) == crc32c_portable(0, data + len % 8, len));
    }
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_values),
        cmocka_unit_test(both_versions_agree_and_continue),
        cmocka_unit_test(both_versions_agree_on_big_ones),
    };
    return cmocka_run_group_tests_name("base.crc32c", tests, NULL, NULL);
}
