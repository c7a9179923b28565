/*
 * kafka-topics.sh --create and --alter.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "cli/topics.h"
#include "client/observe.h"
#include "protocol/kafka_error.h"

enum { REPLICATION_MAX = 32767, REPLICAS_MAX = 64, REQUEST_TIMEOUT_MS = 30000 };

/* The brokers of each partition, from "1:2,2:3". */
struct assignment {
    int32_t *brokers[LIMIT_PARTITIONS_PER_TOPIC];
    int32_t broker_count[LIMIT_PARTITIONS_PER_TOPIC];
    int32_t partition_count;
};

static enum weir_status parse_brokers(struct bytes text,
                                      struct arena *arena,
                                      int32_t **out_brokers,
                                      int32_t *out_count,
                                      struct weir_error *err)
{
    int32_t *brokers = ARENA_NEW(arena, int32_t, REPLICAS_MAX);
    int32_t count = 0;
    struct bytes item;
    while (bytes_cut(&text, ':', &item)) {
        int64_t broker;
        if (!bytes_parse_i64(bytes_trim(item), &broker) || broker < 0 || broker > INT32_MAX) {
            return weir_fail(err, WEIR_EINVAL, "For input string: \"%.*s\"",
                             BYTES_ARG(bytes_trim(item)));
        }
        for (int32_t i = 0; i < count; i++) {
            if (brokers[i] == (int32_t)broker) {
                return weir_fail(err, WEIR_EINVAL,
                                 "Partition replica lists may not contain duplicate entries: %d",
                                 (int32_t)broker);
            }
        }
        if (count == REPLICAS_MAX) {
            return weir_fail(err, WEIR_ETOOBIG, "More than %d replicas of one partition",
                             REPLICAS_MAX);
        }
        brokers[count++] = (int32_t)broker;
    }
    *out_brokers = brokers;
    *out_count = count;
    return WEIR_OK;
}

static enum weir_status parse_assignment(const char *text,
                                         struct arena *arena,
                                         struct assignment **out_assignment,
                                         struct weir_error *err)
{
    struct assignment *a = ARENA_NEW(arena, struct assignment, 1);
    struct bytes rest = bytes_of(text);
    struct bytes item;
    enum weir_status rc = WEIR_OK;
    while (rc == WEIR_OK && bytes_cut(&rest, ',', &item)) {
        int32_t i = a->partition_count;
        if (i == LIMIT_PARTITIONS_PER_TOPIC) {
            return weir_fail(err, WEIR_ETOOBIG, "More than %d partitions",
                             LIMIT_PARTITIONS_PER_TOPIC);
        }
        rc = parse_brokers(item, arena, &a->brokers[i], &a->broker_count[i], err);
        if (rc == WEIR_OK && a->broker_count[i] != a->broker_count[0]) {
            rc = weir_fail(err, WEIR_EINVAL, "Partition %d has different replication factor: %.*s",
                           i, BYTES_ARG(item));
        }
        a->partition_count++;
    }
    *out_assignment = a;
    return rc;
}

/* "name=value" with exactly one equals sign and something on both sides. */
static enum weir_status parse_settings(const struct options *o,
                                       struct create_topics_request_topic *topic,
                                       struct arena *arena,
                                       struct weir_error *err)
{
    int count = o->times[TOPICS_CONFIG];
    topic->configs = message_new(&create_topics_request_config_type, arena, count);
    for (int i = 0; i < count; i++) {
        struct bytes value = bytes_of(o->values[TOPICS_CONFIG][i]);
        struct bytes name;
        bytes_cut(&value, '=', &name);
        if (value.len == 0 || memchr(value.data, '=', value.len)) {
            return weir_fail(err, WEIR_EINVAL,
                             "requirement failed: Invalid topic config: all configs to be added "
                             "must be in the format \"key=val\".");
        }
        /* As in Java's Properties, the last of several values for one name counts. */
        struct create_topics_request_config *config = topic->configs;
        struct create_topics_request_config *end = config + topic->configs_count;
        while (config < end && !bytes_equal(config->name, bytes_trim(name))) {
            config++;
        }
        config->name = bytes_trim(name);
        config->value = bytes_trim(value);
        topic->configs_count += config == end ? 1 : 0;
    }
    return WEIR_OK;
}

