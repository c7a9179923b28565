/*
 * Structured Streaming: tables that grow, asked with the same questions as tables that do not.
 *
 * A **frame** (Spark's DataFrame) is a question: where rows come from and what is done with them. Making one reads nothing. A batch
 * action (weir_show, weir_collect, weir_count) answers it once; weir_start() answers it again and again, as rows arrive,
 * until the **query** is stopped:
 *
 *     struct weir_session *spark = weir_session_create(
 *         &(struct weir_session_options){ .master = "local[2]", .app_name = "Fraud" }, &err);
 *
 *     struct weir_frame *input = weir_read_stream(spark, "kafka", NULL,
 *         WEIR_OPTIONS({ "kafka.bootstrap.servers", "localhost:9092" }, { "subscribe", "a_partitioned_topic" }));
 *     struct weir_frame *flat = weir_select_expr(
 *         weir_select_expr(input, "from_json(CAST(value AS STRING), 'name STRING, flag INT') AS value"),
 *         "value.name", "value.flag");
 *     struct weir_frame *counts = weir_group_count(weir_group_by(weir_where(flat, "flag = 1"), "name"));
 *
 *     struct weir_query *query = weir_start(counts,
 *         &(struct weir_stream_writer){ .output_mode = "update", .format = "console" }, &err);
 *     rc = weir_query_await(query, -1, &err);
 *
 * Names, meaning and messages are those of Apache Spark 4.1: what you know from there holds here, and what you learn here
 * holds there.
 *
 * **Expressions** come in two forms, everywhere. As Spark SQL text, "amount > 100 AND flag = 1"; or built, from columns:
 * weir_greater(weir_col("amount"), weir_lit_int(100)). Functions that end in _columns take built ones.
 *
 * **Errors** stick to the frame. A verb never fails: it returns a frame that carries the error, as does every frame made from
 * it, and weir_frame_error() tells it. Actions and weir_start() return it. Texts are Spark's: they name the condition, suggest
 * the nearest name, and mark the place with a caret; so they may have several lines. `err` gets the first line,
 * weir_session_error() has the whole text of the last failure.
 *
 * **Ownership.** The session owns its frames and groups; they end with it. Frames made inside a foreachBatch callback
 * from the batch end with the callback. A query handle is valid until the session is closed, also when the query has ended. Columns
 * are taken over by whatever takes them as an argument; weir_column_copy() makes another.
 * **Threads.** A session and its frames: one thread at a time. Query handles: any thread. Callbacks run on the query's thread.
 * Texts returned are terminated and UTF-8, valid as long as their owner unless said otherwise; times are milliseconds, -1 no limit.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_session;
struct weir_frame;
struct weir_group;
struct weir_column;
struct weir_query;

/* Options as an argument: WEIR_OPTIONS({ "subscribe", "t" }, { "startingOffsets", "earliest" }). Names are not case-sensitive. */
#define WEIR_OPTIONS(...)        \
    (const struct weir_option[]) \
    {                            \
        __VA_ARGS__,             \
        {                        \
            NULL, NULL           \
        }                        \
    }

/* --- Sessions --- */

struct weir_session_options {
    const char *master; /* "local" (one thread), "local[N]", "local[*]" (all cores; the default) */
    const char *app_name; /* NULL: "weir" */
    const struct weir_option
        *conf; /* "spark.sql.shuffle.partitions", ...; ends with { NULL, NULL }; may be NULL */
};

/* NULL: `err` says why. `options` may be NULL. Unknown names of conf that begin with "spark." are kept and have no effect. */
WEIR_API struct weir_session *weir_session_create(const struct weir_session_options *options,
                                                  struct weir_error *err);

/* Stops the queries that still run, then frees everything. NULL is accepted. */
WEIR_API void weir_session_close(struct weir_session *session);

/* Settings. A value that does not do is refused by name. weir_conf_get(): NULL when neither set nor known. */
WEIR_API WEIR_CHECKED enum weir_status weir_conf_set(struct weir_session *session,
                                                     const char *name,
                                                     const char *value,
                                                     struct weir_error *err);
WEIR_API const char *weir_conf_get(struct weir_session *session, const char *name);

/* The whole text of the last failure of an action, a start or a setting on this session; "" without one. */
WEIR_API const char *weir_session_error(struct weir_session *session);

/* The condition ("UNRESOLVED_COLUMN.WITH_SUGGESTION"), SQLSTATE ("42703") and class ("AnalysisException") of it; "" without one. */
WEIR_API const char *weir_session_error_condition(struct weir_session *session);
WEIR_API const char *weir_session_error_state(struct weir_session *session);
WEIR_API const char *weir_session_error_class(struct weir_session *session);

/* --- Frames: where rows come from --- */

