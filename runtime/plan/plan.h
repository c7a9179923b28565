/*
 * Plans: what verbs mean, with every name resolved and every type known; before and after optimisation.
 *
 *     kind        rows out                                   expressions                    other members
 *     RELATION    a source's                                                                relation, columns
 *     ROWS        `rows`                                                                    rows
 *     RANGE       start, start + step, ... below end                                        start, end, step
 *     PROJECT     one for each row in                        one an output column (aliases)
 *     FILTER      those where it is true                     the condition
 *     AGGREGATE   one a group                                the results (as written)       keys, aggregation
 *     DISTINCT    the first of each combination of keys      the keys (columns)
 *     LIMIT       the first `limit`                                                         limit
 *     UNION       all of the first, then of the second
 *     SORT        the same in order                          the keys                       orders
 *     GENERATE    several for each row in: explode()         the generator                  outer
 *                 (the input's columns, then its own)
 *     ALIAS       the same under another name                                               name
 *     WATERMARK   the same; says how late a column may be    the column                     delay_us
 *
 * ALIAS stays until the optimiser drops it. A plan is **streaming** when a relation below it is. Column i of `schema` is what
 * EXPRESSION_COLUMN with index i means one node up; nodes with two inputs (UNION) take columns by place.
 *
 * Everything lives in an arena, but for `rows`. Immutable once made. Thread: any number of readers.
 */
#pragma once

#include "expressions/aggregation.h"
#include "expressions/analysis.h"
#include "plan/logical.h"

enum plan_kind {
    PLAN_RELATION,
    PLAN_ROWS,
    PLAN_RANGE,
    PLAN_PROJECT,
    PLAN_FILTER,
    PLAN_AGGREGATE,
    PLAN_DISTINCT,
    PLAN_LIMIT,
    PLAN_UNION,
    PLAN_SORT,
    PLAN_GENERATE,
    PLAN_ALIAS,
    PLAN_WATERMARK,
    PLAN_KIND_COUNT,
};

enum output_mode {
    OUTPUT_BATCH, /* no stream: everything once */
    OUTPUT_APPEND,
    OUTPUT_UPDATE,
    OUTPUT_COMPLETE,
};

struct plan {
    enum plan_kind kind;
    bool streaming;
    const struct type *schema; /* a struct: the columns out */
    const struct bytes
        *qualifiers; /* the table's name for each column, null bytes: none; NULL: none has one */
    int32_t input_count;
    const struct plan *inputs[2];
    int32_t expression_count;
    const struct expression *const *expressions;
    int32_t key_count; /* AGGREGATE */
    const struct expression *const *keys;
    const struct aggregation *aggregation;
    const struct relation *relation;
    const int32_t *
        columns; /* RELATION: which of the relation's columns are wanted, in this order; NULL: all */
    int32_t column_count;
    struct batch *rows; /* borrowed */
    int64_t start, end, step;
    int32_t splits; /* RANGE; 0: as whoever runs it likes */
    int32_t limit;
    const struct sort_order *orders;
    bool outer; /* GENERATE: explode_outer */
    struct bytes name;
    int64_t delay_us;
    int32_t event_column; /* WATERMARK */
    int32_t size;         /* nodes of the tree, this one counted */
    const struct logical
        *written; /* what this is the meaning of; NULL for what optimisation made */
};

struct plan_settings {
    const struct sql_settings *sql;
};

/*
 * The meaning of a verb over inputs whose meaning is known. NULL: the error is set, in Spark's words, with the plan as Spark prints it
 * below an analysis error. Pure.
 */
const struct plan *plan_analyze(struct arena *arena,
                                const struct plan_settings *settings,
                                const struct logical *written,
                                const struct plan *const *inputs,
                                struct sql_error *error);

/* The meaning of a whole tree of verbs. NULL: the error is set. */
const struct plan *plan_analyze_tree(struct arena *arena,
                                     const struct plan_settings *settings,
                                     const struct logical *written,
                                     struct sql_error *error);

/*
 * The same rows with less work: filters and projections are pushed down and joined, constants folded, columns that nobody asks for
 * left out, down to the fields that from_json() reads and the columns that a source delivers. Pure.
 */
const struct plan *plan_optimize(struct arena *arena,
                                 const struct plan_settings *settings,
                                 const struct plan *plan);

/* May it run as a stream in this mode? Spark's UnsupportedOperationChecker, in its words. False: the error is set. */
bool plan_check_streaming(const struct plan *plan, enum output_mode mode, struct sql_error *error);

/* May it run as a batch? Spark: "Queries with streaming sources must be executed with writeStream.start()". */
bool plan_check_batch(const struct plan *plan, struct sql_error *error);

/* How many relations that are streams, and each, from left to right: the order of a checkpoint's offsets. */
int32_t plan_streams(const struct plan *plan, const struct plan **out, int32_t max);

/* "Project [id#0, name#1]\n+- ...\n": == Analyzed Logical Plan ==, == Optimized Logical Plan ==. */
void plan_print_tree(struct buffer *out, const struct plan *plan);

/* "'Project ['id]\n+- ...\n": == Parsed Logical Plan ==: the last verb as it was written, over inputs whose meaning is known. */
void plan_print_parsed(struct buffer *out, const struct plan *plan);

/* The same columns, types and meaning. */
bool plan_equal(const struct plan *a, const struct plan *b);
