/*
 * Event loop: see loop.h.
 *
 * The mailbox is a stack that posters push with one compare-and-swap and the loop takes whole with one exchange, then
 * turns round. It is looked at once a round, so a poster needs the eventfd only to end a loop's sleep: the first one that
 * finds the loop asleep writes to it. Neither can miss the other: the loop says that it sleeps before it looks at the
 * mailbox for the last time, the poster looks whether it sleeps after it has posted.
 */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/mem.h"

enum { EVENTS_PER_ROUND = 64 };

struct loop {
    int epoll_fd;
    struct watch mailbox_watch; /* an eventfd */
    int64_t now_ms;
    struct timer_heap timers;
    struct loop_task *later;

    /* Any thread: */
    _Atomic(struct loop_task *) mailbox;
    atomic_bool asleep; /* or about to be */
    atomic_bool stopping;
};

static struct loop_task *reversed(struct loop_task *tasks)
{
    struct loop_task *result = NULL;
    while (tasks) {
        struct loop_task *next = tasks->next;
        tasks->next = result;
        result = tasks;
        tasks = next;
    }
    return result;
}

static void run_tasks(struct loop_task *tasks)
{
    while (tasks) {
        struct loop_task *next = tasks->next; /* the task may free or post itself */
        tasks->run(tasks);
        tasks = next;
    }
}

static void run_later(struct loop *loop)
{
    struct loop_task *tasks = loop->later;
    loop->later = NULL;
    run_tasks(reversed(tasks));
}

static void mailbox_ready(struct watch *watch, uint32_t events)
{
    (void)events;
    uint64_t count;
    if (read(watch->fd, &count, sizeof(count)) < 0) {
        assert(errno == EAGAIN || errno == EINTR);
    }
}

/* What is posted from here on waits for the next round. */
static void run_mailbox(struct loop *loop)
{
    if (atomic_load(&loop->mailbox)) {
        run_tasks(reversed(atomic_exchange(&loop->mailbox, NULL)));
    }
}

enum weir_status loop_create(struct loop **out_loop, struct weir_error *err)
{
    struct loop *loop = MEM_NEW(struct loop);
    timer_heap_init(&loop->timers);
    loop->now_ms = clock_monotonic_ms();
    loop->mailbox_watch.fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int mailbox_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    enum weir_status rc = WEIR_OK;
    if (loop->epoll_fd < 0 || mailbox_fd < 0) {
        rc = weir_fail_errno(err, "cannot make an event loop");
    }
    if (rc == WEIR_OK) {
        loop->mailbox_watch.ready = mailbox_ready;
        rc = loop_watch(loop, &loop->mailbox_watch, mailbox_fd, EPOLLIN, err);
    }
    if (rc < 0) {
        if (mailbox_fd >= 0) {
            (void)close(mailbox_fd);
        }
        loop->mailbox_watch.fd = -1;
        loop_destroy(loop);
        return rc;
    }
    *out_loop = loop;
    return WEIR_OK;
}

void loop_destroy(struct loop *loop)
{
    if (!loop) {
        return;
    }
    while (loop->later) {
        run_later(loop);
    }
    if (loop->mailbox_watch.fd >= 0) {
        (void)close(loop->mailbox_watch.fd);
    }
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
    }
    timer_heap_finish(&loop->timers);
    free(loop);
}

static int wait_limit_ms(const struct loop *loop)
{
    if (loop->later) {
        return 0;
    }
    int64_t next = timer_heap_next(&loop->timers);
    if (next < 0) {
        return -1;
    }
    int64_t wait = next - clock_monotonic_ms();
    if (wait < 0) {
        return 0;
    }
    return wait > INT32_MAX ? INT32_MAX : (int)wait;
}

static int wait_for_events(struct loop *loop, struct epoll_event events[EVENTS_PER_ROUND])
{
    atomic_store(&loop->asleep, true);
    int limit_ms = atomic_load(&loop->mailbox) ? 0 : wait_limit_ms(loop);
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, limit_ms);
    assert(count >= 0 || errno == EINTR);
    atomic_store(&loop->asleep, false);
    return count;
}

void loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS_PER_ROUND];
    while (!atomic_load(&loop->stopping)) {
        int count = wait_for_events(loop, events);
        loop->now_ms = clock_monotonic_ms();
        for (int i = 0; i < count; i++) {
            struct watch *watch = events[i].data.ptr;
            if (watch->fd >= 0) { /* an earlier event of this round may have removed it */
                watch->ready(watch, events[i].events);
            }
        }
        timer_heap_expire(&loop->timers, loop->now_ms);
        run_mailbox(loop);
        run_later(loop); /* what these leave for later comes after the next round's events */
    }
}

bool loop_drain(struct loop *loop)
{
    struct loop_task *posted = atomic_exchange(&loop->mailbox, NULL);
    struct loop_task *later = loop->later;
    loop->later = NULL;
    run_tasks(reversed(posted));
    run_tasks(reversed(later));
    return posted || later;
}

void loop_wake(struct loop *loop)
{
    uint64_t one = 1;
    if (write(loop->mailbox_watch.fd, &one, sizeof(one)) < 0) {
        assert(errno == EAGAIN || errno == EINTR); /* the counter is full: it is awake already */
    }
}

void loop_stop(struct loop *loop)
{
    atomic_store(&loop->stopping, true);
    loop_wake(loop);
}

bool loop_post_quietly(struct loop *loop, struct loop_task *task)
{
    struct loop_task *head = atomic_load(&loop->mailbox);
    do {
        task->next = head;
    } while (!atomic_compare_exchange_weak(&loop->mailbox, &head, task));
    return !head && atomic_load(&loop->asleep);
}

void loop_post(struct loop *loop, struct loop_task *task)
{
    if (loop_post_quietly(loop, task)) {
        loop_wake(loop);
    }
}

void loop_later(struct loop *loop, struct loop_task *task)
{
    task->next = loop->later;
    loop->later = task;
}

enum weir_status loop_watch(
    struct loop *loop, struct watch *watch, int fd, uint32_t events, struct weir_error *err)
{
    struct epoll_event event = { .events = events, .data = { .ptr = watch } };
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return weir_fail_errno(err, "cannot watch descriptor %d", fd);
    }
    watch->fd = fd;
    watch->events = events;
    return WEIR_OK;
}

void loop_watch_events(struct loop *loop, struct watch *watch, uint32_t events)
{
    if (watch->fd < 0 || watch->events == events) {
        return;
    }
    struct epoll_event event = { .events = events, .data = { .ptr = watch } };
    int failed = epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
    assert(!failed);
    watch->events = events;
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
    if (watch->fd < 0) {
        return;
    }
    int failed = epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    assert(!failed);
    watch->fd = -1;
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

void loop_timer_arm(struct loop *loop, struct timer *timer, int64_t deadline_ms)
{
    timer_heap_arm(&loop->timers, timer, deadline_ms);
}

void loop_timer_cancel(struct loop *loop, struct timer *timer)
{
    timer_heap_cancel(&loop->timers, timer);
}
