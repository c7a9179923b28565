/*
 * What the states of aggregates are made of, as Spark names it: for comparing a query with the checkpoint that it goes on with. Internal to
 * operators. Thread: any.
 */
#pragma once

#include "expressions/aggregation.h"

/* A struct with the fields of all aggregates' states, one aggregate after the other. */
const struct type *state_value_type(struct arena *arena, const struct aggregation *aggregation);
