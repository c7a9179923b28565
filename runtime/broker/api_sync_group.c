/*
 * SyncGroup: the leader hands in who reads what, everybody asks for their part. Parked until the leader has spoken and the
 * assignment is stored. See coordination/group.h.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"

enum { PROTOCOL_IS_SAID_SINCE = 5 }; /* version: KIP-559 */

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    struct request *request = call->request;
    const struct sync_group_request *body = request->body;
    struct group_entry *entry = shard_find(shard, body->group_id);
    if (!entry) {
        ((struct sync_group_response *)call->response)->error_code = KAFKA_UNKNOWN_MEMBER_ID;
        return GROUP_VISIT_DONE;
    }
    struct group_assignment *assignments =
        ARENA_NEW(&request->arena, struct group_assignment, (size_t)body->assignments_count);
    for (int32_t i = 0; i < body->assignments_count; i++) {
        assignments[i] = (struct group_assignment){ body->assignments[i].member_id,
                                                    body->assignments[i].assignment };
    }
    struct group_sync sync = {
        .token = call,
        .member_id = body->member_id,
        .instance_id = body->group_instance_id,
        .generation = body->generation_id,
        .protocol_type = body->protocol_type,
        .protocol = body->protocol_name,
        .assignments = assignments,
        .assignment_count = (size_t)body->assignments_count,
    };
    call->parked_in = entry;
    group_sync(entry->group, &sync, shard_now_ms(shard), &shard->effects);
    shard_settle(entry);
    return GROUP_VISIT_PARKED;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct sync_group_request *)call->request->body)->group_id;
}

void api_sync_group(struct request *request)
{
    const struct sync_group_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct sync_group_response *response = call->response;
    if (body->group_id.len == 0) {
        response->error_code = KAFKA_INVALID_GROUP_ID;
    } else if (request->version >= PROTOCOL_IS_SAID_SINCE &&
               (bytes_is_null(body->protocol_type) || bytes_is_null(body->protocol_name))) {
        response->error_code = KAFKA_INCONSISTENT_GROUP_PROTOCOL;
    }
    if (response->error_code != KAFKA_NONE) {
        response->assignment = bytes_of("");
        request_respond(request, response);
        return;
    }
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
