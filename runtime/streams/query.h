/*
 * Streaming queries from the inside: what one run of a query holds, and who may touch it.
 *
 *     weir_start() --checks, opens--> weir_query --thread--> micro-batch loop (loop.c)
 *                                        ^
 *          handles: status, progress, stop, await: any thread, under `lock`
 *
 * Members are in three groups. What start() settled is immutable while the query runs. The loop's members belong to its thread. What
 * handles look at is guarded by `lock`, and `changed` is signalled when it changes.
 */
#pragma once

#include <stdatomic.h>

#include "checkpoint/checkpoint.h"
#include "operators/physical.h"
#include "sinks/sink.h"
#include "sources/source.h"
#include "state/state.h"
#include "streams/maintenance.h"
#include "streams/progress.h"
#include "streams/session.h"
#include "streams/trigger.h"

/* One stream that the plan reads. */
struct query_source {
    const struct relation *relation;
    struct source *source;
    char *committed; /* the offset that is done; NULL: none */
    char *available; /* the offset of the batch in progress */
    char *newest;    /* what there is, as far as is known */
    int64_t rows;    /* read in this batch */
};

struct weir_query {
    struct list_node node; /* in the session's list */
    struct weir_session *session;
    struct arena arena;

    /* settled by start() */
    char *id;
    char *run_id;
    char *name;
    enum output_mode mode;
    enum trigger_kind trigger;
    int64_t interval_ms;
    const struct plan *analyzed;
    const struct logical *logical;
    struct options options;
    struct options conf;
    const char *format; /* of the sink */
    struct sink *sink;
    struct memory_table *table; /* of a memory sink, while it starts */
    struct checkpoint *checkpoint;
    char *temporary; /* a checkpoint folder to be removed at the end; NULL */
    bool sync;
    int64_t min_batches_to_retain;
    int64_t polling_delay_ms;
    int64_t idle_interval_ms;
    int32_t progress_max;

    /* the loop's */
    struct sql_settings settings;
    const struct plan *optimized;
    struct physical *physical;
    int32_t shuffle_partitions;
    struct state_provider *states;
    struct maintenance *maintenance; /* NULL: no state */
    struct query_source *sources;
    int32_t source_count;
    int64_t batch_id;
    bool opened;      /* its sources: what fails before fails INITIALIZING, as Spark calls it */
    bool constructed; /* batch_id's offsets are logged */
    bool ran;         /* a batch, in this run */
    int64_t watermark_ms;
    int64_t timestamp_ms; /* of the batch: its current_timestamp() */
    struct progress_clock clock;
    struct operator_report *reports;
    int64_t rows_written;
    int64_t idle_told_ms; /* when listeners last heard of this query */
    bool idle_kept;       /* the recent progress has this idle time already */

    /* looked at by handles */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread;
    bool joined;
    bool active;
    bool trigger_active;
    bool data_available;
    char *message;
    char *exception; /* the text of StreamingQueryException; NULL */
    char *failure;   /* "[STREAM_FAILED] ...": what await() says */
    const struct sql_condition *cause;
    char *cause_text;
    char **progress; /* the last ones, the oldest first */
    int32_t progress_count;
    int64_t idle_round; /* counts rounds that found nothing new: for processAllAvailable() */
    atomic_bool stopping;
};

/* Frees a query that did not start, with what it had opened. */
void query_drop(struct weir_query *q);

/* Runs until the query ends; the thread's function. */
void *query_run(void *query);

/* Ends all queries of a session and frees them. */
void queries_close(struct weir_session *session);

/* What the thread says of itself. */
void query_message(struct weir_query *q, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Waits so long or until the query is to stop. */
void query_sleep(struct weir_query *q, int64_t ms);

/* The end: the error, if any, becomes the exception; listeners and waiters hear of it. */
void query_ended(struct weir_query *q, struct sql_error *error);

/* A new progress: for the list of recent ones, and if `tell` for listeners. The text is taken over. */
void query_progress(struct weir_query *q, char *text, bool tell);
