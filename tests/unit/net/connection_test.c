/*
 * net/connection over a socket pair: frames arrive whole however they were cut up, one at a time and in order; what is
 * no frame closes the connection; a peer that does not read its answers costs one answer.
 *
 * The loop runs in a thread of its own and serves frames by their first byte; the test is the peer.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/connection.h"

#include <cmocka.h>

enum { FRAME_MAX = 1 << 20, LENGTH_SIZE = 4, BIG_SIZE = 4 << 20, LIMIT_S = 20 };

/* What a frame asks for, in its first byte. */
enum { ECHO = 'e', SILENCE = 's', HOLD = 'h', FILE_PARTS = 'f', BIG = 'b' };

struct server {
    struct loop *loop;
    struct connection *connection;
    pthread_t thread;
    int peer;
    sem_t closed;
    char why[256];
    atomic_int frame_count;
    atomic_int sent_count;
    int file; /* "0123456789" */
    atomic_int released;
};

static void put_length(uint8_t *out, size_t length)
{
    for (int i = 0; i < LENGTH_SIZE; i++) {
        out[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
    }
}

static void start_answer(struct buffer *out, size_t length)
{
    buffer_init(out, BIG_SIZE + LENGTH_SIZE);
    put_length(buffer_extend(out, LENGTH_SIZE), length);
}

static void release(void *owner)
{
    struct server *server = owner;
    atomic_fetch_add(&server->released, 1);
}

/* "<" file bytes 2 to 4 "|" file byte 9, and nothing of an empty range, ">" */
static void send_file_parts(struct server *server, struct connection *connection)
{
    static const struct file_part wanted[] = { { LENGTH_SIZE + 1, 0, 2, 3, release, NULL },
                                               { LENGTH_SIZE + 2, 0, 9, 1, release, NULL },
                                               { LENGTH_SIZE + 2, 0, 5, 0, release, NULL } };
    enum { COUNT = sizeof(wanted) / sizeof(wanted[0]) };
    struct buffer out;
    start_answer(&out, 3 + 3 + 1);
    buffer_append_text(&out, "<|>");
    struct file_part *parts = mem_zalloc(COUNT, sizeof(*parts));
    for (int i = 0; i < COUNT; i++) {
        parts[i] = wanted[i];
        parts[i].fd = server->file;
        parts[i].owner = server;
    }
    connection_send(connection, &out, parts, COUNT);
}

static void on_frame(struct connection *connection, struct bytes frame, void *memory)
{
    struct server *server = connection_owner(connection);
    uint8_t what = frame.len ? frame.data[0] : ECHO;
    atomic_fetch_add(&server->frame_count, 1);
    if (what == SILENCE) {
        connection_resume(connection);
    } else if (what == FILE_PARTS) {
        send_file_parts(server, connection);
    } else if (what != HOLD) {
        struct buffer out;
        start_answer(&out, what == BIG ? BIG_SIZE : frame.len);
        if (what == BIG) {
            memset(buffer_extend(&out, BIG_SIZE), BIG, BIG_SIZE);
        } else {
            buffer_append(&out, frame.data, frame.len);
        }
        connection_send(connection, &out, NULL, 0);
    }
    free(memory);
}

static void on_closed(struct connection *connection, const char *why)
{
    struct server *server = connection_owner(connection);
    (void)snprintf(server->why, sizeof(server->why), "%s", why ? why : "");
    server->connection = NULL;
    (void)sem_post(&server->closed);
}

static void on_sent(struct connection *connection)
{
    struct server *server = connection_owner(connection);
    atomic_fetch_add(&server->sent_count, 1);
}

static const struct connection_events events = { .frame = on_frame,
                                                 .closed = on_closed,
                                                 .sent = on_sent };

static void *serve(void *argument)
{
    loop_run(argument);
    return NULL;
}

static struct server *start(int64_t idle_max_ms)
{
    struct server *server = MEM_NEW(struct server);
    struct timeval limit = { .tv_sec = LIMIT_S };
    struct weir_error err;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)), 0);
    server->peer = fds[1];
    server->file = memfd_create("parts", MFD_CLOEXEC);
    assert_int_equal(write(server->file, "0123456789", 10), 10);
    assert_int_equal(sem_init(&server->closed, 0, 0), 0);
    assert_int_equal(loop_create(&server->loop, &err), WEIR_OK);
    struct connection_options options = {
        .events = &events, .owner = server, .frame_max = FRAME_MAX, .idle_max_ms = idle_max_ms
    };
    assert_int_equal(connection_create(server->loop, fds[0], &options, &server->connection, &err),
                     WEIR_OK);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server->loop), 0);
    return server;
}

