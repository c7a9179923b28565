/*
 * Batches: columns of equal length under a schema. What flows from operator to operator, and between sources and sinks.
 *
 * Ownership: a batch holds a reference to each of its columns; the schema (a struct type) is borrowed.
 * Thread: one at a time (its columns: any number of readers).
 */
#pragma once

#include "columns/column.h"

struct batch {
    const struct type *schema; /* TYPE_STRUCT */
    int32_t rows;
    int32_t column_count; /* the schema's fields */
    struct column **columns;
};

/* Takes over the references in `columns` (copied as an array); each has `rows` rows. */
struct batch *batch_new(const struct type *schema, struct column *const *columns, int32_t rows);

/* No rows. */
struct batch *batch_empty(const struct type *schema);

/* NULL is taken. */
void batch_free(struct batch *b);

/* Only the named rows, in that order. */
struct batch *batch_take(const struct batch *b, const int32_t *rows, int32_t count);
struct batch *batch_slice(const struct batch *b, int32_t first, int32_t count);

/* All rows of all batches, one after the other; all under the same schema; `count` may be 0. */
struct batch *batch_concat(const struct type *schema, struct batch *const *parts, int32_t count);
