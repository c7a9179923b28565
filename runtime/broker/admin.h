/*
 * The admin thread: what changes topics and settings is done here, so that a long list of them (thousands of folders to make,
 * files to sync) keeps no worker from the clients that it serves.
 *
 * A request is a job that is done in steps, each of some milliseconds. Between two steps the jobs that wait have their turn, so
 * a short one does not wait for the end of a long one. The answer is sent by the worker that has the connection.
 *
 *     worker: handler --admin_submit()--> queue --> step, step, ... --post--> worker: request_respond()
 *
 * Thread: any, unless a function says otherwise.
 */
#pragma once

#include <stdbool.h>

#include "base/list.h"
#include "broker/request.h"
#include "weir/status.h"

struct admin;

struct admin_job {
    struct request *request;
    /* One piece of the work; runs on the admin thread. True when it was the last one: then `response` is the answer. */
    bool (*step)(struct admin_job *job);
    void *state; /* the handler's, in the request's arena, as the response is */
    void *response;

    /* admin.c's: */
    struct list_node link;
    bool begun;
};

WEIR_CHECKED enum weir_status admin_start(struct admin **out_admin, struct weir_error *err);
/* After the workers were stopped: ends what was begun, and the thread. What was not begun is given back, unanswered. */
void admin_stop(struct admin *admin);
void admin_destroy(struct admin *admin); /* accepts NULL */

/* From a handler: takes the request. */
void admin_submit(struct request *request, bool (*step)(struct admin_job *job), void *state);
