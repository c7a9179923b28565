/*
 * Filters on their way down: see plan_rules.h. A condition is taken apart at its ANDs, and each part goes as far as it may.
 *
 *     through      what may pass
 *     filter       (they become one)
 *     projection   parts over columns that are cheap to work out twice
 *     union        everything, to both sides
 *     sort         everything
 *     groups       parts over keys
 *     distinct     parts over keys
 *     generator    parts over columns that it does not make
 *     watermark    parts that do not look at its column
 *
 * Only what is deterministic moves.
 */
#include "plan/plan_rules.h"

struct parts {
    const struct expression **list;
    int32_t count;
    int32_t capacity;
};

static void take_apart(struct optimizing *o, struct parts *parts, const struct expression *e)
{
    if (e->kind == EXPRESSION_CALL && strcmp(e->function->name, "and") == 0 && !e->replacement) {
        take_apart(o, parts, e->args[0]);
        take_apart(o, parts, e->args[1]);
        return;
    }
    if (parts->count == parts->capacity) {
        parts->capacity = parts->capacity ? parts->capacity * 2 : 8;
        const struct expression **bigger =
            ARENA_NEW(o->arena, const struct expression *, (size_t)parts->capacity);
        if (parts->count > 0) {
            memcpy(bigger, parts->list, (size_t)parts->count * sizeof(*bigger));
        }
        parts->list = bigger;
    }
    parts->list[parts->count++] = e;
}

static const struct expression *put_together(struct optimizing *o, const struct parts *parts)
{
    const struct expression *all = parts->list[0];
    for (int32_t i = 1; i < parts->count; i++) {
        all = both_conditions(o, all, parts->list[i]);
    }
    return all;
}

/* --- which parts may pass --- */

struct passing {
    const struct plan *node;
    const bool *columns; /* that may be looked at */
    bool ok;
};

static bool looks_at(const struct expression *e, void *context)
{
    struct passing *p = context;
    p->ok = e->kind != EXPRESSION_COLUMN || p->columns[e->index];
    return p->ok;
}

/* Columns of the node that a condition may look at on its way. */
static void mark_columns(const struct plan *node, bool *columns)
{
    for (int32_t i = 0; i < node->schema->field_count; i++) {
        switch (node->kind) {
        case PLAN_PROJECT: columns[i] = expression_is_light(node->expressions[i]); break;
        case PLAN_AGGREGATE: {
            const struct expression *result = node->aggregation->results[i];
            const struct expression *e = expression_unaliased(result);
            columns[i] = e->kind == EXPRESSION_COLUMN && e->index < node->key_count &&
                         node->keys[e->index]->deterministic;
            break;
        }
        case PLAN_DISTINCT: columns[i] = false; break;
        case PLAN_GENERATE: columns[i] = i < node->inputs[0]->schema->field_count; break;
        case PLAN_WATERMARK: columns[i] = i != node->event_column; break;
        default: columns[i] = node->kind == PLAN_UNION || node->kind == PLAN_SORT; break;
        }
    }
    for (int32_t i = 0; node->kind == PLAN_DISTINCT && i < node->expression_count; i++) {
        columns[node->expressions[i]->index] = true;
    }
}

/* --- below the node --- */

/* What each of the node's columns is below it; for the union's second input as for the first. */
static const struct expression **meanings(struct optimizing *o,
                                          const struct plan *node,
                                          const struct plan *input)
{
    int32_t count = node->schema->field_count;
    const struct expression **columns =
        ARENA_NEW(o->arena, const struct expression *, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        if (node->kind == PLAN_PROJECT) {
            columns[i] = expression_unaliased(node->expressions[i]);
        } else if (node->kind == PLAN_AGGREGATE) {
            const struct expression *e = expression_unaliased(node->aggregation->results[i]);
            bool key = e->kind == EXPRESSION_COLUMN && e->index < node->key_count;
            columns[i] = key ? node->keys[e->index] : NULL;
        } else if (i < input->schema->field_count) {
            columns[i] = expression_column(o->arena, input->schema, i);
        }
    }
    return columns;
}

static const struct plan *filter_inputs(struct optimizing *o,
                                        const struct plan *node,
                                        const struct expression *condition)
{
    const struct plan *inputs[2] = { NULL, NULL };
    for (int32_t i = 0; i < node->input_count; i++) {
        const struct expression *below =
            expression_substitute(o->arena, condition, meanings(o, node, node->inputs[i]));
        inputs[i] = push_filter(o, plan_make_filter(o->arena, NULL, node->inputs[i], below));
    }
    return plan_with_inputs(o->arena, node, inputs);
}

static const struct plan *push_parts(struct optimizing *o,
                                     const struct plan *filter,
                                     const struct plan *node)
{
    struct parts all = { 0 };
    struct parts down = { 0 };
    struct parts left = { 0 };
    bool *columns = ARENA_NEW(o->arena, bool, (size_t)node->schema->field_count + 1);
    mark_columns(node, columns);
    take_apart(o, &all, filter->expressions[0]);
    for (int32_t i = 0; i < all.count; i++) {
        struct passing p = { .node = node, .columns = columns, .ok = true };
        (void)expression_walk(all.list[i], looks_at, &p);
        bool may = p.ok && all.list[i]->deterministic &&
                   !(node->kind == PLAN_AGGREGATE && node->key_count == 0);
        take_apart(o, may ? &down : &left, all.list[i]);
    }
    if (down.count == 0) {
        return filter;
    }
    o->changed = true;
    const struct plan *pushed = filter_inputs(o, node, put_together(o, &down));
    return left.count == 0
               ? pushed
               : plan_make_filter(o->arena, filter->written, pushed, put_together(o, &left));
}

/* --- the rule --- */

static bool is_true(const struct expression *e)
{
    return e->kind == EXPRESSION_LITERAL && !e->scalar.null && e->scalar.integer != 0;
}

const struct plan *push_filter(struct optimizing *o, const struct plan *plan)
{
    if (plan->kind != PLAN_FILTER) {
        return plan;
    }
    const struct plan *node = plan->inputs[0];
    if (is_true(plan->expressions[0])) {
        o->changed = true;
        return node;
    }
    switch (node->kind) {
    case PLAN_FILTER:
        if (!plan->expressions[0]->deterministic || !node->expressions[0]->deterministic) {
            return plan;
        }
        o->changed = true;
        return push_filter(
            o, plan_make_filter(o->arena, plan->written, node->inputs[0],
                                both_conditions(o, node->expressions[0], plan->expressions[0])));
    case PLAN_PROJECT:
    case PLAN_UNION:
    case PLAN_SORT:
    case PLAN_AGGREGATE:
    case PLAN_DISTINCT:
    case PLAN_GENERATE:
    case PLAN_WATERMARK: return push_parts(o, plan, node);
    case PLAN_RELATION:
    case PLAN_ROWS:
    case PLAN_RANGE:
    case PLAN_LIMIT:
    case PLAN_ALIAS:
    case PLAN_KIND_COUNT: break;
    }
    return plan;
}
