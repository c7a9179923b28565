/*
 * The optimiser: see plan.h, plan_rules.h. Here are the rounds, and the rules that are short.
 */
#include "plan/plan_rules.h"

enum { MOST_ROUNDS = 20 };

/* Names of tables have done their work, and a watermark over what does not grow says nothing. */
static const struct plan *drop_node(struct optimizing *o, const struct plan *plan)
{
    if (plan->kind == PLAN_ALIAS || (plan->kind == PLAN_WATERMARK && !plan->streaming)) {
        o->changed = true;
        return plan->inputs[0];
    }
    if (plan->kind == PLAN_ROWS && !bytes_is_null(plan->name)) {
        struct plan *rows = ARENA_NEW(o->arena, struct plan, 1);
        *rows = *plan;
        rows->name = (struct bytes){ 0 };
        o->changed = true;
        return rows;
    }
    return plan;
}

/* The lower of two limits. A stream counts the rows of each apart. */
static const struct plan *merge_limits(struct optimizing *o, const struct plan *plan)
{
    if (plan->kind != PLAN_LIMIT || plan->streaming || plan->inputs[0]->kind != PLAN_LIMIT) {
        return plan;
    }
    const struct plan *below = plan->inputs[0];
    struct plan *one = plan_new(o->arena, PLAN_LIMIT, plan->written, &below->inputs[0], 1);
    one->limit = plan->limit < below->limit ? plan->limit : below->limit;
    o->changed = true;
    return one;
}

static const struct plan *apply_rules(struct optimizing *o, const struct plan *plan)
{
    plan = drop_node(o, plan);
    plan = fold_node(o, plan);
    plan = merge_limits(o, plan);
    plan = push_filter(o, plan);
    return merge_project(o, plan);
}

/* The inputs first. */
static const struct plan *apply_below(struct optimizing *o, const struct plan *plan)
{
    const struct plan *inputs[2] = { NULL, NULL };
    for (int32_t i = 0; i < plan->input_count; i++) {
        inputs[i] = apply_below(o, plan->inputs[i]);
    }
    return apply_rules(o, plan_with_inputs(o->arena, plan, inputs));
}

static const struct plan *apply_all(struct optimizing *o, const struct plan *plan)
{
    o->changed = true;
    for (int round = 0; o->changed && round < MOST_ROUNDS; round++) {
        o->changed = false;
        plan = apply_below(o, plan);
    }
    return plan;
}

const struct plan *plan_optimize(struct arena *arena,
                                 const struct plan_settings *settings,
                                 const struct plan *plan)
{
    struct optimizing o = { .arena = arena, .settings = settings };
    const struct plan *best = apply_all(&o, plan);
    best = prune_plan(&o, best);
    best = apply_all(&o, best);
    if (type_equal(best->schema, plan->schema)) {
        return best;
    }
    struct plan *same =
        ARENA_NEW(arena, struct plan, 1); /* what can be null is what could be before */
    *same = *best;
    same->schema = plan->schema;
    return same;
}
