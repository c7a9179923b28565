/*
 * One partition on this broker: its log, who leads it, and who waits for more of it.
 *
 * Replicas, in-sync replicas, leader epoch and high watermark are here from the first day, with one replica as the
 * simplest case: the high watermark follows the end of the log at once.
 *
 * Reading never blocks on appending other partitions; appending holds the log's own lock only. Waiters are woken after
 * every append and when the partition goes away.
 *
 * Thread: any, unless a function says otherwise. Reference counted; an image keeps one reference.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/list.h"
#include "net/loop.h"
#include "storage/partition_log.h"

struct partition {
    atomic_int refs;
    struct bytes topic; /* owned */
    int32_t index;
    struct uuid topic_id;
    int32_t leader_id;
    int32_t leader_epoch;
    int32_t replica; /* the one replica, which is in sync */
    struct partition_log *log;

    _Atomic int64_t high_watermark; /* what consumers may see; moved by whoever appends */
    atomic_bool deleted;
    /* The log says so already; it is not to say so for each try of each client. */
    atomic_bool told_unreadable;
    atomic_bool told_unwritable; /* until an append succeeds again */

    pthread_mutex_t waiters_lock;
    /* waiters_lock must be held for these: */
    struct list_node waiters; /* of struct partition_waiter.link */
};

/* `log` is taken. The caller has the one reference. */
struct partition *partition_create(struct bytes topic,
                                   int32_t index,
                                   const struct uuid *topic_id,
                                   int32_t node_id,
                                   int32_t leader_epoch,
                                   struct partition_log *log);
struct partition *partition_ref(struct partition *partition);
void partition_unref(struct partition *partition); /* accepts NULL */

/* --- appending and reading --- */

/* As partition_log_append(); moves the high watermark and wakes the waiters. KAFKA_UNKNOWN_TOPIC_OR_PARTITION once
 * deleted. options->leader_epoch is filled in here. */
enum kafka_error partition_append(struct partition *partition,
                                  struct bytes records,
                                  const struct append_options *options,
                                  struct append_result *out_result);

/* The last leader epoch that a client may still go by is ours: KAFKA_FENCED_LEADER_EPOCH for an older one,
 * KAFKA_UNKNOWN_LEADER_EPOCH for a newer one; -1: the client does not say (KIP-320). */
enum kafka_error partition_check_epoch(const struct partition *partition, int32_t epoch);

enum isolation { READ_UNCOMMITTED = 0, READ_COMMITTED = 1 };

struct read_options {
    int64_t offset;
    int64_t max_bytes;
    int32_t current_leader_epoch; /* as the client knows it; -1: not said */
    int32_t last_fetched_epoch;   /* of the record before `offset`; -1: not said */
    enum isolation isolation;
    bool min_one;        /* the first batch whole, even beyond max_bytes */
    struct arena *arena; /* for the list of aborted transactions */
};

struct read_result {
    enum kafka_error error;
    int64_t high_watermark; /* -1 on errors, as the next two */
    int64_t last_stable_offset;
    int64_t log_start_offset;
    int32_t
        diverging_epoch; /* -1, or: the reader's log leaves ours at diverging_end_offset (KIP-595) */
    int64_t diverging_end_offset;
    struct aborted_list aborted; /* with READ_COMMITTED: whose records to skip in what was read */
};

/* What a Fetch answers for one partition; *out_slice as from partition_log_read(). Returns out_result->error. */
enum kafka_error partition_read(struct partition *partition,
                                const struct read_options *options,
                                struct read_result *out_result,
                                struct log_slice *out_slice);

/* One past the last record that a reader of this isolation level may see. */
int64_t partition_end_for(struct partition *partition, enum isolation isolation);

/* Marks the partition gone and wakes everybody. */
void partition_mark_deleted(struct partition *partition);

/* --- waiting --- */

/*
 * A parked request's interest in one partition. `wake` is called with the partition's waiter lock held, from whatever
 * thread appended: it must only post a task, quietly, and returns the loop if that must be woken for it, or NULL. It may be
 * called again and again until partition_unwait() returns; after that never.
 */
struct partition_waiter {
    struct list_node link;
    struct loop *(*wake)(struct partition_waiter *waiter);
};

/*
 * Links the waiter; but not when there is more than `seen_high_watermark` already, or the partition is gone: then false,
 * for nobody would wake it. `waiter->link` is a list head of its own until linked (list_init).
 */
bool partition_wait(struct partition *partition,
                    struct partition_waiter *waiter,
                    int64_t seen_high_watermark);
/* Fine when it is not linked. */
void partition_unwait(struct partition *partition, struct partition_waiter *waiter);
