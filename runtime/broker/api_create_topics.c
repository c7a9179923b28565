/*
 * CreateTopics: creates topics, each for itself: one that is refused does not keep the others from being made. A topic
 * is durable and known to every connection before the answer.
 *
 * Source: org.apache.kafka.controller.ReplicationControlManager; the texts are those of Kafka 4.3. With one node every
 * partition's replica is that node, so a manual assignment is checked and says no more than the number of partitions.
 */
#include "base/limits.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/config_describe.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "broker/worker.h"

enum { VERSION_CONFIGS = 5 }; /* from which on the answer tells a topic's configuration */

struct creating {
    struct request *request;
    const struct create_topics_request *body;
    struct create_topics_response response;
};

/* The first thing wrong with the brokers named for one partition; a null range: nothing. */
static struct bytes check_replicas(const struct create_topics_request_assignment *assignment,
                                   int32_t node_id,
                                   struct arena *arena)
{
    if (assignment->broker_ids_count <= 0) {
        return bytes_of("The manual partition assignment includes an empty replica list.");
    }
    bool has_this_node = false;
    for (int32_t i = 0; i < assignment->broker_ids_count; i++) {
        int32_t id = assignment->broker_ids[i];
        if (id == node_id && has_this_node) {
            return arena_printf(
                arena, "The manual partition assignment includes the broker %d more than once.",
                id);
        }
        if (id != node_id) {
            return arena_printf(
                arena,
                "The manual partition assignment includes broker %d, but no such broker is registered.",
                id);
        }
        has_this_node = true;
    }
    return (struct bytes){ 0 };
}

/* Each partition from 0 on exactly once. */
static struct bytes check_numbers(const struct create_topics_request_topic *topic,
                                  struct arena *arena)
{
    bool *seen = ARENA_NEW(arena, bool, (size_t)topic->assignments_count);
    bool has_gap = false;
    for (int32_t i = 0; i < topic->assignments_count; i++) {
        int32_t index = topic->assignments[i].partition_index;
        if (index < 0 || index >= topic->assignments_count) {
            has_gap = true;
        } else if (seen[index]) {
            return arena_printf(
                arena, "Found multiple manual partition assignments for partition %d", index);
        } else {
            seen[index] = true;
        }
    }
    return has_gap ? bytes_of("partitions should be a consecutive 0-based integer sequence")
                   : (struct bytes){ 0 };
}

static enum kafka_error check_assignment(struct creating *c,
                                         const struct create_topics_request_topic *topic,
                                         struct bytes *out_message)
{
    struct arena *arena = &c->request->arena;
    if (topic->replication_factor != -1) {
        *out_message = bytes_of(
            "A manual partition assignment was specified, but replication factor was not set to -1.");
        return KAFKA_INVALID_REQUEST;
    }
    if (topic->num_partitions != -1) {
        *out_message = bytes_of(
            "A manual partition assignment was specified, but numPartitions was not set to -1.");
        return KAFKA_INVALID_REQUEST;
    }
    *out_message = (struct bytes){ 0 };
    for (int32_t i = 0; i < topic->assignments_count && bytes_is_null(*out_message); i++) {
        *out_message =
            check_replicas(&topic->assignments[i], c->request->broker->config.node_id, arena);
    }
    if (bytes_is_null(*out_message)) {
        *out_message = check_numbers(topic, arena);
    }
    return bytes_is_null(*out_message) ? KAFKA_NONE : KAFKA_INVALID_REPLICA_ASSIGNMENT;
}

static void refuse(struct topic_outcome *outcome, enum kafka_error error, struct bytes message)
{
    *outcome = (struct topic_outcome){ .error = error, .message = message };
}

static struct topic_spec spec_of(struct creating *c,
                                 const struct create_topics_request_topic *topic)
{
    struct config_entry *configs =
        ARENA_NEW(&c->request->arena, struct config_entry,
                  topic->configs_count > 0 ? (size_t)topic->configs_count : 0);
    for (int32_t i = 0; i < topic->configs_count; i++) {
        configs[i] = (struct config_entry){ topic->configs[i].name, topic->configs[i].value };
    }
    return (struct topic_spec){ .name = topic->name,
                                .partition_count = topic->num_partitions,
                                .replication_factor = topic->replication_factor,
                                .configs = configs,
                                .config_count = topic->configs_count > 0 ? topic->configs_count : 0,
                                .validate_only = c->body->validate_only };
}

