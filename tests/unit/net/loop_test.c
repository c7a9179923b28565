/*
 * net/loop: posted tasks run on the loop's thread, each once, in the order of their poster; timers fire in time; a watch
 * may go away in the middle of a round.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/loop.h"

#include <cmocka.h>

enum { POSTER_COUNT = 4, POSTS_EACH = 20000 };

struct numbered_task {
    struct loop_task task;
    struct crowd *crowd;
    int poster;
    int number;
};

struct crowd {
    struct loop *loop;
    pthread_t loop_thread;
    int seen[POSTER_COUNT]; /* the loop's */
    int total;
    struct numbered_task tasks[POSTER_COUNT][POSTS_EACH];
};

struct poster {
    struct crowd *crowd;
    int index;
};

static void count_task(struct loop_task *task)
{
    struct numbered_task *numbered = (struct numbered_task *)task;
    struct crowd *crowd = numbered->crowd;
    assert_true(pthread_equal(pthread_self(), crowd->loop_thread));
    assert_int_equal(numbered->number, crowd->seen[numbered->poster]);
    crowd->seen[numbered->poster]++;
    if (++crowd->total == POSTER_COUNT * POSTS_EACH) {
        loop_stop(crowd->loop);
    }
}

static void *post_all(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < POSTS_EACH; i++) {
        struct numbered_task *task = &poster->crowd->tasks[poster->index][i];
        *task = (struct numbered_task){ { .run = count_task }, poster->crowd, poster->index, i };
        loop_post(poster->crowd->loop, &task->task);
    }
    return NULL;
}

static struct loop *new_loop(void)
{
    struct loop *loop = NULL;
    struct weir_error err;
    assert_int_equal(loop_create(&loop, &err), WEIR_OK);
    return loop;
}

static void posted_tasks_run_once_and_in_order(void **state)
{
    (void)state;
    static struct crowd crowd;
    pthread_t threads[POSTER_COUNT];
    struct poster posters[POSTER_COUNT];
    crowd.loop = new_loop();
    crowd.loop_thread = pthread_self();
    for (int i = 0; i < POSTER_COUNT; i++) {
        posters[i] = (struct poster){ &crowd, i };
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &posters[i]), 0);
    }
    loop_run(crowd.loop);
    for (int i = 0; i < POSTER_COUNT; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(crowd.seen[i], POSTS_EACH);
    }
    loop_destroy(crowd.loop);
}

struct alarm_clock {
    struct timer timer;
    struct loop *loop;
    int64_t fired_ms;
};

static void ring(struct timer *timer)
{
    struct alarm_clock *alarm = (struct alarm_clock *)timer;
    alarm->fired_ms = loop_now_ms(alarm->loop);
    loop_stop(alarm->loop);
}

static void a_timer_wakes_the_loop_when_due_and_not_before(void **state)
{
    (void)state;
    struct alarm_clock alarm = { .timer.fire = ring, .loop = new_loop() };
    int64_t due_ms = clock_monotonic_ms() + 20;
    loop_timer_arm(alarm.loop, &alarm.timer, due_ms);
    loop_run(alarm.loop);
    assert_true(alarm.fired_ms >= due_ms);
    assert_true(alarm.fired_ms < due_ms + 5000);
    loop_destroy(alarm.loop);
}

/* Two watches that are ready in the same round; whichever comes first removes the other, which must then stay silent. */
struct rival {
    struct watch watch;
    struct loop *loop;
    struct rival *other;
    int called;
};

static void remove_other(struct watch *watch, uint32_t events)
{
    struct rival *rival = (struct rival *)watch;
    assert_true(events & EPOLLIN);
    rival->called++;
    loop_unwatch(rival->loop, &rival->other->watch);
    loop_stop(rival->loop);
}

static void a_watch_removed_in_the_same_round_is_not_called(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    int pipes[2][2];
    struct rival rivals[2];
    struct weir_error err;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        assert_int_equal(write(pipes[i][1], "x", 1), 1);
        rivals[i] = (struct rival){ { .ready = remove_other }, loop, &rivals[1 - i], 0 };
        assert_int_equal(loop_watch(loop, &rivals[i].watch, pipes[i][0], EPOLLIN, &err), WEIR_OK);
    }
    loop_run(loop);
    assert_int_equal(rivals[0].called + rivals[1].called, 1);
    for (int i = 0; i < 2; i++) {
        loop_unwatch(loop, &rivals[i].watch); /* twice is fine */
        (void)close(pipes[i][0]);
        (void)close(pipes[i][1]);
    }
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posted_tasks_run_once_and_in_order),
        cmocka_unit_test(a_timer_wakes_the_loop_when_due_and_not_before),
        cmocka_unit_test(a_watch_removed_in_the_same_round_is_not_called),
    };
    return cmocka_run_group_tests_name("net.loop", tests, NULL, NULL);
}
