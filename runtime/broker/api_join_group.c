/*
 * JoinGroup: a client wants to be a member of a group. The answer comes when the group's next generation begins, so the
 * request is parked with the group. See coordination/group.h.
 */
#include <stdio.h>

#include "base/uuid.h"
#include "broker/api_table.h"
#include "broker/coordinator.h"

enum { KNOWN_ID_SINCE = 4, SKIP_ASSIGNMENT_SINCE = 9 }; /* versions: KIP-394, KIP-814 */

/* "<client or instance id>-<random>", as ClassicGroup.generateMemberId. */
static struct bytes make_member_id(struct request *request)
{
    const struct join_group_request *body = request->body;
    struct bytes prefix = bytes_is_null(body->group_instance_id) ? request->header.client_id
                                                                 : body->group_instance_id;
    struct uuid id = uuid_random();
    char text[2 * UUID_SIZE + 5] = "";
    size_t at = 0;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        const char *dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%02x", dash, id.bytes[i]);
    }
    return arena_printf(&request->arena, "%.*s-%s", BYTES_ARG(prefix), text);
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    struct request *request = call->request;
    const struct join_group_request *body = request->body;
    struct group_protocol *protocols =
        ARENA_NEW(&request->arena, struct group_protocol, (size_t)body->protocols_count);
    for (int32_t i = 0; i < body->protocols_count; i++) {
        protocols[i] =
            (struct group_protocol){ body->protocols[i].name, body->protocols[i].metadata };
    }
    struct group_join join = {
        .token = call,
        .member_id = body->member_id,
        .instance_id = body->group_instance_id,
        .client_id = request->header.client_id,
        .client_host = call->client_host,
        .new_member_id = make_member_id(request),
        .protocol_type = body->protocol_type,
        .protocols = protocols,
        .protocol_count = (size_t)body->protocols_count,
        .session_timeout_ms = body->session_timeout_ms,
        .rebalance_timeout_ms = body->rebalance_timeout_ms,
        .must_know_id = request->version >= KNOWN_ID_SINCE,
        .can_skip_assignment = request->version >= SKIP_ASSIGNMENT_SINCE,
    };
    struct group_entry *entry = shard_find_or_create(shard, body->group_id);
    call->parked_in = entry; /* until the answer, which may come at once */
    group_join(entry->group, &join, shard_now_ms(shard), &shard->effects);
    shard_settle(entry);
    return GROUP_VISIT_PARKED;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct join_group_request *)call->request->body)->group_id;
}

void api_join_group(struct request *request)
{
    const struct join_group_request *body = request->body;
    struct group_call *call = group_call_create(request);
    if (body->group_id.len == 0) {
        struct join_group_response *response = call->response;
        response->error_code = KAFKA_INVALID_GROUP_ID;
        response->protocol_name = join_no_protocol(request->version);
        response->member_id = body->member_id;
        request_respond(request, response);
        return;
    }
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
