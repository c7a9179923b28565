/*
 * The keys and values of a store, in memory, with the way back to the batch before.
 *
 *     slots      hash, index + 1   open addressing; what is looked up
 *     entries    in the order of insertion; a removed one stays as a gap until the next batch
 *     log        key, value, key, value ...   where entries point; a value that fits is changed in place
 *     changes    for each entry that this batch has touched, what it was
 *
 * The log and the entries grow at their ends; state_table_begin() rewrites them when half is of no use any more.
 * Walking goes in the order of insertion, and is not disturbed by what is put and removed meanwhile.
 *
 * Pure; thread: one at a time.
 */
#pragma once

#include "state/state_file.h"

struct state_table;

/* The seed makes it hard to choose keys that collide; nothing else depends on it. */
struct state_table *state_table_new(uint64_t seed);
void state_table_free(struct state_table *t);

/* The value, borrowed until the next change. */
bool state_table_get(const struct state_table *t, struct bytes key, struct bytes *out_value);

/* Key and value may be parts of the table itself. False: it holds all that it can. */
bool state_table_put(struct state_table *t, struct bytes key, struct bytes value);
bool state_table_remove(struct state_table *t, struct bytes key);

/* `position` begins at 0. */
bool state_table_next(const struct state_table *t,
                      size_t *position,
                      struct bytes *out_key,
                      struct bytes *out_value);

int64_t state_table_count(const struct state_table *t);
size_t state_table_memory(const struct state_table *t);   /* taken from the system */
int64_t state_table_content(const struct state_table *t); /* bytes of keys and values */

/* A new batch: there is no way back behind this any more. */
void state_table_begin(struct state_table *t);

/* As it was at the last begin, order included. */
void state_table_undo(struct state_table *t);

/* What has changed since the last begin; everything. */
void state_table_write_changes(const struct state_table *t, struct state_file_writer *w);
void state_table_write_all(const struct state_table *t, struct state_file_writer *w);
