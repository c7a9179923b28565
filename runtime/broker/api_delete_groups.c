/*
 * DeleteGroups: an empty group and its offsets are deleted for good.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    const struct delete_groups_request *body = call->request->body;
    struct delete_groups_response *response = call->response;
    struct group_entry *entry = shard_find(shard, body->groups_names[index]);
    response->results[index].group_id = body->groups_names[index];
    response->results[index].error_code =
        (int16_t)(entry ? shard_delete_group(entry) : KAFKA_GROUP_ID_NOT_FOUND);
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    return ((const struct delete_groups_request *)call->request->body)->groups_names[index];
}

void api_delete_groups(struct request *request)
{
    const struct delete_groups_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct delete_groups_response *response = call->response;
    response->results_count = body->groups_names_count;
    response->results =
        message_new(&delete_groups_response_group_type, &request->arena, body->groups_names_count);
    call->count = body->groups_names_count;
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
