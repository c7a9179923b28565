/*
 * Constants and conditions: see plan_rules.h.
 *
 * Nothing is worked out that another run would answer otherwise (current_timestamp, rand), and nothing that fails: that is left for the run to
 * tell, which may never get there.
 */
#include "expressions/evaluate.h"
#include "plan/plan_rules.h"

static struct analysis folding_analysis(struct optimizing *o, struct sql_error *error)
{
    return (struct analysis){ .arena = o->arena, .settings = o->settings->sql, .error = error };
}

static bool is_call(const struct expression *e, const char *name, int32_t count)
{
    return e->kind == EXPRESSION_CALL && e->count == count && !e->replacement &&
           strcmp(e->function->name, name) == 0;
}

static bool is_truth(const struct expression *e, bool value)
{
    return e->kind == EXPRESSION_LITERAL && e->type->kind == TYPE_BOOLEAN && !e->scalar.null &&
           (e->scalar.integer != 0) == value;
}

/* --- constants --- */

/* Text becomes a time by the run's day ("10:00"), and some functions tell the run's time. */
static bool is_of_one_run(const struct expression *e, void *context)
{
    (void)context;
    bool time = e->type->kind == TYPE_DATE || e->type->kind == TYPE_TIMESTAMP ||
                e->type->kind == TYPE_TIMESTAMP_NTZ;
    for (int32_t i = 0; time && i < e->count; i++) {
        if (e->args[i]->type->kind == TYPE_STRING) {
            return false;
        }
    }
    return !(e->function && e->function->tells_time);
}

static bool is_foldable(const struct expression *e)
{
    return (e->kind == EXPRESSION_CALL || e->kind == EXPRESSION_CAST ||
            e->kind == EXPRESSION_FIELD) &&
           !type_is_nested(e->type) && e->type->kind != TYPE_VOID && expression_is_constant(e) &&
           expression_walk(e, is_of_one_run, NULL);
}

/* NULL: it fails. */
static const struct expression *worked_out(struct optimizing *o, const struct expression *e)
{
    struct sql_error error = { 0 };
    struct scalar value;
    struct analysis a = folding_analysis(o, &error);
    bool ok = analysis_constant(&a, e, &value);
    sql_error_finish(&error);
    if (!ok) {
        return NULL;
    }
    value.type = e->type;
    struct expression *literal = ARENA_NEW(o->arena, struct expression, 1);
    *literal = *expression_literal(o->arena, o->settings->sql, value);
    literal->span = e->span;
    literal->source = e->source;
    return literal;
}

/* --- conditions --- */

static const struct expression *simplified(const struct expression *e)
{
    if (is_call(e, "and", 2)) {
        bool decided = is_truth(e->args[0], false) || is_truth(e->args[1], true);
        return decided ? e->args[0] : is_truth(e->args[0], true) ? e->args[1] : e;
    }
    if (is_call(e, "or", 2)) {
        bool decided = is_truth(e->args[0], true) || is_truth(e->args[1], false);
        return decided ? e->args[0] : is_truth(e->args[0], false) ? e->args[1] : e;
    }
    if (is_call(e, "not", 1) && is_call(e->args[0], "not", 1)) {
        return e->args[0]->args[0];
    }
    if (e->kind == EXPRESSION_CAST && type_equal(e->type, e->args[0]->type)) {
        return e->args[0];
    }
    return e;
}

/* from_json(x, 'a INT, b INT').a reads a alone. */
static const struct expression *read_one_field(struct optimizing *o, const struct expression *e)
{
    const struct expression *call = e->kind == EXPRESSION_FIELD ? e->args[0] : NULL;
    if (!call || call->kind != EXPRESSION_CALL || call->type->kind != TYPE_STRUCT) {
        return e;
    }
    bool *wanted = ARENA_NEW(o->arena, bool, (size_t)call->type->field_count);
    wanted[e->index] = true;
    const struct expression *fewer = expression_prune_json(o->arena, call, wanted);
    if (!fewer) {
        return e;
    }
    const struct expression **args = ARENA_NEW(o->arena, const struct expression *, 1);
    args[0] = fewer;
    struct expression *copy = ARENA_NEW(o->arena, struct expression, 1);
    *copy = *e;
    copy->args = args;
    copy->index = 0;
    return copy;
}

/* --- the walk: parts first --- */

static const struct expression *fold(struct optimizing *o, const struct expression *e);

