/*
 * What a partition's log knows of transactions: which it was told to expect, whether a batch belongs to one, and which
 * were aborted (org.apache.kafka.storage.internals.log.ProducerAppendInfo, UnifiedLog.collectAbortedTransactions).
 *
 * LESSON: transaction-verification
 *
 * A transactional batch is taken only from a producer whose transaction is open here, or was announced: the coordinator does
 * that when AddPartitionsToTxn has made it durable that this partition is part of the transaction. Without that rule a batch
 * that comes late, after the end of its transaction, would begin one that nobody ever ends, and readers of committed
 * records would wait for ever. Kafka asks the coordinator at the first batch (KIP-890); on one node the coordinator can say so
 * beforehand, and looking it up under the log's lock leaves no gap between question and append.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "protocol/be.h"
#include "protocol/record.h"
#include "storage/log_state.h"

enum {
    MARKER_KEY_SIZE = 4,
    MARKER_TYPE_AT = 2,
    MARKER_VALUE_SIZE = 6,
    MARKER_EPOCH_AT = 2,
    MARKER_ABORT = 0,
};

/* --- announcements --- */

static int16_t *announced(const struct partition_log *log, int64_t producer_id)
{
    int64_t storage;
    return map_get(&log->announced, map_key_i64(producer_id, &storage));
}

static void withdraw(struct partition_log *log, int64_t producer_id)
{
    int64_t storage;
    free(map_remove(&log->announced, map_key_i64(producer_id, &storage)));
}

void log_forget_announcements(struct partition_log *log)
{
    for (size_t i = 0; i < log->announced.count; i++) {
        free(log->announced.entries[i].value);
    }
    map_finish(&log->announced);
}

void partition_log_announce(struct partition_log *log, int64_t producer_id, int16_t producer_epoch)
{
    (void)pthread_mutex_lock(&log->lock);
    int64_t storage;
    int16_t *epoch = announced(log, producer_id);
    if (!epoch) {
        epoch = MEM_NEW(int16_t);
        (void)map_put(&log->announced, map_key_i64(producer_id, &storage), epoch);
    }
    *epoch = producer_epoch;
    (void)pthread_mutex_unlock(&log->lock);
}

/* --- may this batch be appended? --- */

enum kafka_error log_check_transaction(const struct partition_log *log,
                                       const struct batch_header *h)
{
    const struct producer *p = producer_state_find(&log->producers, h->producer_id);
    bool open = p && p->transaction_first_offset >= 0;
    if (!(h->attributes & BATCH_TRANSACTIONAL)) {
        return open ? KAFKA_INVALID_TXN_STATE : KAFKA_NONE;
    }
    if (p && h->producer_epoch < p->epoch) {
        return KAFKA_INVALID_PRODUCER_EPOCH;
    }
    if (open && h->producer_epoch == p->epoch) {
        return KAFKA_NONE;
    }
    const int16_t *epoch = announced(log, h->producer_id);
    return epoch && *epoch == h->producer_epoch ? KAFKA_NONE : KAFKA_INVALID_TXN_STATE;
}

enum kafka_error partition_log_check_transaction(struct partition_log *log,
                                                 int64_t producer_id,
                                                 int16_t producer_epoch)
{
    struct batch_header h = { .producer_id = producer_id,
                              .producer_epoch = producer_epoch,
                              .attributes = BATCH_TRANSACTIONAL };
    (void)pthread_mutex_lock(&log->lock);
    enum kafka_error error = log_check_transaction(log, &h);
    (void)pthread_mutex_unlock(&log->lock);
    return error;
}

/* --- after an append, and when the log is read back --- */

/* A marker ends the producer's transaction; one that aborts goes to the index. */
static enum weir_status note_marker(struct partition_log *log,
                                    struct segment *s,
                                    const struct batch_header *h,
                                    struct bytes batch,
                                    int64_t now_ms,
                                    struct weir_error *err)
{
    struct record_reader reader;
    struct record marker;
    enum weir_status rc = WEIR_OK;
    if (record_reader_init(&reader, batch, NULL) == WEIR_OK &&
        record_next(&reader, &marker, NULL) > 0 && marker.key.len >= MARKER_KEY_SIZE &&
        marker.value.len >= MARKER_VALUE_SIZE) {
        int64_t first = producer_state_end_transaction(
            &log->producers, h, be_read_i32(marker.value.data + MARKER_EPOCH_AT), now_ms);
        withdraw(log, h->producer_id);
        if (first >= 0 && be_read_i16(marker.key.data + MARKER_TYPE_AT) == MARKER_ABORT) {
            struct aborted_txn aborted = { h->producer_id, first, batch_last_offset(h),
                                           producer_state_first_open(&log->producers,
                                                                     batch_next_offset(h)) };
            char path[SEGMENT_PATH_MAX];
            segment_path(s, ".txnindex", path);
            rc = txn_index_append(&s->aborted, s->root_fd, path, &aborted, err);
            log->names_synced &= s->aborted.count > 1; /* its file came into being */
        }
    }
    record_reader_finish(&reader);
    return rc;
}

enum weir_status log_note_producer(struct partition_log *log,
                                   struct segment *s,
                                   const struct batch_header *h,
                                   struct bytes batch,
                                   int64_t now_ms,
                                   struct weir_error *err)
{
    if (h->producer_id < 0) {
        return WEIR_OK;
    }
    if (h->attributes & BATCH_CONTROL) {
        return note_marker(log, s, h, batch, now_ms, err);
    }
    producer_state_add(&log->producers, h, now_ms);
    return WEIR_OK;
}

/* --- aborted ones --- */

/* Calls for the entries that concern [from, upper): their number, copied to `out` unless that is NULL. */
static size_t collect(const struct partition_log *log,
                      int64_t from_offset,
                      int64_t upper_offset,
                      struct aborted_txn *out)
{
    size_t count = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        const struct txn_index *x = &log->segments[i]->aborted;
        for (size_t e = txn_index_from(x, from_offset); e < x->count; e++) {
            if (x->entries[e].first_offset < upper_offset) {
                if (out) {
                    out[count] = x->entries[e];
                }
                count++;
            }
            if (x->entries[e].last_stable_offset >= upper_offset) {
                return count; /* all that began before had ended when this was written */
            }
        }
    }
    return count;
}

void partition_log_aborted(struct partition_log *log,
                           int64_t from_offset,
                           int64_t upper_offset,
                           struct arena *arena,
                           struct aborted_list *out)
{
    *out = (struct aborted_list){ 0 };
    (void)pthread_mutex_lock(&log->lock);
    out->count = collect(log, from_offset, upper_offset, NULL);
    if (out->count > 0) {
        struct aborted_txn *entries = ARENA_NEW(arena, struct aborted_txn, out->count);
        (void)collect(log, from_offset, upper_offset, entries);
        out->entries = entries;
    }
    (void)pthread_mutex_unlock(&log->lock);
}