/* Everything about the new topic but its name. */
static enum weir_status fill_in(struct topics_run *run,
                                struct create_topics_request_topic *topic,
                                struct weir_error *err)
{
    const struct options *o = &run->options;
    const char *text;
    int32_t replication = 0;
    int32_t partitions = 0;
    struct assignment *assignment = NULL;
    enum weir_status rc = options_integer(o, TOPICS_PARTITIONS, &partitions, err);
    if (rc == WEIR_OK) {
        rc = options_integer(o, TOPICS_REPLICATION_FACTOR, &replication, err);
    }
    if (rc == WEIR_OK) {
        rc = options_value(o, TOPICS_REPLICA_ASSIGNMENT, &text, err);
    }
    if (rc == WEIR_OK && text) {
        rc = parse_assignment(text, &run->arena, &assignment, err);
    }
    if (rc == WEIR_OK) {
        rc = parse_settings(o, topic, &run->arena, err);
    }
    if (rc < 0) {
        return rc;
    }
    topic->num_partitions = options_has(o, TOPICS_PARTITIONS) ? partitions : -1;
    topic->replication_factor =
        options_has(o, TOPICS_REPLICATION_FACTOR) && replication <= REPLICATION_MAX
            ? (int16_t)replication
            : -1;
    if (options_has(o, TOPICS_REPLICATION_FACTOR) &&
        (replication < 1 || replication > REPLICATION_MAX)) {
        return weir_fail(err, WEIR_EINVAL,
                         "The replication factor must be between 1 and %d inclusive",
                         REPLICATION_MAX);
    }
    if (options_has(o, TOPICS_PARTITIONS) && partitions < 1) {
        return weir_fail(err, WEIR_EINVAL, "The partitions must be greater than 0");
    }
    int32_t count = assignment ? assignment->partition_count : 0;
    topic->assignments = message_new(&create_topics_request_assignment_type, &run->arena, count);
    topic->assignments_count = count;
    for (int32_t i = 0; i < count; i++) {
        topic->assignments[i].partition_index = i;
        topic->assignments[i].broker_ids = assignment->brokers[i];
        topic->assignments[i].broker_ids_count = assignment->broker_count[i];
    }
    return WEIR_OK;
}

