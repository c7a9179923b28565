/*
 * Sources: where rows come from. One table entry a format; the micro-batch loop knows no source by name.
 *
 * A stream's source works in **offsets**: JSON in one line that says how far it is. The loop asks for the latest offset, logs it, and has the
 * rows between two offsets planned as a scan. The same two offsets give the same rows again, as long as the source has them: that is
 * what a batch that is run again relies on.
 *
 *     latest(start) -> end        what there is, as rate limits allow
 *     [the loop writes offsets/N]
 *     plan(start, end) -> scan    partitions, read by many threads
 *     [the loop runs the batch, the sink commits, commits/N is written]
 *     commit(end)                 rows up to there are not asked for again
 *
 * Embed struct source in your own. Thread: one at a time, but for the scans (plan/rows.h).
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "plan/options.h"
#include "plan/rows.h"

struct sql_settings;

/* What a source is made for. Borrowed during the call; sources copy what they keep. */
struct source_request {
    const struct options *options;
    const struct type *schema; /* the user's; NULL: none given */
    const struct sql_settings *settings;
    const struct options *conf; /* the session's */
    int32_t parallelism;        /* threads of the session */
    const char *
        checkpoint; /* streams: "<checkpoint>/sources/<i>", for the source's own log; NULL for a batch */
    bool sync;
    const atomic_bool
        *cancelled; /* asked while it waits for something: give up then; NULL: never */

    /* Tells what stops nothing and should be known all the same. May be called by any thread, as long as the source lives; NULL: nobody listens. */
    void (*warn)(void *context, const char *text);
    void *warn_context;
};

struct source;

struct source_functions {
    /* The offset that a new query begins with; *out empty: the beginning, without a text (rate, files). The same after a restart. */
    bool (*initial)(struct source *s, struct buffer *out, struct sql_error *error);

    /*
     * How far a batch from `start` (empty: the beginning) may go now, in *out; as `start`, or empty, when there is nothing new. What there is without
     * rate limits goes to *newest, for the progress; empty where Spark reports null.
     */
    bool (*latest)(struct source *s,
                   struct bytes start,
                   struct buffer *out,
                   struct buffer *newest,
                   struct sql_error *error);

    /* The rows after `start`, up to `end`. Only the columns named (of the source's schema, in this order) are made. NULL: the error is set. */
    struct scan *(*plan)(struct source *s,
                         struct bytes start,
                         struct bytes end,
                         const int32_t *columns,
                         int32_t column_count,
                         struct sql_error *error);

    /* May be NULL. */
    void (*commit)(struct source *s, struct bytes end);

    /* AvailableNow: from now on latest() goes no further than what there is now. NULL: the trigger falls back to one batch of everything. */
    bool (*freeze)(struct source *s, struct sql_error *error);

    /* Without rate limits (Trigger.Once): latest() gives everything. May be NULL. */
    void (*unlimited)(struct source *s);

    /* "KafkaV2[Subscribe[t]]", as the progress names it. */
    void (*describe)(const struct source *s, struct buffer *out);

    /* The members of "metrics" for a batch that ended at `end`: "\"a\":\"1\",...", sorted; none: nothing. May be NULL. */
    void (*metrics)(const struct source *s, struct bytes end, struct buffer *out);

    void (*close)(struct source *s);
};

struct source {
    const struct source_functions *functions;
};

struct source_format {
    const char *name;
    bool streams;
    bool batches;

    /* The schema of its rows; types in the arena. False: the error is set: options that cannot be, a schema that is missing. */
    bool (*schema)(const struct source_request *r,
                   bool streaming,
                   struct arena *arena,
                   const struct type **out,
                   struct sql_error *error);

    /* NULL: the error is set. */
    struct source *(*open)(const struct source_request *r,
                           const struct type *schema,
                           struct sql_error *error);

    /* All rows that there are now. NULL: the error is set. */
    struct scan *(*read)(const struct source_request *r,
                         const struct type *schema,
                         const int32_t *columns,
                         int32_t column_count,
                         struct sql_error *error);
};

/* By name, case ignored; NULL: there is none. */
const struct source_format *source_find(struct bytes format);

/* The entries, each in the file of its name. */
extern const struct source_format source_kafka;
extern const struct source_format source_rate;
extern const struct source_format source_rate_micro_batch;
extern const struct source_format source_socket;
extern const struct source_format source_text;
extern const struct source_format source_csv;
extern const struct source_format source_json;
