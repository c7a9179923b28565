/*
 * Workers: see worker.h.
 */
#include "broker/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/request.h"

struct worker {
    struct broker *broker;
    struct loop *loop;
    pthread_t thread;
    bool started;
    bool running; /* with `self` the thread's own: nobody else touches the worker meanwhile */
    pthread_t self;
    int index;
    struct list_node clients;
    struct cluster_image *image; /* a reference */
};

/* A socket on its way to the worker that will own it. */
struct adoption {
    struct loop_task task;
    struct worker *worker;
    int fd;
    struct peer_address peer;
};

static void client_closed(struct connection *connection, const char *why)
{
    struct client *client = connection_owner(connection);
    struct request *request = client->current;
    struct broker *broker = client->worker->broker;
    if (why) {
        log_write_limited(&broker->log, &broker->refusal_lines, LOG_LEVEL_WARN,
                          "Closing connection from %s: %s", client->host, why);
    }
    connection_limits_leave(broker->connection_limits, &client->peer);
    list_remove(&client->link);
    if (request) {
        request->client = NULL;
        if (request->abandon) {
            request->abandon(request);
        }
    }
    free(client);
}

static void client_frame(struct connection *connection, struct bytes frame, void *memory)
{
    struct client *client = connection_owner(connection);
    struct weir_error err;
    struct request *request = request_create(client, frame, memory, &err);
    if (!request) {
        connection_close(connection, err.message);
        return;
    }
    api_row_find(request->api->key)->handle(request);
    /* Still in work: parked, or with another thread. (The handler may also have freed the client.) */
}

static const struct connection_events client_events = { .frame = client_frame,
                                                        .closed = client_closed };

static void adopt(struct loop_task *task)
{
    struct adoption *adoption = container_of(task, struct adoption, task);
    struct worker *worker = adoption->worker;
    struct client *client = MEM_NEW(struct client);
    struct connection_options options = {
        .events = &client_events,
        .owner = client,
        .frame_max = (size_t)worker->broker->config.request_max_bytes,
        .idle_max_ms = worker->broker->config.connection_idle_max_ms,
    };
    struct weir_error err;
    client->worker = worker;
    client->peer = adoption->peer;
    if (connection_create(worker->loop, adoption->fd, &options, &client->connection, &err) < 0) {
        log_write_limited(&worker->broker->log, &worker->broker->limit_lines, LOG_LEVEL_ERROR,
                          "Cannot take a connection: %s", err.message);
        connection_limits_leave(worker->broker->connection_limits, &adoption->peer);
        (void)close(adoption->fd);
        free(client);
    } else {
        connection_peer_host(client->connection, client->host);
        list_push_back(&worker->clients, &client->link);
    }
    free(adoption);
}

void worker_adopt(struct worker *worker, int fd, const struct peer_address *peer)
{
    struct adoption *adoption = MEM_NEW(struct adoption);
    adoption->task.run = adopt;
    adoption->worker = worker;
    adoption->fd = fd;
    adoption->peer = *peer;
    loop_post(worker->loop, &adoption->task);
}

enum weir_status worker_create(struct broker *broker,
                               int index,
                               struct worker **out_worker,
                               struct weir_error *err)
{
    struct worker *worker = MEM_NEW(struct worker);
    worker->broker = broker;
    worker->index = index;
    list_init(&worker->clients);
    enum weir_status rc = loop_create(&worker->loop, err);
    if (rc < 0) {
        free(worker);
        return rc;
    }
    worker->image = broker_image(broker);
    *out_worker = worker;
    return WEIR_OK;
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    worker->self = pthread_self();
    worker->running = true;
    loop_run(worker->loop);
    worker->running = false;
    return NULL;
}

enum weir_status worker_start(struct worker *worker, struct weir_error *err)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int failed = pthread_create(&worker->thread, NULL, run, worker);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        return weir_fail(err, WEIR_EIO, "cannot start a thread (error %d)", failed);
    }
    worker->started = true;
    return WEIR_OK;
}

static void close_clients(struct worker *worker)
{
    list_foreach(node, &worker->clients) {
        connection_close(container_of(node, struct client, link)->connection, NULL);
    }
}

void worker_stop(struct worker *worker)
{
    if (!worker->started) {
        return;
    }
    loop_stop(worker->loop);
    (void)pthread_join(worker->thread, NULL);
    worker->started = false;
    close_clients(worker);
}

bool worker_drain(struct worker *worker)
{
    bool ran = loop_drain(worker->loop);
    close_clients(worker); /* a connection that was adopted just now */
    return ran;
}

void worker_destroy(struct worker *worker)
{
    if (!worker) {
        return;
    }
    worker_stop(worker);
    loop_destroy(worker->loop);
    image_unref(worker->image);
    free(worker);
}

void worker_post(struct worker *worker, struct loop_task *task)
{
    loop_post(worker->loop, task);
}

struct broker *worker_broker(const struct worker *worker)
{
    return worker->broker;
}

struct loop *worker_loop(const struct worker *worker)
{
    return worker->loop;
}

int worker_index(const struct worker *worker)
{
    return worker->index;
}

const struct cluster_image *worker_image(struct worker *worker)
{
    assert(!worker->running || pthread_equal(pthread_self(), worker->self));
    if (atomic_load(&worker->broker->image_version) != worker->image->version) {
        image_unref(worker->image);
        worker->image = broker_image(worker->broker);
    }
    return worker->image;
}
