/*
 * Streaming queries: starting, watching and stopping them. Part of weir/stream.h, which says what holds for all of it.
 *
 * A query handle is valid until its session is closed, also when the query has ended; any thread may use it.
 */
#pragma once

#include "weir/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_query;

/* --- Streaming queries --- */

enum weir_trigger_kind {
    WEIR_TRIGGER_DEFAULT, /* the next batch as soon as the last one is done and there is something to do */
    WEIR_TRIGGER_PROCESSING_TIME, /* at most one batch an interval */
    WEIR_TRIGGER_ONCE,            /* everything there is in one batch, then stop */
    WEIR_TRIGGER_AVAILABLE_NOW, /* everything there is, in batches as rate limits say, then stop */
};

struct weir_trigger {
    enum weir_trigger_kind kind;
    const char *interval; /* PROCESSING_TIME: "5 seconds" */
};

/* A row at a time: open() -> process() for each row -> close(). open() returning false skips the partition. */
struct weir_foreach {
    bool (*open)(int64_t partition_id, int64_t epoch_id, void *context);
    enum weir_status (*process)(struct weir_rows *rows,
                                size_t row,
                                void *context,
                                struct weir_error *err);
    void (*close)(const char *error, void *context); /* error: NULL when all is well */
    void *context;
};

/* What writeStream says. Everything may be left out but format, or one of the two functions. */
struct weir_stream_writer {
    const char *output_mode; /* "append" (default), "update", "complete" */
    const char *format;      /* "console", "kafka", "memory", "text", "csv", "json", "noop" */
    const char *query_name;
    struct weir_trigger trigger;
    const struct weir_option
        *options; /* "checkpointLocation", "topic", "path", "truncate", "numRows", ... */
    const char *const *partition_by; /* files: a folder a value; ends with NULL */
    /* foreachBatch: `batch` is a plain frame and ends with the call. Anything but WEIR_OK ends the query with `err`. */
    enum weir_status (*foreach_batch)(struct weir_frame *batch,
                                      int64_t batch_id,
                                      void *context,
                                      struct weir_error *err);
    void *context; /* of foreach_batch */
    const struct weir_foreach *foreach;
};

/* Starts a query. NULL: it was refused, `err` and weir_session_error() say why. */
WEIR_API struct weir_query *weir_start(struct weir_frame *frame,
                                       const struct weir_stream_writer *writer,
                                       struct weir_error *err);

WEIR_API const char *weir_query_id(
    const struct weir_query *query); /* survives restarts from a checkpoint */
WEIR_API const char *weir_query_run_id(const struct weir_query *query); /* another one each start */
WEIR_API const char *weir_query_name(const struct weir_query *query);   /* NULL without one */
WEIR_API bool weir_query_is_active(struct weir_query *query);

/* A query of NULL, from a start that was refused, gives WEIR_EINVAL and leaves `err` as the start has set it. */

/* Waits for the end. WEIR_OK: stopped or done. WEIR_ETIMEOUT: still running. Otherwise the query has failed: weir_query_exception(). */
WEIR_API WEIR_CHECKED enum weir_status weir_query_await(struct weir_query *query,
                                                        int timeout_ms,
                                                        struct weir_error *err);

/* Waits until all that the sources have now is processed. For tests: a source that never rests makes it wait for ever. */
WEIR_API WEIR_CHECKED enum weir_status weir_query_process_all_available(struct weir_query *query,
                                                                        struct weir_error *err);

/* Stops it, the batch in progress too, and waits for the end. Nothing acknowledged is lost: the batch is run again at the next start. */
WEIR_API WEIR_CHECKED enum weir_status weir_query_stop(struct weir_query *query,
                                                       struct weir_error *err);

/* NULL unless the query has failed. The whole text, as StreamingQueryException prints it. */
WEIR_API const char *weir_query_exception(struct weir_query *query);

/* JSON with Spark's fields. Texts are the caller's: free() them. NULL: there is none yet. */
WEIR_API char *weir_query_status(struct weir_query *query);
WEIR_API char *weir_query_last_progress(struct weir_query *query);

/* All that are kept (100), the oldest first; `out_texts` and each text are the caller's to free(). */
WEIR_API size_t weir_query_recent_progress(struct weir_query *query, char ***out_texts);
WEIR_API char *weir_query_explain(struct weir_query *query, enum weir_explain_mode mode);

/* --- All queries of a session (spark.streams) --- */

/* The active ones; the array is the caller's to free(). */
WEIR_API size_t weir_streams_active(struct weir_session *session, struct weir_query ***out_queries);
WEIR_API struct weir_query *weir_streams_get(struct weir_session *session,
                                             const char *id); /* active ones; NULL */

/* Waits for any query that ends, since the session began or the last reset. As weir_query_await(). */
WEIR_API WEIR_CHECKED enum weir_status weir_streams_await_any(struct weir_session *session,
                                                              int timeout_ms,
                                                              struct weir_error *err);
WEIR_API void weir_streams_reset_terminated(struct weir_session *session);

/* Events as JSON, as Spark writes them. started is called inside weir_start(); the others on a thread of their own. */
struct weir_listener {
    void (*started)(const char *event, void *context);
    void (*progress)(const char *event, void *context);
    void (*idle)(const char *event, void *context);
    void (*terminated)(const char *event, void *context);
    void *context;
};

/* `listener` is copied; members may be NULL. The number is for weir_streams_remove_listener(). */
WEIR_API int weir_streams_add_listener(struct weir_session *session,
                                       const struct weir_listener *listener);
WEIR_API void weir_streams_remove_listener(struct weir_session *session, int number);

#ifdef __cplusplus
}
#endif
