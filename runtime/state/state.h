/*
 * Keyed state that outlives batches: what a stateful operator knows, by key, in versions.
 *
 *     state/<operator>/<partition>/[<name>/]1.delta     what batch 0 put and removed
 *                                           2.delta
 *                                           ...
 *                                           11.delta
 *                                           11.snapshot  all of version 11
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
    const char *root; /* "<checkpoint>/state" */
    int32_t
        min_deltas_for_snapshot; /* 10: a version that more deltas than these make gets a snapshot */
    int32_t min_batches_to_retain;  /* 100 */
    int32_t max_versions_in_memory; /* 2: the undo of the last one */
    bool sync;                      /* fsync before the rename */
    const char *run_id;             /* the query's runId, for messages; NULL: not known */
};

/* loadedMapCacheHitCount and its kin, since the store was first opened. An open counts once, that of version 0 not at all. */
struct state_counters {
    int64_t cache_hits;
    int64_t cache_misses;
    int64_t current_version_bytes;
    int64_t
        last_snapshot; /* SnapshotLastUploaded: the version of which this run has written a snapshot; -1: none */
};

struct state_provider *state_provider_new(const struct state_options *options);
/* Every store has been given back. */
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
/* Key and value are copied; they may be borrowed from this store. */
void state_put(struct state_store *s, struct bytes key, struct bytes value);
bool state_remove(struct state_store *s, struct bytes key); /* false: there was none */

/*
 * Every key, in the order in which they came: a key that is put again stays where it is, one that was removed and comes again is the last.
 * The order is the same after a restart. `position` begins at 0. Putting and removing meanwhile is allowed; new keys come at the end.
 */
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

/* Versions of batches below `batch_id` will not be asked for again. Without a word of this, min_batches_to_retain alone decides. */
void state_retain_from(struct state_provider *p, int64_t batch_id);
