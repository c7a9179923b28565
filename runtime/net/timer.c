/*
 * Timers: see timer.h.
 */
#include "net/timer.h"

#include <stdlib.h>

#include "base/mem.h"

enum { CAPACITY_FIRST = 16 };

void timer_heap_init(struct timer_heap *heap)
{
    *heap = (struct timer_heap){ 0 };
}

void timer_heap_finish(struct timer_heap *heap)
{
    for (size_t i = 1; i <= heap->count; i++) {
        heap->items[i]->position = 0;
    }
    free(heap->items);
    timer_heap_init(heap);
}

static void place(struct timer_heap *heap, size_t position, struct timer *timer)
{
    heap->items[position] = timer;
    timer->position = position;
}

static void sift_up(struct timer_heap *heap, size_t position)
{
    struct timer *timer = heap->items[position];
    for (size_t parent = position / 2; parent >= 1; parent = position / 2) {
        if (heap->items[parent]->deadline_ms <= timer->deadline_ms) {
            break;
        }
        place(heap, position, heap->items[parent]);
        position = parent;
    }
    place(heap, position, timer);
}

static void sift_down(struct timer_heap *heap, size_t position)
{
    struct timer *timer = heap->items[position];
    for (size_t child = position * 2; child <= heap->count; child = position * 2) {
        if (child < heap->count &&
            heap->items[child + 1]->deadline_ms < heap->items[child]->deadline_ms) {
            child++;
        }
        if (timer->deadline_ms <= heap->items[child]->deadline_ms) {
            break;
        }
        place(heap, position, heap->items[child]);
        position = child;
    }
    place(heap, position, timer);
}

void timer_heap_arm(struct timer_heap *heap, struct timer *timer, int64_t deadline_ms)
{
    timer_heap_cancel(heap, timer);
    if (heap->count + 2 > heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : CAPACITY_FIRST;
        heap->items = mem_resize(heap->items, heap->capacity, sizeof(*heap->items));
    }
    timer->deadline_ms = deadline_ms;
    place(heap, ++heap->count, timer);
    sift_up(heap, heap->count);
}

void timer_heap_cancel(struct timer_heap *heap, struct timer *timer)
{
    size_t position = timer->position;
    if (position == 0) {
        return;
    }
    timer->position = 0;
    struct timer *last = heap->items[heap->count--];
    if (last == timer) {
        return;
    }
    place(heap, position, last);
    sift_up(heap, position);
    sift_down(heap, last->position);
}

/* What is due is taken out before anything fires, so a timer that re-arms itself in the past cannot spin the loop. */
void timer_heap_expire(struct timer_heap *heap, int64_t now_ms)
{
    size_t due_max = heap->count;
    for (size_t fired = 0; fired < due_max && heap->count > 0; fired++) {
        struct timer *first = heap->items[1];
        if (first->deadline_ms > now_ms) {
            return;
        }
        timer_heap_cancel(heap, first);
        first->fire(first);
    }
}

int64_t timer_heap_next(const struct timer_heap *heap)
{
    return heap->count ? heap->items[1]->deadline_ms : -1;
}
