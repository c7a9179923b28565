/*
 * The pool: every task once, on its threads; several callers at once, none of whom waits for the others' tasks to end.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/pool.h"

#include <cmocka.h>

enum { TASKS = 1000, CALLERS = 4, ROUNDS = 50 };

static struct pool *pool_of(int32_t threads)
{
    struct weir_error err;
    struct pool *p = pool_new(threads, &err);
    assert_non_null(p);
    assert_int_equal(pool_threads(p), threads);
    return p;
}

struct counting {
    atomic_int counts[TASKS];
    pthread_t caller;
    atomic_int on_caller;
};

static void count_one(void *context, int32_t i)
{
    struct counting *c = context;
    atomic_fetch_add(&c->counts[i], 1);
    atomic_fetch_add(&c->on_caller, pthread_equal(pthread_self(), c->caller) != 0);
}

static void check_counts(struct pool *p, int32_t tasks, bool on_caller)
{
    static struct counting c;
    c = (struct counting){ .caller = pthread_self() };
    pool_run(p, tasks, count_one, &c);
    for (int32_t i = 0; i < TASKS; i++) {
        assert_int_equal(c.counts[i], i < tasks);
    }
    assert_int_equal(c.on_caller, on_caller ? tasks : 0);
}

static void test_every_task_once(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 4; threads++) {
        struct pool *p = pool_of(threads);
        check_counts(p, TASKS, threads == 1);
        check_counts(p, 2, threads == 1);
        check_counts(p, 1, true); /* nothing is handed over for one task */
        check_counts(p, 0, true);
        pool_free(p);
    }
    pool_free(NULL);
}

/* Two tasks that wait for each other: they are run at the same time. */
static void meet(void *context, int32_t i)
{
    (void)i;
    (void)pthread_barrier_wait(context);
}

static void test_tasks_run_side_by_side(void **state)
{
    (void)state;
    struct pool *p = pool_of(2);
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
    pool_run(p, 2, meet, &barrier);
    (void)pthread_barrier_destroy(&barrier);
    pool_free(p);
}

/* A call whose tasks wait for another call's: the pool's threads go from one call to the next. */
struct pair {
    struct pool *pool;
    pthread_barrier_t barrier;
};

static void *call_from_thread(void *argument)
{
    struct pair *pair = argument;
    pool_run(pair->pool, 2, meet, &pair->barrier);
    return NULL;
}

static void test_calls_share_the_threads(void **state)
{
    (void)state;
    struct pair pair = { .pool = pool_of(4) };
    assert_int_equal(pthread_barrier_init(&pair.barrier, NULL, 4), 0);
    pthread_t other;
    assert_int_equal(pthread_create(&other, NULL, call_from_thread, &pair), 0);
    pool_run(pair.pool, 2, meet, &pair.barrier);
    assert_int_equal(pthread_join(other, NULL), 0);
    (void)pthread_barrier_destroy(&pair.barrier);
    pool_free(pair.pool);
}

struct caller {
    struct pool *pool;
    atomic_llong sum;
};

static void add_number(void *context, int32_t i)
{
    atomic_fetch_add(&((struct caller *)context)->sum, i);
}

static void *call_often(void *argument)
{
    struct caller *c = argument;
    for (int32_t round = 0; round < ROUNDS; round++) {
        pool_run(c->pool, round, add_number, c);
    }
    return NULL;
}

static void test_many_callers(void **state)
{
    (void)state;
    struct pool *p = pool_of(3);
    struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (int32_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){ .pool = p };
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    long long wanted = 0;
    for (long long round = 0; round < ROUNDS; round++) {
        wanted += round * (round - 1) / 2;
    }
    for (int32_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(callers[i].sum, wanted);
    }
    pool_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_task_once),
        cmocka_unit_test(test_tasks_run_side_by_side),
        cmocka_unit_test(test_calls_share_the_threads),
        cmocka_unit_test(test_many_callers),
    };
    return cmocka_run_group_tests_name("operators.pool", tests, NULL, NULL);
}
