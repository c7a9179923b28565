/*
 * AlterConfigs: all settings of a topic are replaced; those that are not named go back to their defaults. Two clients that do
 * it at the same time undo each other, which is why IncrementalAlterConfigs came (KIP-339).
 */
#include "broker/alter_configs.h"
#include "broker/api_table.h"

static void read_changes(struct request *request,
                         const struct alter_configs_request_resource *resource,
                         struct alteration *out)
{
    *out = (struct alteration){ .resource_type = resource->resource_type,
                                .resource_name = resource->resource_name,
                                .count = resource->configs_count };
    out->changes = ARENA_NEW(&request->arena, struct config_change, (size_t)out->count);
    for (int32_t i = 0; i < out->count; i++) {
        const struct alter_configs_request_config *config = &resource->configs[i];
        out->changes[i] = (struct config_change){ CONFIG_SET, { config->name, config->value } };
    }
}

static void *answer(struct request *request, const struct alteration *alterations, int32_t count)
{
    struct alter_configs_response *response =
        ARENA_NEW(&request->arena, struct alter_configs_response, 1);
    message_init(&alter_configs_response_type, response);
    response->responses_count = count;
    response->responses =
        message_new(&alter_configs_response_resource_type, &request->arena, count);
    for (int32_t i = 0; i < count; i++) {
        response->responses[i] = (struct alter_configs_response_resource){
            (int16_t)alterations[i].error, alterations[i].message, alterations[i].resource_type,
            alterations[i].resource_name
        };
    }
    return response;
}

void api_alter_configs(struct request *request)
{
    const struct alter_configs_request *body = request->body;
    struct alter_configs what = { .count = body->resources_count > 0 ? body->resources_count : 0,
                                  .mode = ALTER_ALL,
                                  .validate_only = body->validate_only,
                                  .answer = answer };
    what.alterations = ARENA_NEW(&request->arena, struct alteration, (size_t)what.count);
    for (int32_t i = 0; i < what.count; i++) {
        read_changes(request, &body->resources[i], &what.alterations[i]);
    }
    alter_configs_submit(request, &what);
}
