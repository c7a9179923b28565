/*
 * Offsets of one group that were committed within transactions which are still open: they count from the commit on, and never if
 * there is none. Source: OffsetMetadataManager.java (pendingTransactionalOffsets, replayEndTransactionMarker).
 *
 * Thread: the group's. Ownership: the table owns copies.
 */
#pragma once

#include "coordination/offsets.h"

/* All zeros is an empty table. */
struct pending_offsets {
    struct map by_producer; /* producer id -> struct offset_table *, never empty */
};

void pending_offsets_finish(struct pending_offsets *pending);

void pending_offsets_put(struct pending_offsets *pending,
                         int64_t producer_id,
                         struct bytes topic,
                         int32_t partition,
                         const struct committed_offset *committed);

/* Is an offset of this partition waiting for the end of a transaction? */
bool pending_offsets_has(const struct pending_offsets *pending,
                         struct bytes topic,
                         int32_t partition);

/* Of all transactions: the partition's offset was deleted. */
void pending_offsets_remove(struct pending_offsets *pending, struct bytes topic, int32_t partition);
/* The topic was deleted; offsets of another that has the name since stay. */
void pending_offsets_remove_topic(struct pending_offsets *pending,
                                  struct bytes name,
                                  const struct uuid *id);

/* The producer's transaction has ended. Committed offsets go to `into`, but for those where something was committed later
 * (record_offset), outside the transaction. */
void pending_offsets_end(struct pending_offsets *pending,
                         int64_t producer_id,
                         bool committed,
                         struct offset_table *into);

static inline bool pending_offsets_any(const struct pending_offsets *pending)
{
    return pending->by_producer.count > 0;
}
