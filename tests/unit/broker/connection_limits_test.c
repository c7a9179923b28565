/*
 * broker/connection_limits: whose address is the loopback's. (The limits themselves are tested on a whole broker.)
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "broker/connection_limits.h"

#include <cmocka.h>

static bool is_loopback(const char *text)
{
    struct sockaddr_storage any = { .ss_family = AF_INET };
    struct sockaddr_in in = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        memcpy(&any, &in, sizeof(in));
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        memcpy(&any, &in6, sizeof(in6));
    }
    struct peer_address peer = peer_address_of(&any);
    return peer_address_is_loopback(&peer);
}

static void knows_the_loopback(void **state)
{
    (void)state;
    assert_true(is_loopback("127.0.0.1"));
    assert_true(is_loopback("127.255.0.9"));
    assert_true(is_loopback("::1"));
    assert_true(is_loopback("::ffff:127.0.0.1"));
    assert_false(is_loopback("128.0.0.1"));
    assert_false(is_loopback("10.0.0.127"));
    assert_false(is_loopback("::ffff:10.0.0.1"));
    assert_false(is_loopback("::2"));
    assert_false(is_loopback("::"));
    assert_false(is_loopback("fe80::127.0.0.1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_loopback),
    };
    return cmocka_run_group_tests_name("broker.connection_limits", tests, NULL, NULL);
}
