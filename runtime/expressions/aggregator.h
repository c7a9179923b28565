/*
 * Running aggregate functions: the states of many groups, updated batch by batch.
 *
 *     groups         0        1        2     ...
 *     aggregate 0  [state]  [state]  [state]
 *     aggregate 1  [state]  [state]  [state]
 *
 * Which row belongs to which group the caller says, by numbers from 0 that it gives out itself. FILTER and DISTINCT are seen to here, so
 * that functions need not know of them.
 *
 * Thread: one at a time.
 */
#pragma once

#include "expressions/aggregation.h"

struct aggregator;

/* `plan` must outlive it. */
struct aggregator *aggregator_new(const struct aggregation *plan);
void aggregator_free(struct aggregator *a);

/* States for groups [0, groups); new ones are as init() leaves them. */
void aggregator_reserve(struct aggregator *a, int32_t groups);

/* Row i of ev->input belongs to group groups[i]. False: ev->error is set. */
bool aggregator_update(struct aggregator *a, struct evaluation *ev, const int32_t *groups);

/* Group `from` of `other` (made from an equal plan) into group `into`. False: ev->error is set. */
bool aggregator_merge(struct aggregator *a,
                      struct evaluation *ev,
                      int32_t into,
                      const struct aggregator *other,
                      int32_t from);

/* One column an aggregate, with the values of groups [first, first + count). False: ev->error is set, and there are none. */
bool aggregator_finish(struct aggregator *a,
                       struct evaluation *ev,
                       int32_t first,
                       int32_t count,
                       struct column **out_columns);

/* A group's states as bytes, and back. False: these are not the bytes of such states. */
void aggregator_save(const struct aggregator *a, int32_t group, struct buffer *out);
bool aggregator_load(struct aggregator *a, int32_t group, struct bytes saved);
