/*
 * Accepting connections: see acceptor.h.
 *
 * Out of descriptors, accept(2) fails and the connection stays in the backlog, where it would wake the loop for ever: the
 * acceptor then looks away for a while.
 */
#include "broker/acceptor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/list.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/worker.h"

enum { PAUSE_MS = 100, ACCEPTS_PER_ROUND = 64 };

struct acceptor {
    struct broker *broker;
    struct loop *loop;
    struct watch watch;
    struct timer retry;
    int turn; /* whose the next connection is */
};

static void look_away(struct acceptor *acceptor)
{
    log_write(
        &acceptor->broker->log, LOG_LEVEL_ERROR,
        "Cannot accept a connection now (error %d); raise the limit of open files (ulimit -n) if this goes on",
        errno);
    loop_watch_events(acceptor->loop, &acceptor->watch, 0);
    loop_timer_arm(acceptor->loop, &acceptor->retry, loop_now_ms(acceptor->loop) + PAUSE_MS);
}

static void look_again(struct timer *timer)
{
    struct acceptor *acceptor = container_of(timer, struct acceptor, retry);
    loop_watch_events(acceptor->loop, &acceptor->watch, EPOLLIN);
}

static void accept_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    struct acceptor *acceptor = container_of(watch, struct acceptor, watch);
    for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
        int on = 1;
        int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)) {
            return;
        }
        if (fd < 0) {
            look_away(acceptor);
            return;
        }
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        worker_adopt(acceptor->broker->workers[acceptor->turn], fd);
        acceptor->turn = (acceptor->turn + 1) % acceptor->broker->worker_count;
    }
}

enum weir_status acceptor_create(struct broker *broker,
                                 struct acceptor **out_acceptor,
                                 struct weir_error *err)
{
    struct acceptor *acceptor = MEM_NEW(struct acceptor);
    acceptor->broker = broker;
    acceptor->loop = worker_loop(broker->workers[0]);
    acceptor->watch.ready = accept_ready;
    acceptor->retry.fire = look_again;
    enum weir_status rc =
        loop_watch(acceptor->loop, &acceptor->watch, broker->listen_fd, EPOLLIN, err);
    if (rc < 0) {
        free(acceptor);
        return rc;
    }
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
