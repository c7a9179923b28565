/*
 * TxnOffsetCommit: offsets that are to count when the producer's transaction is committed. They are written to the log of
 * __consumer_offsets at once, as part of the transaction, and kept aside (coordination/pending_offsets.h) until its marker comes.
 * The producer must have announced it with AddOffsetsToTxn.
 */
#include "base/clock.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/commit_checks.h"
#include "broker/coordinator.h"
#include "broker/partition.h"
#include "broker/transactions.h"
#include "broker/worker.h"

static enum kafka_error find_group(struct group_shard *shard,
                                   const struct txn_offset_commit_request *body,
                                   struct group_entry **out_entry)
{
    struct group_entry *entry = shard_find(shard, body->group_id);
    if (!entry && body->generation_id >= 0) {
        return KAFKA_ILLEGAL_GENERATION;
    }
    *out_entry = entry ? entry : shard_find_or_create(shard, body->group_id);
    return (enum kafka_error)group_may_commit_in_transaction(
        (*out_entry)->group, body->member_id, body->group_instance_id, body->generation_id,
        shard_now_ms(shard));
}

/* Is the group's partition part of the transaction? */
static enum kafka_error check_transaction(struct group_shard *shard,
                                          const struct txn_offset_commit_request *body)
{
    struct partition *partition = shard_partition(shard, body->group_id);
    enum kafka_error error =
        partition ? partition_log_check_transaction(partition->log, body->producer_id,
                                                    body->producer_epoch)
                  : KAFKA_INVALID_TXN_STATE;
    return error == KAFKA_INVALID_TXN_STATE
               ? transactions_explain(shard->broker, body->transactional_id, body->producer_id,
                                      body->producer_epoch)
               : error;
}

static struct committed_offset offset_from(
    const struct txn_offset_commit_request_partition *partition,
    const struct uuid *topic_id,
    int64_t now_ms,
    int64_t record_offset)
{
    return (struct committed_offset){ .offset = partition->committed_offset,
                                      .leader_epoch = partition->committed_leader_epoch,
                                      .metadata = partition->committed_metadata,
                                      .commit_timestamp_ms = now_ms,
                                      .topic_id = *topic_id,
                                      .record_offset = record_offset };
}

/* Every partition's error so far; what has none goes to the shard's writer. */
static void check_and_write(struct group_call *call,
                            struct group_shard *shard,
                            enum kafka_error error,
                            int64_t now_ms)
{
    const struct txn_offset_commit_request *body = call->request->body;
    struct txn_offset_commit_response *response = call->response;
    const struct cluster_image *image = worker_image(shard->worker);
    group_writer_begin(&shard->writer, now_ms);
    shard->writer.batch.header.attributes = BATCH_TRANSACTIONAL;
    shard->writer.batch.header.producer_id = body->producer_id;
    shard->writer.batch.header.producer_epoch = body->producer_epoch;
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct txn_offset_commit_request_topic *topic = &body->topics[t];
        const struct image_topic *known = image_topic(image, topic->name);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct txn_offset_commit_request_partition *partition = &topic->partitions[p];
            enum kafka_error own = commit_check_partition(
                shard->broker, known, partition->partition_index, partition->committed_metadata);
            if (own != KAFKA_UNKNOWN_TOPIC_OR_PARTITION && error != KAFKA_NONE) {
                own = error;
            }
            response->topics[t].partitions[p].error_code = (int16_t)own;
            if (own == KAFKA_NONE) {
                struct committed_offset committed = offset_from(partition, &known->id, now_ms, 0);
                group_writer_put_offset(&shard->writer, body->group_id, topic->name,
                                        partition->partition_index, &committed);
            }
        }
    }
}

/* `error`: of the append. */
static void take_effect(struct group_call *call,
                        struct group_entry *entry,
                        enum kafka_error error,
                        int64_t now_ms)
{
    const struct txn_offset_commit_request *body = call->request->body;
    struct txn_offset_commit_response *response = call->response;
    const struct cluster_image *image = worker_image(entry->shard->worker);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct txn_offset_commit_request_topic *topic = &body->topics[t];
        const struct image_topic *known = image_topic(image, topic->name);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            int16_t *own = &response->topics[t].partitions[p].error_code;
            if (*own != KAFKA_NONE) {
                continue;
            }
            *own = (int16_t)error;
            if (error == KAFKA_NONE && known) {
                struct committed_offset committed = offset_from(&topic->partitions[p], &known->id,
                                                                now_ms, entry->shard->appended_at);
                pending_offsets_put(&entry->pending, body->producer_id, topic->name,
                                    topic->partitions[p].partition_index, &committed);
            }
        }
    }
}

static void prepare_response(struct group_call *call)
{
    const struct txn_offset_commit_request *body = call->request->body;
    struct txn_offset_commit_response *response = call->response;
    struct arena *arena = &call->request->arena;
    response->topics_count = body->topics_count;
    response->topics =
        message_new(&txn_offset_commit_response_topic_type, arena, body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct txn_offset_commit_request_topic *topic = &body->topics[t];
        response->topics[t].name = topic->name;
        response->topics[t].partitions_count = topic->partitions_count;
        response->topics[t].partitions =
            message_new(&txn_offset_commit_response_partition_type, arena, topic->partitions_count);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            response->topics[t].partitions[p].partition_index =
                topic->partitions[p].partition_index;
        }
    }
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    (void)index;
    const struct txn_offset_commit_request *body = call->request->body;
    struct group_entry *entry = NULL;
    int64_t now_ms = clock_realtime_ms();
    enum kafka_error error = check_transaction(shard, body);
    if (error == KAFKA_NONE) {
        error = find_group(shard, body, &entry);
    }
    prepare_response(call);
    check_and_write(call, shard, error, now_ms);
    if (entry && (shard->writer.count > 0 || shard->writer.error.status < 0)) {
        /* The partition has checked once more, under its lock. */
        take_effect(call, entry, commit_append_error(shard_append(shard, body->group_id)), now_ms);
    }
    if (entry) {
        shard_settle(entry);
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct txn_offset_commit_request *)call->request->body)->group_id;
}

void api_txn_offset_commit(struct request *request)
{
    struct group_call *call = group_call_create(request);
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
