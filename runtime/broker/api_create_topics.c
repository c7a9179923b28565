/*
 * CreateTopics: each topic of the request fails or succeeds for itself. A topic that is acknowledged is durable and can be
 * used at once. Error codes and sentences are those of Kafka 4.3 (ReplicationControlManager, ConfigurationControlManager).
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "protocol/kafka_error.h"

struct creating {
    struct request *request;
    const struct create_topics_request *body;
    struct create_topics_response response;
};

static void refuse(struct create_topics_response_topic *to,
                   enum kafka_error error,
                   struct bytes message)
{
    to->error_code = (int16_t)error;
    to->error_message = message;
}

/* --- a manual assignment: on one node it can only say "here" --- */

static bool check_replicas(struct creating *c,
                           const struct create_topics_request_assignment *assignment,
                           struct create_topics_response_topic *to)
{
    struct arena *arena = &c->request->arena;
    if (assignment->broker_ids_count < 1) {
        refuse(to, KAFKA_INVALID_REPLICA_ASSIGNMENT,
               bytes_of("The manual partition assignment includes an empty replica list."));
        return false;
    }
    for (int32_t i = 0; i < assignment->broker_ids_count; i++) {
        int32_t id = assignment->broker_ids[i];
        if (id != c->request->broker->config.node_id) {
            refuse(
                to, KAFKA_INVALID_REPLICA_ASSIGNMENT,
                arena_printf(
                    arena,
                    "The manual partition assignment includes broker %d, but no such broker is registered.",
                    id));
            return false;
        }
        if (i > 0) {
            refuse(to, KAFKA_INVALID_REPLICA_ASSIGNMENT,
                   arena_printf(
                       arena,
                       "The manual partition assignment includes the broker %d more than once.",
                       id));
            return false;
        }
    }
    return true;
}

static bool check_assignment(struct creating *c,
                             const struct create_topics_request_topic *topic,
                             struct create_topics_response_topic *to)
{
    bool *seen = ARENA_NEW(&c->request->arena, bool, (size_t)topic->assignments_count);
    bool gap = false;
    if (topic->replication_factor != -1) {
        refuse(
            to, KAFKA_INVALID_REQUEST,
            bytes_of(
                "A manual partition assignment was specified, but replication factor was not set to -1."));
        return false;
    }
    if (topic->num_partitions != -1) {
        refuse(
            to, KAFKA_INVALID_REQUEST,
            bytes_of(
                "A manual partition assignment was specified, but numPartitions was not set to -1."));
        return false;
    }
    for (int32_t i = 0; i < topic->assignments_count; i++) {
        int32_t index = topic->assignments[i].partition_index;
        if (index < 0 || index >= topic->assignments_count) {
            gap = true;
        } else if (seen[index]) {
            refuse(to, KAFKA_INVALID_REPLICA_ASSIGNMENT,
                   arena_printf(&c->request->arena,
                                "Found multiple manual partition assignments for partition %d",
                                index));
            return false;
        } else {
            seen[index] = true;
        }
        if (!check_replicas(c, &topic->assignments[i], to)) {
            return false;
        }
    }
    if (gap) {
        refuse(to, KAFKA_INVALID_REPLICA_ASSIGNMENT,
               bytes_of("partitions should be a consecutive 0-based integer sequence"));
    }
    return !gap;
}

/* --- one topic --- */

static void fill_configs(struct creating *c,
                         struct create_topics_response_topic *to,
                         const struct topic_config *config)
{
    const struct broker_config *broker = &c->request->broker->config;
    int *order = ARENA_NEW(&c->request->arena, int, (size_t)topic_config_key_count);
    topic_config_order(order);
    to->configs = message_new(&create_topics_response_config_type, &c->request->arena,
                              topic_config_key_count);
    to->configs_count = topic_config_key_count;
    for (int i = 0; i < topic_config_key_count; i++) {
        const char *name = topic_config_keys[order[i]].key.name;
        to->configs[i].name = bytes_of(name);
        to->configs[i].value =
            arena_copy(&c->request->arena, bytes_of(topic_config_text(config, broker, name)));
        to->configs[i].config_source = (int8_t)topic_config_source(config, broker, name);
    }
}

static void create_one(struct creating *c,
                       const struct create_topics_request_topic *topic,
                       struct create_topics_response_topic *to)
{
    struct arena *arena = &c->request->arena;
    struct topic_spec spec = {
        .name = topic->name,
        .partition_count = topic->num_partitions,
        .replication_factor = topic->replication_factor,
        .config_count = topic->configs_count < 0 ? 0 : topic->configs_count,
        .validate_only = c->body->validate_only,
    };
    if (topic->assignments_count > 0) {
        if (!check_assignment(c, topic, to)) {
            return;
        }
        spec.partition_count = topic->assignments_count;
    }
    struct config_entry *entries = ARENA_NEW(arena, struct config_entry, (size_t)spec.config_count);
    for (int32_t i = 0; i < spec.config_count; i++) {
        entries[i] = (struct config_entry){ topic->configs[i].name, topic->configs[i].value };
    }
    spec.configs = entries;

    struct topic_outcome outcome;
    topic_create(c->request->broker, &spec, arena, &outcome);
    if (outcome.error != KAFKA_NONE) {
        refuse(to, outcome.error, outcome.message);
        return;
    }
    to->topic_id = outcome.id;
    to->num_partitions = outcome.partition_count;
    to->replication_factor = outcome.replication_factor;
    fill_configs(c, to, outcome.config);
    topic_config_unref(outcome.config);
}

/* --- the request --- */

void api_create_topics(struct request *request)
{
    struct creating c = { .request = request, .body = request->body };
    const struct create_topics_request *body = c.body;
    int32_t count = body->topics_count < 0 ? 0 : body->topics_count;
    struct tally named;
    struct tally answered;
    tally_init(&named, &request->arena);
    tally_init(&answered, &request->arena);
    message_init(&create_topics_response_type, &c.response);
    c.response.topics = message_new(&create_topics_response_topic_type, &request->arena, count);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&named, body->topics[i].name);
    }
    for (int32_t i = 0; i < count; i++) {
        if (tally_add(&answered, body->topics[i].name) > 0) {
            continue; /* answered at its first place */
        }
        struct create_topics_response_topic *to = &c.response.topics[c.response.topics_count++];
        to->name = body->topics[i].name;
        if (tally_count(&named, to->name) > 1) {
            refuse(to, KAFKA_INVALID_REQUEST, bytes_of("Duplicate topic name."));
        } else if (body->timeout_ms <= 0) {
            refuse(to, KAFKA_REQUEST_TIMED_OUT, (struct bytes){ 0 });
        } else {
            create_one(&c, &body->topics[i], to);
        }
    }
    tally_finish(&named);
    tally_finish(&answered);
    request_respond(request, &c.response);
}
