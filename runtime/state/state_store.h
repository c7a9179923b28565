/*
 * One store from inside: what the provider (state.c), loading (state_load.c) and maintenance (state_maintenance.c) share.
 */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "state/state.h"
#include "state/state_folder.h"
#include "state/state_table.h"

enum { STATE_PATH_MAX = 4096 };

struct state_provider {
    struct state_options options;
    char *root;   /* owned */
    char *run_id; /* owned */
    uint64_t seed;

    pthread_mutex_t lock;
    pthread_cond_t given_back;
    /* lock must be held for these: */
    struct map stores; /* "<operator>/<partition>/<name>" -> struct state_store */
    int64_t retain_from;
};

struct state_store {
    struct state_provider *provider;
    int32_t operator_id;
    int32_t partition;
    char *name;   /* owned; "default" for the only one */
    char *folder; /* owned */

    /* The provider's lock must be held for this; whoever set it owns the rest. */
    bool busy;

    struct state_table *table;
    int64_t version;  /* that the table began with, or has committed; -1: not loaded */
    bool committed;   /* the table can still go back to version - 1 */
    uint64_t history; /* counts how often a version was taken back */
    bool too_large;   /* a put did not fit */
    struct state_counters counters;
};

/* The end of having it: whoever waits may go on. */
void state_give_back(struct state_store *s);

/* A table with everything of `version`, from the files. NULL: the error is set. */
struct state_table *state_load(const struct state_store *s,
                               int64_t version,
                               struct sql_error *error);

/* --- maintenance, in steps (state_maintenance.c) --- */

/* What a store was when it was had. */
struct state_moment {
    int64_t version;
    uint64_t history;
    bool due;
    struct buffer snapshot; /* the file, not compressed, if it is due; the caller's */
};

/* False: there is nothing to do, or it is in use. */
bool state_look(struct state_store *s, struct state_moment *m);

/* Leaves none when the store has got another history meanwhile. */
void state_write_snapshot(struct state_store *s, const struct state_moment *m);

/* --- errors, in Spark's words (state_error.c); all return false --- */

struct state_place {
    const struct state_store *store;
    struct state_file_name file;
};

bool state_fail_missing(struct state_place at, struct sql_error *error);
bool state_fail_damaged(struct state_place at,
                        const struct state_fault *fault,
                        struct sql_error *error);
bool state_fail_reading(const struct weir_error *why, struct sql_error *error);
bool state_fail_commit(const struct state_store *s, struct bytes why, struct sql_error *error);
