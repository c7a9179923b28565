/*
 * Compaction: of each key the newest record stays (org.apache.kafka.storage.internals.log.Cleaner, LogCleaner).
 *
 * LESSON: compaction
 *
 * First the complete segments that no cleaning has seen yet are read, and for each key the offset of its newest record is
 * noted. Then every complete segment is written anew without records that are older than what was noted
 * (protocol/batch_filter.h), and takes its predecessor's place. Offsets stay, so they have holes then. Not touched are the
 * active segment, segments younger than min.compaction.lag.ms, and all from the first open transaction on. Records of
 * aborted transactions go, and do not hide older ones. A record without a value (a tombstone) stays until
 * delete.retention.ms after the cleaning that saw it first: a reader that began before must get to see it. So does the marker of
 * a transaction once none of its batches is left (storage/cleaner_transactions.h). The last batch of a producer leaves at least
 * its header. A segment of which nothing is left becomes the beginning of the one behind it; the log's first may be empty.
 *
 * A new segment is made in the folder "new.cleaned" and synced; then, under the lock, it becomes "<offset>.log.swap", the old
 * files go, and it gets their name. A start that finds such a file finishes the work (log_leftovers.c), Apache Kafka's too; at
 * worst there is no index, which a start makes anew. Neighbours that together are no larger than one segment may be become one, so
 * that a log which shrinks does not end as thousands of small files.
 *
 * "weir.cleaner" in the log's folder says what is clean, and up to where offsets may have holes: a start must not take one
 * for damage, also when the topic is not compacted any more.
 *
 * Memory: log.cleaner.dedupe.buffer.size bounds what is kept of keys (storage/offset_map.h). Where there are more, only so many of
 * the oldest unclean records are cleaned as fit, and the rest by the next cleaning.
 */
#pragma once

#include "storage/partition_log.h"

struct log_compacted {
    int32_t segments; /* that were written anew, or put together */
    int64_t bytes_before;
    int64_t bytes_after;
    bool more; /* there was no memory for all: clean again */
};

/*
 * Cleans, when cleanup.policy has "compact" and at least min.cleanable.dirty.ratio of the complete segments' bytes are not
 * clean, or some of it for max.compaction.lag.ms. One thread at a time for a log; others append and read meanwhile. After an error the log is as good as before.
 */
WEIR_CHECKED enum weir_status partition_log_compact(struct partition_log *log,
                                                    int64_t now_ms, /* real time */
                                                    struct log_compacted *out,
                                                    struct weir_error *err);
