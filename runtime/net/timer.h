/*
 * Timers: a binary heap of deadlines, so that a loop sleeps exactly until the next one and never ticks.
 *
 * A timer lies inside the object it wakes; arming allocates only when the heap grows. Time is an argument: the heap
 * itself is pure and tested without a clock.
 *
 * Thread: the loop's own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t deadline_ms;               /* monotonic */
    size_t position;                   /* in the heap, from 1; 0: not armed */
    void (*fire)(struct timer *timer); /* may arm and cancel any timer, also this one */
};

struct timer_heap {
    struct timer **items; /* items[0] is unused: children of i are 2i and 2i+1 */
    size_t count;
    size_t capacity;
};

void timer_heap_init(struct timer_heap *heap);
void timer_heap_finish(struct timer_heap *heap);

/* Arms the timer, or moves its deadline when it is armed already. */
void timer_heap_arm(struct timer_heap *heap, struct timer *timer, int64_t deadline_ms);

/* Fine when it is not armed. */
void timer_heap_cancel(struct timer_heap *heap, struct timer *timer);

/* Fires what is due at `now_ms`, earliest first. A timer that arms itself for now or earlier waits for the next call. */
void timer_heap_expire(struct timer_heap *heap, int64_t now_ms);

/* The earliest deadline, or -1 without one. */
int64_t timer_heap_next(const struct timer_heap *heap);

static inline bool timer_armed(const struct timer *timer)
{
    return timer->position != 0;
}
