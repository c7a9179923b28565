/*
 * CreateTopics: creates topics, each for itself: one that is refused does not keep the others from being made. A topic
 * is durable and known to every connection before the answer.
 *
 * Source: org.apache.kafka.controller.ReplicationControlManager; the texts are those of Kafka 4.3. With one node every
 * partition's replica is that node, so a manual assignment is checked and says no more than the number of partitions.
 */
#include "base/limits.h"
#include "broker/admin.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/config_describe.h"
#include "broker/tally.h"
#include "broker/topics.h"

enum { VERSION_CONFIGS = 5 }; /* from which on the answer tells a topic's configuration */

/* One topic of the answer. */
struct entry {
    const struct create_topics_request_topic *asked;
    bool pending;                      /* still to be made */
    enum kafka_error assignment_error; /* of the manual assignment, and why */
    struct bytes assignment_fault;
    struct topic_outcome outcome;
};

struct creating {
    struct request *request;
    const struct create_topics_request *body;
    struct entry *entries; /* each topic once, in the order of the request */
    int32_t entry_count;
    int32_t next; /* before it nothing is pending */
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

static struct topic_spec spec_of(struct creating *c, const struct entry *entry)
{
    const struct create_topics_request_topic *topic = entry->asked;
    struct config_entry *configs =
        ARENA_NEW(&c->request->arena, struct config_entry,
                  topic->configs_count > 0 ? (size_t)topic->configs_count : 0);
    for (int32_t i = 0; i < topic->configs_count; i++) {
        configs[i] = (struct config_entry){ topic->configs[i].name, topic->configs[i].value };
    }
    struct topic_spec spec = { .name = topic->name,
                               .partition_count = topic->num_partitions,
                               .replication_factor = topic->replication_factor,
                               .configs = configs,
                               .config_count = topic->configs_count > 0 ? topic->configs_count : 0,
                               .validate_only = c->body->validate_only };
    if (topic->assignments_count > 0) {
        spec.partition_count = topic->assignments_count;
        spec.replication_factor = 1;
    }
    if (entry->assignment_error != KAFKA_NONE) {
        spec.validate_only = true; /* what is wrong with the name or the settings is said first */
        spec.partition_count = 1;
    }
    return spec;
}

/* Makes the next topics; false when there are none left. */
static bool create_some(struct creating *c)
{
    struct topic_spec specs[TOPICS_PER_STEP];
    struct topic_outcome outcomes[TOPICS_PER_STEP];
    struct entry *made[TOPICS_PER_STEP];
    int32_t count = 0;
    int64_t partitions = 0;
    for (; c->next < c->entry_count && count < TOPICS_PER_STEP && partitions < PARTITIONS_PER_STEP;
         c->next++) {
        struct entry *entry = &c->entries[c->next];
        if (entry->pending) {
            specs[count] = spec_of(c, entry);
            partitions += specs[count].partition_count;
            made[count++] = entry;
        }
    }
    broker_create_topics(c->request->broker, specs, count, &c->request->arena, outcomes);
    for (int32_t i = 0; i < count; i++) {
        struct entry *entry = made[i];
        entry->outcome = outcomes[i];
        if (entry->assignment_error != KAFKA_NONE && entry->outcome.error == KAFKA_NONE) {
            topic_config_unref(entry->outcome.config);
            refuse(&entry->outcome, entry->assignment_error, entry->assignment_fault);
        }
    }
    return c->next < c->entry_count;
}

static void add_configs(struct creating *c,
                        const struct broker_config *broker,
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
        config_describe_topic_key(config, broker, &topic_config_keys[order[i]], arena, &key);
        to->configs[i] =
            (struct create_topics_response_config){ key.name, key.value, key.read_only,
                                                    key.config_source, key.is_sensitive };
    }
}

static void answer(struct creating *c,
                   const struct broker_config *broker,
                   const struct entry *entry)
{
    const struct topic_outcome *outcome = &entry->outcome;
    struct create_topics_response_topic *to = &c->response.topics[c->response.topics_count++];
    to->name = entry->asked->name;
    to->error_code = (int16_t)outcome->error;
    to->error_message = outcome->message;
    if (outcome->error == KAFKA_NONE) {
        to->topic_id = outcome->id;
        to->num_partitions = outcome->partition_count;
        to->replication_factor = outcome->replication_factor;
        if (c->request->version >= VERSION_CONFIGS) {
            add_configs(c, broker, outcome->config, to);
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

/* What can be refused without a look at the cluster is. */
static void plan_one(struct creating *c, struct entry *entry, bool too_much, bool named_twice)
{
    if (too_much) {
        refuse(&entry->outcome, KAFKA_POLICY_VIOLATION,
               bytes_of("Excessively large number of partitions per request."));
    } else if (c->body->timeout_ms <= 0) { /* Kafka has no time then, and makes nothing */
        refuse(&entry->outcome, KAFKA_REQUEST_TIMED_OUT, (struct bytes){ 0 });
    } else if (named_twice) {
        refuse(&entry->outcome, KAFKA_INVALID_REQUEST, bytes_of("Duplicate topic name."));
    } else {
        entry->pending = true;
        if (entry->asked->assignments_count > 0) {
            entry->assignment_error = check_assignment(c, entry->asked, &entry->assignment_fault);
        }
    }
}

static void plan(struct creating *c)
{
    struct arena *arena = &c->request->arena;
    int32_t count = c->body->topics_count > 0 ? c->body->topics_count : 0;
    c->entries = ARENA_NEW(arena, struct entry, (size_t)count);
    bool too_much = asks_too_much(c);
    struct tally named;
    struct tally planned;
    tally_init(&named, arena);
    tally_init(&planned, arena);
    for (int32_t i = 0; i < count; i++) {
        (void)tally_add(&named, c->body->topics[i].name);
    }
    for (int32_t i = 0; i < count; i++) {
        const struct create_topics_request_topic *topic = &c->body->topics[i];
        if (tally_add(&planned, topic->name) > 0) {
            continue; /* answered at its first place */
        }
        struct entry *entry = &c->entries[c->entry_count++];
        entry->asked = topic;
        plan_one(c, entry, too_much, tally_count(&named, topic->name) > 1);
    }
    tally_finish(&named);
    tally_finish(&planned);
}

static bool step(struct admin_job *job)
{
    struct creating *c = job->state;
    if (!c->entries) {
        plan(c);
    }
    if (create_some(c)) {
        return false;
    }
    struct cluster_image *image = broker_image(c->request->broker);
    c->response.topics =
        message_new(&create_topics_response_topic_type, &c->request->arena, c->entry_count);
    for (int32_t i = 0; i < c->entry_count; i++) {
        answer(c, image->config, &c->entries[i]);
    }
    image_unref(image);
    job->response = &c->response;
    return true;
}

void api_create_topics(struct request *request)
{
    struct creating *c = ARENA_NEW(&request->arena, struct creating, 1);
    c->request = request;
    c->body = request->body;
    message_init(&create_topics_response_type, &c->response);
    admin_submit(request, step, c);
}
