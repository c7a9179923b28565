/*
 * LeaveGroup: members go, so that their partitions are handed over at once and not after a session timeout. Up to version 2
 * one member that asks for itself, later any number, also by an administrator who names static members.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"

enum { MANY_MEMBERS_SINCE = 3 }; /* version */

static void set_leavers(const struct group_call *call, struct group_leaver *leavers)
{
    const struct leave_group_request *body = call->request->body;
    leavers[0] = (struct group_leaver){ .member_id = body->member_id };
    for (int32_t i = 0; i < body->members_count; i++) {
        leavers[i] = (struct group_leaver){ .member_id = body->members[i].member_id,
                                            .instance_id = body->members[i].group_instance_id,
                                            .reason = body->members[i].reason };
    }
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    struct arena *arena = &call->request->arena;
    const struct leave_group_request *body = call->request->body;
    struct leave_group_response *response = call->response;
    bool is_many = call->request->version >= MANY_MEMBERS_SINCE;
    size_t count = is_many ? (size_t)body->members_count : 1;
    struct group_leaver *leavers = ARENA_NEW(arena, struct group_leaver, count + 1);
    struct group_entry *entry = shard_find(shard, body->group_id);
    set_leavers(call, leavers);
    if (entry) {
        group_leave(entry->group, leavers, count, shard_now_ms(shard), &shard->effects);
        shard_settle(entry);
    }
    for (size_t i = 0; !entry && i < count; i++) {
        leavers[i].error = GROUP_ERROR_UNKNOWN_MEMBER;
    }
    if (!is_many) {
        response->error_code = (int16_t)leavers[0].error;
        return GROUP_VISIT_DONE;
    }
    response->members_count = body->members_count;
    response->members = message_new(&leave_group_response_member_type, arena, body->members_count);
    for (size_t i = 0; i < count; i++) {
        response->members[i].member_id = leavers[i].member_id;
        response->members[i].group_instance_id = leavers[i].instance_id;
        response->members[i].error_code = (int16_t)leavers[i].error;
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct leave_group_request *)call->request->body)->group_id;
}

void api_leave_group(struct request *request)
{
    const struct leave_group_request *body = request->body;
    struct group_call *call = group_call_create(request);
    if (body->group_id.len == 0) {
        ((struct leave_group_response *)call->response)->error_code = KAFKA_INVALID_GROUP_ID;
        request_respond(request, call->response);
        return;
    }
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
