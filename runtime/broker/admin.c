/*
 * The admin thread: see admin.h.
 */
#include "broker/admin.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/worker.h"

struct admin {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    /* lock must be held for these: */
    bool stopping;
    struct list_node jobs; /* whose turn is next first */
};

/* On the request's worker, or when all have stopped: then there is no client, and nothing to answer. */
static void finish(struct loop_task *task)
{
    struct request *request = container_of(task, struct request, task);
    const struct admin_job *job = request->parked;
    if (request->client) {
        request_respond(request, job->response);
    } else {
        request_drop(request);
    }
}

static void give_back(struct admin_job *job)
{
    struct request *request = job->request;
    request->parked = job;
    request->task.run = finish;
    worker_post(request->worker, &request->task);
}

/* The lock is held. NULL: there is none that may be taken; when stopping, only one that was begun. */
static struct admin_job *take_job(struct admin *admin)
{
    list_foreach(node, &admin->jobs) {
        struct admin_job *job = container_of(node, struct admin_job, link);
        if (!admin->stopping || job->begun) {
            list_remove(node);
            return job;
        }
    }
    return NULL;
}

/* NULL: it is time to stop. */
static struct admin_job *next_job(struct admin *admin)
{
    (void)pthread_mutex_lock(&admin->lock);
    struct admin_job *job = take_job(admin);
    while (!job && !admin->stopping) {
        (void)pthread_cond_wait(&admin->woken, &admin->lock);
        job = take_job(admin);
    }
    (void)pthread_mutex_unlock(&admin->lock);
    return job;
}

static void add_job(struct admin *admin, struct admin_job *job)
{
    (void)pthread_mutex_lock(&admin->lock);
    list_push_back(&admin->jobs, &job->link);
    (void)pthread_cond_signal(&admin->woken);
    (void)pthread_mutex_unlock(&admin->lock);
}

static void *run(void *argument)
{
    struct admin *admin = argument;
    for (struct admin_job *job = next_job(admin); job; job = next_job(admin)) {
        job->begun = true;
        if (job->step(job)) {
            give_back(job);
        } else {
            add_job(admin, job);
        }
    }
    return NULL;
}

enum weir_status admin_start(struct admin **out_admin, struct weir_error *err)
{
    struct admin *admin = MEM_NEW(struct admin);
    sigset_t all;
    sigset_t before;
    list_init(&admin->jobs);
    (void)pthread_mutex_init(&admin->lock, NULL);
    (void)pthread_cond_init(&admin->woken, NULL);
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int failed = pthread_create(&admin->thread, NULL, run, admin);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        admin_destroy(admin);
        return weir_fail(err, WEIR_EIO, "cannot start a thread (error %d)", failed);
    }
    admin->started = true;
    *out_admin = admin;
    return WEIR_OK;
}

void admin_stop(struct admin *admin)
{
    if (!admin || !admin->started) {
        return;
    }
    (void)pthread_mutex_lock(&admin->lock);
    admin->stopping = true;
    (void)pthread_cond_signal(&admin->woken);
    (void)pthread_mutex_unlock(&admin->lock);
    (void)pthread_join(admin->thread, NULL);
    admin->started = false;
    while (!list_empty(&admin->jobs)) {
        struct admin_job *job = container_of(admin->jobs.next, struct admin_job, link);
        list_remove(&job->link);
        give_back(job);
    }
}

void admin_destroy(struct admin *admin)
{
    if (!admin) {
        return;
    }
    (void)pthread_cond_destroy(&admin->woken);
    (void)pthread_mutex_destroy(&admin->lock);
    free(admin);
}

void admin_submit(struct request *request, bool (*step)(struct admin_job *job), void *state)
{
    struct admin_job *job = ARENA_NEW(&request->arena, struct admin_job, 1);
    job->request = request;
    job->step = step;
    job->state = state;
    add_job(request->broker->admin, job);
}
