/*
 * The tables of aggregate functions, by the file they are in. Internal to expressions.
 */
#pragma once

#include "expressions/aggregate.h"

extern const struct aggregate aggregate_count;
extern const struct aggregate aggregate_count_if;
extern const struct aggregate aggregate_sum;
extern const struct aggregate aggregate_avg;
extern const struct aggregate aggregate_extreme; /* min, max: by the function's name */
extern const struct aggregate aggregate_first;   /* first, last, any_value */
extern const struct aggregate aggregate_extreme_by;
extern const struct aggregate aggregate_collect;    /* collect_list, collect_set */
extern const struct aggregate aggregate_bool;       /* bool_and, bool_or */
extern const struct aggregate aggregate_moments;    /* variance, stddev, skewness, kurtosis */
extern const struct aggregate aggregate_bits;       /* bit_and, bit_or, bit_xor */
extern const struct aggregate aggregate_pairs;      /* covariance, correlation, regression */
extern const struct aggregate aggregate_text;       /* listagg, string_agg */
extern const struct aggregate aggregate_percentile; /* median, percentile */

/* Settle types: resolve() of the functions. */
bool resolve_count(struct analysis *a, struct expression *call);
bool resolve_sum(struct analysis *a, struct expression *call);
bool resolve_avg(struct analysis *a, struct expression *call);
bool resolve_extreme_of(struct analysis *a, struct expression *call);
bool resolve_first(struct analysis *a, struct expression *call);
bool resolve_text(struct analysis *a, struct expression *call);
bool resolve_percentile(struct analysis *a, struct expression *call);
bool resolve_collect(struct analysis *a, struct expression *call);

/* Does row i count: not null in its first argument, and selected. */
static inline bool aggregate_counts(const struct column *arg, const uint8_t *selected, int32_t row)
{
    return (!selected || bit_get(selected, row)) && !column_is_null(arg, row);
}
