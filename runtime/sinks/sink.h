/*
 * Sinks: where rows go. One table entry a format; the micro-batch loop knows no sink by name.
 *
 *     begin(batch) -> [a writer a partition, in many threads] -> commit(batch)      or abort(batch)
 *
 * A batch may come again after a failure, with the same id and the same rows: sinks that can (files) then do nothing twice. A batch is
 * delivered when commit() has returned; commits/N is written after that.
 *
 * Embed struct sink in your own. Thread: one at a time, but for writers (plan/rows.h).
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "plan/options.h"
#include "plan/plan.h"
#include "plan/rows.h"

struct sink;

/* What a sink is made for. Borrowed during the call. */
struct sink_request {
    const struct options *options;
    const struct options *conf;
    const struct type *schema; /* of the rows that come */
    const struct sql_settings *settings;
    enum output_mode mode; /* OUTPUT_BATCH: weir_write() */
    const char
        *save_mode; /* of weir_write(): "append", "overwrite", "error", "ignore"; NULL is "error" */
    const char *query_name; /* NULL: none */
    const char *query_id;
    const char *const *partition_by; /* ends with NULL; NULL: none */
    bool sync;
    const atomic_bool *cancelled; /* asked where a sink waits; outlives it; NULL: never */
    void *host; /* the session's, for sinks that it provides itself (memory, foreach) */
};

struct sink_functions {
    bool (*begin)(struct sink *s, int64_t batch_id, struct sql_error *error);
    struct row_writer *(*open)(struct sink *s,
                               int32_t partition,
                               struct sql_error *error); /* any thread */
    bool (*commit)(struct sink *s, int64_t batch_id, struct sql_error *error);
    void (*abort)(struct sink *s, int64_t batch_id);

    /* As the progress names it: "MemorySink", "FileSink[/path]", "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable@5f2a". */
    void (*describe)(const struct sink *s, struct buffer *out);
    void (*close)(struct sink *s);
};

struct sink {
    const struct sink_functions *functions;
    bool counts_rows; /* numOutputRows is told; else -1 */
    bool
        done; /* set by begin() (of a batch: by open): it has this batch already, and rows need not be made */
};

struct sink_format {
    const char *name;
    bool append, update, complete, batch;
    bool needs_checkpoint; /* else a temporary folder does */
    bool
        recovers; /* may be started on a checkpoint that has batches; memory: only in complete mode */

    /* Checks schema and options: false: the error is set, at start(). NULL: the error is set. */
    struct sink *(*open)(const struct sink_request *r, struct sql_error *error);
};

/* By name, case ignored; NULL: there is none. "memory" is among them (memory_sink.h); foreach and foreachBatch are not (foreach_sink.h). */
const struct sink_format *sink_find(struct bytes format);

extern const struct sink_format sink_console;
extern const struct sink_format sink_kafka;
extern const struct sink_format sink_noop;
extern const struct sink_format sink_text;
extern const struct sink_format sink_csv;
extern const struct sink_format sink_json;