static int set_up(void **state)
{
    *state = start(0);
    return 0;
}

static void stop(struct server *server)
{
    loop_stop(server->loop);
    assert_int_equal(pthread_join(server->thread, NULL), 0);
    if (server->connection) {
        connection_close(server->connection, NULL);
    }
    loop_destroy(server->loop);
    (void)close(server->file);
    if (server->peer >= 0) {
        (void)close(server->peer);
    }
    (void)sem_destroy(&server->closed);
    free(server);
}

static int tear_down(void **state)
{
    stop(*state);
    return 0;
}

/* --- the peer --- */

static void send_all(const struct server *server, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = send(server->peer, p, len, MSG_NOSIGNAL);
        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

static void send_frame(const struct server *server, const char *frame)
{
    uint8_t bytes[256];
    const struct bytes content = bytes_of(frame);
    put_length(bytes, content.len);
    memcpy(bytes + LENGTH_SIZE, content.data, content.len);
    send_all(server, bytes, LENGTH_SIZE + content.len);
}

static void receive_all(const struct server *server, void *out, size_t len)
{
    uint8_t *p = out;
    while (len > 0) {
        ssize_t n = recv(server->peer, p, len, 0);
        assert_true(n > 0);
        p += n;
        len -= (size_t)n;
    }
}

/* The next answer; the caller frees it. */
static uint8_t *receive_frame(const struct server *server, size_t *out_len)
{
    uint8_t length[LENGTH_SIZE];
    receive_all(server, length, sizeof(length));
    *out_len =
        (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 | length[3];
    uint8_t *frame = mem_zalloc(*out_len + 1, 1);
    receive_all(server, frame, *out_len);
    return frame;
}

static void expect_frame(const struct server *server, const char *expected)
{
    size_t len = 0;
    uint8_t *frame = receive_frame(server, &len);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(frame, expected, len);
    free(frame);
}

static void expect_closed(struct server *server, const char *why)
{
    struct timespec limit;
    (void)clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += LIMIT_S;
    assert_int_equal(sem_timedwait(&server->closed, &limit), 0);
    assert_string_equal(server->why, why);
}

/* --- frames --- */

static void a_frame_arrives_whole_when_sent_byte_by_byte(void **state)
{
    struct server *server = *state;
    static const uint8_t bytes[] = { 0, 0, 0, 5, 'e', 'b', 'c', 'd', 'e',
                                     0, 0, 0, 0, 0,   0,   0,   1,   'e' };
    for (size_t i = 0; i < sizeof(bytes); i++) {
        send_all(server, &bytes[i], 1);
    }
    expect_frame(server, "ebcde");
    expect_frame(server, "");
    expect_frame(server, "e");
}

static void pipelined_frames_are_answered_in_order(void **state)
{
    struct server *server = *state;
    enum { COUNT = 500 };
    struct buffer all;
    buffer_init(&all, FRAME_MAX);
    for (int i = 0; i < COUNT; i++) {
        (void)buffer_extend(&all, LENGTH_SIZE);
        size_t at = all.len;
        buffer_printf(&all, i % 7 == 3 ? "silent %d" : "echo %d", i);
        put_length(all.data + at - LENGTH_SIZE, all.len - at);
    }
    send_all(server, all.data, all.len);
    for (int i = 0; i < COUNT; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof(expected), "echo %d", i);
        if (i % 7 != 3) {
            expect_frame(server, expected);
        }
    }
    assert_int_equal(server->frame_count, COUNT);
    buffer_finish(&all);
}

/* Frames of every size class, cut up at random; the content says which bytes must be where. */
static void large_frames_survive_any_cut(void **state)
{
    struct server *server = *state;
    static const size_t sizes[] = { 1, 4095, 65535, 65536, 65537, 300000, FRAME_MAX };
    unsigned seed = 3;
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        size_t len = sizes[s];
        uint8_t *sent = mem_zalloc(LENGTH_SIZE + len, 1);
        put_length(sent, len);
        for (size_t i = 0; i < len; i++) {
            sent[LENGTH_SIZE + i] = (uint8_t)(rand_r(&seed) >> 8);
        }
        sent[LENGTH_SIZE] = ECHO;
        for (size_t at = 0; at < LENGTH_SIZE + len;) {
            size_t left = LENGTH_SIZE + len - at;
            size_t piece = 1 + (size_t)rand_r(&seed) % (1U << (1 + rand_r(&seed) % 17));
            send_all(server, sent + at, piece < left ? piece : left);
            at += piece < left ? piece : left;
        }
        size_t got_len = 0;
        uint8_t *got = receive_frame(server, &got_len);
        assert_int_equal(got_len, len);
        assert_memory_equal(got, sent + LENGTH_SIZE, len);
        free(got);
        free(sent);
    }
}