/*
 * A stream. format: "kafka", "rate", "rate-micro-batch", "socket", "text", "csv", "json". `schema`: DDL ("name STRING, flag INT"),
 * for csv and json; NULL for sources that know their own. `options` may be NULL; file sources take "path".
 */
WEIR_API struct weir_frame *weir_read_stream(struct weir_session *session,
                                             const char *format,
                                             const char *schema,
                                             const struct weir_option *options);

/* The same as it is now, once: "kafka", "text", "csv", "json". Without a schema, json and csv look at the data. */
WEIR_API struct weir_frame *weir_read(struct weir_session *session,
                                      const char *format,
                                      const char *schema,
                                      const struct weir_option *options);

/* A table written out: "VALUES (1, 'a'), (2, NULL) AS t(id, name)". */
WEIR_API struct weir_frame *weir_values(struct weir_session *session, const char *values);

/* The numbers [start, end) in steps of `step`, in the column id. */
WEIR_API struct weir_frame *weir_range(struct weir_session *session,
                                       int64_t start,
                                       int64_t end,
                                       int64_t step);

/* What has a name: a memory sink's query, or a view. */
WEIR_API struct weir_frame *weir_table(struct weir_session *session, const char *name);
WEIR_API void weir_create_temp_view(struct weir_frame *frame, const char *name);

/* "SELECT a, count(*) FROM t WHERE b > 1 GROUP BY a HAVING ... ORDER BY a LIMIT 3", over views, memory sinks and VALUES. */
WEIR_API struct weir_frame *weir_sql(struct weir_session *session, const char *query);

/* --- Frames: verbs --- */

/* The lists of expressions end with NULL, which the macros put there. */
WEIR_API struct weir_frame *weir_select_list(struct weir_frame *frame,
                                             const char *const *expressions);
#define weir_select_expr(frame, ...) \
    weir_select_list(frame, (const char *const[]){ __VA_ARGS__, NULL })

/* select() of names: "a.b", "`a b`", "*", "t.*"; no other expressions, as in Spark. */
WEIR_API struct weir_frame *weir_select_names(struct weir_frame *frame, const char *const *names);
#define weir_select(frame, ...) weir_select_names(frame, (const char *const[]){ __VA_ARGS__, NULL })

WEIR_API struct weir_frame *weir_select_built(struct weir_frame *frame,
                                              struct weir_column *const *columns);
#define weir_select_columns(frame, ...) \
    weir_select_built(frame, (struct weir_column *const[]){ __VA_ARGS__, NULL })

/* Rows for which the condition is true. */
WEIR_API struct weir_frame *weir_where(struct weir_frame *frame, const char *condition);
WEIR_API struct weir_frame *weir_where_column(struct weir_frame *frame,
                                              struct weir_column *condition);

/* Adds a column, or replaces the one of that name. */
WEIR_API struct weir_frame *weir_with_column(struct weir_frame *frame,
                                             const char *name,
                                             const char *expression);
WEIR_API struct weir_frame *weir_with_column_built(struct weir_frame *frame,
                                                   const char *name,
                                                   struct weir_column *column);

/* Nothing happens where there is no such column. */
WEIR_API struct weir_frame *weir_with_column_renamed(struct weir_frame *frame,
                                                     const char *name,
                                                     const char *new_name);
WEIR_API struct weir_frame *weir_drop_names(struct weir_frame *frame, const char *const *names);
#define weir_drop(frame, ...) weir_drop_names(frame, (const char *const[]){ __VA_ARGS__, NULL })

/* New names for all columns, in their order. */
WEIR_API struct weir_frame *weir_to_df_names(struct weir_frame *frame, const char *const *names);
#define weir_to_df(frame, ...) weir_to_df_names(frame, (const char *const[]){ __VA_ARGS__, NULL })

/* A name for the frame: "t.id" then means its column. */
WEIR_API struct weir_frame *weir_as(struct weir_frame *frame, const char *name);

WEIR_API struct weir_frame *weir_limit(struct weir_frame *frame, int32_t rows);
WEIR_API struct weir_frame *weir_union(struct weir_frame *frame, struct weir_frame *other);
WEIR_API struct weir_frame *weir_distinct(struct weir_frame *frame);

/* The first row of each combination of these columns; no names: of all columns. */
WEIR_API struct weir_frame *weir_drop_duplicates(struct weir_frame *frame,
                                                 const char *const *names);

/* "count DESC", "name": Spark SQL's sort items. */
WEIR_API struct weir_frame *weir_order_list(struct weir_frame *frame, const char *const *items);
#define weir_order_by(frame, ...) weir_order_list(frame, (const char *const[]){ __VA_ARGS__, NULL })
WEIR_API struct weir_frame *weir_order_built(struct weir_frame *frame,
                                             struct weir_column *const *columns);

