/*
 * Groups from the log: see coordinator_load.h.
 *
 * Each partition is read once, in order; a batch that is damaged is passed over and told; the last record about a thing counts. Offsets that were committed within a
 * transaction count from its commit marker on and never without one (OffsetMetadataManager.replayEndTransactionMarker).
 * Offsets of topics that no longer exist under the same id are dropped: the broker may have died between the deletion
 * of a topic and that of its offsets.
 */
#include "broker/coordinator_load.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/partition.h"
#include "broker/worker.h"
#include "protocol/record.h"
#include "storage/log_walk.h"

enum { CONTROL_ABORT = 0, CONTROL_COMMIT = 1 };

/* A record of an open transaction. */
struct pending_record {
    struct list_node link; /* replay.pending */
    int64_t producer_id;
    int64_t offset;
    struct bytes key; /* owned, as is value; null is null */
    struct bytes value;
};

struct replay {
    struct broker *broker;
    const struct cluster_image *image;
    struct arena arena; /* reset for each record */
    struct list_node pending;
    int64_t record_count;
    int64_t skipped_count; /* records that nobody can read */
    int32_t partition;     /* in hand */
};

static struct group_shard *shard_of(const struct broker *broker, struct bytes group_id)
{
    return coordinator_shard(broker,
                             broker_worker_for((struct broker *)(uintptr_t)broker, group_id));
}

/* --- One record --- */

static void apply_offset(struct group_shard *shard, const struct group_record *record)
{
    struct group_entry *entry = shard_find(shard, record->group);
    if (!record->is_delete) {
        entry = entry ? entry : shard_find_or_create(shard, record->group);
        const struct committed_offset *there =
            offset_table_get(&entry->offsets, record->topic, record->partition);
        if (there && there->record_offset > record->committed.record_offset) {
            return; /* of a transaction that ended after a later commit outside of it */
        }
        offset_table_put(&entry->offsets, record->topic, record->partition, &record->committed);
    } else if (entry) {
        (void)offset_table_remove(&entry->offsets, record->topic, record->partition);
    }
}

/* The state machine restores into a fresh group only, and the last snapshot counts: replace it. */
static void apply_group(struct group_shard *shard, const struct group_record *record)
{
    struct group_entry *entry = shard_find_or_create(shard, record->group);
    group_destroy(entry->group);
    entry->group = group_create(record->group, &shard->config);
    entry->empty_since_ms = -1;
    if (!record->is_delete) {
        entry->empty_since_ms = record->state_timestamp_ms;
        group_restore(entry->group, &record->snapshot, shard_now_ms(shard));
    }
}

static void apply(struct replay *replay, struct bytes key, struct bytes value, int64_t offset)
{
    struct group_record record;
    arena_reset(&replay->arena);
    replay->record_count++;
    if (group_record_read(key, value, &replay->arena, &record, NULL) < 0) {
        replay->skipped_count++;
        return;
    }
    record.committed.record_offset = offset;
    switch (record.kind) {
    case GROUP_RECORD_OFFSET: apply_offset(shard_of(replay->broker, record.group), &record); break;
    case GROUP_RECORD_GROUP: apply_group(shard_of(replay->broker, record.group), &record); break;
    case GROUP_RECORD_OTHER: break;
    }
}

/* --- Transactions --- */

static void keep_pending(struct replay *replay, int64_t producer_id, const struct record *record)
{
    struct pending_record *pending = MEM_NEW(struct pending_record);
    pending->producer_id = producer_id;
    pending->offset = record->offset;
    group_member_set(&pending->key, record->key);
    group_member_set(&pending->value, record->value);
    list_push_back(&replay->pending, &pending->link);
}

static void free_pending(struct pending_record *pending)
{
    list_remove(&pending->link);
    group_member_set(&pending->key, (struct bytes){ 0 });
    group_member_set(&pending->value, (struct bytes){ 0 });
    free(pending);
}

static void end_transaction(struct replay *replay, int64_t producer_id, bool committed)
{
    list_foreach(node, &replay->pending) {
        struct pending_record *pending = container_of(node, struct pending_record, link);
        if (pending->producer_id != producer_id) {
            continue;
        }
        if (committed) {
            apply(replay, pending->key, pending->value, pending->offset);
        }
        free_pending(pending);
    }
}

/* What was deleted outside of transactions is not committed by one that was open then. */
static void forget_pending(struct replay *replay, struct bytes key)
{
    list_foreach(node, &replay->pending) {
        struct pending_record *pending = container_of(node, struct pending_record, link);
        if (bytes_equal(pending->key, key)) {
            free_pending(pending);
        }
    }
}

/* Is there a topic of that name, and is it that one? */
static bool has_topic(const struct cluster_image *image, struct bytes name, const struct uuid *id)
{
    const struct image_topic *topic = image_topic(image, name);
    return topic && (uuid_is_zero(id) || uuid_equal(id, &topic->id));
}

