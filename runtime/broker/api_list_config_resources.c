/*
 * ListConfigResources: the names of everything that may have settings. Version 0 was about client metrics only, of which
 * there are none here; since version 1 a client says which types it wants, and none means all (KIP-1142).
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/config_describe.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { VERSION_WITH_TYPES = 1 };

struct resource_listing {
    struct request *request;
    struct list_config_resources_response response;
    bool topics;
    bool broker;
    bool logger;
};

/* False: a type that has no settings. */
static bool want(struct resource_listing *l, int8_t type)
{
    l->topics |= type == RESOURCE_TOPIC;
    l->broker |= type == RESOURCE_BROKER;
    l->logger |= type == RESOURCE_BROKER_LOGGER;
    return type == RESOURCE_TOPIC || type == RESOURCE_BROKER || type == RESOURCE_BROKER_LOGGER ||
           type == RESOURCE_CLIENT_METRICS || type == RESOURCE_GROUP;
}

static enum kafka_error read_types(struct resource_listing *l)
{
    const struct list_config_resources_request *body = l->request->body;
    if (l->request->version < VERSION_WITH_TYPES) {
        return KAFKA_NONE;
    }
    bool all = body->resource_types_count <= 0;
    l->topics = l->broker = l->logger = all;
    for (int32_t i = 0; i < body->resource_types_count; i++) {
        if (!want(l, body->resource_types[i])) {
            return KAFKA_UNSUPPORTED_VERSION;
        }
    }
    return KAFKA_NONE;
}

static void add(struct resource_listing *l, enum resource_type type, struct bytes name)
{
    struct list_config_resources_response_resource *to =
        &l->response.config_resources[l->response.config_resources_count++];
    to->resource_name = name;
    to->resource_type = (int8_t)type;
}

void api_list_config_resources(struct request *request)
{
    const struct cluster_image *image = worker_image(request->worker);
    struct resource_listing l = { .request = request };
    struct bytes node = arena_printf(&request->arena, "%d", request->broker->config.node_id);
    message_init(&list_config_resources_response_type, &l.response);
    l.response.config_resources = message_new(&list_config_resources_response_resource_type,
                                              &request->arena, (int32_t)image->topic_count + 2);
    l.response.error_code = (int16_t)read_types(&l);
    bool good = l.response.error_code == KAFKA_NONE;
    for (size_t t = 0; good && l.topics && t < image->topic_count; t++) {
        add(&l, RESOURCE_TOPIC, image->topics[t].name);
    }
    if (good && l.broker) {
        add(&l, RESOURCE_BROKER, node);
    }
    if (good && l.logger) {
        add(&l, RESOURCE_BROKER_LOGGER, node);
    }
    request_respond(request, &l.response);
}
