/*
 * OffsetDelete: committed offsets of a group are forgotten, but none of a topic that a member is subscribed to (KIP-496).
 *
 * Source: ClassicGroup.validateOffsetDelete and isSubscribedToTopic, OffsetMetadataManager.deleteOffsets.
 */
#include "base/clock.h"
#include "broker/api_table.h"
#include "broker/coordinator.h"
#include "broker/coordinator_expiry.h"
#include "broker/group_subscriptions.h"
#include "broker/image.h"
#include "broker/worker.h"

enum { RECORDS_PER_BATCH = 1000 };

/* A group of another kind than consumers keeps all its offsets as long as it has members. */
static enum kafka_error check_group(const struct group_entry *entry)
{
    if (!entry) {
        return KAFKA_GROUP_ID_NOT_FOUND;
    }
    bool has_members = entry->group->state != GROUP_EMPTY;
    bool of_consumers = bytes_equal_text(entry->group->protocol_type, "consumer");
    return has_members && !of_consumers ? KAFKA_NON_EMPTY_GROUP : KAFKA_NONE;
}

static void prepare_answers(struct group_call *call,
                            const struct group_subscriptions *s,
                            const struct cluster_image *image)
{
    const struct offset_delete_request *body = call->request->body;
    struct offset_delete_response *response = call->response;
    struct arena *arena = &call->request->arena;
    response->topics_count = body->topics_count;
    response->topics = message_new(&offset_delete_response_topic_type, arena, body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct offset_delete_request_topic *asked = &body->topics[t];
        struct offset_delete_response_topic *to = &response->topics[t];
        const struct image_topic *topic = image_topic(image, asked->name);
        bool is_read = group_subscriptions_has(s, asked->name);
        to->name = asked->name;
        to->partitions_count = asked->partitions_count;
        to->partitions =
            message_new(&offset_delete_response_partition_type, arena, asked->partitions_count);
        for (int32_t p = 0; p < asked->partitions_count; p++) {
            int32_t index = asked->partitions[p].partition_index;
            bool exists = topic && topic_partition(topic, index);
            to->partitions[p].partition_index = index;
            to->partitions[p].error_code = (int16_t)(!exists   ? KAFKA_UNKNOWN_TOPIC_OR_PARTITION
                                                     : is_read ? KAFKA_GROUP_SUBSCRIBED_TO_TOPIC
                                                               : KAFKA_NONE);
        }
    }
}

static enum kafka_error flush(struct group_shard *shard, struct bytes group_id, int64_t now_ms)
{
    enum kafka_error error = shard->writer.count > 0 ? shard_append(shard, group_id) : KAFKA_NONE;
    group_writer_begin(&shard->writer, now_ms);
    return error;
}

/* First in the log, then (take_effect) in memory. */
static enum kafka_error write_deletes(const struct group_call *call, struct group_entry *entry)
{
    const struct offset_delete_response *response = call->response;
    struct group_shard *shard = entry->shard;
    struct bytes group_id = entry->group->id;
    int64_t now_ms = clock_realtime_ms();
    enum kafka_error error = KAFKA_NONE;
    group_writer_begin(&shard->writer, now_ms);
    for (int32_t t = 0; t < response->topics_count && error == KAFKA_NONE; t++) {
        const struct offset_delete_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count && error == KAFKA_NONE; p++) {
            int32_t index = topic->partitions[p].partition_index;
            if (topic->partitions[p].error_code != KAFKA_NONE ||
                (!offset_table_get(&entry->offsets, topic->name, index) &&
                 !pending_offsets_has(&entry->pending, topic->name, index))) {
                continue;
            }
            group_writer_delete_offset(&shard->writer, group_id, topic->name, index);
            if (shard->writer.count >= RECORDS_PER_BATCH) {
                error = flush(shard, group_id, now_ms);
            }
        }
    }
    return error == KAFKA_NONE ? flush(shard, group_id, now_ms) : error;
}

static void take_effect(const struct group_call *call, struct group_entry *entry)
{
    const struct offset_delete_response *response = call->response;
    for (int32_t t = 0; t < response->topics_count; t++) {
        const struct offset_delete_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            if (topic->partitions[p].error_code == KAFKA_NONE) {
                int32_t index = topic->partitions[p].partition_index;
                (void)offset_table_remove(&entry->offsets, topic->name, index);
                pending_offsets_remove(&entry->pending, topic->name, index);
            }
        }
    }
    expiry_reconsider(entry);
    shard_settle(entry);
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    const struct offset_delete_request *body = call->request->body;
    struct offset_delete_response *response = call->response;
    struct group_entry *entry = shard_find(shard, body->group_id);
    struct group_subscriptions s;
    response->error_code =
        (int16_t)(body->group_id.len > 0 ? check_group(entry) : KAFKA_INVALID_GROUP_ID);
    if (response->error_code != KAFKA_NONE) {
        return GROUP_VISIT_DONE;
    }
    group_subscriptions_read(&s, entry->group, &call->request->arena);
    prepare_answers(call, &s, worker_image(shard->worker));
    group_subscriptions_finish(&s);
    if (write_deletes(call, entry) == KAFKA_NONE) {
        take_effect(call, entry);
    } else {
        response->topics_count = 0;
        response->error_code = KAFKA_COORDINATOR_NOT_AVAILABLE;
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct offset_delete_request *)call->request->body)->group_id;
}

void api_offset_delete(struct request *request)
{
    struct group_call *call = group_call_create(request);
    call->count = 1;
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
