/*
 * What a cleaning knows of transactions (org.apache.kafka.storage.internals.log.CleanedTransactionMetadata).
 *
 * Records of aborted transactions go at once: nobody may see them. A marker stays as long as the log has batches of its
 * transaction, for it says how they ended. Then it gets a delete horizon, as a tombstone does, and goes when that is over. With
 * an abort marker its entry in the index must go: a reader that finds the entry and never the marker would take all that the
 * producer writes later for aborted.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/map.h"
#include "protocol/batch.h"
#include "storage/producer_state.h"
#include "storage/txn_index.h"

/* All zeros is a start. */
struct cleaner_transactions {
    struct aborted_txn *aborted; /* owned copy of the whole log's; by producer, then by offset */
    size_t aborted_count;
    struct map seen;      /* producer id -> int64_t *, owned: has batches since its last marker */
    struct map last_data; /* producer id -> int64_t *, owned: last offset of its newest batch */
    struct map
        last_mark; /* producer id -> int64_t *, owned: its epoch, where all that is known is a marker */
};

void cleaner_transactions_finish(struct cleaner_transactions *t);

/* Before the cleaning: aborted transactions of each segment, then sorted; and who is still known as a producer. */
void cleaner_transactions_add(struct cleaner_transactions *t, const struct txn_index *x);
void cleaner_transactions_sort(struct cleaner_transactions *t);
void cleaner_transactions_keep(struct cleaner_transactions *t,
                               const struct producer_state *producers);

bool cleaner_transactions_is_aborted(const struct cleaner_transactions *t,
                                     const struct batch_header *h);

/* While batches pass in their order: one that is no marker; and a marker. True when no batch of its transaction passed. */
void cleaner_transactions_pass(struct cleaner_transactions *t, const struct batch_header *h);
bool cleaner_transactions_end(struct cleaner_transactions *t, const struct batch_header *h);

/* The index entry of an abort marker; NULL when there is none. */
const struct aborted_txn *cleaner_transactions_entry(const struct cleaner_transactions *t,
                                                     const struct batch_header *h);

/* Does the log know this producer by that batch alone: its last sequence number, or with a marker its epoch? */
bool cleaner_transactions_is_last(const struct cleaner_transactions *t,
                                  const struct batch_header *h);