static void create(struct creating *c,
                   const struct create_topics_request_topic *topic,
                   struct topic_outcome *outcome)
{
    struct arena *arena = &c->request->arena;
    struct topic_spec spec = spec_of(c, topic);
    struct bytes why = { 0 };
    enum kafka_error error = KAFKA_NONE;
    if (topic->assignments_count > 0) {
        error = check_assignment(c, topic, &why);
        spec.partition_count = topic->assignments_count;
        spec.replication_factor = 1;
    }
    if (error != KAFKA_NONE) { /* what is wrong with the name or the settings is said first */
        spec.validate_only = true;
        spec.partition_count = 1;
    }
    topic_create(c->request->broker, &spec, arena, outcome);
    if (error != KAFKA_NONE && outcome->error == KAFKA_NONE) {
        topic_config_unref(outcome->config);
        refuse(outcome, error, why);
    }
}

static void add_configs(struct creating *c,
                        const struct topic_config *config,
                        struct create_topics_response_topic *to)
{
    struct arena *arena = &c->request->arena;
    to->configs = message_new(&create_topics_response_config_type, arena, topic_config_key_count);
    to->configs_count = topic_config_key_count;
    int *order = ARENA_NEW(arena, int, (size_t)topic_config_key_count);
    topic_config_order(order);
    for (int i = 0; i < topic_config_key_count; i++) {
        struct describe_configs_response_config key = { 0 };
        config_describe_topic_key(config, &c->request->broker->config, &topic_config_keys[order[i]],
                                  arena, &key);
        to->configs[i] =
            (struct create_topics_response_config){ key.name, key.value, key.read_only,
                                                    key.config_source, key.is_sensitive };
    }
}

static void answer(struct creating *c,
                   const struct create_topics_request_topic *topic,
                   const struct topic_outcome *outcome)
{
    struct create_topics_response_topic *to = &c->response.topics[c->response.topics_count++];
    to->name = topic->name;
    to->error_code = (int16_t)outcome->error;
    to->error_message = outcome->message;
    if (outcome->error == KAFKA_NONE) {
        to->topic_id = outcome->id;
        to->num_partitions = outcome->partition_count;
        to->replication_factor = outcome->replication_factor;
        if (c->request->version >= VERSION_CONFIGS) {
            add_configs(c, outcome->config, to);
        }
    }
    topic_config_unref(outcome->config);
}

/*
 * Kafka makes at most so many partitions for one request, and else none at all (KAFKA-17870). Here it also bounds how long one
 * request keeps its worker and the others that would change topics.
 */
static bool asks_too_much(const struct creating *c)
{
    int64_t total = 0;
    for (int32_t i = 0; i < c->body->topics_count; i++) {
        const struct create_topics_request_topic *topic = &c->body->topics[i];
        if (topic->assignments_count > 0) {
            total += topic->assignments_count;
        } else if (topic->num_partitions == -1) {
            total += c->request->broker->config.num_partitions;
        } else if (topic->num_partitions > 0) {
            total += topic->num_partitions;
        }
    }
    return total > LIMIT_PARTITIONS_PER_REQUEST;
}

void api_create_topics(struct request *request)
{
    struct creating c = { .request = request, .body = request->body };
    message_init(&create_topics_response_type, &c.response);
    int32_t count = c.body->topics_count > 0 ? c.body->topics_count : 0;
    c.response.topics = message_new(&create_topics_response_topic_type, &request->arena, count);
    struct tally named;
    struct tally answered;
    tally_init(&named, &request->arena);
    tally_init(&answered, &request->arena);
    bool too_much = asks_too_much(&c);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&named, c.body->topics[i].name);
    }
    for (int32_t i = 0; i < count; i++) {
        const struct create_topics_request_topic *topic = &c.body->topics[i];
        struct topic_outcome outcome;
        if (tally_add(&answered, topic->name) > 0) {
            continue; /* answered at its first place */
        }
        if (too_much) {
            refuse(&outcome, KAFKA_POLICY_VIOLATION,
                   bytes_of("Excessively large number of partitions per request."));
        } else if (c.body->timeout_ms <= 0) { /* Kafka has no time then, and makes nothing */
            refuse(&outcome, KAFKA_REQUEST_TIMED_OUT, (struct bytes){ 0 });
        } else if (tally_count(&named, topic->name) > 1) {
            refuse(&outcome, KAFKA_INVALID_REQUEST, bytes_of("Duplicate topic name."));
        } else {
            create(&c, topic, &outcome);
        }
        answer(&c, topic, &outcome);
    }
    tally_finish(&named);
    tally_finish(&answered);
    request_respond(request, &c.response);
}
