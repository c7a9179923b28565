/*
 * Evaluation: expressions over batches, a column at a time.
 *
 * A **program** is a list of expressions made ready: a line of instructions, each of which fills one slot with a column from the
 * slots before it, equal parts once only.
 *
 *     value.name, upper(value.name)          0  column value
 *                                            1  field name of 0        -> first result
 *                                            2  upper(1)               -> second result
 *
 * Constants are worked out once, in one row. Where not every row may be looked at (CASE, AND, coalesce: `1/x` must not fail for the
 * rows that another branch has), the instruction holds a program for each argument and runs it over the rows in question.
 *
 * Thread: a program is immutable and may be run by many threads at once, each with its own evaluation.
 */
#pragma once

#include <stdatomic.h>

#include "columns/batch.h"
#include "expressions/function.h"

struct program;

/* What a run is about; the caller fills it and keeps it until the run is over. */
struct evaluation {
    const struct sql_settings *settings;
    const struct batch *input; /* the columns; NULL where there are none */
    int32_t rows;              /* as many as the input has, if there is one */
    struct column **variables; /* of lambdas, by index; each has `rows` rows */
    int32_t variable_count;
    struct sql_error *error;
    const struct instruction *current; /* the call that is being evaluated */
    int32_t partition;                 /* of the data, for spark_partition_id() and seeds */
    int64_t
        first_row; /* of the input, counted in its partition: seeds go on where the last batch ended */
    const atomic_bool
        *stops[2]; /* one of them true: the result is not wanted any more; NULL: none */
};

/* The rows that a function is asked about. */
struct rows {
    int32_t count;
    const uint8_t *valid; /* NULL: all */
    int32_t null_count;
};

static inline bool row_counts(const struct rows *rows, int32_t row)
{
    return !rows->valid || bit_get(rows->valid, row);
}

/* The expressions must outlive the program. */
struct program *program_new(const struct expression *const *list, int32_t count);
void program_free(struct program *p);

/* One column an expression, all with ev->rows rows. False: ev->error is set, and there are none. */
bool program_run(const struct program *p, struct evaluation *ev, struct column **out_columns);

/* A shortcut: one expression, once. NULL: ev->error is set. */
struct column *evaluate_once(struct evaluation *ev, const struct expression *e);

/* --- for functions --- */

/* Argument `i` of the call that is being evaluated lazily, for all rows ... */
struct column *evaluate_argument(struct evaluation *ev, int32_t i);

/* ... or for those that `chosen` names, in ascending order: the result has `count` rows. */
struct column *evaluate_argument_for(struct evaluation *ev,
                                     int32_t i,
                                     const int32_t *chosen,
                                     int32_t count);

/*
 * A lambda's body over its own rows: variables [lambda->index, + parameters) are `values` (each `rows` rows), and `outer` says for each
 * of these rows which row of the present evaluation's columns and variables goes with it.
 */
struct column *evaluate_lambda(struct evaluation *ev,
                               const struct expression *lambda,
                               struct column *const *values,
                               const int32_t *outer,
                               int32_t rows);

/*
 * Does nobody want the result any more? Then the error is set. Asked between instructions; functions ask that may take long over a
 * row, or have rows that take long.
 */
bool evaluation_stopped(struct evaluation *ev);

/* Sets an error with the fragment of the call. Returns NULL. */
struct column *evaluation_fail(struct evaluation *ev,
                               const struct expression *call,
                               const struct sql_condition *condition,
                               const char *format,
                               ...) __attribute__((format(printf, 4, 5)));

/*
 * A result of fixed width under construction: values for all rows, null where rows->valid says so, and where vector_null() is called.
 *
 *     struct vector v = vector_new(call->type, rows);
 *     int32_t *out = v.values;
 *     for (...) out[i] = ...;
 *     return vector_finish(&v);
 */
struct vector {
    const struct type *type;
    int32_t length;
    uint8_t *validity; /* NULL until there is a null */
    int32_t null_count;
    void *values; /* zeroed; for booleans, bits */
};

struct vector vector_new(const struct type *type, const struct rows *rows);
void vector_null(struct vector *v, int32_t row);
struct column *vector_finish(struct vector *v);
void vector_drop(struct vector *v);
