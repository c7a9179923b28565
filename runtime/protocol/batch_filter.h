/*
 * A batch with some of its records taken out: what compaction makes of it
 * (org.apache.kafka.common.record.MemoryRecords.filterTo, DefaultRecordBatch.writeEmptyHeader).
 *
 * Base offset, last offset, producer and sequence stay as they were, so whoever reads the log sees gaps in the records'
 * offsets and none between batches' claims. When the last record goes, either the whole batch goes, or a header without
 * records stays: it keeps a producer's last sequence number, or a segment's last offset.
 *
 * A batch with tombstones (records without a value) carries the time from which on they may go, the delete horizon: bit 6
 * says so, and then the base timestamp is that time; the records' own times are differences to it.
 */
#pragma once

#include "base/buffer.h"
#include "protocol/record.h"

struct batch_filter {
    bool (*keep)(void *context, const struct record *record);
    void *context;
    int64_t delete_horizon_ms; /* for a batch that keeps tombstones and has no horizon yet */
    bool keep_empty;           /* a header stays when all records go */
    bool horizon_due; /* a batch without tombstones gets a horizon too: a marker that is done */
};

/* The horizon that a batch has; -1: none. */
int64_t batch_delete_horizon(const struct batch_header *h);

/*
 * Appends what is left of `batch`, whose checksum is right, to `out`: maybe nothing, maybe all of it. *out_kept: records.
 * WEIR_ECORRUPT, WEIR_EINVAL: it cannot be read; WEIR_ETOOBIG: `out` may not grow so far.
 */
WEIR_CHECKED enum weir_status batch_filter(struct bytes batch,
                                           const struct batch_filter *filter,
                                           struct buffer *out,
                                           int32_t *out_kept,
                                           struct weir_error *err);
