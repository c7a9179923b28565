/*
 * Readers and scans of rows in memory: see rows.h.
 */
#include "plan/rows.h"

#include <stdlib.h>

#include "base/mem.h"

struct memory_reader {
    struct row_reader base;
    struct batch *rows; /* NULL: read */
};

struct memory_scan {
    struct scan base;
    struct batch **batches; /* one a partition */
};

/* Another batch of the same columns. */
static struct batch *shared(const struct batch *rows)
{
    struct column **columns = mem_zalloc((size_t)rows->column_count + 1, sizeof(*columns));
    for (int32_t i = 0; i < rows->column_count; i++) {
        columns[i] = column_retain(rows->columns[i]);
    }
    struct batch *copy = batch_new(rows->schema, columns, rows->rows);
    free(columns);
    return copy;
}

static bool next_rows(struct row_reader *r, struct batch **out, struct sql_error *error)
{
    struct memory_reader *reader = (struct memory_reader *)r;
    (void)error;
    *out = reader->rows;
    reader->rows = NULL;
    if (*out && (*out)->rows == 0) {
        batch_free(*out);
        *out = NULL;
    }
    return true;
}

static void close_reader(struct row_reader *r)
{
    struct memory_reader *reader = (struct memory_reader *)r;
    batch_free(reader->rows);
    free(reader);
}

struct row_reader *reader_of_batch(const struct batch *rows)
{
    struct memory_reader *reader = MEM_NEW(struct memory_reader);
    reader->base = (struct row_reader){ next_rows, close_reader };
    reader->rows = shared(rows);
    return &reader->base;
}

static struct row_reader *open_partition(struct scan *s, int32_t partition, struct sql_error *error)
{
    (void)error;
    return reader_of_batch(((struct memory_scan *)s)->batches[partition]);
}

static void close_scan(struct scan *s)
{
    struct memory_scan *scan = (struct memory_scan *)s;
    for (int32_t i = 0; i < s->partition_count; i++) {
        batch_free(scan->batches[i]);
    }
    free(scan->batches);
    free(scan);
}

struct scan *scan_of_batches(struct batch *const *batches, int32_t count)
{
    struct memory_scan *scan = MEM_NEW(struct memory_scan);
    scan->base = (struct scan){ count, open_partition, close_scan };
    scan->batches = mem_zalloc((size_t)count + 1, sizeof(struct batch *));
    for (int32_t i = 0; i < count; i++) {
        scan->batches[i] = shared(batches[i]);
    }
    return &scan->base;
}
