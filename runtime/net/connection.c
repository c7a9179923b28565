/*
 * Framed connections: see connection.h.
 *
 * A peer may send many small requests without waiting. Those that are answered on the spot are answered together: their
 * responses are collected while the frames of one turn are taken, and leave with one system call at its end.
 */
#include "net/connection.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/inbound.h"

#define NO_LENGTH "the length of a request is negative or over socket.request.max.bytes"

enum {
    /* Then the other connections have their turn: a peer may send faster than we answer. */
    READS_PER_ROUND = 4,
    FRAMES_PER_TURN = 32,
    LENGTH_SIZE = 4,         /* what inbound.h finds before each frame */
    TOGETHER_MAX = 64 << 10, /* bytes of responses that wait for the end of a turn */
    IDLE_CHECK_DIVISOR = 4,  /* an idle connection is closed after at most idle_max * (1 + 1/4) */
};

struct connection {
    struct loop *loop;
    struct watch watch;
    struct connection_options options;
    struct inbound in;
    struct outbound out;
    struct timer idle_timer;
    struct loop_task free_task;
    struct loop_task resume_task;
    int64_t active_ms; /* when something was last read or written */
    bool in_work;      /* a frame is with the owner */
    bool taking;       /* frames are being taken: what is to be sent waits for the end of that */
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
    if (c->taking) { /* what came before the frame that ends it is answered */
        (void)!outbound_send(&c->out, fd, NULL);
    }
    loop_unwatch(c->loop, &c->watch);
    loop_timer_cancel(c->loop, &c->idle_timer);
    c->options.events->closed(c, why);
    (void)close(fd);
    outbound_finish(&c->out);
    inbound_finish(&c->in);
    loop_later(c->loop, &c->free_task);
}

/* Nothing more is taken or read: a frame is in work, or the peer does not read its answers. */
static bool is_muted(const struct connection *c)
{
    return c->in_work || (outbound_pending(&c->out) && !c->taking);
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
    if (c->options.events->sent) {
        c->options.events->sent(c);
    }
}

/* Frames that are left for the loop's next round. */
static void leave_frames(struct connection *c)
{
    if (!c->closed && !c->resume_queued && !inbound_is_empty(&c->in)) {
        c->resume_queued = true;
        loop_later(c->loop, &c->resume_task);
    }
}

/* Who speaks another protocol is told apart by the four bytes that should be a length. */
static const char *why_no_length(const struct inbound *in)
{
    static const char *const http[] = { "GET ", "POST", "HEAD", "PUT ", "OPTI" };
    const uint8_t *p = in->data + in->at;
    if (p[0] == 0x16 && p[1] == 0x03) {
        return NO_LENGTH " (it looks like TLS, and this listener is PLAINTEXT)";
    }
    for (size_t i = 0; i < sizeof(http) / sizeof(http[0]); i++) {
        if (memcmp(p, http[i], LENGTH_SIZE) == 0) {
            return NO_LENGTH " (it looks like HTTP)";
        }
    }
    return NO_LENGTH;
}

/* Hands the next frame to the owner. False when there is none. */
static bool deliver(struct connection *c)
{
    struct bytes frame;
    void *memory;
    int found = inbound_take(&c->in, &frame, &memory);
    if (found == INBOUND_NO_LENGTH) {
        connection_close(c, why_no_length(&c->in));
    }
    if (found <= 0) {
        return false;
    }
    c->in_work = true;
    c->options.events->frame(c, frame, memory);
    return true;
}

/* Delivers frames that have arrived until one stays in work, or others should have their turn. */
static void take_frames(struct connection *c)
{
    if (c->closed || is_muted(c)) {
        return;
    }
    bool more = true;
    c->taking = true;
    for (int taken = 0; more && taken < FRAMES_PER_TURN && !c->closed && !c->in_work &&
                        outbound_size(&c->out) <= TOGETHER_MAX;
         taken++) {
        more = deliver(c);
    }
    c->taking = false;
    if (!c->closed && outbound_pending(&c->out)) {
        write_some(c);
    }
    if (more && !is_muted(c)) {
        leave_frames(c);
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
    } else if (!c->in_work || c->watch.events & EPOLLOUT) {
        loop_watch_events(c->loop, &c->watch, EPOLLIN | EPOLLRDHUP);
    }
}

