/*
 * DescribeGroups: state, protocol and members of groups. Up to version 5 an unknown group is a dead one, later an error.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"

enum { UNKNOWN_IS_ERROR_SINCE = 6 }; /* version: KIP-1043 */

/* READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS, ALTER_CONFIGS (AclOperation.java): all that a group can be asked, for
 * nobody is forbidden anything here. */
enum { ALL_OPERATIONS = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11 };

static struct bytes or_empty(struct bytes b)
{
    return bytes_is_null(b) ? bytes_of("") : b;
}

static void describe_unknown(struct group_call *call, struct describe_groups_response_group *out)
{
    out->group_state = bytes_of(group_state_name(GROUP_DEAD));
    if (call->request->version >= UNKNOWN_IS_ERROR_SINCE) {
        out->error_code = KAFKA_GROUP_ID_NOT_FOUND;
        out->error_message =
            arena_printf(&call->request->arena, "Group %.*s not found.", BYTES_ARG(out->group_id));
    }
}

static void describe_known(const struct group *group,
                           struct arena *arena,
                           struct describe_groups_response_group *out)
{
    struct group_snapshot snapshot;
    group_describe(group, arena, &snapshot);
    out->group_state = bytes_of(group_state_name(group->state));
    out->protocol_type = or_empty(snapshot.protocol_type);
    out->protocol_data = or_empty(snapshot.protocol);
    out->members_count = (int32_t)snapshot.member_count;
    out->members =
        message_new(&describe_groups_response_member_type, arena, (int32_t)snapshot.member_count);
    for (size_t i = 0; i < snapshot.member_count; i++) {
        const struct group_member_view *view = &snapshot.members[i];
        out->members[i].member_id = view->id;
        out->members[i].group_instance_id = view->instance_id;
        out->members[i].client_id = or_empty(view->client_id);
        out->members[i].client_host = or_empty(view->client_host);
        out->members[i].member_metadata = or_empty(view->metadata);
        out->members[i].member_assignment = or_empty(view->assignment);
    }
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    const struct describe_groups_request *body = call->request->body;
    struct describe_groups_response *response = call->response;
    struct describe_groups_response_group *out = &response->groups[index];
    const struct group_entry *entry = shard_find(shard, body->groups[index]);
    out->group_id = body->groups[index];
    if (entry) {
        describe_known(entry->group, &call->request->arena, out);
    } else {
        describe_unknown(call, out);
    }
    if (body->include_authorized_operations && out->error_code == KAFKA_NONE) {
        out->authorized_operations = ALL_OPERATIONS;
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    return ((const struct describe_groups_request *)call->request->body)->groups[index];
}

void api_describe_groups(struct request *request)
{
    const struct describe_groups_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct describe_groups_response *response = call->response;
    response->groups_count = body->groups_count;
    response->groups =
        message_new(&describe_groups_response_group_type, &request->arena, body->groups_count);
    call->count = body->groups_count;
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
