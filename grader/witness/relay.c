/*
 * The relay's thread: accepts, waits until a connection's time has come, and copies bytes both ways.
 *
 * The client is a student's program: nobody else can be harmed by what it does here. A connection whose other end does
 * not take what it is sent within SEND_TIMEOUT_MS is ended.
 */
#include "witness/relay.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

enum { PAIRS_MAX = 16, PIECE = 65536, SEND_TIMEOUT_MS = 1000 };

/* A client's connection and the one that was made for it; fd[0] < 0: a free place. */
struct pair {
    int fd[2]; /* client, broker */
    int64_t opens_ms;
};

struct relay {
    const char *address;
    struct addrinfo *upstream;
    int delay_ms;
    int listener;
    int stop; /* an eventfd: readable when the thread shall end */
    bool running;
    pthread_t thread;
    struct pair pairs[PAIRS_MAX];
    char piece[PIECE];
};

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static void close_pair(struct pair *p)
{
    close_fd(&p->fd[0]);
    close_fd(&p->fd[1]);
}

static void accept_one(struct relay *r)
{
    int client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
    for (size_t i = 0; i < PAIRS_MAX && client >= 0; i++) {
        struct pair *p = &r->pairs[i];
        if (p->fd[0] >= 0) {
            continue;
        }
        p->fd[0] = client;
        p->fd[1] = socket(r->upstream->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        p->opens_ms = clock_monotonic_ms() + r->delay_ms;
        if (connect(p->fd[1], r->upstream->ai_addr, r->upstream->ai_addrlen) < 0) {
            close_pair(p);
        }
        return;
    }
    close_fd(&client); /* more than any client needs */
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd room = { .fd = fd, .events = POLLOUT };
            if (poll(&room, 1, SEND_TIMEOUT_MS) == 1) {
                continue;
            }
        }
        if (sent < 0) {
            return false;
        }
        data += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* What came in on one end of the pair goes out on the other. */
static void copy(struct relay *r, struct pair *p, int from)
{
    ssize_t got = recv(p->fd[from], r->piece, sizeof(r->piece), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0 || !send_all(p->fd[1 - from], r->piece, (size_t)got)) {
        close_pair(p);
    }
}

/* Fills `set` with what is to be watched: the stop, the listener, and both ends of every pair (a negative descriptor is
 * not watched). Returns how long to wait at most. */
static int watch(const struct relay *r, struct pollfd *set)
{
    int64_t now_ms = clock_monotonic_ms();
    int timeout_ms = -1;
    set[0] = (struct pollfd){ .fd = r->stop, .events = POLLIN };
    set[1] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        const struct pair *p = &r->pairs[i];
        int left_ms = p->fd[0] >= 0 && p->opens_ms > now_ms ? (int)(p->opens_ms - now_ms) : 0;
        if (left_ms > 0 && (timeout_ms < 0 || left_ms < timeout_ms)) {
            timeout_ms = left_ms;
        }
        for (size_t end = 0; end < 2; end++) {
            int fd = left_ms > 0 ? -1 : p->fd[end];
            set[2 + 2 * i + end] = (struct pollfd){ .fd = fd, .events = POLLIN };
        }
    }
    return timeout_ms;
}

static void *serve(void *context)
{
    struct relay *r = context;
    struct pollfd set[2 + 2 * PAIRS_MAX];
    for (;;) {
        int timeout_ms = watch(r, set);
        if (poll(set, sizeof(set) / sizeof(set[0]), timeout_ms) < 0 || set[0].revents) {
            return NULL;
        }
        for (size_t i = 0; i < (size_t)2 * PAIRS_MAX; i++) {
            struct pair *p = &r->pairs[i / 2];
            if (set[2 + i].revents && p->fd[i % 2] == set[2 + i].fd) {
                copy(r, p, (int)(i % 2));
            }
        }
        if (set[1].revents) {
            accept_one(r);
        }
    }
}

/* --- life --- */

static bool find_upstream(struct relay *r, struct check *c)
{
    const char *whole = check_bootstrap(c);
    const char *colon = strrchr(whole, ':');
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    const char *host = colon ? check_text(c, "%.*s", (int)(colon - whole), whole) : whole;
    return getaddrinfo(host, colon ? colon + 1 : "9092", &wanted, &r->upstream) == 0;
}

static bool listen_somewhere(struct relay *r, struct check *c)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(here);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r->listener < 0 || bind(r->listener, (struct sockaddr *)&here, len) < 0 ||
        listen(r->listener, PAIRS_MAX) < 0 ||
        getsockname(r->listener, (struct sockaddr *)&here, &len) < 0) {
        return false;
    }
    r->address = check_text(c, "127.0.0.1:%d", ntohs(here.sin_port));
    return true;
}

struct relay *relay_open(struct check *c, int delay_ms)
{
    struct relay *r = MEM_NEW(struct relay);
    r->delay_ms = delay_ms;
    r->listener = -1;
    r->stop = eventfd(0, EFD_CLOEXEC);
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        r->pairs[i] = (struct pair){ .fd = { -1, -1 } };
    }
    r->running = r->stop >= 0 && find_upstream(r, c) && listen_somewhere(r, c) &&
                 pthread_create(&r->thread, NULL, serve, r) == 0;
    if (!r->running) {
        check_broken(c, "the check cannot stand between the program and %s", check_bootstrap(c));
        relay_close(r);
        return NULL;
    }
    return r;
}

const char *relay_address(const struct relay *relay)
{
    return relay->address;
}

void relay_close(struct relay *relay)
{
    if (!relay) {
        return;
    }
    if (relay->running) {
        (void)eventfd_write(relay->stop, 1);
        pthread_join(relay->thread, NULL);
    }
    for (size_t i = 0; i < PAIRS_MAX; i++) {
        close_pair(&relay->pairs[i]);
    }
    close_fd(&relay->listener);
    close_fd(&relay->stop);
    if (relay->upstream) {
        freeaddrinfo(relay->upstream);
    }
    free(relay);
}
