/*
 * IncrementalAlterConfigs: single settings of topics are set, deleted, appended to or subtracted from (KIP-339). What is not
 * named stays. In force, and durable, before the answer.
 */
#include "broker/alter_configs.h"
#include "broker/api_table.h"

static void read_changes(struct request *request,
                         const struct incremental_alter_configs_request_resource *resource,
                         struct alteration *out)
{
    *out = (struct alteration){ .resource_type = resource->resource_type,
                                .resource_name = resource->resource_name,
                                .count = resource->configs_count };
    out->changes = ARENA_NEW(&request->arena, struct config_change, (size_t)out->count);
    for (int32_t i = 0; i < out->count; i++) {
        const struct incremental_alter_configs_request_config *config = &resource->configs[i];
        out->changes[i] = (struct config_change){ (enum config_operation)config->config_operation,
                                                  { config->name, config->value } };
    }
}

void api_incremental_alter_configs(struct request *request)
{
    const struct incremental_alter_configs_request *body = request->body;
    int32_t count = body->resources_count;
    struct alteration *alterations = ARENA_NEW(&request->arena, struct alteration, (size_t)count);
    struct incremental_alter_configs_response response;
    message_init(&incremental_alter_configs_response_type, &response);
    for (int32_t i = 0; i < count; i++) {
        read_changes(request, &body->resources[i], &alterations[i]);
    }
    alter_configs(request, alterations, count, ALTER_SOME, body->validate_only);
    response.responses_count = count;
    response.responses =
        message_new(&incremental_alter_configs_response_resource_type, &request->arena, count);
    for (int32_t i = 0; i < count; i++) {
        response.responses[i] = (struct incremental_alter_configs_response_resource){
            (int16_t)alterations[i].error, alterations[i].message, alterations[i].resource_type,
            alterations[i].resource_name
        };
    }
    request_respond(request, &response);
}
