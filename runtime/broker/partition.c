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

/* The loops are woken without the lock, which is the first thing that they will want. */
static void wake_waiters(struct partition *p)
{
    enum { LOOPS_MAX = 16 };
    struct loop *loops[LOOPS_MAX];
    int loop_count = 0;
    (void)pthread_mutex_lock(&p->waiters_lock);
    list_foreach(node, &p->waiters) {
        struct partition_waiter *waiter = container_of(node, struct partition_waiter, link);
        struct loop *loop = waiter->wake(waiter);
        if (loop && loop_count < LOOPS_MAX) {
            loops[loop_count++] = loop;
        } else if (loop) {
            loop_wake(loop);
        }
    }
    (void)pthread_mutex_unlock(&p->waiters_lock);
    for (int i = 0; i < loop_count; i++) {
        loop_wake(loops[i]);
    }
}

/* Two appenders may get here in the other order than they appended: the mark only rises. */
static void raise_high_watermark(struct partition *p, int64_t end_offset)
{
    int64_t seen = atomic_load(&p->high_watermark);
    while (seen < end_offset &&
           !atomic_compare_exchange_weak(&p->high_watermark, &seen, end_offset)) {
    }
}

/* --- appending --- */

static enum kafka_error refuse_deleted(struct append_result *out)
{
    *out = (struct append_result){
        .error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION,
        .base_offset = -1,
        .last_offset = -1,
        .log_append_time_ms = -1,
        .log_start_offset = -1,
    };
    return out->error;
}

enum kafka_error partition_append(struct partition *p,
                                  struct bytes records,
                                  const struct append_options *options,
                                  struct append_result *out_result)
{
    if (atomic_load(&p->deleted)) {
        return refuse_deleted(out_result);
    }
    struct append_options complete = *options;
    complete.leader_epoch = p->leader_epoch;
    enum kafka_error error = partition_log_append(p->log, records, &complete, out_result);
    if (error != KAFKA_NONE && atomic_load(&p->deleted)) { /* meanwhile */
        return refuse_deleted(out_result);
    }
    if (error == KAFKA_NONE && !out_result->duplicate) {
        raise_high_watermark(p, out_result->end_offset); /* LESSON: high-watermark */
        wake_waiters(p);
    }
    return error;
}

/* --- reading --- */

enum kafka_error partition_check_epoch(const struct partition *p, int32_t epoch)
{
    if (epoch < 0 || epoch == p->leader_epoch) {
        return KAFKA_NONE;
    }
    return epoch < p->leader_epoch ? KAFKA_FENCED_LEADER_EPOCH : KAFKA_UNKNOWN_LEADER_EPOCH;
}

int64_t partition_end_for(struct partition *p, enum isolation isolation)
{
    int64_t end = atomic_load(&p->high_watermark);
    if (isolation == READ_COMMITTED) {
        int64_t stable = partition_log_stable_offset(p->log);
        end = stable < end ? stable : end;
    }
    return end;
}

/* Does the reader's log agree with ours up to its offset? Fills the diverging fields if not. */
static enum kafka_error check_history(struct partition *p,
                                      const struct read_options *options,
                                      struct read_result *out)
{
    if (options->last_fetched_epoch < 0) {
        return KAFKA_NONE;
    }
    int32_t epoch;
    int64_t end_offset;
    partition_log_epoch_end(p->log, options->last_fetched_epoch, &epoch, &end_offset);
    if (epoch < 0) {
        return KAFKA_OFFSET_OUT_OF_RANGE;
    }
    if (epoch < options->last_fetched_epoch || end_offset < options->offset) {
        out->diverging_epoch = epoch;
        out->diverging_end_offset = end_offset;
    }
    return KAFKA_NONE;
}

static enum kafka_error read_checked(struct partition *p,
                                     const struct read_options *options,
                                     struct read_result *out,
                                     struct log_slice *out_slice)
{
    enum kafka_error error = partition_check_epoch(p, options->current_leader_epoch);
    if (error == KAFKA_NONE && atomic_load(&p->deleted)) {
        error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (error == KAFKA_NONE) {
        error = check_history(p, options, out);
    }
    if (error != KAFKA_NONE) {
        return error;
    }
    /* Taken before the read: a waiter that goes by it cannot miss what comes after. */
    out->high_watermark = atomic_load(&p->high_watermark);
    out->last_stable_offset = partition_end_for(p, READ_COMMITTED);
    out->log_start_offset = partition_log_start_offset(p->log);
    if (out->diverging_epoch >= 0) {
        return KAFKA_NONE;
    }
    bool committed = options->isolation == READ_COMMITTED;
    struct log_read_options read = {
        .offset = options->offset,
        .upper_offset = committed ? out->last_stable_offset : out->high_watermark,
        .max_bytes = options->max_bytes,
        .min_one = options->min_one,
    };
    error = partition_log_read(p->log, &read, out_slice);
    if (error == KAFKA_NONE && committed && out_slice->length > 0) {
        partition_log_aborted(p->log, options->offset, out_slice->upper_offset, options->arena,
                              &out->aborted);
    }
    return error;
}

enum kafka_error partition_read(struct partition *p,
                                const struct read_options *options,
                                struct read_result *out_result,
                                struct log_slice *out_slice)
{
    struct read_result *out = out_result;
    *out = (struct read_result){ .diverging_epoch = -1, .diverging_end_offset = -1 };
    *out_slice = (struct log_slice){ 0 };
    out->error = read_checked(p, options, out, out_slice);
    if (out->error == KAFKA_STORAGE_ERROR && atomic_load(&p->deleted)) {
        out->error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    if (out->error != KAFKA_NONE) {
        out->high_watermark = -1;
        out->last_stable_offset = -1;
        out->log_start_offset = -1;
    }
    return out->error;
}

void partition_mark_deleted(struct partition *p)
{
    atomic_store(&p->deleted, true);
    wake_waiters(p);
}

/* --- waiting --- */

bool partition_wait(struct partition *p,
                    struct partition_waiter *waiter,
                    int64_t seen_high_watermark)
{
    (void)pthread_mutex_lock(&p->waiters_lock);
    /* Whoever raises the mark or deletes does so before taking this lock: it is seen here, or it wakes us. */
    bool linked =
        atomic_load(&p->high_watermark) <= seen_high_watermark && !atomic_load(&p->deleted);
    if (linked) {
        list_push_back(&p->waiters, &waiter->link);
    }
    (void)pthread_mutex_unlock(&p->waiters_lock);
    return linked;
}

void partition_unwait(struct partition *p, struct partition_waiter *waiter)
{
    (void)pthread_mutex_lock(&p->waiters_lock);
    list_remove(&waiter->link);
    (void)pthread_mutex_unlock(&p->waiters_lock);
}