/* The node over its folded parts. */
static const struct expression *fold_parts(struct optimizing *o, const struct expression *e)
{
    bool same = true;
    const struct expression **args =
        ARENA_NEW(o->arena, const struct expression *, (size_t)e->count);
    for (int32_t i = 0; i < e->count; i++) {
        args[i] = fold(o, e->args[i]);
        same = same && args[i] == e->args[i];
    }
    const struct expression *filter = e->filter ? fold(o, e->filter) : NULL;
    const struct expression *replacement = e->replacement ? fold(o, e->replacement) : NULL;
    if (same && filter == e->filter && replacement == e->replacement) {
        return e;
    }
    struct expression *copy = ARENA_NEW(o->arena, struct expression, 1);
    *copy = *e;
    copy->args = args;
    copy->filter = filter;
    copy->replacement = replacement;
    return copy;
}

static const struct expression *fold(struct optimizing *o, const struct expression *e)
{
    if (e->kind == EXPRESSION_LITERAL || e->kind == EXPRESSION_COLUMN ||
        e->kind == EXPRESSION_VARIABLE || (e->kind == EXPRESSION_LAMBDA && e->count == 0)) {
        return e;
    }
    if (is_foldable(e)) {
        const struct expression *literal = worked_out(o, e);
        if (literal) {
            return literal;
        }
    }
    return read_one_field(o, simplified(fold_parts(o, e)));
}

const struct expression *both_conditions(struct optimizing *o,
                                         const struct expression *a,
                                         const struct expression *b)
{
    struct sql_error error = { 0 };
    struct analysis analysis = folding_analysis(o, &error);
    const struct expression *both =
        analysis_call(&analysis, "and", (const struct expression *[]){ a, b }, 2, span_none());
    sql_error_finish(&error);
    return both;
}

bool expression_is_light(const struct expression *e)
{
    enum { LIGHT = 5 };
    bool light = e->deterministic && expression_size(e, LIGHT + 1) <= LIGHT;
    switch (e->kind) {
    case EXPRESSION_CALL:
        light = light && e->function->print == print_infix && !e->replacement;
        break;
    case EXPRESSION_CAST:
        light = light && type_width(e->type) > 0 && type_width(e->args[0]->type) > 0;
        break;
    case EXPRESSION_LAMBDA:
    case EXPRESSION_VARIABLE:
    case EXPRESSION_AGGREGATE: light = false; break;
    case EXPRESSION_LITERAL:
    case EXPRESSION_COLUMN:
    case EXPRESSION_ALIAS:
    case EXPRESSION_FIELD: break;
    }
    for (int32_t i = 0; light && i < e->count; i++) {
        light = expression_is_light(e->args[i]);
    }
    return light;
}

/* --- nodes --- */

static const struct expression **fold_list(struct optimizing *o,
                                           const struct expression *const *list,
                                           int32_t count,
                                           bool *same)
{
    const struct expression **folded =
        ARENA_NEW(o->arena, const struct expression *, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        folded[i] = fold(o, list[i]);
        *same = *same && folded[i] == list[i];
    }
    return folded;
}

/* Keys and results change alike. Where a result would not be found to be over the keys any more the groups stay as they are. */
static const struct plan *fold_groups(struct optimizing *o, const struct plan *plan)
{
    bool same = true;
    struct grouping g = { .key_count = plan->key_count, .count = plan->expression_count };
    struct sql_error error = { 0 };
    g.keys = fold_list(o, plan->keys, plan->key_count, &same);
    g.list = fold_list(o, plan->expressions, plan->expression_count, &same);
    const struct plan *folded =
        same ? NULL : plan_make_aggregate(o->arena, plan->written, plan->inputs[0], &g, &error);
    sql_error_finish(&error);
    o->changed = o->changed || folded;
    return folded ? folded : plan;
}

const struct plan *fold_node(struct optimizing *o, const struct plan *plan)
{
    if (plan->kind == PLAN_AGGREGATE) {
        return fold_groups(o, plan);
    }
    if (plan->kind != PLAN_PROJECT && plan->kind != PLAN_FILTER && plan->kind != PLAN_SORT &&
        plan->kind != PLAN_GENERATE) {
        return plan;
    }
    bool same = true;
    const struct expression **list = fold_list(o, plan->expressions, plan->expression_count, &same);
    if (same) {
        return plan;
    }
    o->changed = true;
    struct plan *copy = ARENA_NEW(o->arena, struct plan, 1);
    *copy = *plan;
    copy->expressions = list;
    return copy;
}