/* How late rows may be, by the clock in `column`: "10 minutes". Not yet of effect beyond what it refuses and reports. */
WEIR_API struct weir_frame *weir_with_watermark(struct weir_frame *frame,
                                                const char *column,
                                                const char *delay);

/* --- Groups --- */

/* Group by these expressions; none: all rows are one group. */
WEIR_API struct weir_group *weir_group_list(struct weir_frame *frame,
                                            const char *const *expressions);
#define weir_group_by(frame, ...) weir_group_list(frame, (const char *const[]){ __VA_ARGS__, NULL })
WEIR_API struct weir_group *weir_group_built(struct weir_frame *frame,
                                             struct weir_column *const *columns);

/* The keys, then these: "count(*) AS n", "sum(amount)". */
WEIR_API struct weir_frame *weir_agg_list(struct weir_group *group, const char *const *expressions);
#define weir_agg(group, ...) weir_agg_list(group, (const char *const[]){ __VA_ARGS__, NULL })
WEIR_API struct weir_frame *weir_agg_built(struct weir_group *group,
                                           struct weir_column *const *columns);

/* The keys, and the number of rows as `count`. */
WEIR_API struct weir_frame *weir_group_count(struct weir_group *group);

/* "sum", "avg", "min", "max", "mean" of these columns; none: of all that are numbers. */
WEIR_API struct weir_frame *weir_group_numbers(struct weir_group *group,
                                               const char *function,
                                               const char *const *names);

/* --- Columns: built expressions --- */

WEIR_API struct weir_column *weir_col(const char *name);  /* "a", "a.b", "*" */
WEIR_API struct weir_column *weir_expr(const char *text); /* Spark SQL */
WEIR_API struct weir_column *weir_lit_null(void);
WEIR_API struct weir_column *weir_lit_bool(bool value);
WEIR_API struct weir_column *weir_lit_int(int32_t value);
WEIR_API struct weir_column *weir_lit_long(int64_t value);
WEIR_API struct weir_column *weir_lit_double(double value);
WEIR_API struct weir_column *weir_lit(const char *text);

/* Any function or operator by its name in Spark SQL: weir_call("concat", a, b), weir_call("+", a, b). */
WEIR_API struct weir_column *weir_call_list(const char *function,
                                            struct weir_column *const *arguments);
#define weir_call(function, ...) \
    weir_call_list(function, (struct weir_column *const[]){ __VA_ARGS__, NULL })
WEIR_API struct weir_column *weir_call_distinct(const char *function,
                                                struct weir_column *const *arguments);

WEIR_API struct weir_column *weir_cast(struct weir_column *column, const char *type);
WEIR_API struct weir_column *weir_try_cast(struct weir_column *column, const char *type);
WEIR_API struct weir_column *weir_alias(struct weir_column *column, const char *name);
WEIR_API struct weir_column *weir_get_field(struct weir_column *column, const char *name);
WEIR_API struct weir_column *weir_get_item(struct weir_column *column, struct weir_column *key);

/* CASE WHEN condition THEN value ...; weir_when() begins it, or goes on with `before`, which is NULL or an earlier weir_when(). */
WEIR_API struct weir_column *weir_when(struct weir_column *before,
                                       struct weir_column *condition,
                                       struct weir_column *value);
WEIR_API struct weir_column *weir_otherwise(struct weir_column *when, struct weir_column *value);

/* For weir_order_built(). */
WEIR_API struct weir_column *weir_asc(struct weir_column *column);
WEIR_API struct weir_column *weir_desc(struct weir_column *column);

WEIR_API struct weir_column *weir_column_copy(const struct weir_column *column);

/* Only for columns that nothing took over. NULL is accepted. */
WEIR_API void weir_column_free(struct weir_column *column);

