/*
 * net/timer: timers fire in the order of their deadlines, once, and never after they were cancelled, whatever the
 * order of arming and cancelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/timer.h"

#include <cmocka.h>

enum { TIMER_COUNT = 200, STEP_COUNT = 20000, SPAN_MS = 1000 };

struct probe {
    struct timer timer;
    struct timer_heap *heap;
    int64_t *last_fired_ms; /* to see the order */
    int fired;
    int64_t again_ms; /* arms itself anew when firing; 0: does not */
};

static void fire(struct timer *timer)
{
    struct probe *probe = (struct probe *)timer;
    assert_false(timer_armed(timer));
    assert_true(timer->deadline_ms >= *probe->last_fired_ms);
    *probe->last_fired_ms = timer->deadline_ms;
    probe->fired++;
    if (probe->again_ms) {
        timer_heap_arm(probe->heap, timer, probe->again_ms);
    }
}

static void fires_in_order_of_deadlines(void **state)
{
    (void)state;
    static const int64_t deadlines[] = { 50, 10, 40, 10, 30, 20 };
    enum { COUNT = sizeof(deadlines) / sizeof(deadlines[0]) };
    struct timer_heap heap;
    struct probe probes[COUNT];
    int64_t last = 0;
    timer_heap_init(&heap);
    assert_int_equal(timer_heap_next(&heap), -1);
    for (int i = 0; i < COUNT; i++) {
        probes[i] = (struct probe){ { .fire = fire }, &heap, &last, 0, 0 };
        timer_heap_arm(&heap, &probes[i].timer, deadlines[i]);
    }
    assert_int_equal(timer_heap_next(&heap), 10);
    timer_heap_expire(&heap, 9);
    assert_int_equal(last, 0);
    timer_heap_expire(&heap, 30);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(probes[i].fired, deadlines[i] <= 30);
    }
    assert_int_equal(timer_heap_next(&heap), 40);
    timer_heap_expire(&heap, INT64_MAX);
    assert_int_equal(last, 50);
    assert_int_equal(timer_heap_next(&heap), -1);
    timer_heap_finish(&heap);
}

static void a_moved_deadline_counts_and_a_cancelled_one_does_not(void **state)
{
    (void)state;
    struct timer_heap heap;
    int64_t last = 0;
    timer_heap_init(&heap);
    struct probe moved = { { .fire = fire }, &heap, &last, 0, 0 };
    struct probe cancelled = moved;
    timer_heap_cancel(&heap, &cancelled.timer); /* not armed: fine */
    timer_heap_arm(&heap, &moved.timer, 10);
    timer_heap_arm(&heap, &cancelled.timer, 20);
    timer_heap_arm(&heap, &moved.timer, 100);
    timer_heap_cancel(&heap, &cancelled.timer);
    assert_false(timer_armed(&cancelled.timer));
    timer_heap_expire(&heap, 99);
    assert_int_equal(moved.fired, 0);
    timer_heap_expire(&heap, 100);
    assert_int_equal(moved.fired, 1);
    assert_int_equal(cancelled.fired, 0);
    timer_heap_finish(&heap);
}

/* Otherwise a timer of period 0 would keep its loop from ever reading a socket. */
static void a_timer_that_arms_itself_for_now_waits_for_the_next_round(void **state)
{
    (void)state;
    struct timer_heap heap;
    int64_t last = 0;
    timer_heap_init(&heap);
    struct probe again = { { .fire = fire }, &heap, &last, 0, 10 };
    timer_heap_arm(&heap, &again.timer, 10);
    timer_heap_expire(&heap, 10);
    assert_int_equal(again.fired, 1);
    assert_true(timer_armed(&again.timer));
    timer_heap_expire(&heap, 10);
    assert_int_equal(again.fired, 2);
    timer_heap_finish(&heap);
}

/* Random arming, moving, cancelling and expiring against plain numbers that hold the truth. */
static void agrees_with_plain_numbers_after_random_steps(void **state)
{
    (void)state;
    static struct probe probes[TIMER_COUNT];
    int64_t truth[TIMER_COUNT] = { 0 }; /* the deadline; 0: not armed */
    int expected[TIMER_COUNT] = { 0 };
    struct timer_heap heap;
    int64_t now = 1;
    int64_t last = 0;
    unsigned seed = 7;
    timer_heap_init(&heap);
    for (int i = 0; i < TIMER_COUNT; i++) {
        probes[i] = (struct probe){ { .fire = fire }, &heap, &last, 0, 0 };
    }
    for (int step = 0; step < STEP_COUNT; step++) {
        int i = rand_r(&seed) % TIMER_COUNT;
        int what = rand_r(&seed) % 8;
        if (what < 5) {
            truth[i] = now + 1 + rand_r(&seed) % SPAN_MS;
            timer_heap_arm(&heap, &probes[i].timer, truth[i]);
        } else if (what < 7) {
            truth[i] = 0;
            timer_heap_cancel(&heap, &probes[i].timer);
        } else {
            now += rand_r(&seed) % 50;
            last = 0;
            timer_heap_expire(&heap, now);
        }
        int64_t next = -1;
        for (int k = 0; k < TIMER_COUNT; k++) {
            if (truth[k] && truth[k] <= now) {
                expected[k]++;
                truth[k] = 0;
            }
            assert_int_equal(probes[k].fired, expected[k]);
            assert_int_equal(timer_armed(&probes[k].timer), truth[k] != 0);
            next = truth[k] && (next < 0 || truth[k] < next) ? truth[k] : next;
        }
        assert_int_equal(timer_heap_next(&heap), next);
    }
    timer_heap_finish(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order_of_deadlines),
        cmocka_unit_test(a_moved_deadline_counts_and_a_cancelled_one_does_not),
        cmocka_unit_test(a_timer_that_arms_itself_for_now_waits_for_the_next_round),
        cmocka_unit_test(agrees_with_plain_numbers_after_random_steps),
    };
    return cmocka_run_group_tests_name("net.timer", tests, NULL, NULL);
}
