/*
 * Projections: two become one where nothing is worked out twice for it, and one that changes nothing goes. See plan_rules.h.
 */
#include "plan/plan_rules.h"

enum { LARGEST = 5000 }; /* nodes of one expression that merging may make */

static int32_t total_size(const struct plan *project)
{
    int32_t size = 0;
    for (int32_t i = 0; i < project->expression_count && size < LARGEST; i++) {
        size += expression_size(project->expressions[i], LARGEST);
    }
    return size;
}

struct counting {
    int32_t *uses;
};

static bool count_uses(const struct expression *e, void *context)
{
    struct counting *c = context;
    if (e->kind == EXPRESSION_COLUMN) {
        c->uses[e->index]++;
    } else if (e->kind == EXPRESSION_LAMBDA && e->count > 0) {
        (void)expression_walk(e->args[0], count_uses, c); /* worked out many times a row */
    }
    return true;
}

/* Is everything that is used more than once light, and nothing used that is not deterministic? */
static bool may_merge(struct optimizing *o, const struct plan *upper, const struct plan *lower)
{
    struct counting c = { ARENA_NEW(o->arena, int32_t, (size_t)lower->expression_count + 1) };
    for (int32_t i = 0; i < upper->expression_count; i++) {
        (void)expression_walk(upper->expressions[i], count_uses, &c);
    }
    for (int32_t i = 0; i < lower->expression_count; i++) {
        const struct expression *e = lower->expressions[i];
        if (!e->deterministic || (c.uses[i] > 1 && !expression_is_light(e))) {
            return false;
        }
    }
    return total_size(upper) + total_size(lower) < LARGEST;
}

static const struct plan *merged(struct optimizing *o,
                                 const struct plan *upper,
                                 const struct plan *lower)
{
    const struct expression **meant =
        ARENA_NEW(o->arena, const struct expression *, (size_t)lower->expression_count + 1);
    for (int32_t i = 0; i < lower->expression_count; i++) {
        meant[i] = expression_unaliased(lower->expressions[i]);
    }
    const struct expression **list =
        ARENA_NEW(o->arena, const struct expression *, (size_t)upper->expression_count + 1);
    for (int32_t i = 0; i < upper->expression_count; i++) {
        const struct expression *e = upper->expressions[i];
        list[i] = expression_alias(
            o->arena, expression_substitute(o->arena, expression_unaliased(e), meant), e->name);
    }
    struct plan *plan = plan_new(o->arena, PLAN_PROJECT, upper->written, &lower->inputs[0], 1);
    plan->expressions = list;
    plan->expression_count = upper->expression_count;
    plan->schema = upper->schema;
    plan->qualifiers = upper->qualifiers;
    return plan;
}

/* All columns, in their order, under their names. */
static bool changes_nothing(const struct plan *project)
{
    const struct type *input = project->inputs[0]->schema;
    if (project->expression_count != input->field_count) {
        return false;
    }
    for (int32_t i = 0; i < project->expression_count; i++) {
        const struct expression *e = project->expressions[i];
        if (e->args[0]->kind != EXPRESSION_COLUMN || e->args[0]->index != i ||
            !bytes_equal(e->name, input->fields[i].name)) {
            return false;
        }
    }
    return true;
}

const struct plan *merge_project(struct optimizing *o, const struct plan *plan)
{
    if (plan->kind != PLAN_PROJECT) {
        return plan;
    }
    if (changes_nothing(plan)) {
        o->changed = true;
        return plan->inputs[0];
    }
    const struct plan *lower = plan->inputs[0];
    if (lower->kind != PLAN_PROJECT || !may_merge(o, plan, lower)) {
        return plan;
    }
    o->changed = true;
    return merge_project(o, merged(o, plan, lower));
}
