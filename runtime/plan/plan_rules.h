/*
 * What the files of the optimiser ask of each other. Internal to plans.
 *
 * A rule gets a node whose inputs are optimised already, and gives another one for the same rows, or the same node. Rules are tried until
 * none changes anything; each makes a plan smaller or moves a node down, and the rounds are bounded anyway.
 */
#pragma once

#include "plan/plan_parts.h"

struct optimizing {
    struct arena *arena;
    const struct plan_settings *settings;
    bool changed;
};

/* --- expressions (plan_optimize_fold.c) --- */

/* a AND b. */
const struct expression *both_conditions(struct optimizing *o,
                                         const struct expression *a,
                                         const struct expression *b);

/* Costs next to nothing: columns, fields, literals, and an operator or two over them. May be worked out twice. */
bool expression_is_light(const struct expression *e);

/* --- rules --- */

/* The same values with less work: constants worked out, `true AND x` is x. What would fail still does. */
const struct plan *fold_node(struct optimizing *o, const struct plan *plan);
const struct plan *push_filter(struct optimizing *o,
                               const struct plan *plan); /* plan_optimize_filter.c */
const struct plan *merge_project(struct optimizing *o,
                                 const struct plan *plan); /* plan_optimize_project.c */

/* The whole plan, with nothing in it that nobody asks for (plan_optimize_prune.c). */
const struct plan *prune_plan(struct optimizing *o, const struct plan *plan);
