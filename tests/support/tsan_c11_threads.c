/*
 * C11 threads on top of pthreads, for ThreadSanitizer builds only.
 *
 * gcc 12's ThreadSanitizer knows pthread_create() but not thrd_create(): a thread that librdkafka starts crashes at its first
 * allocation, and its locks would not count. A program's own definitions come before libc's, so these
 * send what librdkafka uses through pthreads, where the sanitizer sees it. glibc's C11 types are its pthread types.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

#pragma GCC visibility push(default) /* the library must find them */

static pthread_mutex_t *mutex_of(mtx_t *mtx)
{
    return (pthread_mutex_t *)mtx;
}

static pthread_cond_t *cond_of(cnd_t *cnd)
{
    return (pthread_cond_t *)cnd;
}

static int status_of(int error)
{
    return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

struct start {
    thrd_start_t run;
    void *argument;
};

static void *run_thread(void *p)
{
    struct start start = *(struct start *)p;
    free(p);
    return (void *)(intptr_t)start.run(start.argument);
}

int thrd_create(thrd_t *out_thread, thrd_start_t run, void *argument)
{
    struct start *start = malloc(sizeof(*start));
    if (!start) {
        return thrd_nomem;
    }
    *start = (struct start){ .run = run, .argument = argument };
    int error = pthread_create(out_thread, NULL, run_thread, start);
    if (error != 0) {
        free(start);
    }
    return status_of(error);
}

int thrd_join(thrd_t thread, int *out_result)
{
    void *result = NULL;
    int error = pthread_join(thread, &result);
    if (out_result) {
        *out_result = (int)(intptr_t)result;
    }
    return status_of(error);
}

int mtx_init(mtx_t *mtx, int type)
{
    pthread_mutexattr_t attributes;
    (void)pthread_mutexattr_init(&attributes);
    (void)pthread_mutexattr_settype(&attributes, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE
                                                                      : PTHREAD_MUTEX_NORMAL);
    int error = pthread_mutex_init(mutex_of(mtx), &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return status_of(error);
}

int mtx_lock(mtx_t *mtx)
{
    return status_of(pthread_mutex_lock(mutex_of(mtx)));
}

int mtx_unlock(mtx_t *mtx)
{
    return status_of(pthread_mutex_unlock(mutex_of(mtx)));
}

void mtx_destroy(mtx_t *mtx)
{
    (void)pthread_mutex_destroy(mutex_of(mtx));
}

int cnd_init(cnd_t *cnd)
{
    return status_of(pthread_cond_init(cond_of(cnd), NULL));
}

int cnd_signal(cnd_t *cnd)
{
    return status_of(pthread_cond_signal(cond_of(cnd)));
}

int cnd_broadcast(cnd_t *cnd)
{
    return status_of(pthread_cond_broadcast(cond_of(cnd)));
}

int cnd_wait(cnd_t *cnd, mtx_t *mtx)
{
    return status_of(pthread_cond_wait(cond_of(cnd), mutex_of(mtx)));
}

int cnd_timedwait(cnd_t *cnd, mtx_t *mtx, const struct timespec *until)
{
    return status_of(pthread_cond_timedwait(cond_of(cnd), mutex_of(mtx), until));
}

void cnd_destroy(cnd_t *cnd)
{
    (void)pthread_cond_destroy(cond_of(cnd));
}

/*
 * librdkafka itself is not built for the sanitizer, so the atomic count by which its threads agree that a topic is no longer used goes
 * unseen: the last one then destroys a lock that others have held before, and that looks like a race.
 */
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    return "race:pthread_rwlock_destroy\n";
}
