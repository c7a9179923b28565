/*
 * Framed connections: see connection.h.
 *
 * Reading goes straight to where the frame will stay: into the input buffer's spare room, and what comes beyond it into
 * a scratch on the stack. When the input holds exactly one frame, as it nearly always does, its memory is handed over
 * and nothing is copied. A peer that announces 100 MB gets memory as its bytes arrive, not before.
 */
#include "net/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/mem.h"

enum {
    LENGTH_SIZE = 4,
    SCRATCH_SIZE = 64 << 10,
    /* Then the other connections have their turn: a peer may send faster than we answer. */
    READS_PER_ROUND = 4,
    FRAMES_PER_TURN = 32,
    IDLE_CHECK_DIVISOR = 4, /* an idle connection is closed after at most idle_max * (1 + 1/4) */
};

struct connection {
    struct loop *loop;
    struct watch watch;
    struct connection_options options;
    struct buffer input;
    struct outbound out;
    struct timer idle_timer;
    struct loop_task free_task;
    struct loop_task resume_task;
    int64_t active_ms; /* when something was last read or written */
    bool muted;
    bool closed;
    bool resume_queued;
};

static void free_connection(struct loop_task *task)
{
    struct connection *c = container_of(task, struct connection, free_task);
    assert(!c->resume_queued); /* was queued before us, so it ran before us */
    free(c);
}

void connection_close(struct connection *c, const char *why)
{
    if (c->closed) {
        return;
    }
    c->closed = true;
    int fd = c->watch.fd;
    loop_unwatch(c->loop, &c->watch);
    loop_timer_cancel(c->loop, &c->idle_timer);
    c->options.events->closed(c, why);
    (void)close(fd);
    outbound_finish(&c->out);
    buffer_finish(&c->input);
    loop_later(c->loop, &c->free_task);
}

/* The length at the front of the input: -1 while it is not all there, -2 when it is none. */
static int64_t frame_length(const struct connection *c)
{
    if (c->input.len < LENGTH_SIZE) {
        return -1;
    }
    const uint8_t *p = c->input.data;
    int32_t length =
        (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
    return length < 0 || (size_t)length > c->options.frame_max ? -2 : length;
}

/* Hands over the frame at the front of the input, which is whole. */
static void deliver(struct connection *c, size_t length)
{
    size_t whole = LENGTH_SIZE + length;
    uint8_t *memory = c->input.data;
    if (c->input.len == whole) {
        c->input = (struct buffer){ .max = c->input.max };
    } else {
        memory = mem_resize(NULL, whole, 1);
        memcpy(memory, c->input.data, whole);
        buffer_consume(&c->input, whole);
    }
    c->muted = true;
    c->options.events->frame(c, (struct bytes){ memory + LENGTH_SIZE, length }, memory);
}

/* Frames that are left for the loop's next round. */
static void leave_frames(struct connection *c)
{
    if (!c->closed && !c->resume_queued && c->input.len > 0) {
        c->resume_queued = true;
        loop_later(c->loop, &c->resume_task);
    }
}

/* Delivers frames that have arrived until one is in work, or others should have their turn. */
static void take_frames(struct connection *c)
{
    for (int taken = 0; !c->closed && !c->muted; taken++) {
        if (taken == FRAMES_PER_TURN) {
            leave_frames(c);
            return;
        }
        int64_t length = frame_length(c);
        if (length == -2) {
            connection_close(
                c, "the length of a request is negative or over socket.request.max.bytes");
            return;
        }
        if (length < 0 || c->input.len < LENGTH_SIZE + (size_t)length) {
            return;
        }
        deliver(c, (size_t)length);
    }
}

/*
 * While a frame is in work the interest in reading stays as it is, so that an exchange costs no epoll_ctl at all; only a
 * peer that sends more meanwhile is then watched for nothing but its leaving.
 */
static void update_events(struct connection *c)
{
    if (c->closed) {
        return;
    }
    if (outbound_pending(&c->out)) {
        loop_watch_events(c->loop, &c->watch, EPOLLOUT);
    } else if (!c->muted) {
        loop_watch_events(c->loop, &c->watch, EPOLLIN | EPOLLRDHUP);
    }
}

/* Room for the rest of a frame whose length is known, doubling as it fills. */
static size_t reserve_room(struct connection *c)
{
    int64_t length = frame_length(c);
    if (length < 0 || c->input.len >= c->input.capacity) {
        size_t wanted = length < 0 ? 0 : LENGTH_SIZE + (size_t)length;
        size_t step = c->input.len < SCRATCH_SIZE ? SCRATCH_SIZE : c->input.len * 2;
        size_t capacity = wanted < step ? wanted : step;
        if (capacity > c->input.capacity) {
            c->input.data = mem_resize(c->input.data, capacity, 1);
            c->input.capacity = capacity;
        }
    }
    return c->input.capacity - c->input.len;
}

/* Reads once. False when there is nothing to read now or the connection is gone. */
static bool read_some(struct connection *c)
{
    uint8_t scratch[SCRATCH_SIZE];
    size_t room = reserve_room(c);
    struct iovec iov[2] = { { c->input.data ? c->input.data + c->input.len : scratch, room },
                            { scratch, sizeof(scratch) } };
    ssize_t n = readv(c->watch.fd, iov, 2);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) {
        connection_close(c, NULL); /* a reset is how many clients leave */
        return false;
    }
    c->active_ms = loop_now_ms(c->loop);
    size_t direct = (size_t)n < room ? (size_t)n : room;
    c->input.len += direct;
    if ((size_t)n > direct) {
        buffer_append(&c->input, scratch, (size_t)n - direct);
        assert(!c->input.overflow);
    }
    return (size_t)n == room + sizeof(scratch);
}

