/*
 * Looking at topics, their settings, offsets and commitments; see the header. Reading and writing records is in
 * observe_records.c.
 */
#include "client/observe.h"

#include <stdlib.h>

#include "base/error.h"
#include "protocol/kafka_error.h"

enum { RESOURCE_TOPIC = 2, REQUEST_TIMEOUT_MS = 10000 };

enum weir_status observe_topics(struct channel *channel,
                                struct bytes name,
                                struct arena *arena,
                                struct metadata_response *out_metadata,
                                struct weir_error *err)
{
    struct metadata_request request;
    message_init(&metadata_request_type, &request);
    request.topics_count = -1;
    request.allow_auto_topic_creation = false;
    if (!bytes_is_null(name)) {
        request.topics = message_new(&metadata_request_topic_type, arena, 1);
        request.topics_count = 1;
        request.topics[0].name = name;
    }
    return channel_call(channel, API_METADATA, &request, arena, out_metadata, err);
}

static int by_index(const void *a, const void *b)
{
    const struct metadata_response_partition *left = a;
    const struct metadata_response_partition *right = b;
    return (left->partition_index > right->partition_index) -
           (left->partition_index < right->partition_index);
}

enum weir_status observe_topic(struct channel *channel,
                               struct bytes name,
                               struct arena *arena,
                               struct metadata_response_topic **out_topic,
                               struct weir_error *err)
{
    struct metadata_response metadata;
    enum weir_status rc = observe_topics(channel, name, arena, &metadata, err);
    if (rc < 0) {
        return rc;
    }
    if (metadata.topics_count != 1) {
        return weir_fail(err, WEIR_EPROTO, "%s: Metadata: asked for one topic, got %d",
                         channel_address(channel), metadata.topics_count);
    }
    struct metadata_response_topic *topic = &metadata.topics[0];
    if (topic->error_code != KAFKA_NONE) {
        const char *what = (const char *)arena_printf(arena, "topic %.*s", BYTES_ARG(name)).data;
        return channel_refused(what, topic->error_code, bytes_of(NULL), err);
    }
    qsort(topic->partitions, (size_t)topic->partitions_count, sizeof(*topic->partitions), by_index);
    *out_topic = topic;
    return WEIR_OK;
}

enum weir_status observe_create_topic(struct channel *channel,
                                      const struct new_topic *topic,
                                      struct arena *arena,
                                      struct weir_error *err)
{
    struct create_topics_request request;
    struct create_topics_response response;
    message_init(&create_topics_request_type, &request);
    request.topics = message_new(&create_topics_request_topic_type, arena, 1);
    request.topics_count = 1;
    request.timeout_ms = REQUEST_TIMEOUT_MS;
    struct create_topics_request_topic *wanted = &request.topics[0];
    wanted->name = topic->name;
    wanted->num_partitions = topic->partitions;
    wanted->replication_factor = topic->replication_factor;
    wanted->configs = message_new(&create_topics_request_config_type, arena, topic->setting_count);
    wanted->configs_count = topic->setting_count;
    for (int32_t i = 0; i < topic->setting_count; i++) {
        wanted->configs[i].name = bytes_of(topic->settings[i].name);
        wanted->configs[i].value = bytes_of(topic->settings[i].value);
    }
    enum weir_status rc = channel_call(channel, API_CREATE_TOPICS, &request, arena, &response, err);
    if (rc == WEIR_OK && response.topics_count == 1 &&
        response.topics[0].error_code != KAFKA_NONE) {
        const char *what =
            (const char *)arena_printf(arena, "creating topic %.*s", BYTES_ARG(topic->name)).data;
        rc = channel_refused(what, response.topics[0].error_code, response.topics[0].error_message,
                             err);
    }
    return rc;
}

enum weir_status observe_topic_settings(struct channel *channel,
                                        struct bytes topic,
                                        struct arena *arena,
                                        struct describe_configs_response_resource **out_settings,
                                        struct weir_error *err)
{
    struct describe_configs_request request;
    struct describe_configs_response response;
    message_init(&describe_configs_request_type, &request);
    request.resources = message_new(&describe_configs_request_resource_type, arena, 1);
    request.resources_count = 1;
    request.resources[0].resource_type = RESOURCE_TOPIC;
    request.resources[0].resource_name = topic;
    request.resources[0].configuration_keys_count = -1;
    enum weir_status rc =
        channel_call(channel, API_DESCRIBE_CONFIGS, &request, arena, &response, err);
    if (rc < 0) {
        return rc;
    }
    if (response.results_count != 1) {
        return weir_fail(err, WEIR_EPROTO, "%s: DescribeConfigs: asked for one topic, got %d",
                         channel_address(channel), response.results_count);
    }
    if (response.results[0].error_code != KAFKA_NONE) {
        return channel_refused("settings", response.results[0].error_code,
                               response.results[0].error_message, err);
    }
    *out_settings = &response.results[0];
    return WEIR_OK;
}

