/*
 * Keyed state that outlives batches: what a stateful operator knows, by key, in versions.
 *
 *     state/<operator>/<partition>/[<name>/]1.delta     what batch 0 put and removed
 *                                           2.delta
 *                                           ...
 *                                           10.snapshot  all of version 10
 *
 * Batch N reads version N and writes version N + 1. A **store** is one partition of one operator at one version: a hash table in
 * memory that lives on from batch to batch, changed in place; an undo log takes a failed batch back. A commit writes the changes as a
 * delta file, under a temporary name that is renamed. Snapshots and removal of old files are maintenance, on the caller's thread.
 * Files carry Spark's names; their bytes are ours (state_file.h draws them) and checksummed.
 *
 * Thread: a provider: any; a store: one at a time. state_maintain() may run beside everything else.
 */
#pragma once

#include "base/bytes.h"
#include "columns/sql_error.h"

struct state_provider;
struct state_store;

struct state_options {
    const char *root;                /* "<checkpoint>/state" */
    int32_t min_deltas_for_snapshot; /* 10 */
    int32_t min_batches_to_retain;   /* 100 */
    int32_t max_versions_in_memory;  /* 2: the undo of the last one */
    bool sync;                       /* fsync before the rename */
};

/* loadedMapCacheHitCount and its kin. */
struct state_counters {
    int64_t cache_hits;
    int64_t cache_misses;
    int64_t current_version_bytes;
};

struct state_provider *state_provider_new(const struct state_options *options);
void state_provider_free(struct state_provider *p);

/*
 * The store at `version` (0: empty). In memory if it is the one after the last commit, else from the files. NULL: the error is set and names
 * the file that is missing or damaged, and what to do. `name`: "" or that of one of several stores of a partition ("left-keyToNumValues").
 */
struct state_store *state_open(struct state_provider *p,
                               int32_t operator_id,
                               int32_t partition,
                               const char *name,
                               int64_t version,
                               struct sql_error *error);

/* The value, borrowed until the next change of this store; false: there is none. */
bool state_get(const struct state_store *s, struct bytes key, struct bytes *out_value);
void state_put(struct state_store *s, struct bytes key, struct bytes value);
bool state_remove(struct state_store *s, struct bytes key); /* false: there was none */

/* Every key, in no particular order that is the same for the same history; `position` begins at 0. Removing the one just given is allowed. */
bool state_next(const struct state_store *s,
                size_t *position,
                struct bytes *out_key,
                struct bytes *out_value);

int64_t state_count(const struct state_store *s);
size_t state_memory(const struct state_store *s);
struct state_counters state_counters(const struct state_store *s);

/* Writes version + 1. The store is given back. False: the error is set, the changes are undone. */
bool state_commit(struct state_store *s, struct sql_error *error);

/* Takes all changes back. The store is given back. */
void state_abort(struct state_store *s);

/* Writes snapshots that are due and removes files that no version in [oldest kept, ...] needs. Errors are skipped: it is tried again. */
void state_maintain(struct state_provider *p);

/* Versions of batches below `batch_id` will not be asked for again. */
void state_retain_from(struct state_provider *p, int64_t batch_id);
