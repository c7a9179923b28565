/*
 * The pool: see pool.h.
 *
 * Calls wait in a ring. A thread takes one task of the call at its head and moves that call to the back, so that queries which share the pool
 * get on side by side. Threads sleep while no call has a task left.
 */
#include "operators/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/list.h"
#include "base/mem.h"

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* a call came, or the end */
    struct list_node calls;
    bool ending;
    int32_t thread_count;
    int32_t started;
    pthread_t *threads;
};

/* Lives on the stack of pool_run(). */
struct call {
    struct list_node link; /* in pool.calls, as long as tasks are left to be taken */
    void (*task)(void *context, int32_t i);
    void *context;
    int32_t count;
    int32_t taken;
    int32_t done;
    pthread_cond_t finished;
};

static void run_one(struct pool *p, struct call *c)
{
    int32_t i = c->taken++;
    list_remove(&c->link);
    if (c->taken < c->count) {
        list_push_back(&p->calls, &c->link);
    }
    (void)pthread_mutex_unlock(&p->lock);
    c->task(c->context, i);
    (void)pthread_mutex_lock(&p->lock);
    if (++c->done == c->count) {
        (void)pthread_cond_signal(&c->finished);
    }
}

static void *thread_main(void *argument)
{
    struct pool *p = argument;
    (void)pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (list_empty(&p->calls)) {
            (void)pthread_cond_wait(&p->work, &p->lock);
        } else {
            run_one(p, container_of(p->calls.next, struct call, link));
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *pool_new(int32_t threads, struct weir_error *err)
{
    assert(threads > 0);
    struct pool *p = MEM_NEW(struct pool);
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->work, NULL);
    list_init(&p->calls);
    p->thread_count = threads;
    p->threads = mem_zalloc((size_t)threads, sizeof(*p->threads));
    while (threads > 1 && p->started < threads) { /* a pool of one works on its callers' threads */
        int error = pthread_create(&p->threads[p->started], NULL, thread_main, p);
        if (error != 0) {
            (void)weir_fail(err, WEIR_EIO, "thread %d of %d could not be started", p->started + 1,
                            threads);
            pool_free(p);
            return NULL;
        }
        p->started++;
    }
    return p;
}

void pool_free(struct pool *p)
{
    if (!p) {
        return;
    }
    (void)pthread_mutex_lock(&p->lock);
    assert(list_empty(&p->calls));
    p->ending = true;
    (void)pthread_cond_broadcast(&p->work);
    (void)pthread_mutex_unlock(&p->lock);
    for (int32_t i = 0; i < p->started; i++) {
        (void)pthread_join(p->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&p->work);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->threads);
    free(p);
}

int32_t pool_threads(const struct pool *p)
{
    return p->thread_count;
}

void pool_run(struct pool *p, int32_t count, void (*task)(void *context, int32_t i), void *context)
{
    if (count <= 1 || p->thread_count == 1) {
        for (int32_t i = 0; i < count; i++) {
            task(context, i);
        }
        return;
    }
    struct call c = { .task = task, .context = context, .count = count };
    (void)pthread_cond_init(&c.finished, NULL);
    (void)pthread_mutex_lock(&p->lock);
    list_push_back(&p->calls, &c.link);
    (void)pthread_cond_broadcast(&p->work);
    while (c.done < c.count) {
        (void)pthread_cond_wait(&c.finished, &p->lock);
    }
    (void)pthread_mutex_unlock(&p->lock);
    (void)pthread_cond_destroy(&c.finished);
}