static void what_is_no_length_closes_the_connection(void **state)
{
    (void)state;
    static const uint8_t lengths[][LENGTH_SIZE] = {
        { 0xff, 0xff, 0xff, 0xff }, { 0x80, 0, 0, 0 }, { 0, 0x10, 0, 1 }, { 'G', 'E', 'T', ' ' }
    };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct server *server = start(0);
        send_frame(server, "echo first");
        send_all(server, lengths[i], LENGTH_SIZE);
        expect_frame(server, "echo first");
        expect_closed(server, lengths[i][0] == 'G' ? "the length of a request is negative or over "
                                                     "socket.request.max.bytes (it looks like HTTP)"
                                                   : "the length of a request is negative or over "
                                                     "socket.request.max.bytes");
        assert_int_equal(server->frame_count, 1);
        stop(server);
    }
}

/* --- a peer that leaves --- */

static void a_peer_that_leaves_closes_the_connection(void **state)
{
    (void)state;
    static const uint8_t half[] = { 0, 0, 0, 9, 'e', 'c' };
    for (size_t sent = 0; sent <= sizeof(half); sent++) {
        struct server *server = start(0);
        send_all(server, half, sent);
        (void)close(server->peer);
        server->peer = -1;
        expect_closed(server, "");
        assert_int_equal(server->frame_count, 0);
        stop(server);
    }
}

static void a_peer_that_leaves_while_its_frame_is_in_work_is_noticed(void **state)
{
    struct server *server = *state;
    send_frame(server, "hold");
    send_frame(server, "echo, which nobody will get");
    (void)close(server->peer);
    server->peer = -1;
    expect_closed(server, "");
    assert_int_equal(server->frame_count, 1);
}

/* What was asked before leaving is done: a producer with acks=0 just sends and goes. */
static void frames_sent_before_leaving_are_taken(void **state)
{
    struct server *server = *state;
    enum { COUNT = 100 };
    for (int i = 0; i < COUNT; i++) {
        send_frame(server, "silent");
    }
    (void)close(server->peer);
    server->peer = -1;
    expect_closed(server, "");
    assert_int_equal(server->frame_count, COUNT);
}

/* --- answers --- */

struct visit {
    struct loop_task task;
    sem_t done;
};

static void tell(struct loop_task *task)
{
    (void)sem_post(&((struct visit *)task)->done);
}

/* Until the loop has done what it was at, a few rounds over. */
static void let_the_loop_come_to_rest(struct server *server)
{
    for (int i = 0; i < 10; i++) {
        struct visit visit = { .task.run = tell };
        assert_int_equal(sem_init(&visit.done, 0, 0), 0);
        loop_post(server->loop, &visit.task);
        assert_int_equal(sem_wait(&visit.done), 0);
        (void)sem_destroy(&visit.done);
    }
}

static void a_peer_that_does_not_read_costs_one_answer(void **state)
{
    struct server *server = *state;
    enum { COUNT = 5 };
    uint8_t first;
    for (int i = 0; i < COUNT; i++) {
        send_frame(server, "big");
    }
    assert_int_equal(recv(server->peer, &first, 1, MSG_PEEK), 1);
    let_the_loop_come_to_rest(server);
    assert_int_equal(server->frame_count, 1);
    assert_int_equal(server->sent_count, 0);
    for (int i = 0; i < COUNT; i++) {
        size_t len = 0;
        uint8_t *frame = receive_frame(server, &len);
        assert_int_equal(len, BIG_SIZE);
        assert_int_equal(frame[0], BIG);
        assert_int_equal(frame[BIG_SIZE - 1], BIG);
        free(frame);
    }
    let_the_loop_come_to_rest(server);
    assert_int_equal(server->sent_count, COUNT);
}

