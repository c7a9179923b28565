/*
 * How a log loses its beginning: by age, by size, or because a client says so (DeleteRecords)
 * (org.apache.kafka.storage.internals.log.UnifiedLog.deleteOldSegments, maybeIncrementLogStartOffset, LocalLog).
 *
 * LESSON: retention
 *
 * Only whole segments go, the oldest first. A segment is too old when its newest record is, so one record with a time in
 * the future keeps all that follow. When all segments are too old a new, empty one begins first: the end of the log is
 * remembered.
 *
 * Deletion has two steps. The files get the suffix ".deleted", under the lock: from then on no reader finds them, and a
 * start removes what it finds. They are unlinked file.delete.delay.ms later, which costs time for large files and needs no
 * lock. A reader that has a file open keeps it.
 *
 * Thread: any; the log's lock is taken.
 */
#pragma once

#include "storage/partition_log.h"

/* What one look at a log came to. */
struct log_retained {
    int32_t segments; /* that went */
    int64_t bytes;
    int64_t start_offset; /* afterwards */
};

/*
 * Removes the segments that retention.ms, retention.bytes (where cleanup.policy has "delete") or the start of the log
 * allow to go. What went before an error is in *out.
 */
WEIR_CHECKED enum weir_status partition_log_retain(struct partition_log *log,
                                                   int64_t now_ms, /* real time */
                                                   struct log_retained *out,
                                                   struct weir_error *err);

/*
 * The log starts at `offset` from now on, if it started earlier; segments wholly before it go. KAFKA_OFFSET_OUT_OF_RANGE
 * beyond the end of the log, KAFKA_POLICY_VIOLATION where cleanup.policy has no "delete". Durable with the caller's
 * log-start-offset-checkpoint.
 */
enum kafka_error partition_log_delete_before(struct partition_log *log,
                                             int64_t offset,
                                             int64_t *out_start_offset);

/* Unlinks the files whose delay is over. Returns when the next are due (monotonic ms), INT64_MAX when there are none. */
int64_t partition_log_reap(struct partition_log *log, int64_t now_monotonic_ms);
