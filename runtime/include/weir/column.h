/*
 * Columns: built expressions of Structured Streaming. Part of weir/stream.h, which says what holds for all of it.
 *
 *     weir_and(weir_greater(weir_col("amount"), weir_lit_int(100)), weir_equal(weir_col("flag"), weir_lit_int(1)))
 *
 * A column is taken over by whatever takes it as an argument. Errors, such as a text that does not parse, stick to it and come out in the frame
 * that it is used in.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_column;

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

/* For weir_order_built(). asc: nulls first; desc: nulls last. */
WEIR_API struct weir_column *weir_order(struct weir_column *column,
                                        bool descending,
                                        bool nulls_last);
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

/* --- inline bodies --- */

static inline struct weir_column *weir_equal(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list("=", list);
}

static inline struct weir_column *weir_not_equal(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { weir_equal(a, b), NULL };
    return weir_call_list("not", list);
}

static inline struct weir_column *weir_less(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list("<", list);
}

static inline struct weir_column *weir_greater(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list(">", list);
}

static inline struct weir_column *weir_and(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list("and", list);
}

static inline struct weir_column *weir_or(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list("or", list);
}

static inline struct weir_column *weir_not(struct weir_column *a)
{
    struct weir_column *const list[] = { a, NULL };
    return weir_call_list("not", list);
}

static inline struct weir_column *weir_from_json(struct weir_column *text, const char *schema)
{
    struct weir_column *const list[] = { text, weir_lit(schema), NULL };
    return weir_call_list("from_json", list);
}

static inline struct weir_column *weir_concat(struct weir_column *a, struct weir_column *b)
{
    struct weir_column *const list[] = { a, b, NULL };
    return weir_call_list("concat", list);
}

#ifdef __cplusplus
}
#endif
