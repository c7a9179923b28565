/*
 * Requests about groups between workers: see group_call.h.
 */
#include "broker/group_call.h"

#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/worker.h"

static void arrive_home(struct loop_task *task)
{
    struct group_call *call = container_of(task, struct group_call, task);
    if (!call->is_abandoned) {
        call->request->abandon = NULL;
        request_respond(call->request, call->response);
    } else if (call->abandon_is_back) {
        request_drop(call->request);
    } else {
        call->is_home = true; /* the message about the dead connection is still out */
    }
}

/* Always by a task, also on the same worker: the response must not be sent while a group is being worked on, for a failing
 * connection would call back into it. */
static void send_home(struct group_call *call)
{
    struct worker *home = call->request->worker;
    call->task.run = arrive_home;
    if (call->at == home) {
        loop_later(worker_loop(home), &call->task);
    } else {
        worker_post(home, &call->task);
    }
}

static struct worker *owner_of(const struct group_call *call, int32_t index)
{
    struct broker *broker = call->request->broker;
    return call->group_at ? broker_worker_for(broker, call->group_at(call, index))
                          : broker->workers[index];
}

static void travel(struct group_call *call);

static void arrive(struct loop_task *task)
{
    travel(container_of(task, struct group_call, task));
}

static void travel(struct group_call *call)
{
    for (; call->index < call->count; call->index++) {
        struct worker *owner = owner_of(call, call->index);
        if (owner != call->at) {
            call->at = owner;
            call->task.run = arrive;
            worker_post(owner, &call->task);
            return;
        }
        struct group_shard *shard = coordinator_shard(call->request->broker, owner);
        if (call->visit(call, shard, call->index) == GROUP_VISIT_PARKED) {
            return;
        }
    }
    send_home(call);
}

void group_call_return(struct group_call *call)
{
    call->parked_in = NULL;
    send_home(call);
}

/* --- Dead connections --- */

static void abandon_is_back(struct loop_task *task)
{
    struct group_call *call = container_of(task, struct group_call, abandon_task);
    call->abandon_is_back = true;
    if (call->is_withdrawn || call->is_home) {
        request_drop(call->request);
    }
}

static void abandon_at_owner(struct loop_task *task)
{
    struct group_call *call = container_of(task, struct group_call, abandon_task);
    struct worker *home = call->request->worker;
    if (call->parked_in) {
        call->is_withdrawn = true;
        coordinator_withdraw(call);
    }
    task->run = abandon_is_back;
    if (call->at == home) {
        loop_later(worker_loop(home), task);
    } else {
        worker_post(home, task);
    }
}

/* Behind the call itself, in the same mailbox: the owner sees the call first. */
static void abandon(struct request *request)
{
    struct group_call *call = request->parked;
    request->abandon = NULL;
    call->is_abandoned = true;
    call->abandon_task.run = abandon_at_owner;
    struct worker *owner = owner_of(call, 0);
    if (owner == request->worker) {
        abandon_at_owner(&call->abandon_task);
    } else {
        worker_post(owner, &call->abandon_task);
    }
}

/* --- Start --- */

struct group_call *group_call_create(struct request *request)
{
    struct group_call *call = ARENA_NEW(&request->arena, struct group_call, 1);
    call->request = request;
    call->at = request->worker;
    call->count = 1;
    call->client_host = arena_copy(&request->arena, request_client_host(request));
    call->response = message_new(request->api->response, &request->arena, 1);
    request->parked = call;
    return call;
}

void group_call_start(struct group_call *call)
{
    if (call->count == 1) {
        call->request->abandon = abandon; /* may be parked; calls of several groups never are */
    }
    travel(call);
}
