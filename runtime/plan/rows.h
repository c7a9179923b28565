/*
 * Rows on their way: how sources hand rows to operators, and operators to sinks.
 *
 *     source --scan--> row_reader --batches--> operators --batches--> row_writer --> sink
 *
 * A **scan** is what one leaf of a plan reads in one run: some partitions, each of which one thread reads from end to end. A
 * **row_target** is where the rows of a run go, again by partition.
 *
 * Embed the structs in your own and cast (the first member), as the loop's handlers do. Thread: scans and targets are asked by many
 * threads at once; a reader or writer belongs to one.
 */
#pragma once

#include "columns/batch.h"
#include "columns/sql_error.h"

enum { ROWS_PER_BATCH = 8192 }; /* what readers aim at; COLUMN_MAX_ROWS bounds them */

struct row_reader {
    /* The next rows; *out is the caller's, and NULL at the end. Never an empty batch. False: the error is set. */
    bool (*next)(struct row_reader *r, struct batch **out, struct sql_error *error);
    void (*close)(struct row_reader *r);
};

struct scan {
    int32_t partition_count; /* may be 0 */
    struct row_reader *(*open)(struct scan *s,
                               int32_t partition,
                               struct sql_error *error); /* NULL: the error is set */
    void (*close)(struct scan *s);                       /* after every reader; frees the scan */
};

struct row_writer {
    bool (*write)(struct row_writer *w,
                  const struct batch *rows,
                  struct sql_error *error); /* borrows the rows */
    bool (*finish)(
        struct row_writer *w,
        struct sql_error *error);       /* all rows are written; frees the writer, in any case */
    void (*drop)(struct row_writer *w); /* instead of finish: something went wrong */
};

struct row_target {
    /* Called once for every partition of the last stage, also where no rows come. NULL: the error is set. */
    struct row_writer *(*open)(struct row_target *t, int32_t partition, struct sql_error *error);
};

/* Readers and scans of rows that are in memory already. The batches are retained by reference to their columns. */
struct scan *scan_of_batches(struct batch *const *batches, int32_t count);
struct row_reader *reader_of_batch(const struct batch *rows);
