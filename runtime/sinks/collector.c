/*
 * Collecting a batch's rows by partition: see collector.h.
 */
#include "sinks/collector.h"

#include <stdlib.h>

#include "base/mem.h"

struct collecting {
    struct row_writer writer; /* first: a row_writer is one of these */
    struct collector *collector;
    struct collected part;
};

static void part_finish(struct collected *part)
{
    for (int32_t i = 0; i < part->count; i++) {
        batch_free(part->batches[i]);
    }
    free(part->batches);
}

void collector_init(struct collector *c, int64_t rows_max)
{
    *c = (struct collector){ .rows_max = rows_max };
    pthread_mutex_init(&c->lock, NULL);
}

void collector_clear(struct collector *c)
{
    for (int32_t i = 0; i < c->part_count; i++) {
        part_finish(&c->parts[i]);
    }
    c->part_count = 0;
}

void collector_finish(struct collector *c)
{
    collector_clear(c);
    free(c->parts);
    pthread_mutex_destroy(&c->lock);
}

/* --- writers --- */

static bool collecting_write(struct row_writer *w,
                             const struct batch *rows,
                             struct sql_error *error)
{
    (void)error;
    struct collecting *to = (struct collecting *)w;
    struct collected *part = &to->part;
    int64_t left = to->collector->rows_max < 0 ? INT64_MAX : to->collector->rows_max - part->rows;
    int32_t take = rows->rows < left ? rows->rows : (int32_t)left;
    if (take <= 0) {
        return true;
    }
    if (part->count == part->capacity) {
        part->capacity = part->capacity ? part->capacity * 2 : 4;
        part->batches = mem_resize(part->batches, (size_t)part->capacity, sizeof(struct batch *));
    }
    part->batches[part->count++] = batch_slice(rows, 0, take);
    part->rows += take;
    return true;
}

static bool collecting_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    struct collecting *to = (struct collecting *)w;
    struct collector *c = to->collector;
    pthread_mutex_lock(&c->lock);
    if (c->part_count == c->part_capacity) {
        c->part_capacity = c->part_capacity ? c->part_capacity * 2 : 8;
        c->parts = mem_resize(c->parts, (size_t)c->part_capacity, sizeof(*c->parts));
    }
    c->parts[c->part_count++] = to->part;
    pthread_mutex_unlock(&c->lock);
    free(to);
    return true;
}

static void collecting_drop(struct row_writer *w)
{
    struct collecting *to = (struct collecting *)w;
    part_finish(&to->part);
    free(to);
}

struct row_writer *collector_open(struct collector *c, int32_t partition)
{
    struct collecting *to = MEM_NEW(struct collecting);
    to->writer = (struct row_writer){ collecting_write, collecting_finish, collecting_drop };
    to->collector = c;
    to->part.partition = partition;
    return &to->writer;
}

/* --- what was collected --- */

static int by_partition(const void *a, const void *b)
{
    const struct collected *x = a;
    const struct collected *y = b;
    return (x->partition > y->partition) - (x->partition < y->partition);
}

void collector_order(struct collector *c)
{
    if (c->part_count > 1) {
        qsort(c->parts, (size_t)c->part_count, sizeof(*c->parts), by_partition);
    }
}

struct batch **collector_batches(struct collector *c, int32_t *out_count)
{
    collector_order(c);
    int32_t count = 0;
    for (int32_t i = 0; i < c->part_count; i++) {
        count += c->parts[i].count;
    }
    struct batch **all = mem_zalloc((size_t)count, sizeof(*all));
    int32_t at = 0;
    for (int32_t i = 0; i < c->part_count; i++) {
        for (int32_t k = 0; k < c->parts[i].count; k++) {
            all[at++] = c->parts[i].batches[k];
        }
    }
    *out_count = count;
    return all;
}