/* Open at the end of the log: it may still be committed. */
static void hand_over(struct replay *replay, const struct pending_record *pending)
{
    struct group_record record;
    arena_reset(&replay->arena);
    if (group_record_read(pending->key, pending->value, &replay->arena, &record, NULL) < 0 ||
        record.kind != GROUP_RECORD_OFFSET || record.is_delete ||
        !has_topic(replay->image, record.topic, &record.committed.topic_id)) {
        return;
    }
    struct group_shard *shard = shard_of(replay->broker, record.group);
    struct group_entry *entry = shard_find(shard, record.group);
    entry = entry ? entry : shard_find_or_create(shard, record.group);
    record.committed.record_offset = pending->offset;
    pending_offsets_put(&entry->pending, pending->producer_id, record.topic, record.partition,
                        &record.committed);
}

/* --- Batches --- */

static void replay_record(struct replay *replay,
                          const struct batch_header *header,
                          const struct record *record)
{
    if (header->attributes & BATCH_CONTROL) {
        if (record->key.len >= 4) { /* int16 version, int16 type: ControlRecordType.java */
            int type = record->key.data[2] << 8 | record->key.data[3];
            if (type == CONTROL_ABORT || type == CONTROL_COMMIT) {
                end_transaction(replay, header->producer_id, type == CONTROL_COMMIT);
            }
        }
    } else if (header->attributes & BATCH_TRANSACTIONAL) {
        keep_pending(replay, header->producer_id, record);
    } else {
        if (bytes_is_null(record->value)) {
            forget_pending(replay, record->key);
        }
        apply(replay, record->key, record->value, record->offset);
    }
}

static enum weir_status replay_batch(void *context, struct bytes batch, struct weir_error *err)
{
    struct replay *replay = context;
    struct record_reader reader;
    struct record record;
    enum weir_status rc = record_reader_init(&reader, batch, err);
    if (rc == WEIR_OK) {
        int more;
        while ((more = record_next(&reader, &record, err)) > 0) {
            replay_record(replay, &reader.header, &record);
        }
        rc = more < 0 ? (enum weir_status)more : WEIR_OK;
    }
    record_reader_finish(&reader);
    return rc;
}

/* A batch that rotted on the disk costs what it said, and nothing else: neither the start nor the other groups. */
static void tell_damage(void *context, const struct log_damage *d)
{
    const struct replay *replay = context;
    log_write(&replay->broker->log, LOG_LEVEL_ERROR,
              "%s-%" PRId32 ": the records at offsets %" PRId64 " to %" PRId64
              " cannot be read (%020" PRId64 ".log, byte %" PRId64 ", %" PRId64
              " bytes: %s); what they say of groups and committed offsets is lost",
              GROUP_OFFSETS_TOPIC, replay->partition, d->first_offset, d->next_offset - 1,
              d->segment, d->position, d->bytes, d->reason);
}

/* --- Afterwards --- */

static void drop_orphans(struct group_entry *entry, const struct cluster_image *image)
{
    for (size_t t = offset_table_topic_count(&entry->offsets); t > 0; t--) {
        const struct offset_topic *offsets = offset_table_topic(&entry->offsets, t - 1);
        for (size_t p = offset_topic_count(offsets); p > 0; p--) {
            const struct offset_entry *offset = offset_topic_entry(offsets, p - 1);
            if (!has_topic(image, offsets->name, &offset->committed.topic_id)) {
                bool is_last = offset_topic_count(offsets) == 1;
                (void)offset_table_remove(&entry->offsets, offsets->name, offset->partition);
                if (is_last) {
                    break; /* the topic's table is gone */
                }
            }
        }
    }
}

static void settle_all(struct broker *broker, const struct cluster_image *image)
{
    for (int i = 0; i < broker->worker_count; i++) {
        struct group_shard *shard = coordinator_shard(broker, broker->workers[i]);
        for (size_t g = shard->groups.count; g > 0; g--) {
            struct group_entry *entry = shard->groups.entries[g - 1].value;
            drop_orphans(entry, image);
            shard_settle(entry);
        }
    }
}

static enum weir_status replay_partition(struct replay *replay,
                                         struct partition *partition,
                                         struct weir_error *err)
{
    if (partition_log_start_offset(partition->log) == partition_log_end_offset(partition->log)) {
        return WEIR_OK;
    }
    replay->partition = partition->index;
    enum weir_status rc =
        partition_log_salvage(partition->log, replay_batch, tell_damage, replay, err);
    list_foreach(node, &replay->pending) {
        struct pending_record *pending = container_of(node, struct pending_record, link);
        hand_over(replay, pending);
        free_pending(pending);
    }
    return rc;
}

enum weir_status coordinator_load(struct broker *broker, struct weir_error *err)
{
    struct cluster_image *image = broker_image(broker);
    struct replay replay = { .broker = broker, .image = image };
    const struct image_topic *topic = image_topic(image, bytes_of(GROUP_OFFSETS_TOPIC));
    enum weir_status rc = WEIR_OK;
    arena_init(&replay.arena, 0);
    list_init(&replay.pending);
    for (int32_t i = 0; topic && rc == WEIR_OK && i < topic->partition_count; i++) {
        rc = replay_partition(&replay, topic_partition(topic, i), err);
    }
    settle_all(broker, image);
    if (replay.record_count > 0) {
        log_write(&broker->log, LOG_LEVEL_INFO, "Read %" PRId64 " records of %s%s",
                  replay.record_count, GROUP_OFFSETS_TOPIC,
                  replay.skipped_count ? "; some could not be understood and were skipped" : "");
    }
    arena_finish(&replay.arena);
    image_unref(image);
    return rc;
}