const struct describe_configs_response_config *observed_setting(
    const struct describe_configs_response_resource *settings, const char *name)
{
    for (int32_t i = 0; i < settings->configs_count; i++) {
        if (bytes_equal_text(settings->configs[i].name, name)) {
            return &settings->configs[i];
        }
    }
    return NULL;
}

enum weir_status observe_offset(struct channel *channel,
                                const struct observed_partition *partition,
                                int64_t timestamp_ms,
                                int64_t *out_offset,
                                struct weir_error *err)
{
    struct list_offsets_request request;
    struct list_offsets_response response;
    struct arena arena;
    arena_init(&arena, 0);
    message_init(&list_offsets_request_type, &request);
    request.replica_id = -1;
    request.topics = message_new(&list_offsets_request_topic_type, &arena, 1);
    request.topics_count = 1;
    request.topics[0].name = partition->topic;
    request.topics[0].partitions = message_new(&list_offsets_request_partition_type, &arena, 1);
    request.topics[0].partitions_count = 1;
    request.topics[0].partitions[0].partition_index = partition->partition;
    request.topics[0].partitions[0].timestamp = timestamp_ms;
    enum weir_status rc = channel_call(channel, API_LIST_OFFSETS, &request, &arena, &response, err);
    if (rc == WEIR_OK && (response.topics_count != 1 || response.topics[0].partitions_count != 1)) {
        rc = weir_fail(err, WEIR_EPROTO, "%s: ListOffsets: not one partition in the answer",
                       channel_address(channel));
    }
    if (rc == WEIR_OK) {
        const struct list_offsets_response_partition *found = &response.topics[0].partitions[0];
        *out_offset = found->offset;
        if (found->error_code != KAFKA_NONE) {
            rc = channel_refused("listing offsets", found->error_code, bytes_of(NULL), err);
        }
    }
    arena_finish(&arena);
    return rc;
}

/* Up to version 7 a request is about one group, from 8 on about several: both halves are filled in as the version
 * that will be spoken wants it. */
static void ask_committed(struct offset_fetch_request *request,
                          int16_t version,
                          const char *group,
                          const struct observed_partition *partition,
                          struct arena *arena)
{
    int32_t *index = ARENA_NEW(arena, int32_t, 1);
    *index = partition->partition;
    message_init(&offset_fetch_request_type, request);
    if (version < 8) {
        request->group_id = bytes_of(group);
        request->topics = message_new(&offset_fetch_request_topic_type, arena, 1);
        request->topics_count = 1;
        request->topics[0].name = partition->topic;
        request->topics[0].partition_indexes = index;
        request->topics[0].partition_indexes_count = 1;
        return;
    }
    request->groups = message_new(&offset_fetch_request_group_type, arena, 1);
    request->groups_count = 1;
    request->groups[0].group_id = bytes_of(group);
    request->groups[0].topics = message_new(&offset_fetch_request_group_topic_type, arena, 1);
    request->groups[0].topics_count = 1;
    request->groups[0].topics[0].name = partition->topic;
    request->groups[0].topics[0].partition_indexes = index;
    request->groups[0].topics[0].partition_indexes_count = 1;
}

/* Finds the one offset in the answer, and the error that comes with it. */
static bool take_committed(const struct offset_fetch_response *response,
                           int64_t *out_offset,
                           int16_t *out_error)
{
    *out_error = response->error_code;
    if (response->groups_count == 1) {
        const struct offset_fetch_response_group *group = &response->groups[0];
        *out_error = group->error_code;
        if (group->topics_count == 1 && group->topics[0].partitions_count == 1) {
            *out_offset = group->topics[0].partitions[0].committed_offset;
            *out_error = *out_error ? *out_error : group->topics[0].partitions[0].error_code;
            return true;
        }
    }
    if (response->topics_count == 1 && response->topics[0].partitions_count == 1) {
        *out_offset = response->topics[0].partitions[0].committed_offset;
        *out_error = *out_error ? *out_error : response->topics[0].partitions[0].error_code;
        return true;
    }
    return *out_error != KAFKA_NONE;
}

enum weir_status observe_committed(struct channel *channel,
                                   const char *group,
                                   const struct observed_partition *partition,
                                   int64_t *out_offset,
                                   struct weir_error *err)
{
    struct offset_fetch_request request;
    struct offset_fetch_response response;
    struct arena arena;
    arena_init(&arena, 0);
    channel_limit_version(channel, API_OFFSET_FETCH, 9); /* later ones ask by topic id alone */
    ask_committed(&request, channel_version(channel, API_OFFSET_FETCH), group, partition, &arena);
    enum weir_status rc = channel_call(channel, API_OFFSET_FETCH, &request, &arena, &response, err);
    int16_t error_code = KAFKA_NONE;
    if (rc == WEIR_OK && !take_committed(&response, out_offset, &error_code)) {
        rc = weir_fail(err, WEIR_EPROTO, "%s: OffsetFetch: not one partition in the answer",
                       channel_address(channel));
    }
    if (rc == WEIR_OK && error_code != KAFKA_NONE) {
        rc = channel_refused("committed offset", error_code, bytes_of(NULL), err);
    }
    arena_finish(&arena);
    return rc;
}