static void write_some(struct connection *c)
{
    struct weir_error err;
    if (outbound_send(&c->out, c->watch.fd, &err) < 0) {
        connection_close(c, NULL);
        return;
    }
    c->active_ms = loop_now_ms(c->loop);
    if (outbound_pending(&c->out)) {
        return;
    }
    outbound_finish(&c->out);
    c->muted = false;
    if (c->options.events->sent) {
        c->options.events->sent(c);
    }
}

/* Not while there are frames to take. */
static bool may_read(const struct connection *c)
{
    return !c->closed && !c->muted && !c->resume_queued;
}

static void connection_ready(struct watch *watch, uint32_t events)
{
    struct connection *c = container_of(watch, struct connection, watch);
    if (c->muted && events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
        connection_close(c, NULL);
        return;
    }
    if (events & EPOLLOUT) {
        write_some(c);
        take_frames(c);
    } else if (c->muted) {
        loop_watch_events(c->loop, &c->watch, EPOLLRDHUP);
    } else { /* also when the peer is gone: what it sent before that is taken, and reading then finds the end */
        bool more = true;
        for (int i = 0; more && i < READS_PER_ROUND && may_read(c); i++) {
            more = read_some(c);
            if (!c->closed) {
                take_frames(c);
            }
        }
    }
    update_events(c);
}

/* Frames that came while one was in work are taken from the loop, not from inside the handler that ended it. */
static void resume_later(struct loop_task *task)
{
    struct connection *c = container_of(task, struct connection, resume_task);
    c->resume_queued = false;
    take_frames(c);
    update_events(c);
}

static void queue_resume(struct connection *c)
{
    leave_frames(c);
    update_events(c);
}

void connection_send(struct connection *c,
                     struct buffer *memory,
                     struct file_part *parts,
                     size_t part_count)
{
    assert(c->muted && !c->closed);
    outbound_set(&c->out, memory, parts, part_count);
    write_some(c);
    queue_resume(c);
}

void connection_resume(struct connection *c)
{
    assert(c->muted && !c->closed);
    c->muted = false;
    queue_resume(c);
}

/*
 * Armed once per period, not once per request: it looks at the time of the last activity when it fires. Waiting for an
 * answer is not idleness; not reading one is.
 */
static void idle_check(struct timer *timer)
{
    struct connection *c = container_of(timer, struct connection, idle_timer);
    int64_t idle_ms = loop_now_ms(c->loop) - c->active_ms;
    bool is_served = c->muted && !outbound_pending(&c->out);
    if (idle_ms >= c->options.idle_max_ms && !is_served) {
        connection_close(c, NULL);
        return;
    }
    int64_t period = c->options.idle_max_ms / IDLE_CHECK_DIVISOR + 1;
    int64_t left = c->options.idle_max_ms - idle_ms;
    loop_timer_arm(c->loop, timer, loop_now_ms(c->loop) + (left > period ? left : period));
}

enum weir_status connection_create(struct loop *loop,
                                   int fd,
                                   const struct connection_options *options,
                                   struct connection **out_connection,
                                   struct weir_error *err)
{
    struct connection *c = MEM_NEW(struct connection);
    c->loop = loop;
    c->options = *options;
    c->watch.ready = connection_ready;
    c->free_task.run = free_connection;
    c->resume_task.run = resume_later;
    c->idle_timer.fire = idle_check;
    c->active_ms = loop_now_ms(loop);
    buffer_init(&c->input, options->frame_max + LENGTH_SIZE + 2 * SCRATCH_SIZE);
    outbound_init(&c->out);
    enum weir_status rc = loop_watch(loop, &c->watch, fd, EPOLLIN | EPOLLRDHUP, err);
    if (rc < 0) {
        free(c);
        return rc;
    }
    if (options->idle_max_ms > 0) {
        loop_timer_arm(loop, &c->idle_timer, c->active_ms + options->idle_max_ms);
    }
    *out_connection = c;
    return WEIR_OK;
}

void *connection_owner(const struct connection *c)
{
    return c->options.owner;
}

struct loop *connection_loop(const struct connection *c)
{
    return c->loop;
}

int connection_fd(const struct connection *c)
{
    return c->watch.fd;
}

static int format_address(const struct sockaddr_storage *address, char *out_host, size_t size)
{
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out_host, (socklen_t)size);
        } else {
            (void)inet_ntop(AF_INET6, &in6->sin6_addr, out_host, (socklen_t)size);
        }
        return ntohs(in6->sin6_port);
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    (void)inet_ntop(AF_INET, &in->sin_addr, out_host, (socklen_t)size);
    return ntohs(in->sin_port);
}

void connection_peer_host(const struct connection *c, char out_host[CONNECTION_HOST_SIZE])
{
    struct sockaddr_storage address = { .ss_family = AF_INET };
    socklen_t len = sizeof(address);
    (void)getpeername(c->watch.fd, (struct sockaddr *)&address, &len);
    out_host[0] = '/';
    (void)format_address(&address, out_host + 1, CONNECTION_HOST_SIZE - 1);
}

void connection_local_address(const struct connection *c,
                              char out_host[CONNECTION_HOST_SIZE],
                              int *out_port)
{
    struct sockaddr_storage address = { .ss_family = AF_INET };
    socklen_t len = sizeof(address);
    (void)getsockname(c->watch.fd, (struct sockaddr *)&address, &len);
    *out_port = format_address(&address, out_host, CONNECTION_HOST_SIZE);
}
