/*
 * base/crc32c: the published check values, and both implementations agree on every length and alignment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_published_values),
        cmocka_unit_test(both_versions_agree_and_continue),
    };
    return cmocka_run_group_tests_name("base.crc32c", tests, NULL, NULL);
}
