/*
 * Partitions: see partition.h.
 */
#include "broker/partition.h"

#include <stdlib.h>

#include "base/mem.h"

struct partition *partition_create(struct bytes topic,
                                   int32_t index,
                                   const struct uuid *topic_id,
                                   int32_t node_id,
                                   int32_t leader_epoch,
                                   struct partition_log *log)
{
    struct partition *p = MEM_NEW(struct partition);
    atomic_init(&p->refs, 1);
    p->topic = (struct bytes){ (uint8_t *)mem_text(topic.data, topic.len), topic.len };
    p->index = index;
    p->topic_id = *topic_id;
    p->leader_id = p->replica = node_id;
    p->leader_epoch = leader_epoch;
    p->log = log;
    atomic_init(&p->high_watermark, partition_log_end_offset(log));
    (void)pthread_mutex_init(&p->waiters_lock, NULL);
    list_init(&p->waiters);
    return p;
}

struct partition *partition_ref(struct partition *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void partition_unref(struct partition *p)
{
    if (!p || atomic_fetch_sub(&p->refs, 1) != 1) {
        return;
    }
    partition_log_free(p->log);
    (void)pthread_mutex_destroy(&p->waiters_lock);
    free((void *)(uintptr_t)p->topic.data);
    free(p);
}

static void wake_waiters(struct partition *p)
{
    (void)pthread_mutex_lock(&p->waiters_lock);
    list_foreach(node, &p->waiters) {
        struct partition_waiter *waiter = container_of(node, struct partition_waiter, link);
        waiter->wake(waiter);
    }
    (void)pthread_mutex_unlock(&p->waiters_lock);
}

/* Two appenders may get here in the other order than they appended: the mark only rises. */
static void raise_high_watermark(struct partition *p, int64_t end_offset)
{
    int64_t seen = atomic_load(&p->high_watermark);
    while (seen < end_offset &&
           !atomic_compare_exchange_weak(&p->high_watermark, &seen, end_offset)) {
    }
}

enum kafka_error partition_append(struct partition *p,
                                  struct bytes records,
                                  const struct append_options *options,
                                  struct append_result *out_result)
{
    if (atomic_load(&p->deleted)) {
        *out_result = (struct append_result){
            .error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION,
            .base_offset = -1,
            .last_offset = -1,
            .log_append_time_ms = -1,
            .log_start_offset = -1,
        };
        return out_result->error;
    }
    struct append_options complete = *options;
    complete.leader_epoch = p->leader_epoch;
    enum kafka_error error = partition_log_append(p->log, records, &complete, out_result);
    if (error == KAFKA_NONE && !out_result->duplicate) {
        raise_high_watermark(p, out_result->end_offset); /* LESSON: high-watermark */
        wake_waiters(p);
    }
    return error;
}

void partition_mark_deleted(struct partition *p)
{
    atomic_store(&p->deleted, true);
    wake_waiters(p);
}

void partition_wait(struct partition *p, struct partition_waiter *waiter)
{
    (void)pthread_mutex_lock(&p->waiters_lock);
    list_push_back(&p->waiters, &waiter->link);
    (void)pthread_mutex_unlock(&p->waiters_lock);
}

void partition_unwait(struct partition *p, struct partition_waiter *waiter)
{
    (void)pthread_mutex_lock(&p->waiters_lock);
    list_remove(&waiter->link);
    (void)pthread_mutex_unlock(&p->waiters_lock);
}
