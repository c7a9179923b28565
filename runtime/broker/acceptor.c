/*
 * Accepting connections: see acceptor.h.
 *
 * While no more may be accepted (connection_limits.h), or none can be, those who come wait in the system's queue. The listening
 * socket would wake the loop for them for ever, so the acceptor looks away: until a connection has left, or for a while.
 */
#include "broker/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/connection_limits.h"
#include "broker/worker.h"

enum { PAUSE_MS = 100, ACCEPTS_PER_ROUND = 64 };

struct acceptor {
    struct broker *broker;
    struct loop *loop;
    struct watch watch;
    struct timer retry;
    struct loop_task wake;
    int turn; /* whose the next connection is */
    enum connection_pause pause;
    bool exhausted; /* the system gives no more descriptors; said once */
};

static void look_away(struct acceptor *acceptor, int64_t until_ms)
{
    loop_watch_events(acceptor->loop, &acceptor->watch, 0);
    if (until_ms < INT64_MAX) {
        loop_timer_arm(acceptor->loop, &acceptor->retry, until_ms);
    }
}

/* Also when another pause has begun meanwhile: what comes next finds that out. */
static void look_again(struct acceptor *acceptor)
{
    loop_timer_cancel(acceptor->loop, &acceptor->retry);
    loop_watch_events(acceptor->loop, &acceptor->watch, EPOLLIN);
}

static void retry(struct timer *timer)
{
    look_again(container_of(timer, struct acceptor, retry));
}

/* Each kind of pause is said when it begins. */
static void say_pause(struct acceptor *acceptor, enum connection_pause pause)
{
    struct broker *broker = acceptor->broker;
    if (pause == CONNECTION_NO_ROOM) {
        log_write_limited(&broker->log, &broker->limit_lines, LOG_LEVEL_WARN,
                          "There are as many connections as max.connections allows; new ones wait "
                          "until one is closed");
    } else {
        log_write_limited(&broker->log, &broker->limit_lines, LOG_LEVEL_WARN,
                          "Connections come faster than max.connection.creation.rate allows; new "
                          "ones wait");
    }
}

static bool may_accept(struct acceptor *acceptor)
{
    int64_t until_ms = INT64_MAX;
    enum connection_pause pause = connection_limits_pause(acceptor->broker->connection_limits,
                                                          loop_now_ms(acceptor->loop), &until_ms);
    if (pause != CONNECTION_GO) {
        look_away(acceptor, until_ms);
        if (acceptor->pause != pause) {
            say_pause(acceptor, pause);
        }
    }
    acceptor->pause = pause;
    return pause == CONNECTION_GO;
}

static void give_up_for_now(struct acceptor *acceptor)
{
    if (!acceptor->exhausted) {
        log_write_limited(
            &acceptor->broker->log, &acceptor->broker->limit_lines, LOG_LEVEL_ERROR,
            "Cannot accept more connections (%s): those who come wait. Raise the limit "
            "of open files (ulimit -n), or lower max.connections",
            errno == EMFILE || errno == ENFILE ? "too many open files"
                                               : "the system has no memory");
    }
    acceptor->exhausted = true;
    look_away(acceptor, loop_now_ms(acceptor->loop) + PAUSE_MS);
}

/*
 * On the loopback there is no congestion to be found out, and what looks for it costs: where the system's choice is BBR, which
 * sends by a timer, sending to readers that keep up took up to three times the processor time. Reno is in every kernel, anybody
 * may choose it, and it has nothing to do where nothing is lost.
 */
static void spare_loopback(int fd, const struct peer_address *peer)
{
    static const char name[] = "reno";
    if (peer_address_is_loopback(peer)) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, sizeof(name) - 1);
    }
}

static void set_options(int fd, const struct broker_config *config)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    if (config->socket_send_buffer > 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &config->socket_send_buffer,
                         sizeof(config->socket_send_buffer));
    }
}

static void reject(struct acceptor *acceptor, int fd, const struct peer_address *peer, int32_t max)
{
    struct broker *broker = acceptor->broker;
    char host[PEER_ADDRESS_TEXT];
    peer_address_format(peer, host);
    log_write_limited(&broker->log, &broker->limit_lines, LOG_LEVEL_INFO,
                      "Rejected connection from /%s, address already has the configured maximum of "
                      "%d connections.",
                      host, max);
    (void)close(fd);
}

static void accept_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = container_of(watch, struct acceptor, watch);
    struct broker *broker = acceptor->broker;
    for (int i = 0; i < ACCEPTS_PER_ROUND && may_accept(acceptor); i++) {
        struct sockaddr_storage address = { .ss_family = AF_INET };
        socklen_t len = sizeof(address);
        int fd =
            accept4(watch->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) {
            return;
        }
        if (fd < 0) {
            give_up_for_now(acceptor);
            return;
        }
        acceptor->exhausted = false;
        struct peer_address peer = peer_address_of(&address);
        int32_t max = 0;
        if (!connection_limits_enter(broker->connection_limits, &peer, &max)) {
            reject(acceptor, fd, &peer, max);
            continue;
        }
        set_options(fd, &broker->config);
        spare_loopback(fd, &peer);
        worker_adopt(broker->workers[acceptor->turn], fd, &peer);
        acceptor->turn = (acceptor->turn + 1) % broker->worker_count;
    }
}

static void wake(struct loop_task *task)
{
    struct acceptor *acceptor = container_of(task, struct acceptor, wake);
    connection_limits_woken(acceptor->broker->connection_limits);
    look_again(acceptor);
}

enum weir_status acceptor_create(struct broker *broker,
                                 struct acceptor **out_acceptor,
                                 struct weir_error *err)
{
    struct acceptor *acceptor = MEM_NEW(struct acceptor);
    acceptor->broker = broker;
    acceptor->loop = worker_loop(broker->workers[0]);
    acceptor->watch.ready = accept_ready;
    acceptor->retry.fire = retry;
    acceptor->wake.run = wake;
    enum weir_status rc =
        loop_watch(acceptor->loop, &acceptor->watch, broker->listen_fd, EPOLLIN, err);
    if (rc < 0) {
        free(acceptor);
        return rc;
    }
    connection_limits_watch(broker->connection_limits, acceptor->loop, &acceptor->wake);
    *out_acceptor = acceptor;
    return WEIR_OK;
}

void acceptor_destroy(struct acceptor *acceptor)
{
    if (!acceptor) {
        return;
    }
    loop_unwatch(acceptor->loop, &acceptor->watch);
    loop_timer_cancel(acceptor->loop, &acceptor->retry);
    free(acceptor);
}
