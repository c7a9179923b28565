/*
 * Collecting a batch's rows in memory, by partition: for sinks that deliver them at once, when the batch is complete.
 *
 *     collector_open() -> [a writer a partition, in many threads] -> collector_order() -> collector.parts -> collector_clear()
 *
 * Rows are kept by reference to their columns, nothing is copied. What a writer has is seen when it finishes; a writer that is dropped
 * leaves nothing. A partition without rows is there too.
 *
 * Thread: writers each in its own; everything else one at a time, while no writer is open.
 */
#pragma once

#include <pthread.h>

#include "plan/rows.h"

/* The rows of one partition, in their order. */
struct collected {
    int32_t partition;
    int32_t count;
    int32_t capacity;
    int64_t rows;
    struct batch **batches; /* owned */
};

struct collector {
    int64_t rows_max; /* of a partition: more are counted out; negative: all */
    pthread_mutex_t lock;
    /* lock must be held for these while writers are open: */
    struct collected *parts;
    int32_t part_count;
    int32_t part_capacity;
};

void collector_init(struct collector *c, int64_t rows_max);
void collector_finish(struct collector *c);

/* Forgets what was collected. */
void collector_clear(struct collector *c);

struct row_writer *collector_open(struct collector *c, int32_t partition);

/* Partitions in ascending order. */
void collector_order(struct collector *c);

/* All batches in order; the array is the caller's to free(), the batches stay the collector's. */
struct batch **collector_batches(struct collector *c, int32_t *out_count);
