/*
 * Nodes of plans: see plan_parts.h.
 */
#include "plan/plan_parts.h"

struct plan *plan_new(struct arena *arena,
                      enum plan_kind kind,
                      const struct logical *written,
                      const struct plan *const *inputs,
                      int32_t count)
{
    struct plan *plan = ARENA_NEW(arena, struct plan, 1);
    *plan = (struct plan){ .kind = kind, .input_count = count, .size = 1, .written = written };
    for (int32_t i = 0; i < count; i++) {
        plan->inputs[i] = inputs[i];
        plan->streaming = plan->streaming || inputs[i]->streaming;
        plan->size = plan->size + inputs[i]->size > PLAN_MAX_NODES ? PLAN_MAX_NODES + 1
                                                                   : plan->size + inputs[i]->size;
    }
    if (count > 0) {
        plan->schema = inputs[0]->schema;
        plan->qualifiers = inputs[0]->qualifiers;
    }
    return plan;
}

bool expression_passes(const struct expression *e)
{
    return e->kind == EXPRESSION_ALIAS && e->args[0]->kind == EXPRESSION_COLUMN &&
           bytes_equal(e->name, e->args[0]->name);
}

/* The tables' names of columns that are passed on. */
static const struct bytes *passed_qualifiers(struct arena *arena,
                                             const struct plan *input,
                                             const struct expression *const *list,
                                             int32_t count)
{
    if (!input->qualifiers) {
        return NULL;
    }
    struct bytes *qualifiers = ARENA_NEW(arena, struct bytes, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        if (expression_passes(list[i])) {
            qualifiers[i] = input->qualifiers[list[i]->args[0]->index];
        }
    }
    return qualifiers;
}

const struct plan *plan_make_project(struct arena *arena,
                                     const struct logical *written,
                                     const struct plan *input,
                                     const struct expression *const *list,
                                     int32_t count)
{
    struct plan *plan = plan_new(arena, PLAN_PROJECT, written, &input, 1);
    plan->expressions = list;
    plan->expression_count = count;
    plan->schema = projection_type(arena, list, count);
    plan->qualifiers = passed_qualifiers(arena, input, list, count);
    return plan;
}

const struct plan *plan_make_filter(struct arena *arena,
                                    const struct logical *written,
                                    const struct plan *input,
                                    const struct expression *condition)
{
    struct plan *plan = plan_new(arena, PLAN_FILTER, written, &input, 1);
    const struct expression **list = ARENA_NEW(arena, const struct expression *, 1);
    list[0] = condition;
    plan->expressions = list;
    plan->expression_count = 1;
    return plan;
}

const struct plan *plan_make_aggregate(struct arena *arena,
                                       const struct logical *written,
                                       const struct plan *input,
                                       const struct grouping *grouping,
                                       struct sql_error *error)
{
    struct aggregation *aggregation = ARENA_NEW(arena, struct aggregation, 1);
    if (!aggregation_make(arena, grouping, aggregation, error)) {
        return NULL;
    }
    struct plan *plan = plan_new(arena, PLAN_AGGREGATE, written, &input, 1);
    plan->keys = grouping->keys;
    plan->key_count = grouping->key_count;
    plan->expressions = grouping->list;
    plan->expression_count = grouping->count;
    plan->aggregation = aggregation;
    plan->schema = projection_type(arena, grouping->list, grouping->count);
    plan->qualifiers = passed_qualifiers(arena, input, grouping->list, grouping->count);
    return plan;
}

const struct plan *plan_make_prefix(struct arena *arena,
                                    const struct logical *written,
                                    const struct plan *input,
                                    int32_t count)
{
    const struct expression **list = ARENA_NEW(arena, const struct expression *, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        list[i] = expression_alias(arena, expression_column(arena, input->schema, i),
                                   input->schema->fields[i].name);
    }
    return plan_make_project(arena, written, input, list, count);
}

const struct plan *plan_with_inputs(struct arena *arena,
                                    const struct plan *plan,
                                    const struct plan *const *inputs)
{
    bool same = true;
    for (int32_t i = 0; i < plan->input_count; i++) {
        same = same && plan->inputs[i] == inputs[i];
    }
    if (same) {
        return plan;
    }
    struct plan *copy = ARENA_NEW(arena, struct plan, 1);
    *copy = *plan;
    copy->size = 1;
    for (int32_t i = 0; i < plan->input_count; i++) {
        copy->inputs[i] = inputs[i];
        copy->size += inputs[i]->size;
    }
    return copy;
}

int32_t plan_streams(const struct plan *plan, const struct plan **out, int32_t max)
{
    if (plan->kind == PLAN_RELATION) {
        if (plan->streaming && max > 0) {
            out[0] = plan;
        }
        return plan->streaming;
    }
    int32_t count = 0;
    for (int32_t i = 0; i < plan->input_count; i++) {
        int32_t left = max > count ? max - count : 0;
        count += plan_streams(plan->inputs[i], left > 0 ? out + count : out, left);
    }
    return count;
}
