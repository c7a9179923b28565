/*
 * net/outbound over a socket pair that is soon full: answers of memory and file ranges, large and small, arrive as if they
 * had been joined by hand, also those that are added while others are on their way; every range is released once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/outbound.h"

#include <cmocka.h>

enum { FILE_SIZE = 1 << 20, PARTS_MAX = 3, ANSWERS = 400 };

struct sender {
    struct outbound out;
    int fds[2];
    int file;
    uint8_t *content;       /* of the file */
    struct buffer expected; /* all that was added */
    struct buffer received;
    int parts;
    int released;
};

static int set_up(void **state)
{
    struct sender *s = MEM_NEW(struct sender);
    unsigned seed = 5;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s->fds), 0);
    s->file = memfd_create("ranges", MFD_CLOEXEC);
    s->content = mem_zalloc(FILE_SIZE, 1);
    for (int i = 0; i < FILE_SIZE; i++) {
        s->content[i] = (uint8_t)rand_r(&seed);
    }
    assert_int_equal(write(s->file, s->content, FILE_SIZE), FILE_SIZE);
    outbound_init(&s->out);
    buffer_init(&s->expected, 512 << 20);
    buffer_init(&s->received, 512 << 20);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct sender *s = *state;
    outbound_finish(&s->out);
    assert_int_equal(s->released, s->parts);
    buffer_finish(&s->expected);
    buffer_finish(&s->received);
    free(s->content);
    (void)close(s->file);
    (void)close(s->fds[0]);
    if (s->fds[1] >= 0) {
        (void)close(s->fds[1]);
    }
    free(s);
    return 0;
}

static void release(void *owner)
{
    struct sender *s = owner;
    s->released++;
}

/* Some text, then up to PARTS_MAX times a range of the file and some more text. */
static void add_answer(struct sender *s, size_t range_max, unsigned *seed)
{
    struct buffer memory;
    size_t count = (size_t)rand_r(seed) % (PARTS_MAX + 1);
    struct file_part *parts = mem_zalloc(PARTS_MAX, sizeof(*parts));
    buffer_init(&memory, 1 << 20);
    for (size_t i = 0; i <= count; i++) {
        size_t begin = memory.len;
        buffer_printf(&memory, "<text %d>", rand_r(seed));
        buffer_append(&s->expected, memory.data + begin, memory.len - begin);
        if (i == count) {
            break;
        }
        size_t len = (size_t)rand_r(seed) % range_max;
        size_t from = (size_t)rand_r(seed) % (FILE_SIZE - len);
        parts[i] = (struct file_part){ .at = memory.len,
                                       .fd = s->file,
                                       .position = (int64_t)from,
                                       .len = len,
                                       .release = release,
                                       .owner = s };
        s->parts++;
        buffer_append(&s->expected, s->content + from, len);
    }
    outbound_add(&s->out, &memory, parts, count);
    assert_int_equal(memory.len, 0);
}

static void receive(struct sender *s, size_t len)
{
    uint8_t *room = buffer_extend(&s->received, len);
    ssize_t n = recv(s->fds[1], room, len, 0);
    s->received.len -= len - (n > 0 ? (size_t)n : 0);
}

static void answers_arrive_in_order_whatever_they_are_made_of(void **state)
{
    struct sender *s = *state;
    unsigned seed = 11;
    for (int i = 0; i < ANSWERS; i++) {
        add_answer(s, i % 3 == 0 ? 200000 : 4000, &seed);
        if (rand_r(&seed) % 2) {
            assert_int_equal(outbound_send(&s->out, s->fds[0], NULL), WEIR_OK);
        }
        if (rand_r(&seed) % 2) {
            receive(s, 1 + (size_t)rand_r(&seed) % 200000);
        }
        assert_true(outbound_size(&s->out) <= s->expected.len - s->received.len);
    }
    while (s->received.len < s->expected.len) {
        assert_int_equal(outbound_send(&s->out, s->fds[0], NULL), WEIR_OK);
        receive(s, 1 << 20);
    }
    assert_false(outbound_pending(&s->out));
    assert_int_equal(outbound_size(&s->out), 0);
    assert_memory_equal(s->received.data, s->expected.data, s->expected.len);
    assert_int_equal(s->released, s->parts);
}

static void a_range_beyond_the_file_is_a_failure(void **state)
{
    struct sender *s = *state;
    static const size_t lengths[] = { 100, 100000 }; /* copied, and not */
    for (size_t i = 0; i < 2; i++) {
        struct buffer memory;
        struct file_part *part = MEM_NEW(struct file_part);
        buffer_init(&memory, 100);
        buffer_append_text(&memory, "answer");
        *part = (struct file_part){ .at = 6,
                                    .fd = s->file,
                                    .position = FILE_SIZE - 50,
                                    .len = lengths[i],
                                    .release = release,
                                    .owner = s };
        s->parts++;
        outbound_add(&s->out, &memory, part, 1);
        assert_int_equal(outbound_send(&s->out, s->fds[0], NULL), WEIR_EIO);
        outbound_finish(&s->out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_arrive_in_order_whatever_they_are_made_of, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_range_beyond_the_file_is_a_failure, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("net.outbound", tests, NULL, NULL);
}
