/*
 * The grader's event loop, over poll(2): it watches a dozen descriptors.
 */
#include "sandbox/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { LOOP_WATCHES_MAX = 256 };

static void stop_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

enum weir_status loop_init(struct loop *l, struct weir_error *err)
{
    sigset_t set;
    *l = (struct loop){ .signal_fd = -1 };
    list_init(&l->watches);
    stop_signals(&set);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) == 0) {
        l->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    }
    return l->signal_fd < 0 ? weir_fail_errno(err, "cannot watch for signals") : WEIR_OK;
}

void loop_finish(struct loop *l)
{
    if (l->signal_fd >= 0) {
        close(l->signal_fd);
    }
}

void loop_child(void)
{
    sigset_t set;
    sigemptyset(&set);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
}

void watch_add(struct loop *l, struct watch *w)
{
    list_push_back(&l->watches, &w->node);
}

void watch_remove(struct watch *w)
{
    if (w->node.next) {
        list_remove(&w->node);
    }
}

static void take_signal(struct loop *l)
{
    struct signalfd_siginfo info;
    while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        l->stop_signal = (int)info.ssi_signo;
    }
}

/* How long poll may sleep: to the next deadline. */
static int time_left(const struct loop *l)
{
    int64_t next = INT64_MAX;
    list_foreach(node, &l->watches) {
        const struct watch *w = container_of(node, struct watch, node);
        if (w->deadline_ms > 0 && w->deadline_ms < next) {
            next = w->deadline_ms;
        }
    }
    if (next == INT64_MAX) {
        return -1;
    }
    int64_t left = next - clock_monotonic_ms();
    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

/* Is `w` still in the list? A callback may have removed (and freed) any watch. */
static bool still_watched(const struct loop *l, const struct watch *w)
{
    list_foreach(node, &l->watches) {
        if (container_of(node, struct watch, node) == w) {
            return true;
        }
    }
    return false;
}

static void expire(struct loop *l)
{
    int64_t now_ms = clock_monotonic_ms();
    struct watch *due[LOOP_WATCHES_MAX];
    size_t count = 0;
    list_foreach(node, &l->watches) {
        struct watch *w = container_of(node, struct watch, node);
        if (w->deadline_ms > 0 && w->deadline_ms <= now_ms && count < LOOP_WATCHES_MAX) {
            due[count++] = w;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (still_watched(l, due[i]) && due[i]->deadline_ms > 0) {
            due[i]->deadline_ms = 0;
            due[i]->expired(due[i]);
        }
    }
}

void loop_turn(struct loop *l)
{
    struct pollfd fds[LOOP_WATCHES_MAX];
    struct watch *watches[LOOP_WATCHES_MAX];
    nfds_t count = 1;
    fds[0] = (struct pollfd){ .fd = l->signal_fd, .events = POLLIN };
    list_foreach(node, &l->watches) {
        struct watch *w = container_of(node, struct watch, node);
        if (w->fd >= 0 && count < LOOP_WATCHES_MAX) {
            watches[count] = w;
            fds[count] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
            count++;
        }
    }
    int n = poll(fds, count, time_left(l));
    if (n > 0 && fds[0].revents) {
        take_signal(l);
    }
    for (nfds_t i = 1; n > 0 && i < count; i++) {
        if (fds[i].revents && still_watched(l, watches[i])) {
            watches[i]->ready(watches[i]);
        }
    }
    expire(l);
}