static inline struct weir_column *weir_equal(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_not_equal(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_less(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_greater(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_and(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_or(struct weir_column *a, struct weir_column *b);
static inline struct weir_column *weir_not(struct weir_column *a);
static inline struct weir_column *weir_from_json(struct weir_column *text, const char *schema);
static inline struct weir_column *weir_concat(struct weir_column *a, struct weir_column *b);

/* --- What a frame is --- */

/* NULL without an error; else the whole text, as Spark words it. */
WEIR_API const char *weir_frame_error(const struct weir_frame *frame);
WEIR_API bool weir_is_streaming(const struct weir_frame *frame);

/* "root\n |-- id: integer (nullable = true)\n": on standard output, or as text. "" for a frame with an error. */
WEIR_API void weir_print_schema(const struct weir_frame *frame);
WEIR_API const char *weir_schema_tree(const struct weir_frame *frame);
WEIR_API const char *weir_schema_ddl(const struct weir_frame *frame);
WEIR_API const char *weir_schema_json(const struct weir_frame *frame);

enum weir_explain_mode {
    WEIR_EXPLAIN_SIMPLE,    /* the physical plan */
    WEIR_EXPLAIN_EXTENDED,  /* and the logical ones: as written, analysed, optimised */
    WEIR_EXPLAIN_FORMATTED, /* the physical plan, each operator described below */
};

WEIR_API void weir_explain(const struct weir_frame *frame, enum weir_explain_mode mode);
WEIR_API const char *weir_explain_text(const struct weir_frame *frame, enum weir_explain_mode mode);

/* --- Batch actions --- */

/* A table on standard output: the first `rows` (Spark: 20), cells cut to `truncate` characters (Spark: 20; 0: whole). */
WEIR_API WEIR_CHECKED enum weir_status weir_show(struct weir_frame *frame,
                                                 int32_t rows,
                                                 int32_t truncate,
                                                 struct weir_error *err);
WEIR_API WEIR_CHECKED enum weir_status weir_show_vertical(struct weir_frame *frame,
                                                          int32_t rows,
                                                          int32_t truncate,
                                                          struct weir_error *err);
WEIR_API WEIR_CHECKED enum weir_status weir_count(struct weir_frame *frame,
                                                  int64_t *out_count,
                                                  struct weir_error *err);

/* Rows in memory. Free them with weir_rows_free(). */
struct weir_rows;
WEIR_API WEIR_CHECKED enum weir_status weir_collect(struct weir_frame *frame,
                                                    struct weir_rows **out_rows,
                                                    struct weir_error *err);
WEIR_API void weir_rows_free(struct weir_rows *rows);
WEIR_API size_t weir_rows_count(const struct weir_rows *rows);
WEIR_API size_t weir_rows_columns(const struct weir_rows *rows);
WEIR_API const char *weir_rows_name(const struct weir_rows *rows, size_t column);

/* The column of that name; -1: there is none. */
WEIR_API int weir_rows_find(const struct weir_rows *rows, const char *name);

/* One value, as text: what CAST(x AS STRING) gives; NULL for null. Valid until the next call for the same rows. */
WEIR_API const char *weir_rows_text(struct weir_rows *rows, size_t row, size_t column);
WEIR_API bool weir_rows_is_null(const struct weir_rows *rows, size_t row, size_t column);
WEIR_API int64_t
weir_rows_integer(const struct weir_rows *rows,
                  size_t row,
                  size_t column); /* integers, booleans, dates (days), timestamps (µs) */
WEIR_API double weir_rows_double(const struct weir_rows *rows,
                                 size_t row,
                                 size_t column); /* any number */

/* A row as to_json() writes it, null fields too. Valid until the next call for the same rows. */
WEIR_API const char *weir_rows_json(struct weir_rows *rows, size_t row);

/* Writes a batch once: format "kafka", "text", "csv", "json"; mode "append", "overwrite", "error" (default), "ignore" for files. */
WEIR_API WEIR_CHECKED enum weir_status weir_write(struct weir_frame *frame,
                                                  const char *format,
                                                  const char *mode,
                                                  const struct weir_option *options,
                                                  struct weir_error *err);

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

/* A batch of foreachBatch. `batch` is a plain frame and ends with the call. Anything but WEIR_OK ends the query with `err`. */
typedef enum weir_status weir_batch_function(struct weir_frame *batch,
                                             int64_t batch_id,
                                             void *context,
                                             struct weir_error *err);

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
    weir_batch_function *foreach_batch;
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

/* --- inline bodies --- */

static inline struct weir_column *weir_equal(struct weir_column *a, struct weir_column *b)
{
    return weir_call("=", a, b);
}

static inline struct weir_column *weir_not_equal(struct weir_column *a, struct weir_column *b)
{
    return weir_call("not", weir_call("=", a, b));
}

static inline struct weir_column *weir_less(struct weir_column *a, struct weir_column *b)
{
    return weir_call("<", a, b);
}

static inline struct weir_column *weir_greater(struct weir_column *a, struct weir_column *b)
{
    return weir_call(">", a, b);
}

static inline struct weir_column *weir_and(struct weir_column *a, struct weir_column *b)
{
    return weir_call("and", a, b);
}

static inline struct weir_column *weir_or(struct weir_column *a, struct weir_column *b)
{
    return weir_call("or", a, b);
}

static inline struct weir_column *weir_not(struct weir_column *a)
{
    return weir_call("not", a);
}

static inline struct weir_column *weir_from_json(struct weir_column *text, const char *schema)
{
    return weir_call("from_json", text, weir_lit(schema));
}

static inline struct weir_column *weir_concat(struct weir_column *a, struct weir_column *b)
{
    return weir_call("concat", a, b);
}

#ifdef __cplusplus
}
#endif
