/*
 * Groups: which rows belong together, by the values of their keys. Internal to operators.
 *
 * A hash table from keys to numbers that are given out in order of first appearance: 0, 1, 2, ... Nulls are equal to each other, as are NaNs, and
 * -0.0 and 0.0. How keys are kept depends on what they are:
 *
 *     none                     there is one group, which is there from the beginning
 *     one number or time       as int64_t
 *     one string or binary     its bytes
 *     anything else            as row_encode_key() writes it
 *
 * Thread: one at a time; readers of a table that no longer changes: any number.
 */
#pragma once

#include "columns/column.h"

struct groups;

/* The types are borrowed, the array is copied. */
struct groups *groups_new(const struct type *const *types, int32_t count);
void groups_free(struct groups *g);

int32_t groups_count(const struct groups *g);

/* out[i]: the group of row i; a key that was not there gets the next number. */
void groups_find(struct groups *g, struct column *const *keys, int32_t rows, int32_t *out);

/* A column for each key, with the values of the groups that `which` names; NULL: of the first `count`. */
void groups_keys(const struct groups *g,
                 const int32_t *which,
                 int32_t count,
                 struct column **out_columns);