static enum weir_status ask_create(struct topics_run *run,
                                   const struct create_topics_request *request,
                                   struct weir_error *err)
{
    struct create_topics_response response = { 0 };
    enum weir_status rc = topics_connect(run, "createTopics", err);
    if (rc == WEIR_OK) {
        rc = channel_call(run->channel, API_CREATE_TOPICS, request, &run->arena, &response, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (response.topics_count != 1) {
        return weir_fail(err, WEIR_EPROTO, "The broker answered about %d topics instead of one",
                         response.topics_count);
    }
    const struct create_topics_response_topic *answer = &response.topics[0];
    if (answer->error_code == KAFKA_TOPIC_ALREADY_EXISTS &&
        options_has(&run->options, TOPICS_IF_NOT_EXISTS)) {
        return WEIR_OK;
    }
    if (answer->error_code != KAFKA_NONE) {
        return topics_refused(answer->error_code, answer->error_message, err);
    }
    printf("Created topic %.*s.\n", BYTES_ARG(request->topics[0].name));
    return WEIR_OK;
}

enum weir_status topics_create(struct topics_run *run, struct weir_error *err)
{
    struct create_topics_request request;
    const char *name;
    enum weir_status rc = options_value(&run->options, TOPICS_TOPIC, &name, err);
    if (rc < 0) {
        return rc;
    }
    message_init(&create_topics_request_type, &request);
    request.topics = message_new(&create_topics_request_topic_type, &run->arena, 1);
    request.topics_count = 1;
    request.timeout_ms = REQUEST_TIMEOUT_MS;
    request.topics[0].name = bytes_of(name);
    rc = fill_in(run, &request.topics[0], err);
    if (rc < 0) {
        return rc;
    }
    if (strpbrk(name, "._")) {
        printf("WARNING: Due to limitations in metric names, topics with a period ('.') or "
               "underscore ('_') could collide. To avoid issues it is best to use either, but not "
               "both.\n");
    }
    if (name[0] == '\0') {
        return weir_fail(err, WEIR_EINVAL,
                         "The given topic name '' cannot be represented in a request.");
    }
    return ask_create(run, &request, err);
}

/* The brokers of the new partitions: the assignment says those of all, the old ones first. */
static enum weir_status assign_new(struct topics_run *run,
                                   struct create_partitions_request_topic *topic,
                                   int32_t old_count,
                                   struct weir_error *err)
{
    const char *text;
    struct assignment *assignment = NULL;
    enum weir_status rc = options_value(&run->options, TOPICS_REPLICA_ASSIGNMENT, &text, err);
    if (rc < 0 || !text) {
        return rc;
    }
    rc = parse_assignment(text, &run->arena, &assignment, err);
    if (rc < 0) {
        return rc;
    }
    assert(assignment);
    int32_t count = assignment->partition_count - old_count;
    count = count > 0 ? count : 0;
    topic->assignments =
        message_new(&create_partitions_request_assignment_type, &run->arena, count);
    topic->assignments_count = count;
    for (int32_t i = 0; i < count; i++) {
        topic->assignments[i].broker_ids = assignment->brokers[old_count + i];
        topic->assignments[i].broker_ids_count = assignment->broker_count[old_count + i];
    }
    return WEIR_OK;
}

static enum weir_status fill_in_partitions(struct topics_run *run,
                                           const struct topic_name_list *topics,
                                           struct create_partitions_request *request,
                                           struct weir_error *err)
{
    struct metadata_response metadata;
    int32_t partitions = 0;
    enum weir_status rc = options_integer(&run->options, TOPICS_PARTITIONS, &partitions, err);
    message_init(&create_partitions_request_type, request);
    request->timeout_ms = REQUEST_TIMEOUT_MS;
    request->topics =
        message_new(&create_partitions_request_topic_type, &run->arena, topics->count);
    for (int32_t i = 0; rc == WEIR_OK && i < topics->count; i++) {
        struct create_partitions_request_topic *topic = &request->topics[request->topics_count++];
        topic->name = topics->names[i];
        topic->count = partitions;
        topic->assignments_count = -1;
        if (!options_has(&run->options, TOPICS_REPLICA_ASSIGNMENT)) {
            continue;
        }
        rc = observe_topics(run->channel, topic->name, &run->arena, &metadata, err);
        if (rc == WEIR_OK && metadata.topics_count == 1) {
            rc = assign_new(run, topic, metadata.topics[0].partitions_count, err);
        }
    }
    return rc;
}

enum weir_status topics_alter(struct topics_run *run, struct weir_error *err)
{
    struct topic_name_list topics;
    struct create_partitions_request request;
    struct create_partitions_response response;
    enum weir_status rc = topics_required(run, &topics, err);
    if (rc < 0 || topics.count == 0) {
        return rc;
    }
    if (channel_version(run->channel, API_CREATE_PARTITIONS) < 0) {
        return weir_fail(err, WEIR_EINVAL,
                         "The node does not support CREATE_PARTITIONS: --alter is not possible on "
                         "this cluster");
    }
    rc = fill_in_partitions(run, &topics, &request, err);
    if (rc == WEIR_OK) {
        rc = channel_call(run->channel, API_CREATE_PARTITIONS, &request, &run->arena, &response,
                          err);
    }
    for (int32_t i = 0; rc == WEIR_OK && i < response.results_count; i++) {
        const struct create_partitions_response_topic *answer = &response.results[i];
        if (answer->error_code != KAFKA_NONE) {
            rc = topics_refused(answer->error_code, answer->error_message, err);
        }
    }
    return rc;
}