static void file_ranges_go_out_between_the_bytes_of_memory(void **state)
{
    struct server *server = *state;
    send_frame(server, "files");
    send_frame(server, "echo");
    expect_frame(server, "<234|9>");
    expect_frame(server, "echo");
    assert_int_equal(server->released, 3);
}

static void a_file_shorter_than_promised_closes_the_connection(void **state)
{
    struct server *server = *state;
    assert_int_equal(ftruncate(server->file, 3), 0);
    send_frame(server, "files");
    expect_closed(server, "");
    let_the_loop_come_to_rest(server);
    assert_int_equal(server->released, 3);
}

/* --- idleness --- */

static void an_idle_connection_is_closed(void **state)
{
    (void)state;
    struct server *server = start(30);
    char byte;
    send_frame(server, "echo");
    expect_frame(server, "echo");
    assert_int_equal(recv(server->peer, &byte, 1, 0), 0);
    expect_closed(server, "");
    stop(server);
}

static void a_peer_that_never_reads_its_answer_is_idle_too(void **state)
{
    (void)state;
    struct server *server = start(30);
    send_frame(server, "big");
    expect_closed(server, "");
    stop(server);
}

/* --- a peer that never stops --- */

struct visitor {
    struct loop_task task;
    const struct server *server;
    int frames_before; /* how many were taken when it came */
    sem_t came;
};

static void visit(struct loop_task *task)
{
    struct visitor *visitor = container_of(task, struct visitor, task);
    visitor->frames_before = atomic_load(&visitor->server->frame_count);
    (void)sem_post(&visitor->came);
}

/* Frames that get no answer, faster than they can be taken, until the socket is shut down. */
static void *flood(void *argument)
{
    enum { FRAMES = 10000, SIZE = LENGTH_SIZE + 1 };
    const struct server *server = argument;
    uint8_t *frames = mem_zalloc(FRAMES, SIZE);
    for (size_t i = 0; i < FRAMES; i++) {
        put_length(frames + i * SIZE, 1);
        frames[i * SIZE + LENGTH_SIZE] = SILENCE;
    }
    while (send(server->peer, frames, (size_t)FRAMES * SIZE, MSG_NOSIGNAL) > 0) {
    }
    free(frames);
    return NULL;
}

static void a_peer_that_never_stops_leaves_others_their_turn(void **state)
{
    enum { VISITS = 10, FRAMES_BETWEEN_MAX = 3000 };
    struct server *server = *state;
    struct visitor visitor = { .task = { .run = visit }, .server = server };
    pthread_t flooder;
    int fewest = INT32_MAX; /* the scheduler may make one visit look late, not all */
    (void)sem_init(&visitor.came, 0, 0);
    assert_int_equal(pthread_create(&flooder, NULL, flood, server), 0);
    while (atomic_load(&server->frame_count) < 100) {
        (void)sched_yield();
    }
    for (int i = 0; i < VISITS; i++) {
        int posted_at = atomic_load(&server->frame_count);
        loop_post(server->loop, &visitor.task);
        (void)sem_wait(&visitor.came);
        int between = visitor.frames_before - posted_at;
        fewest = between < fewest ? between : fewest;
    }
    (void)shutdown(server->peer, SHUT_RDWR);
    (void)pthread_join(flooder, NULL);
    assert_in_range(fewest, 0, FRAMES_BETWEEN_MAX);
    (void)sem_destroy(&visitor.came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_arrives_whole_when_sent_byte_by_byte, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(pipelined_frames_are_answered_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_frames_survive_any_cut, set_up, tear_down),
        cmocka_unit_test(what_is_no_length_closes_the_connection),
        cmocka_unit_test(a_peer_that_leaves_closes_the_connection),
        cmocka_unit_test_setup_teardown(a_peer_that_leaves_while_its_frame_is_in_work_is_noticed,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_sent_before_leaving_are_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_peer_that_does_not_read_costs_one_answer, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(file_ranges_go_out_between_the_bytes_of_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_shorter_than_promised_closes_the_connection, set_up,
                                        tear_down),
        cmocka_unit_test(an_idle_connection_is_closed),
        cmocka_unit_test(a_peer_that_never_reads_its_answer_is_idle_too),
        cmocka_unit_test_setup_teardown(a_peer_that_never_stops_leaves_others_their_turn, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("net.connection", tests, NULL, NULL);
}
