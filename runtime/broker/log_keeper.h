/*
 * The log keeper: the one thread that looks after the logs when nobody asks
 * (org.apache.kafka.storage.internals.log.LogManager and its scheduler).
 *
 * It sleeps until the next of these:
 * - log.retention.check.interval.ms is over: segments that are too old or too many go (storage/log_retention.h);
 * - a log has begun a new segment: the one before is synced, and the recovery point moves; compacted topics are cleaned,
 *   which the check above does too (storage/log_cleaner.h);
 * - flush.ms is over for records that are not synced (storage/log_flush.h);
 * - file.delete.delay.ms is over for files of a segment, or the folder of a deleted partition.
 *
 * It also writes the two checkpoints that say, for all logs, where they begin and what was synced. Both go by a topic's
 * name, so what they say of a topic is taken back when it is deleted: another of that name must not inherit it.
 *
 * Thread: any, unless a function says otherwise.
 */
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "storage/partition_log.h"
#include "weir/status.h"

struct broker;
struct image_topic;
struct log_checkpoints;
struct log_keeper;

/* Without its thread; `broker` is borrowed until destroy. */
struct log_keeper *log_keeper_create(struct broker *broker);
/* The logs are open: takes the checkpoints as they were read, and starts the thread. */
WEIR_CHECKED enum weir_status log_keeper_start(struct log_keeper *keeper, struct weir_error *err);
/* Ends the thread; called before the logs close. What is condemned and still there goes at the next start. */
void log_keeper_stop(struct log_keeper *keeper);
void log_keeper_destroy(struct log_keeper *keeper); /* accepts NULL */

/* Start of the broker: what the checkpoints say; taken over. */
void log_keeper_adopt(struct log_keeper *keeper, struct log_checkpoints *checkpoints);

/* For the options of every log that is opened. */
struct log_listener log_keeper_listener(struct log_keeper *keeper);

/* Makes durable where the logs begin now. */
WEIR_CHECKED enum weir_status log_keeper_store_starts(struct log_keeper *keeper,
                                                      struct weir_error *err);

/* Topics that are not in the image any more. */
void log_keeper_forget_topics(struct log_keeper *keeper,
                              const struct image_topic *const *topics,
                              size_t count);

/* Before a topic is made: what could not be forgotten of an earlier one, say because the disk was full, is forgotten now. */
WEIR_CHECKED enum weir_status log_keeper_catch_up(struct log_keeper *keeper,
                                                  struct weir_error *err);

/* Removes a folder of the data directory after `delay_ms`. */
void log_keeper_remove_folder(struct log_keeper *keeper, const char *folder, int64_t delay_ms);

/* Files were condemned: the keeper looks when they are due. */
void log_keeper_nudge(struct log_keeper *keeper);
