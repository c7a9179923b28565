/*
 * How records get from the page cache to the disk (org.apache.kafka.storage.internals.log.UnifiedLog.flush,
 * LogManager.flushDirtyLogs).
 *
 * LESSON: fsync
 *
 * Three things ask for it: flush.messages, within the append that is acknowledged; flush.ms, after a time, by the log keeper;
 * and the end of a segment. The last two keep nobody from appending meanwhile. Where the recovery point is, everything before it
 * was synced: a start after a crash need not read complete segments below it.
 *
 * In Apache Kafka flush.ms does nothing unless log.flush.scheduler.interval.ms says how often to look; here the first record
 * that is not synced sets the time, and nothing looks while there is none.
 *
 * Thread: any; the log's lock is taken.
 */
#pragma once

#include "storage/partition_log.h"

/* Syncs the segments that are complete. *out_moved: the recovery point did. */
WEIR_CHECKED enum weir_status partition_log_flush_complete(struct partition_log *log,
                                                           bool *out_moved,
                                                           struct weir_error *err);

/*
 * Syncs all of it when flush.ms is over for the oldest record that is not synced, or nearly: so that logs whose time comes one
 * shortly after the other take one round. *out_next_ms: when it will be (monotonic), INT64_MAX while nothing waits.
 */
WEIR_CHECKED enum weir_status partition_log_flush_due(struct partition_log *log,
                                                      int64_t now_monotonic_ms,
                                                      int64_t *out_next_ms,
                                                      struct weir_error *err);
