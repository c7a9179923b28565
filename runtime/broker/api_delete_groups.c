/*
 * DeleteGroups: an empty group and its offsets are deleted for good.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"
#include "broker/tally.h"

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    struct delete_groups_response *response = call->response;
    struct group_entry *entry = shard_find(shard, response->results[index].group_id);
    response->results[index].error_code =
        (int16_t)(entry ? shard_delete_group(entry) : KAFKA_GROUP_ID_NOT_FOUND);
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    return ((const struct delete_groups_response *)call->response)->results[index].group_id;
}

void api_delete_groups(struct request *request)
{
    const struct delete_groups_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct delete_groups_response *response = call->response;
    struct tally named;
    tally_init(&named, &request->arena);
    response->results =
        message_new(&delete_groups_response_group_type, &request->arena, body->groups_names_count);
    for (int32_t i = 0; i < body->groups_names_count; i++) {
        if (tally_add(&named, body->groups_names[i]) == 0) { /* each is answered once */
            response->results[response->results_count++].group_id = body->groups_names[i];
        }
    }
    tally_finish(&named);
    call->count = response->results_count;
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
