/*
 * A worker: one thread with an event loop and the connections that belong to it.
 *
 * Thread: the worker's own, unless a function says otherwise.
 */
#pragma once

#include "base/list.h"
#include "broker/connection_limits.h"
#include "net/connection.h"
#include "net/loop.h"

struct broker;
struct cluster_image;
struct request;
struct worker;

/* What the broker knows of one connection. */
struct client {
    struct worker *worker;
    struct connection *connection;
    struct request *current; /* in work or parked; NULL between requests */
    struct list_node link;   /* in worker.clients */
    struct peer_address peer;
    char host[CONNECTION_HOST_SIZE];
};

WEIR_CHECKED enum weir_status worker_create(struct broker *broker,
                                            int index,
                                            struct worker **out_worker,
                                            struct weir_error *err);
WEIR_CHECKED enum weir_status worker_start(struct worker *worker, struct weir_error *err);
/* Any thread but the worker's: stops the loop, joins the thread and closes the connections. */
void worker_stop(struct worker *worker);
/* After all workers were stopped: runs the tasks that came too late. False when there were none. */
bool worker_drain(struct worker *worker);
void worker_destroy(struct worker *worker);

/* Gives the worker a connected, non-blocking socket that the limits have counted. Any thread; takes the descriptor. */
void worker_adopt(struct worker *worker, int fd, const struct peer_address *peer);

/* Runs the task on the worker's thread. Any thread. */
void worker_post(struct worker *worker, struct loop_task *task);

struct broker *worker_broker(const struct worker *worker);
struct loop *worker_loop(const struct worker *worker);
int worker_index(const struct worker *worker);

/* The newest image, for the worker's own thread only. Asking again may end the one that was given before, and the partitions in it: a handler that looks for
 * several things takes it once. */
const struct cluster_image *worker_image(struct worker *worker);
