/*
 * The checkpoint folder of a query: what it has to remember, byte for byte as Spark 4.1 lays it out.
 *
 *     metadata          {"id":"ce011fdc-8762-4dcb-84eb-a77333e28109"}
 *     offsets/N         v1 \n {"batchWatermarkMs":0,"batchTimestampMs":1502872590006,"conf":{...}} \n one line a source, "-" for none
 *     commits/N         v1 \n {"nextBatchWatermarkMs":0}
 *     sources/I/0 ...   what source I keeps for itself (metadata_log.h)
 *     state/            state/state.h
 *
 * The order that makes it safe: offsets(N) is on disk before batch N is worked on; commits(N) after the sink has it. So at a
 * start: the last offsets are N; with commits(N), the next batch is N + 1; without, N is run again, exactly as logged.
 *
 * Every file is written under a temporary name and renamed, and never overwritten: who finds one that he was about to write
 * has a rival on the same checkpoint. Source: OffsetSeqLog, CommitLog, HDFSMetadataLog. Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "columns/sql_error.h"

/* One batch as offsets/N has it. */
struct batch_offsets {
    int64_t watermark_ms;
    int64_t timestamp_ms;
    int32_t conf_count; /* "spark.sql.shuffle.partitions" and its kin, in Spark's order */
    const struct checkpoint_conf *conf;
    int32_t source_count;
    const struct bytes *offsets; /* JSON in one line; null: the source has none yet */
};

struct checkpoint_conf {
    struct bytes name;
    struct bytes value;
};

struct checkpoint;

struct checkpoint_options {
    const char *root; /* made if it is not there */
    bool sync;        /* fsync files and folders */
};

/* NULL: the error is set; it names the file. A new checkpoint gets a new id. */
struct checkpoint *checkpoint_open(const struct checkpoint_options *options,
                                   struct sql_error *error);
void checkpoint_close(struct checkpoint *c);
const char *checkpoint_id(const struct checkpoint *c);
const char *checkpoint_root(const struct checkpoint *c);

/* Where a query goes on: see above. */
struct checkpoint_position {
    int64_t last_offsets; /* -1: none */
    int64_t last_commit;  /* -1: none */
    int64_t next_batch;   /* to be worked on */
    bool again;           /* it is logged already: exactly as offsets/next_batch says */
    bool
        commit_missing; /* last_commit trails last_offsets by more than one: worth a warning, as in Spark */
};

bool checkpoint_position(struct checkpoint *c,
                         struct checkpoint_position *out,
                         struct sql_error *error);

/* Reading batch N; texts live in the arena. False: the error is set. Absent is an error too: it was listed. */
bool checkpoint_read_offsets(struct checkpoint *c,
                             int64_t batch,
                             struct arena *arena,
                             struct batch_offsets *out,
                             struct sql_error *error);
bool checkpoint_read_commit(struct checkpoint *c,
                            int64_t batch,
                            int64_t *out_watermark_ms,
                            struct sql_error *error);

/* Writing batch N. False: the error is set; when another has written it, it says so (concurrent query). */
bool checkpoint_write_offsets(struct checkpoint *c,
                              int64_t batch,
                              const struct batch_offsets *offsets,
                              struct sql_error *error);
bool checkpoint_write_commit(struct checkpoint *c,
                             int64_t batch,
                             int64_t watermark_ms,
                             struct sql_error *error);

/* Removes offsets and commits of batches below `batch`. Errors are skipped. */
void checkpoint_purge(struct checkpoint *c, int64_t batch);

/*
 * What stateful operators the query has, so that another query is refused on the same checkpoint.
 *
 *     state/<operator>/_metadata/metadata             its name and its stores
 *     state/<operator>/0/[<store>/]_metadata/schema   what keys and values are made of (state_schema.h)
 */
struct checkpoint_store {
    const char *name;          /* "left-keyToNumValues" */
    struct bytes key_schema;   /* JSON */
    struct bytes value_schema; /* JSON */
    int32_t prefix_columns;    /* numColsPrefixKey */
};

struct checkpoint_operator {
    const char *name;
    struct bytes key_schema;   /* JSON; of the only store */
    struct bytes value_schema; /* JSON */
    int32_t partitions;
    int32_t prefix_columns; /* numColsPrefixKey of the only store */
    int32_t store_count;    /* more than one store: these, instead of the only one. 0 otherwise */
    const struct checkpoint_store *stores;
};

/* Operator i of `operators` has the id i. New ones are written. False: the error is set, in Spark's words. */
bool checkpoint_check_operators(struct checkpoint *c,
                                const struct checkpoint_operator *operators,
                                int32_t count,
                                struct sql_error *error);
