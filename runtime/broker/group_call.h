/*
 * A request about groups on its way from worker to worker.
 *
 * A group belongs to one worker, a connection to another, maybe. So a request about one or several groups travels: from
 * its home (the connection's worker) to the owner of each group in turn, and home again with the response.
 *
 *     home                      owner of groups[0]         owner of groups[1]
 *     group_call_start() -----> visit(0)  -------------->  visit(1)
 *     request_respond()  <---------------------------------------'
 *
 * A visit that parks the call (a JoinGroup waits for the others) ends the journey until group_call_return(). If the
 * connection dies meanwhile, word goes to the owner and back before the request is dropped, so neither side ever holds a
 * request that is gone.
 *
 * Only one thread has the call at a time, so none of it needs a lock; the two messages about a dead connection have
 * fields of their own.
 */
#pragma once

#include "broker/request.h"

struct group_entry;
struct group_shard;

enum group_visit { GROUP_VISIT_DONE, GROUP_VISIT_PARKED };

struct group_call {
    struct request *request;
    struct bytes client_host; /* of the peer, read at home */
    int32_t count;            /* of visits */
    /* Which group the visit is about; NULL: visit i is to worker i (ListGroups). Any thread. */
    struct bytes (*group_at)(const struct group_call *call, int32_t index);
    /* On the owner's thread. Memory comes from the request's arena. */
    enum group_visit (*visit)(struct group_call *call, struct group_shard *shard, int32_t index);
    void *response; /* of the request's type; what request_respond() gets */
    void *state;    /* the handler's own */

    /* group_call.c's: */
    int32_t index;
    struct worker *at;
    struct loop_task task;
    /* The owner's: the group where the call is parked, or NULL. */
    struct group_entry *parked_in;
    /* Home's: */
    struct loop_task abandon_task;
    bool is_home;
    bool is_abandoned;
    bool
        is_withdrawn; /* set by the owner: the call was parked there and never comes home by itself */
    bool abandon_is_back;
};

/* A call in the request's arena, with its response initialised to the defaults. Home. */
struct group_call *group_call_create(struct request *request);

/* Off it goes. Home; last act of a handler. */
void group_call_start(struct group_call *call);

/* A parked call goes home with its response. The owner's thread. */
void group_call_return(struct group_call *call);
