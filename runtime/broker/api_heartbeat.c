/*
 * Heartbeat: a member is alive, and learns whether the group wants it to join again.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    const struct heartbeat_request *body = call->request->body;
    struct heartbeat_response *response = call->response;
    struct group_entry *entry = shard_find(shard, body->group_id);
    response->error_code = KAFKA_UNKNOWN_MEMBER_ID;
    if (entry) {
        response->error_code =
            (int16_t)group_heartbeat(entry->group, body->member_id, body->group_instance_id,
                                     body->generation_id, shard_now_ms(shard));
        shard_settle(entry);
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct heartbeat_request *)call->request->body)->group_id;
}

void api_heartbeat(struct request *request)
{
    const struct heartbeat_request *body = request->body;
    struct group_call *call = group_call_create(request);
    if (body->group_id.len == 0) {
        ((struct heartbeat_response *)call->response)->error_code = KAFKA_INVALID_GROUP_ID;
        request_respond(request, call->response);
        return;
    }
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
