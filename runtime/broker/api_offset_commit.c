/*
 * OffsetCommit: a member of a group, or a client without one, stores how far it has read. The answer says that the records
 * are in the log of __consumer_offsets. Errors are told for each partition.
 */
#include <assert.h>

#include "base/clock.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/commit_checks.h"
#include "broker/coordinator.h"
#include "broker/coordinator_expiry.h"
#include "broker/worker.h"

enum { TOPIC_IDS_SINCE = 10 }; /* version */

/* NULL: there is no such topic. Since version 10 a topic is named by its id. */
static const struct image_topic *find_topic(const struct group_call *call,
                                            const struct cluster_image *image,
                                            const struct offset_commit_request_topic *topic)
{
    return call->request->version >= TOPIC_IDS_SINCE ? image_topic_by_id(image, &topic->topic_id)
                                                     : image_topic(image, topic->name);
}

/* May this client commit to the group at all? Makes the group of a client that uses offsets only. */
static enum kafka_error find_group(struct group_shard *shard,
                                   const struct offset_commit_request *body,
                                   struct group_entry **out_entry)
{
    struct group_entry *entry = shard_find(shard, body->group_id);
    if (!entry && body->generation_id_or_member_epoch >= 0) {
        return KAFKA_ILLEGAL_GENERATION;
    }
    *out_entry = entry ? entry : shard_find_or_create(shard, body->group_id);
    return (enum kafka_error)group_may_commit(
        (*out_entry)->group, body->member_id, body->group_instance_id,
        body->generation_id_or_member_epoch, shard_now_ms(shard));
}

/* Versions 2 to 4 may say how long the offset is to be kept. */
static int64_t expire_ms(const struct offset_commit_request *body, int64_t now_ms)
{
    int64_t retention_ms = body->retention_time_ms;
    if (retention_ms == -1) {
        return 0;
    }
    int64_t at_ms = retention_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + retention_ms;
    return at_ms > 0 ? at_ms : 1; /* long ago */
}

static struct committed_offset offset_from(const struct offset_commit_request *body,
                                           const struct offset_commit_request_partition *partition,
                                           const struct uuid *topic_id,
                                           int64_t now_ms)
{
    return (struct committed_offset){ .offset = partition->committed_offset,
                                      .leader_epoch = partition->committed_leader_epoch,
                                      .metadata = partition->committed_metadata,
                                      .commit_timestamp_ms = now_ms,
                                      .expire_ms = expire_ms(body, now_ms),
                                      .topic_id = *topic_id };
}

/* Fills in every partition's error, and puts those without one into the shard's writer. */
static void check_and_write(struct group_call *call,
                            struct group_shard *shard,
                            enum kafka_error group_error,
                            int64_t now_ms)
{
    const struct offset_commit_request *body = call->request->body;
    struct offset_commit_response *response = call->response;
    const struct cluster_image *image = worker_image(shard->worker);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct offset_commit_request_topic *topic = &body->topics[t];
        const struct image_topic *known = find_topic(call, image, topic);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct offset_commit_request_partition *partition = &topic->partitions[p];
            enum kafka_error error = commit_check_partition(
                shard->broker, known, partition->partition_index, partition->committed_metadata);
            if (!known && call->request->version >= TOPIC_IDS_SINCE) {
                error = KAFKA_UNKNOWN_TOPIC_ID;
            }
            if (error != KAFKA_UNKNOWN_TOPIC_OR_PARTITION && error != KAFKA_UNKNOWN_TOPIC_ID &&
                group_error != KAFKA_NONE) {
                error = group_error;
            }
            response->topics[t].partitions[p].error_code = (int16_t)error;
            if (error == KAFKA_NONE) {
                struct committed_offset committed =
                    offset_from(body, partition, &known->id, now_ms);
                group_writer_put_offset(&shard->writer, body->group_id, known->name,
                                        partition->partition_index, &committed);
            }
        }
    }
}

/* What was written (or not) becomes true for readers, too. `error`: of the append. */
static void take_effect(struct group_call *call,
                        struct group_entry *entry,
                        enum kafka_error error,
                        int64_t now_ms)
{
    const struct offset_commit_request *body = call->request->body;
    struct offset_commit_response *response = call->response;
    assert(entry); /* something was written, so there was a group */
    const struct cluster_image *image = worker_image(entry->shard->worker);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct offset_commit_request_topic *topic = &body->topics[t];
        const struct image_topic *known = find_topic(call, image, topic);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            int16_t *partition_error = &response->topics[t].partitions[p].error_code;
            if (*partition_error != KAFKA_NONE) {
                continue;
            }
            *partition_error = (int16_t)error;
            if (error == KAFKA_NONE && known) {
                struct committed_offset committed =
                    offset_from(body, &topic->partitions[p], &known->id, now_ms);
                committed.record_offset = entry->shard->appended_at; /* of the batch will do */
                offset_table_put(&entry->offsets, known->name, topic->partitions[p].partition_index,
                                 &committed);
                expiry_note_commit(entry, &committed);
            }
        }
    }
}

static void prepare_response(struct group_call *call)
{
    const struct offset_commit_request *body = call->request->body;
    struct offset_commit_response *response = call->response;
    struct arena *arena = &call->request->arena;
    response->topics_count = body->topics_count;
    response->topics = message_new(&offset_commit_response_topic_type, arena, body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct offset_commit_request_topic *topic = &body->topics[t];
        response->topics[t].name = topic->name;
        response->topics[t].topic_id = topic->topic_id;
        response->topics[t].partitions_count = topic->partitions_count;
        response->topics[t].partitions =
            message_new(&offset_commit_response_partition_type, arena, topic->partitions_count);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            response->topics[t].partitions[p].partition_index =
                topic->partitions[p].partition_index;
        }
    }
}

/* As Kafka does it. The topics of the response stand beside those of the request until then. */
static void leave_out_topics_without_partitions(struct offset_commit_response *response)
{
    int32_t kept = 0;
    for (int32_t t = 0; t < response->topics_count; t++) {
        if (response->topics[t].partitions_count > 0) {
            response->topics[kept++] = response->topics[t];
        }
    }
    response->topics_count = kept;
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    const struct offset_commit_request *body = call->request->body;
    struct group_entry *entry = NULL;
    int64_t now_ms = clock_realtime_ms();
    enum kafka_error group_error = find_group(shard, body, &entry);
    prepare_response(call);
    group_writer_begin(&shard->writer, now_ms);
    check_and_write(call, shard, group_error, now_ms);
    if (shard->writer.count > 0 || shard->writer.error.status < 0) {
        take_effect(call, entry, commit_append_error(shard_append(shard, body->group_id)), now_ms);
    }
    if (entry) {
        shard_settle(entry);
    }
    leave_out_topics_without_partitions(call->response);
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct offset_commit_request *)call->request->body)->group_id;
}

void api_offset_commit(struct request *request)
{
    struct group_call *call = group_call_create(request);
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
