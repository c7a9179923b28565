/*
 * Transactions from the log: see transactions_load.h.
 *
 * The last record about an id counts. A transaction whose outcome is on record (Prepare) gets its markers, maybe a second time;
 * one that is open goes on: its partitions are announced again and its timeout runs from when it began.
 */
#include "broker/transactions_load.h"

#include <inttypes.h>

#include "base/error.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/transaction_records.h"
#include "broker/transactions.h"
#include "protocol/record.h"
#include "storage/log_walk.h"

struct replay {
    struct broker *broker;
    struct arena arena; /* reset for each record */
    int64_t record_count;
    int64_t skipped_count;
    int32_t partition; /* in hand */
};

static struct txn_shard *shard_of(struct broker *broker, struct bytes id)
{
    return transactions_shard(broker, broker_worker_for(broker, id));
}

static void apply(struct replay *replay, const struct record *record)
{
    struct transaction_record read;
    arena_reset(&replay->arena);
    replay->record_count++;
    if (transaction_record_read(record->key, record->value, &replay->arena, &read, NULL) < 0) {
        replay->skipped_count++;
        return;
    }
    struct txn_shard *shard = shard_of(replay->broker, read.id);
    struct txn_entry *entry = txn_shard_find(shard, read.id);
    if (read.is_delete && !entry) {
        return;
    }
    if (read.is_delete) {
        read.facts = (struct txn_facts){ .state = TXN_DEAD, .producer_id = TXN_NO_PRODUCER_ID };
    }
    entry = entry ? entry : txn_shard_find_or_create(shard, read.id);
    txn_restore(entry->txn, &read.facts);
}

static enum weir_status replay_batch(void *context, struct bytes batch, struct weir_error *err)
{
    struct replay *replay = context;
    struct record_reader reader;
    struct record record;
    enum weir_status rc = record_reader_init(&reader, batch, err);
    if (rc == WEIR_OK && !(reader.header.attributes & BATCH_CONTROL)) {
        int more;
        while ((more = record_next(&reader, &record, err)) > 0) {
            apply(replay, &record);
        }
        rc = more < 0 ? (enum weir_status)more : WEIR_OK;
    }
    record_reader_finish(&reader);
    return rc;
}

static void tell_damage(void *context, const struct log_damage *d)
{
    const struct replay *replay = context;
    log_write(&replay->broker->log, LOG_LEVEL_ERROR,
              "%s-%" PRId32 ": the records at offsets %" PRId64 " to %" PRId64
              " cannot be read (%020" PRId64 ".log, byte %" PRId64 ", %" PRId64
              " bytes: %s); what they say of transactional ids is lost, and what was open may stay "
              "so: see kafka-transactions.sh find-hanging",
              TRANSACTION_STATE_TOPIC, replay->partition, d->first_offset, d->next_offset - 1,
              d->segment, d->position, d->bytes, d->reason);
}

/* From the end: what was deleted is forgotten now. */
static void resume_all(struct broker *broker)
{
    for (int i = 0; i < broker->worker_count; i++) {
        struct txn_shard *shard = transactions_shard(broker, broker->workers[i]);
        for (size_t e = shard->entries.count; e-- > 0;) {
            struct txn_entry *entry = shard->entries.entries[e].value;
            struct txn_effects effects;
            txn_effects_init(&effects);
            txn_resume(entry->txn, &effects);
            txn_settle(entry, &effects);
        }
    }
}

enum weir_status transactions_load(struct broker *broker, struct weir_error *err)
{
    struct replay replay = { .broker = broker };
    struct cluster_image *image = broker_image(broker);
    const struct image_topic *topic = image_topic(image, bytes_of(TRANSACTION_STATE_TOPIC));
    enum weir_status rc = WEIR_OK;
    arena_init(&replay.arena, 0);
    for (int32_t i = 0; topic && rc == WEIR_OK && i < topic->partition_count; i++) {
        struct partition_log *log = topic_partition(topic, i)->log;
        replay.partition = i;
        if (partition_log_start_offset(log) < partition_log_end_offset(log)) {
            rc = partition_log_salvage(log, replay_batch, tell_damage, &replay, err);
        }
    }
    if (rc == WEIR_OK) {
        resume_all(broker);
    }
    if (replay.record_count > 0) {
        log_write(&broker->log, LOG_LEVEL_INFO, "Read %" PRId64 " records of %s%s",
                  replay.record_count, TRANSACTION_STATE_TOPIC,
                  replay.skipped_count ? "; some could not be understood and were skipped" : "");
    }
    arena_finish(&replay.arena);
    image_unref(image);
    return rc;
}
