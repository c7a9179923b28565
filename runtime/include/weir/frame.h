/*
 * Frames of Structured Streaming: where rows come from, the verbs, and batch actions. Part of weir/stream.h, which says what holds for all of it.
 */
#pragma once

#include "weir/column.h"
#include "weir/session.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_frame;
struct weir_group;
struct weir_rows;

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

/* Group by these expressions; none (weir_group_list(frame, NULL)): all rows are one group. */
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

/* --- What a frame is --- */

/* NULL without an error; else the whole text, as Spark words it. */
WEIR_API const char *weir_frame_error(const struct weir_frame *frame);

/* Its condition ("UNRESOLVED_COLUMN.WITH_SUGGESTION"), SQLSTATE ("42703") and class ("AnalysisException"); "" without an error. */
WEIR_API const char *weir_frame_error_condition(const struct weir_frame *frame);
WEIR_API const char *weir_frame_error_state(const struct weir_frame *frame);
WEIR_API const char *weir_frame_error_class(const struct weir_frame *frame);
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
WEIR_API WEIR_CHECKED enum weir_status weir_collect(struct weir_frame *frame,
                                                    struct weir_rows **out_rows,
                                                    struct weir_error *err);
WEIR_API void weir_rows_free(struct weir_rows *rows);
WEIR_API size_t weir_rows_count(const struct weir_rows *rows);
WEIR_API size_t weir_rows_columns(const struct weir_rows *rows);
WEIR_API const char *weir_rows_name(const struct weir_rows *rows, size_t column);

/* The column of that name; -1: there is none. */
WEIR_API int weir_rows_find(const struct weir_rows *rows, const char *name);

/* One value, as text: what CAST(x AS STRING) gives; NULL for null. Valid as long as the rows. */
WEIR_API const char *weir_rows_text(struct weir_rows *rows, size_t row, size_t column);
WEIR_API bool weir_rows_is_null(const struct weir_rows *rows, size_t row, size_t column);
WEIR_API int64_t
weir_rows_integer(const struct weir_rows *rows,
                  size_t row,
                  size_t column); /* integers, booleans, dates (days), timestamps (µs) */
WEIR_API double weir_rows_double(const struct weir_rows *rows,
                                 size_t row,
                                 size_t column); /* any number */

/* A row as to_json() writes it, null fields too. Valid as long as the rows. */
WEIR_API const char *weir_rows_json(struct weir_rows *rows, size_t row);

/* Writes a batch once: format "kafka", "text", "csv", "json"; mode "append", "overwrite", "error" (default), "ignore" for files. */
WEIR_API WEIR_CHECKED enum weir_status weir_write(struct weir_frame *frame,
                                                  const char *format,
                                                  const char *mode,
                                                  const struct weir_option *options,
                                                  struct weir_error *err);

#ifdef __cplusplus
}
#endif
