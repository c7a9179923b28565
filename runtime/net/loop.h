/*
 * Event loop: one thread, one epoll set, one heap of timers, one mailbox.
 *
 * The loop sleeps until a descriptor is ready, a timer is due or another thread posts a task. There is no tick: with
 * nothing to do it makes no system call at all.
 *
 * Thread: everything here belongs to the loop's own thread, except loop_post..., loop_wake() and loop_stop(), which any
 * thread may call. Before loop_run() the creating thread counts as the loop's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "net/timer.h"
#include "weir/status.h"

struct loop;

/* Work for a loop, lying inside the object it is about. It must not be posted again before it ran. */
struct loop_task {
    struct loop_task *next; /* the mailbox's */
    void (*run)(struct loop_task *task);
};

/* Interest in a descriptor. `ready` gets what epoll reported; it may remove the watch, also free it by loop_later(). */
struct watch {
    int fd; /* -1 once removed */
    uint32_t events;
    void (*ready)(struct watch *watch, uint32_t events);
};

WEIR_CHECKED enum weir_status loop_create(struct loop **out_loop, struct weir_error *err);
/* Tasks still in the mailbox are dropped. */
void loop_destroy(struct loop *loop);

/* Runs until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
/* After loop_run() has returned: runs the tasks that came too late. False when there were none. Any thread, one at a time. */
bool loop_drain(struct loop *loop);

/* Runs the task on the loop's thread, soon; tasks of one poster run in the order they were posted. Any thread. */
void loop_post(struct loop *loop, struct loop_task *task);
/* The same in two steps, for who holds a lock that the loop may want as soon as it is awake: when this returns true, the
 * caller must call loop_wake() afterwards. */
WEIR_CHECKED bool loop_post_quietly(struct loop *loop, struct loop_task *task);
void loop_wake(struct loop *loop);

/* Runs the task at the end of this round, when no event that epoll already reported can refer to its object; from such a
 * task, at the end of the next round, so that no chain of them keeps the loop from its descriptors. In order. */
void loop_later(struct loop *loop, struct loop_task *task);

WEIR_CHECKED enum weir_status loop_watch(
    struct loop *loop, struct watch *watch, int fd, uint32_t events, struct weir_error *err);
/* Changes what a watch waits for; costs nothing when it is the same. */
void loop_watch_events(struct loop *loop, struct watch *watch, uint32_t events);
/* The descriptor stays open. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* Milliseconds on the monotonic clock, read once a round. */
int64_t loop_now_ms(const struct loop *loop);
void loop_timer_arm(struct loop *loop, struct timer *timer, int64_t deadline_ms);
void loop_timer_cancel(struct loop *loop, struct timer *timer);
