/*
 * DescribeConfigs: the settings of topics and of this broker, and where each comes from (config_describe.h).
 *
 * Source: kafka.server.ConfigHelper; the answers to odd requests are those of Kafka 4.3. Two deviations: documentation is
 * always null, and groups and client metrics, whose settings belong to APIs that are not served here, are refused by name.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/config_describe.h"
#include "broker/logger.h"
#include "broker/topics.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { CONFIG_TYPE_UNKNOWN = 0, OTHER_LISTINGS_MAX = 16 };

struct describing {
    struct request *request;
    size_t *listings_left;
    const struct describe_configs_request_resource *asked;
    struct describe_configs_response_resource *answer;
};

static void refuse(struct describing *d, enum kafka_error error, struct bytes message)
{
    d->answer->error_code = (int16_t)error;
    d->answer->error_message = message;
}

/* No list, and an empty one, ask for all keys. */
static bool is_asked(const struct describing *d, const char *name)
{
    for (int32_t i = 0; i < d->asked->configuration_keys_count; i++) {
        if (bytes_equal_text(d->asked->configuration_keys[i], name)) {
            return true;
        }
    }
    return d->asked->configuration_keys_count <= 0;
}

/* Each listing takes many times the memory of its question, so there are no more of them than there are resources. */
static bool is_within_limit(struct describing *d)
{
    if (*d->listings_left == 0) {
        refuse(d, KAFKA_INVALID_REQUEST,
               bytes_of("The request asks for the same resources too often."));
        return false;
    }
    --*d->listings_left;
    return true;
}

static void make_room(struct describing *d, int count)
{
    d->answer->configs =
        message_new(&describe_configs_response_config_type, &d->request->arena, count);
}

static void describe_topic(struct describing *d)
{
    struct arena *arena = &d->request->arena;
    struct bytes why = { 0 };
    enum kafka_error error = topic_name_check(d->asked->resource_name, arena, &why);
    const struct cluster_image *image = worker_image(d->request->worker);
    const struct image_topic *topic = image_topic(image, d->asked->resource_name);
    if (error != KAFKA_NONE || !topic) {
        refuse(d, error != KAFKA_NONE ? error : KAFKA_UNKNOWN_TOPIC_OR_PARTITION,
               error != KAFKA_NONE ? why : bytes_of(""));
        return;
    }
    if (!is_within_limit(d)) {
        return;
    }
    make_room(d, topic_config_key_count);
    for (int i = 0; i < topic_config_key_count; i++) {
        if (is_asked(d, topic_config_keys[i].key.name)) {
            config_describe_topic_key(topic->config, image->config, &topic_config_keys[i], arena,
                                      &d->answer->configs[d->answer->configs_count++]);
        }
    }
}

/* Whether the resource is this broker; otherwise the answer says why not, in Kafka's words `wrong` when it is another. */
static bool is_this_broker(struct describing *d, const char *wrong)
{
    struct bytes name = d->asked->resource_name;
    int32_t node_id = d->request->broker->config.node_id;
    int64_t asked = 0;
    if (!bytes_parse_i64(name, &asked)) {
        refuse(d, KAFKA_INVALID_REQUEST,
               arena_printf(&d->request->arena, "Broker id must be an integer, but it is: %.*s",
                            BYTES_ARG(name)));
        return false;
    }
    if (asked != node_id) {
        refuse(d, KAFKA_INVALID_REQUEST,
               arena_printf(&d->request->arena,
                            "Unexpected broker id, expected %d%s but received %.*s", node_id, wrong,
                            BYTES_ARG(name)));
        return false;
    }
    return true;
}

static void describe_broker(struct describing *d)
{
    bool for_all = d->asked->resource_name.len == 0; /* only what is set for all brokers */
    if ((!for_all && !is_this_broker(d, " or empty string,")) || !is_within_limit(d)) {
        return;
    }
    const struct broker_config *config = worker_image(d->request->worker)->config;
    make_room(d, broker_config_key_count);
    for (int i = 0; i < broker_config_key_count; i++) {
        struct describe_configs_response_config *to = &d->answer->configs[d->answer->configs_count];
        if (!is_asked(d, broker_config_keys[i].name)) {
            continue;
        }
        if (for_all) {
            config_describe_cluster_key(config, &broker_config_keys[i], &d->request->arena, to);
            d->answer->configs_count += to->synonyms_count > 0;
        } else {
            config_describe_broker_key(config, &broker_config_keys[i], &d->request->arena, to);
            d->answer->configs_count++;
        }
    }
}

static void describe_logger(struct describing *d)
{
    if (d->asked->resource_name.len == 0) {
        refuse(d, KAFKA_INVALID_REQUEST, bytes_of("Broker id must not be empty"));
        return;
    }
    if (!is_this_broker(d, "") || !is_asked(d, "root")) {
        return;
    }
    make_room(d, 1);
    d->answer->configs_count = 1;
    d->answer->configs[0] = (struct describe_configs_response_config){
        .name = bytes_of("root"),
        .value = bytes_of(logger_level_name(&d->request->broker->log)),
        .config_source = CONFIG_SOURCE_BROKER_LOGGER,
        .config_type = CONFIG_TYPE_UNKNOWN,
        .documentation = bytes_of("")
    };
}

static void describe(struct describing *d)
{
    d->answer->resource_type = d->asked->resource_type;
    d->answer->resource_name = d->asked->resource_name;
    d->answer->error_message = bytes_of("");
    if (d->asked->resource_type == RESOURCE_TOPIC) {
        describe_topic(d);
    } else if (d->asked->resource_type == RESOURCE_BROKER) {
        describe_broker(d);
    } else if (d->asked->resource_type == RESOURCE_BROKER_LOGGER) {
        describe_logger(d);
    } else if (d->asked->resource_type == RESOURCE_GROUP ||
               d->asked->resource_type == RESOURCE_CLIENT_METRICS) {
        refuse(d, KAFKA_INVALID_REQUEST,
               bytes_of("Settings of groups and of client metrics are not served by this broker."));
    } else {
        refuse(d, KAFKA_INVALID_REQUEST, bytes_of(kafka_error_message(KAFKA_INVALID_REQUEST)));
    }
}

static void drop_synonyms(struct describe_configs_response_resource *resource)
{
    for (int32_t i = 0; i < resource->configs_count; i++) {
        resource->configs[i].synonyms_count = 0;
    }
}

void api_describe_configs(struct request *request)
{
    const struct describe_configs_request *body = request->body;
    struct describe_configs_response response;
    message_init(&describe_configs_response_type, &response);
    int32_t count = body->resources_count > 0 ? body->resources_count : 0;
    response.results =
        message_new(&describe_configs_response_resource_type, &request->arena, count);
    response.results_count = count;
    size_t listings_left = worker_image(request->worker)->topic_count + OTHER_LISTINGS_MAX;
    for (int32_t i = 0; i < count; i++) {
        struct describing d = { request, &listings_left, &body->resources[i],
                                &response.results[i] };
        describe(&d);
        if (!body->include_synonyms) {
            drop_synonyms(&response.results[i]);
        }
    }
    request_respond(request, &response);
}
