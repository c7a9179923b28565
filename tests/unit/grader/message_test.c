/*
 * The messages between a check and weir-grade arrive whole or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "check/message.h"

#include <cmocka.h>

static void a_message_arrives_as_it_was_sent(void **state)
{
    int ends[2];
    struct message out;
    struct message in;
    struct bytes value;
    size_t position = 0;
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    message_init(&out);
    message_init(&in);
    message_put_text(&out, "do", "start");
    message_put_text(&out, "var", "A=1");
    message_put(&out, "var", (struct bytes){ (const uint8_t *)"\0\n\xff", 3 });
    message_put_i64(&out, "n", INT64_MIN);
    message_put_text(&out, "empty", "");
    assert_int_equal(message_send(ends[0], &out, NULL), WEIR_OK);
    assert_int_equal(message_receive(ends[1], &in, NULL), WEIR_OK);
    assert_true(message_get(&in, "do", &value) && bytes_equal_text(value, "start"));
    assert_true(message_next(&in, "var", &position, &value) && bytes_equal_text(value, "A=1"));
    assert_true(message_next(&in, "var", &position, &value) && value.len == 3);
    assert_false(message_next(&in, "var", &position, &value));
    assert_true(message_get_i64(&in, "n", 0) == INT64_MIN);
    assert_true(message_get(&in, "empty", &value) && value.len == 0);
    assert_false(message_get(&in, "nothing", &value));
    close(ends[0]);
    assert_int_equal(message_receive(ends[1], &in, NULL), WEIR_ENOTFOUND);
    close(ends[1]);
    message_finish(&out);
    message_finish(&in);
}

static void a_message_that_is_cut_or_too_long_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = { { "\0\0", 2 }, { "\0\0\0\5\2do", 7 }, { "\x7f\xff\xff\xff", 4 } };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int ends[2];
        struct message in;
        message_init(&in);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(write(ends[0], cases[i].bytes, cases[i].len), cases[i].len);
        close(ends[0]);
        enum weir_status rc = message_receive(ends[1], &in, NULL);
        assert_true(rc == WEIR_EPROTO || rc == WEIR_ETOOBIG);
        close(ends[1]);
        message_finish(&in);
    }
}

static void pairs_that_lie_about_their_length_are_not_found(void **state)
{
    static const uint8_t lying[] = { 1, 'a', 0, 0, 0, 9, 'x' };
    struct message m;
    struct bytes value;
    (void)state;
    message_init(&m);
    for (size_t len = 0; len <= sizeof(lying); len++) {
        message_clear(&m);
        buffer_append(&m.data, lying, len);
        assert_false(message_get(&m, "a", &value));
    }
    message_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_arrives_as_it_was_sent),
        cmocka_unit_test(a_message_that_is_cut_or_too_long_is_refused),
        cmocka_unit_test(pairs_that_lie_about_their_length_are_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
