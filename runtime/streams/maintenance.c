/*
 * Maintenance of a query's state: see maintenance.h.
 */
#include "streams/maintenance.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

struct maintenance {
    struct state_provider *states;
    int64_t interval_ms;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool ending;
};

/* Under the lock. False: it is to end. */
static bool sleep_interval(struct maintenance *m)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(m->interval_ms / 1000);
    until.tv_nsec += (long)(m->interval_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    while (!m->ending && pthread_cond_timedwait(&m->changed, &m->lock, &until) != ETIMEDOUT) {
    }
    return !m->ending;
}

static void *maintain(void *context)
{
    struct maintenance *m = context;
    (void)pthread_mutex_lock(&m->lock);
    while (sleep_interval(m)) {
        (void)pthread_mutex_unlock(&m->lock);
        state_maintain(m->states);
        (void)pthread_mutex_lock(&m->lock);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return NULL;
}

static void finish(struct maintenance *m)
{
    (void)pthread_cond_destroy(&m->changed);
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

struct maintenance *maintenance_start(struct state_provider *states, int64_t interval_ms)
{
    struct maintenance *m = MEM_NEW(struct maintenance);
    pthread_condattr_t monotonic;
    m->states = states;
    m->interval_ms = interval_ms > 0 ? interval_ms : 1;
    (void)pthread_mutex_init(&m->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&m->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&m->thread, NULL, maintain, m) != 0) {
        finish(m);
        return NULL;
    }
    return m;
}

void maintenance_stop(struct maintenance *m)
{
    if (!m) {
        return;
    }
    (void)pthread_mutex_lock(&m->lock);
    m->ending = true;
    (void)pthread_cond_signal(&m->changed);
    (void)pthread_mutex_unlock(&m->lock);
    (void)pthread_join(m->thread, NULL);
    finish(m);
}
