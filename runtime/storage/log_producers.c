/*
 * What a log tells about its producers: partition_log_producers() of partition_log.h.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "storage/log_state.h"

static int by_id(const void *a, const void *b)
{
    int64_t left = ((const struct log_producer *)a)->producer_id;
    int64_t right = ((const struct log_producer *)b)->producer_id;
    return (left > right) - (left < right);
}

static struct log_producer describe(const struct producer *p)
{
    return (struct log_producer){
        .producer_id = p->producer_id,
        .last_timestamp = p->last_timestamp,
        .transaction_first_offset = p->transaction_first_offset,
        .last_sequence = p->batch_count > 0 ? p->batches[p->batch_count - 1].last_sequence : -1,
        .coordinator_epoch = p->coordinator_epoch,
        .epoch = p->epoch,
    };
}

struct log_producer *partition_log_producers(struct partition_log *log, size_t *out_count)
{
    (void)pthread_mutex_lock(&log->lock);
    const struct map *known = &log->producers.producers;
    size_t count = known->count;
    struct log_producer *producers = mem_zalloc(count, sizeof(*producers));
    for (size_t i = 0; i < count; i++) {
        producers[i] = describe(known->entries[i].value);
    }
    (void)pthread_mutex_unlock(&log->lock);
    qsort(producers, count, sizeof(*producers), by_id);
    *out_count = count;
    return producers;
}
