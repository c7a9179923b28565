/*
 * What the files of plans ask of each other. Internal: others use plan.h.
 */
#pragma once

#include "expressions/rewrite.h"
#include "plan/plan.h"

/* The meaning of one verb under way. */
struct planning {
    struct arena *arena;
    const struct plan_settings *settings;
    const struct logical *written;
    const struct plan *const *inputs;
    struct sql_error *error;
};

/* --- nodes (plan_make.c) --- */

/* A node that has its first input's columns; `written` may be NULL. */
struct plan *plan_new(struct arena *arena,
                      enum plan_kind kind,
                      const struct logical *written,
                      const struct plan *const *inputs,
                      int32_t count);

/* A projection; each of the list has an alias. */
const struct plan *plan_make_project(struct arena *arena,
                                     const struct logical *written,
                                     const struct plan *input,
                                     const struct expression *const *list,
                                     int32_t count);

const struct plan *plan_make_filter(struct arena *arena,
                                    const struct logical *written,
                                    const struct plan *input,
                                    const struct expression *condition);

/* Groups; NULL: the error is set. The list has aliases. */
const struct plan *plan_make_aggregate(struct arena *arena,
                                       const struct logical *written,
                                       const struct plan *input,
                                       const struct grouping *grouping,
                                       struct sql_error *error);

/* The first `count` columns of the input as they are, for the end of a way through hidden ones. */
const struct plan *plan_make_prefix(struct arena *arena,
                                    const struct logical *written,
                                    const struct plan *input,
                                    int32_t count);

/* The same node over other inputs, which have the same columns. */
const struct plan *plan_with_inputs(struct arena *arena,
                                    const struct plan *plan,
                                    const struct plan *const *inputs);

/* Column i passed on under its own name: `id` in a list, or `t.id`. */
bool expression_passes(const struct expression *e);

/* --- analysis --- */

/* For expressions over the rows of `input`. */
struct analysis planning_analysis(const struct planning *p, const struct plan *input);

/* The same name, as the session sees upper and lower case. */
bool planning_same_name(const struct planning *p, struct bytes a, struct bytes b);

const struct plan *analyze_project(const struct planning *p); /* plan_analysis_project.c */
const struct plan *analyze_with_columns(const struct planning *p);
const struct plan *analyze_rename(const struct planning *p); /* plan_analysis_columns.c */
const struct plan *analyze_drop(const struct planning *p);
const struct plan *analyze_to_df(const struct planning *p);
const struct plan *analyze_distinct(const struct planning *p);
const struct plan *analyze_aggregate(const struct planning *p); /* plan_analysis_group.c */
const struct plan *analyze_filter(const struct planning *p);    /* plan_analysis_order.c */
const struct plan *analyze_sort(const struct planning *p);
const struct plan *analyze_union(const struct planning *p);     /* plan_analysis_union.c */
const struct plan *analyze_watermark(const struct planning *p); /* plan_analysis_watermark.c */

/* [UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS] when there is one among them. False: the error is set. */
bool refuse_generators(const struct planning *p,
                       const struct expression *const *list,
                       int32_t count);

/*
 * The verb's list over its input's rows. Conditions and sort keys may also name what the node below left out or grouped, as ORDER BY and
 * HAVING do: then *out_plan is the input with more columns behind its own. False: the error is set.
 */
bool analyze_through(const struct planning *p,
                     const struct expression **out_list,
                     const struct plan **out_plan);

/* --- text (plan_explain.c) --- */

/* Adds the plan below an analysis error, as Spark does, when the error is one that has it. */
void planning_add_tree(const struct planning *p);

/* "'Filter ('a > 1)": the verb alone, with what of it has a meaning. */
void planning_print_line(const struct planning *p, struct buffer *out);

/* The same of a node that is known, below an error of the checks. */
void plan_add_tree(struct sql_error *error, const struct plan *plan);
