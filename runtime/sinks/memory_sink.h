/*
 * The memory sink: what a query has put out so far, as a table in memory that can be asked while the query runs.
 *
 * The table is the session's (and has the query's name there); the sink only adds to it:
 *
 *     append, update      each batch's rows are added to those before: in update mode a key is there as often as it changed
 *     complete            each batch's rows replace all
 *
 * A batch whose id is not above the last one was added already, and is not added again.
 *
 * Ownership: tables are counted. The types of the rows are the table's: keep a reference as long as rows of it are in use.
 * Thread: a table may be read by any number of threads while one query adds to it.
 */
#pragma once

#include "sinks/sink.h"

struct memory_table;

/* An empty table, with one reference. The schema is copied. */
struct memory_table *memory_table_new(const struct type *schema);
struct memory_table *memory_table_retain(struct memory_table *t);

/* NULL is taken. */
void memory_table_release(struct memory_table *t);

const struct type *memory_table_schema(const struct memory_table *t);
int64_t memory_table_rows(struct memory_table *t);

/* The rows as they are now, whole batches of the query: what is added later does not change them. The caller frees each batch, and the array. */
struct batch **memory_table_read(struct memory_table *t, int32_t *out_count);

/*
 * request.host is the query's struct memory_table, of which the sink keeps a reference. Without a name of the query it is refused:
 * "queryName must be specified for memory sink."
 */
extern const struct sink_format sink_memory;
