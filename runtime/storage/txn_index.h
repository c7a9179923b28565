/*
 * The aborted transactions of a segment, in Kafka's file format
 * (org.apache.kafka.storage.internals.log.TransactionIndex, AbortedTxn).
 *
 * LESSON: aborted-transactions
 *
 * Records of a transaction lie in the log long before anybody knows how it ends, and an abort takes nothing out of it. So
 * readers who want committed records only are told which producer's records to skip, from which offset on; the abort marker
 * ends that. The .txnindex file has an entry for each abort marker of its segment, in their order, 34 bytes:
 *
 *      0 int16 version = 0            2 int64 producer id
 *     10 int64 first offset of the transaction in this partition
 *     18 int64 last offset: of the abort marker
 *     26 int64 last stable offset when the marker was written: transactions before it had ended
 *
 * The file comes into being with the first entry. All entries are kept in memory: aborts are rare.
 *
 * Thread: whoever holds the log's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/status.h"

struct aborted_txn {
    int64_t producer_id;
    int64_t first_offset;
    int64_t last_offset;
    int64_t last_stable_offset;
};

/* All zeros is an empty index. */
struct txn_index {
    struct aborted_txn *entries; /* owned; last_offset ascending */
    size_t count;
    size_t capacity;
    bool is_ahead; /* of the file: an entry could not be written */
};

void txn_index_finish(struct txn_index *x);

/*
 * Reads the file of a segment that holds the offsets [base_offset, end_offset). What cannot be true of it (after a crash the
 * index may say more than the log) is dropped, also from the file. No file is an empty index.
 */
WEIR_CHECKED enum weir_status txn_index_load(struct txn_index *x,
                                             int dir_fd,
                                             const char *path,
                                             int64_t base_offset,
                                             int64_t end_offset,
                                             struct weir_error *err);

/* Appends to memory and file, unless there is an entry for that marker, or a later one. Where the file does not take it the
 * memory has it all the same, and the next that is written to the file brings it along. */
WEIR_CHECKED enum weir_status txn_index_append(struct txn_index *x,
                                               int dir_fd,
                                               const char *path,
                                               const struct aborted_txn *entry,
                                               struct weir_error *err);

/* What the file does not have yet is written to it. */
WEIR_CHECKED enum weir_status txn_index_save(struct txn_index *x,
                                             int dir_fd,
                                             const char *path,
                                             struct weir_error *err);

/* The first entry whose marker is at `offset` or later; x->count when there is none. */
size_t txn_index_from(const struct txn_index *x, int64_t offset);
