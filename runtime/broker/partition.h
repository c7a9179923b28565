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

/* Marks the partition gone and wakes everybody. */
void partition_mark_deleted(struct partition *partition);

/* --- waiting --- */

/*
 * A parked request's interest in one partition. `wake` is called with the partition's waiter lock held, from whatever
 * thread appended: it must only post a task. It may be called again and again until partition_unwait() returns; after
 * that never.
 */
struct partition_waiter {
    struct list_node link;
    void (*wake)(struct partition_waiter *waiter);
};

void partition_wait(struct partition *partition, struct partition_waiter *waiter);
void partition_unwait(struct partition *partition, struct partition_waiter *waiter);
