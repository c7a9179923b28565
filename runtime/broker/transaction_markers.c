/*
 * Transaction markers: see transaction_markers.h.
 */
#include "broker/transaction_markers.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/coordinator_load.h"
#include "broker/partition.h"
#include "broker/worker.h"
#include "protocol/batch_builder.h"
#include "protocol/be.h"

enum {
    MARKER_ABORT = 0,
    MARKER_COMMIT = 1,
    KEY_SIZE = 4,
    KEY_TYPE_AT = 2,
    VALUE_SIZE = 6,
    VALUE_EPOCH_AT = 2,
    MARKER_BATCH_MAX = 256,
};

static enum weir_status build(const struct txn_facts *facts,
                              int32_t coordinator_epoch,
                              struct batch_builder *builder,
                              struct bytes *out_batch,
                              struct weir_error *err)
{
    uint8_t key[KEY_SIZE] = { 0 };
    uint8_t value[VALUE_SIZE] = { 0 };
    bool commit = facts->state == TXN_PREPARE_COMMIT;
    be_write_i16(key + KEY_TYPE_AT, commit ? MARKER_COMMIT : MARKER_ABORT);
    be_write_i32(value + VALUE_EPOCH_AT, coordinator_epoch);
    builder->header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    builder->header.producer_id = facts->producer_id;
    builder->header.producer_epoch = facts->epoch;
    batch_builder_add(builder, clock_realtime_ms(), (struct bytes){ key, sizeof(key) },
                      (struct bytes){ value, sizeof(value) }, NULL, 0);
    return batch_builder_finish(builder, CODEC_NONE, out_batch, err);
}

/* A partition that is gone needs none. */
static bool write_one(struct txn_shard *shard,
                      const struct transaction *txn,
                      struct partition *partition,
                      struct bytes batch)
{
    struct arena arena;
    struct append_result result;
    struct append_options options = { .origin = BATCH_ORIGIN_COORDINATOR,
                                      .zstd_allowed = true,
                                      .now_ms = clock_realtime_ms(),
                                      .arena = &arena };
    arena_init(&arena, 0);
    enum kafka_error error = partition_append(partition, batch, &options, &result);
    bool ok = error == KAFKA_NONE || error == KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    if (!ok) {
        log_write(&shard->broker->log, LOG_LEVEL_ERROR,
                  "transactional id %.*s: cannot write its marker to %.*s-%d: %s",
                  BYTES_ARG(txn->id), BYTES_ARG(partition->topic), partition->index,
                  kafka_error_message((int16_t)error));
    }
    arena_finish(&arena);
    return ok;
}

static bool write_all(struct txn_shard *shard,
                      const struct transaction *txn,
                      struct bytes batch,
                      bool *out_has_groups)
{
    const struct partition_set *partitions = &txn->facts.partitions;
    const struct cluster_image *image = worker_image(shard->worker);
    bool ok = true;
    for (size_t t = 0; t < partition_set_topic_count(partitions); t++) {
        const struct partition_set_topic *topic = partition_set_topic(partitions, t);
        *out_has_groups |= bytes_equal_text(topic->name, GROUP_OFFSETS_TOPIC);
        for (size_t p = 0; p < topic->partition_count; p++) {
            struct partition *partition = image_partition(image, topic->name, topic->partitions[p]);
            ok = (!partition || write_one(shard, txn, partition, batch)) && ok;
        }
    }
    return ok;
}

/* The leader epoch of the id's partition of __transaction_state, as in Kafka. */
static int32_t epoch_of_coordinator(struct txn_shard *shard, struct bytes id)
{
    const struct image_topic *topic =
        image_topic(worker_image(shard->worker), bytes_of(TRANSACTION_STATE_TOPIC));
    return topic ? topic_partition(topic, group_partition_for(id, topic->partition_count))
                       ->leader_epoch
                 : 0;
}

bool transaction_write_markers(struct txn_shard *shard,
                               const struct transaction *txn,
                               bool *out_has_groups)
{
    struct batch_builder builder;
    struct bytes batch;
    struct weir_error err;
    bool ok = false;
    *out_has_groups = false;
    batch_builder_init(&builder, MARKER_BATCH_MAX);
    if (build(&txn->facts, epoch_of_coordinator(shard, txn->id), &builder, &batch, &err) ==
        WEIR_OK) {
        ok = write_all(shard, txn, batch, out_has_groups);
    }
    batch_builder_release(&builder);
    return ok;
}
