/*
 * Physical plans: how a plan is run, by threads, over partitions.
 *
 *     stage 0, a task a source partition           stage 1, a task a shuffle partition
 *     scan -> project -> filter -> partial agg ==exchange by key==> final agg (with state) -> project -> target
 *
 * A plan is cut into **stages** at its exchanges. A stage's **tasks**, one a partition, are run by the pool's threads; each pulls
 * batches through its line of operators (operator.h). An exchange keeps what tasks of one stage wrote, by target partition, for the next.
 *
 * What is compiled once (physical_new) is read-only and serves any number of runs, one at a time. What a run needs comes with it:
 * rows, state, watermarks, the target. So the same plan runs a batch, and each micro-batch of a stream.
 *
 * Thread: physical_run() is called by one thread at a time, and uses the pool's.
 */
#pragma once

#include "operators/pool.h"
#include "plan/plan.h"
#include "plan/rows.h"
#include "state/state.h"

struct physical;

struct physical_options {
    enum output_mode mode;
    int32_t shuffle_partitions; /* at least 1 */
    int32_t parallelism;        /* threads of the session: partitions of rows in memory; 0: 1 */
    const struct sql_settings *settings;
};

/* What stateful operators report about a run: Spark's stateOperators in the progress. */
struct operator_report {
    const char *name; /* "stateStoreSave", "dedupe", "globalLimit" */
    int64_t rows_total;
    int64_t rows_updated;
    int64_t rows_removed;
    int64_t rows_dropped_by_watermark;
    int64_t updates_ms;
    int64_t removals_ms;
    int64_t commit_ms;
    int64_t memory_bytes;
    int64_t shuffle_partitions;
    int64_t store_instances;
    int64_t dropped_duplicates; /* dedupe: numDroppedDuplicateRows; -1: not told */
    struct state_counters counters;
};

/* One run. The caller fills it. */
struct execution {
    struct pool *pool;
    const struct sql_settings *settings; /* with the run's now_us */
    struct scan *const
        *scans; /* one for each leaf that is a relation, in the order of plan_leaves(); borrowed */
    struct row_target *target;
    struct state_provider *states; /* NULL: no stateful operator */
    int64_t state_version;         /* read this one, write the next */
    int64_t watermark_us;          /* INT64_MIN: none */
    int64_t late_watermark_us;     /* rows before it are late */
    const atomic_bool *cancelled;  /* asked between batches; NULL */
    struct sql_error *error;
    /* out */
    int64_t *rows_read; /* for each relation leaf; NULL: not asked for */
    int64_t rows_written;
    struct operator_report *reports; /* physical_state_operators() of them; NULL: not asked for */
};

/* The plan must outlive it; it should be optimised. NULL: the error is set. */
struct physical *physical_new(const struct plan *plan,
                              const struct physical_options *options,
                              struct sql_error *error);
void physical_free(struct physical *p);

/* All rows to the target. False: x->error is set; what a target was given is to be dropped. State is committed as the last step of each task. */
bool physical_run(struct physical *p, struct execution *x);

int32_t physical_state_operators(const struct physical *p);
int32_t physical_relations(const struct physical *p);
const struct plan *physical_relation(const struct physical *p, int32_t i);

/* For state/<operator>/_metadata/metadata: the schema of keys and values that operator i keeps; to be compared at a restart. */
const struct type *physical_state_key(const struct physical *p, int32_t i);
const struct type *physical_state_value(const struct physical *p, int32_t i);
const char *physical_state_name(const struct physical *p, int32_t i);

/* == Physical Plan ==, as explain() prints it. */
enum physical_form {
    PHYSICAL_SIMPLE,
    PHYSICAL_FORMATTED, /* numbered, with details below */
    PHYSICAL_EXTENDED,  /* aggregates tell their columns too */
};

void physical_print(struct buffer *out, const struct physical *p, enum physical_form form);