/* Reads once. False when there is nothing to read now or the connection is gone. */
static bool read_some(struct connection *c)
{
    bool more = false;
    ssize_t n = inbound_read(&c->in, c->watch.fd, &more);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) {
        connection_close(c, NULL); /* a reset is how many clients leave */
        return false;
    }
    c->active_ms = loop_now_ms(c->loop);
    return more;
}

/* Not while there are frames to take. */
static bool may_read(const struct connection *c)
{
    return !c->closed && !is_muted(c) && !c->resume_queued;
}

static void connection_ready(struct watch *watch, uint32_t events)
{
    struct connection *c = container_of(watch, struct connection, watch);
    if (is_muted(c) && events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) {
        connection_close(c, NULL);
        return;
    }
    if (events & EPOLLOUT) {
        write_some(c);
        take_frames(c);
    } else if (is_muted(c)) {
        loop_watch_events(c->loop, &c->watch, EPOLLRDHUP);
    } else { /* also when the peer is gone: what it sent before that is taken, and reading then finds the end */
        bool more = true;
        for (int i = 0; more && i < READS_PER_ROUND && may_read(c); i++) {
            more = read_some(c);
            take_frames(c);
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

static void go_on(struct connection *c)
{
    if (!c->taking) {
        leave_frames(c);
        update_events(c);
    }
}

void connection_send(struct connection *c,
                     struct buffer *memory,
                     struct file_part *parts,
                     size_t part_count)
{
    assert(c->in_work && !c->closed);
    c->in_work = false;
    outbound_add(&c->out, memory, parts, part_count);
    if (!c->taking) {
        write_some(c);
    }
    go_on(c);
}

void connection_resume(struct connection *c)
{
    assert(c->in_work && !c->closed);
    c->in_work = false;
    go_on(c);
}

/*
 * Armed once per period, not once per request: it looks at the time of the last activity when it fires. Waiting for an
 * answer is not idleness; not reading one is.
 */
static void idle_check(struct timer *timer)
{
    struct connection *c = container_of(timer, struct connection, idle_timer);
    int64_t idle_ms = loop_now_ms(c->loop) - c->active_ms;
    bool is_served = c->in_work && !outbound_pending(&c->out);
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
    inbound_init(&c->in, options->frame_max);
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

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int format_address(const union address *address, char *out_host, size_t size)
{
    if (address->any.sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = &address->v6;
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], out_host, (socklen_t)size);
        } else {
            (void)inet_ntop(AF_INET6, &in6->sin6_addr, out_host, (socklen_t)size);
        }
        return ntohs(in6->sin6_port);
    }
    (void)inet_ntop(AF_INET, &address->v4.sin_addr, out_host, (socklen_t)size);
    return ntohs(address->v4.sin_port);
}

void connection_peer_host(const struct connection *c, char out_host[CONNECTION_HOST_SIZE])
{
    union address address = { .v6 = { .sin6_family = AF_INET } };
    socklen_t len = sizeof(address);
    (void)getpeername(c->watch.fd, &address.any, &len);
    out_host[0] = '/';
    (void)format_address(&address, out_host + 1, CONNECTION_HOST_SIZE - 1);
}

void connection_local_address(const struct connection *c,
                              char out_host[CONNECTION_HOST_SIZE],
                              int *out_port)
{
    union address address = { .v6 = { .sin6_family = AF_INET } };
    socklen_t len = sizeof(address);
    (void)getsockname(c->watch.fd, &address.any, &len);
    *out_port = format_address(&address, out_host, CONNECTION_HOST_SIZE);
}
