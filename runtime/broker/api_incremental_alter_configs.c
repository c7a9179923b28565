/*
 * IncrementalAlterConfigs: single settings of topics and brokers are set, deleted, appended to or subtracted from (KIP-339). What is not
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

static void *answer(struct request *request, const struct alteration *alterations, int32_t count)
{
    struct incremental_alter_configs_response *response =
        ARENA_NEW(&request->arena, struct incremental_alter_configs_response, 1);
    message_init(&incremental_alter_configs_response_type, response);
    response->responses_count = count;
    response->responses =
        message_new(&incremental_alter_configs_response_resource_type, &request->arena, count);
    for (int32_t i = 0; i < count; i++) {
        response->responses[i] = (struct incremental_alter_configs_response_resource){
            (int16_t)alterations[i].error, alterations[i].message, alterations[i].resource_type,
            alterations[i].resource_name
        };
    }
    return response;
}

void api_incremental_alter_configs(struct request *request)
{
    const struct incremental_alter_configs_request *body = request->body;
    struct alter_configs what = { .count = body->resources_count > 0 ? body->resources_count : 0,
                                  .mode = ALTER_SOME,
                                  .validate_only = body->validate_only,
                                  .answer = answer };
    what.alterations = ARENA_NEW(&request->arena, struct alteration, (size_t)what.count);
    for (int32_t i = 0; i < what.count; i++) {
        read_changes(request, &body->resources[i], &what.alterations[i]);
    }
    alter_configs_submit(request, &what);
}
