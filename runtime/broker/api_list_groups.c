/*
 * ListGroups: all groups of this broker, from worker to worker; filtered by state (KIP-518) and type (KIP-848).
 */
#include <strings.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/coordinator.h"

#define GROUP_TYPE_NAME "classic" /* the only one so far */

/* An empty filter lets all through; names are compared without case, as Kafka does. */
static bool passes(const struct bytes *filter, int32_t count, const char *name)
{
    for (int32_t i = 0; i < count; i++) {
        if (filter[i].len == strlen(name) &&
            strncasecmp((const char *)filter[i].data, name, filter[i].len) == 0) {
            return true;
        }
    }
    return count == 0;
}

static void list_group(struct group_call *call, const struct group *group)
{
    struct list_groups_response *response = call->response;
    struct arena *arena = &call->request->arena;
    struct list_groups_response_group *out = &response->groups[response->groups_count++];
    out->group_id = arena_copy(arena, group->id);
    out->protocol_type = bytes_is_null(group->protocol_type)
                             ? bytes_of("")
                             : arena_copy(arena, group->protocol_type);
    out->group_state = bytes_of(group_state_name(group->state));
    out->group_type = bytes_of(GROUP_TYPE_NAME);
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    const struct list_groups_request *body = call->request->body;
    struct list_groups_response *response = call->response;
    struct arena *arena = &call->request->arena;
    size_t room = (size_t)response->groups_count + shard->groups.count;
    struct list_groups_response_group *before = response->groups;
    response->groups = message_new(&list_groups_response_group_type, arena, (int32_t)room);
    for (int32_t i = 0; i < response->groups_count; i++) {
        response->groups[i] = before[i];
    }
    for (size_t i = 0; i < shard->groups.count; i++) {
        const struct group_entry *entry = shard->groups.entries[i].value;
        const char *state = group_state_name(entry->group->state);
        if (passes(body->states_filter, body->states_filter_count, state) &&
            passes(body->types_filter, body->types_filter_count, GROUP_TYPE_NAME)) {
            list_group(call, entry->group);
        }
    }
    return GROUP_VISIT_DONE;
}

void api_list_groups(struct request *request)
{
    struct group_call *call = group_call_create(request);
    call->count = request->broker->worker_count;
    call->visit = visit;
    group_call_start(call);
}
