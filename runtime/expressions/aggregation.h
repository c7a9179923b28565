/*
 * Aggregation: expressions with aggregate functions in them, over groups of rows.
 *
 * `sum(a) + 1` is taken apart: the aggregate calls are worked out first, each once, and become columns; what is around them is an
 * ordinary expression over these columns.
 *
 *     sum(a) + count(b) / sum(a)   ->   aggregates  0: sum(a)   1: count(b)
 *                                       results     column 0 + column 1 / column 0
 *
 * The same parts serve a batch (aggregate_all, for one group of all rows), and the operators that keep states over many batches.
 */
#pragma once

#include "columns/batch.h"
#include "expressions/aggregate.h"

struct aggregation {
    int32_t key_count; /* the columns before those of the aggregates */
    int32_t aggregate_count;
    const struct expression *const
        *aggregates; /* calls of kind EXPRESSION_AGGREGATE, over the input */
    int32_t result_count;
    const struct expression *const *results; /* over [keys, aggregates] */
};

/* Is there an aggregate function anywhere in them? */
bool expressions_aggregate(const struct expression *const *list, int32_t count);

/* What is to be grouped: the grouping expressions, and what is asked of each group. */
struct grouping {
    const struct expression *const *keys;
    int32_t key_count;
    const struct expression *const *list;
    int32_t count;
};

/*
 * Takes the list apart. An expression in it that equals a key becomes the key's column. False: the error is set
 * ([MISSING_AGGREGATION], [NESTED_AGGREGATE_FUNCTION]).
 */
bool aggregation_make(struct arena *arena,
                      const struct grouping *grouping,
                      struct aggregation *out,
                      struct sql_error *error);

/* All rows are one group, and one row comes out, also of none. NULL: the error is set. */
struct batch *aggregate_all(struct arena *arena,
                            const struct sql_settings *settings,
                            const struct batch *rows,
                            const struct expression *const *list,
                            int32_t count,
                            struct sql_error *error);
