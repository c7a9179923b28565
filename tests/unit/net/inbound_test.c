/*
 * net/inbound over a socket pair: whatever the sizes of the frames, and however a peer cuts and joins them, each comes out
 * whole, in order, in memory of its own that is at most twice as large.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "net/inbound.h"

#include <cmocka.h>

enum { FRAME_MAX = 4 << 20, LENGTH_SIZE = 4 };

struct stream {
    struct inbound in;
    int fds[2];
    struct buffer sent;
    size_t sent_at; /* of what went into the socket */
    size_t seen_at; /* of the frames that came out */
};

static int set_up(void **state)
{
    struct stream *s = MEM_NEW(struct stream);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s->fds), 0);
    inbound_init(&s->in, FRAME_MAX);
    buffer_init(&s->sent, 256 << 20);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct stream *s = *state;
    inbound_finish(&s->in);
    buffer_finish(&s->sent);
    (void)close(s->fds[0]);
    (void)close(s->fds[1]);
    free(s);
    return 0;
}

static void add_frame(struct stream *s, size_t len, unsigned *seed)
{
    uint8_t *p = buffer_extend(&s->sent, LENGTH_SIZE + len);
    for (int i = 0; i < LENGTH_SIZE; i++) {
        p[i] = (uint8_t)(len >> (8 * (LENGTH_SIZE - 1 - i)));
    }
    for (size_t i = 0; i < len; i++) {
        p[LENGTH_SIZE + i] = (uint8_t)rand_r(seed);
    }
}

/* Sends the next `len` bytes, or what the socket takes of them. */
static void send_piece(struct stream *s, size_t len)
{
    size_t left = s->sent.len - s->sent_at;
    ssize_t n = send(s->fds[0], s->sent.data + s->sent_at, len < left ? len : left, 0);
    if (n > 0) {
        s->sent_at += (size_t)n;
    }
}

static void expect_frame(struct stream *s, struct bytes frame)
{
    const uint8_t *p = s->sent.data + s->seen_at;
    size_t len = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    assert_int_equal(frame.len, len);
    assert_memory_equal(frame.data, p + LENGTH_SIZE, len);
    s->seen_at += LENGTH_SIZE + len;
}

static void take_all(struct stream *s)
{
    struct bytes frame;
    void *memory;
    int found;
    while ((found = inbound_take(&s->in, &frame, &memory)) > 0) {
        expect_frame(s, frame);
        free(memory);
    }
    assert_int_equal(found, INBOUND_INCOMPLETE);
}

static void frames_of_all_sizes_survive_any_cut(void **state)
{
    struct stream *s = *state;
    static const size_t sizes[] = { 0,     1,     3,     100,   1000,   16379,   16380,
                                    16381, 65531, 65532, 65533, 200000, 1114107, 2500000 };
    enum { FRAMES = 300, SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    unsigned seed = 7;
    for (int i = 0; i < FRAMES; i++) {
        /* Mostly small ones, so that many come with one read. */
        size_t which = (size_t)rand_r(&seed) % (i % 5 == 0 ? SIZES : 5);
        add_frame(s, sizes[which], &seed);
    }
    while (s->seen_at < s->sent.len) {
        send_piece(s, 1 + (size_t)rand_r(&seed) % (1U << (rand_r(&seed) % 19)));
        bool more = true;
        while (more) {
            more = false;
            ssize_t n = inbound_read(&s->in, s->fds[1], &more);
            assert_true(n > 0 || errno == EAGAIN);
            take_all(s);
        }
    }
    assert_true(inbound_is_empty(&s->in));
    assert_null(s->in.data); /* an idle connection holds nothing */
}

/* A request that is parked for long keeps its memory, which must not be all that came with it. */
static void a_small_frame_does_not_hold_its_neighbours(void **state)
{
    struct stream *s = *state;
    unsigned seed = 1;
    struct bytes frame;
    void *memory;
    bool more;
    for (int i = 0; i < 3; i++) {
        add_frame(s, 10000, &seed);
    }
    send_piece(s, s->sent.len);
    assert_int_equal(inbound_read(&s->in, s->fds[1], &more), s->sent.len);
    assert_false(more);
    const uint8_t *read_into = s->in.data;
    assert_int_equal(inbound_take(&s->in, &frame, &memory), 1);
    assert_ptr_not_equal(memory, read_into);
    expect_frame(s, frame);
    free(memory);
    take_all(s);
    assert_int_equal(s->seen_at, s->sent.len);
}

static void an_announcement_gets_no_memory_but_room(void **state)
{
    struct stream *s = *state;
    static const uint8_t announced[] = { 0, 0x3f, 0xff, 0xff, 'x' };
    bool more;
    assert_int_equal(send(s->fds[0], announced, sizeof(announced), 0), sizeof(announced));
    assert_int_equal(inbound_read(&s->in, s->fds[1], &more), sizeof(announced));
    assert_true(s->in.capacity <= sizeof(announced));
    assert_int_equal(send(s->fds[0], announced, sizeof(announced), 0), sizeof(announced));
    assert_int_equal(inbound_read(&s->in, s->fds[1], &more), sizeof(announced));
    assert_true(s->in.capacity <= 2 << 20);
}

static void a_length_over_the_limit_is_none(void **state)
{
    struct stream *s = *state;
    static const uint8_t lengths[][LENGTH_SIZE] = { { 0xff, 0xff, 0xff, 0xff }, { 0, 0x40, 0, 1 } };
    for (size_t i = 0; i < 2; i++) {
        struct bytes frame;
        void *memory;
        bool more;
        assert_int_equal(send(s->fds[0], lengths[i], LENGTH_SIZE, 0), LENGTH_SIZE);
        assert_int_equal(inbound_read(&s->in, s->fds[1], &more), LENGTH_SIZE);
        assert_int_equal(inbound_take(&s->in, &frame, &memory), INBOUND_NO_LENGTH);
        inbound_finish(&s->in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_of_all_sizes_survive_any_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_small_frame_does_not_hold_its_neighbours, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_announcement_gets_no_memory_but_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_length_over_the_limit_is_none, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("net.inbound", tests, NULL, NULL);
}
