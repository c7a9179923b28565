/*
 * Conditions and sort keys that name more than the rows have: see analyze_through() in plan_parts.h.
 *
 *     SELECT a FROM t ORDER BY b                    Project [a]                        the columns of the frame
 *                                                   +- Sort [b]
 *                                                      +- Project [a, b]               with what was left out
 *
 *     SELECT a, sum(b) FROM t GROUP BY a            Project [a, sum(b)]
 *     HAVING count(*) > 1                           +- Filter [hidden]
 *                                                      +- Aggregate [a], [a, sum(b), count(*) > 1 AS hidden]
 *
 * Between such a node and the verb may be filters and sorts, which keep all columns.
 */
#include "plan/plan_parts.h"

struct through {
    const struct planning *p;
    const struct plan *input;
    const struct plan *base;  /* the projection or the groups */
    int32_t own;              /* columns of the base */
    const int32_t *below;     /* for each column in sight behind those: which of the base's input */
    const struct type *sight; /* the base's columns, then its input's that have another name */
    const struct bytes *qualifiers;
};

/* The projection or the groups that the frame's columns come from as they are; NULL: none. */
static const struct plan *find_base(const struct plan *input)
{
    while (input->kind == PLAN_FILTER || input->kind == PLAN_SORT) {
        input = input->inputs[0];
    }
    return input->kind == PLAN_PROJECT || input->kind == PLAN_AGGREGATE ? input : NULL;
}

static void look_below(struct through *t)
{
    struct arena *arena = t->p->arena;
    const struct plan *base = t->base;
    const struct plan *input = base->inputs[0];
    t->own = base->schema->field_count;
    size_t most = (size_t)(t->own + input->schema->field_count);
    struct field *fields = ARENA_NEW(arena, struct field, most);
    struct bytes *qualifiers = ARENA_NEW(arena, struct bytes, most);
    int32_t *below = ARENA_NEW(arena, int32_t, most);
    int32_t count = 0;
    for (; count < t->own; count++) {
        fields[count] = base->schema->fields[count];
        qualifiers[count] = base->qualifiers ? base->qualifiers[count] : (struct bytes){ 0 };
    }
    bool sensitive = t->p->settings->sql->case_sensitive;
    for (int32_t i = 0; i < input->schema->field_count; i++) {
        const struct field *field = &input->schema->fields[i];
        if (type_field_index(base->schema, field->name, sensitive) < 0) {
            fields[count] = *field;
            qualifiers[count] = input->qualifiers ? input->qualifiers[i] : (struct bytes){ 0 };
            below[count++] = i;
        }
    }
    t->sight = type_struct(arena, fields, count);
    t->qualifiers = qualifiers;
    t->below = below;
}

/* The nodes between the input and the base, over another base whose first columns are the same. */
static const struct plan *rebuild(struct through *t,
                                  const struct plan *node,
                                  const struct plan *base)
{
    if (node == t->base) {
        return base;
    }
    const struct plan *input = rebuild(t, node->inputs[0], base);
    struct plan *copy = ARENA_NEW(t->p->arena, struct plan, 1);
    *copy = *node;
    copy->inputs[0] = input;
    copy->schema = input->schema;
    copy->qualifiers = input->qualifiers;
    copy->size = 1 + input->size;
    return copy;
}

static bool analyze_all(const struct planning *p,
                        struct analysis *a,
                        const struct expression **out_list)
{
    for (int32_t i = 0; i < p->written->list_count; i++) {
        out_list[i] = analyze(a, p->written->list[i]);
        if (!out_list[i]) {
            return false;
        }
    }
    return true;
}

/* --- through a projection --- */

struct widening {
    struct through *t;
    const struct expression **list;
    int32_t count;
    int32_t *
        places; /* for each column in sight: where it is in the wider projection; -1: nowhere yet */
};

static bool widen(const struct expression *e, void *context)
{
    struct widening *w = context;
    if (e->kind != EXPRESSION_COLUMN || w->places[e->index] >= 0) {
        return true;
    }
    struct arena *arena = w->t->p->arena;
    const struct type *input = w->t->base->inputs[0]->schema;
    int32_t below = w->t->below[e->index];
    w->list[w->count] =
        expression_alias(arena, expression_column(arena, input, below), input->fields[below].name);
    w->places[e->index] = w->count++;
    return true;
}

static bool through_project(struct through *t,
                            const struct expression **list,
                            const struct plan **out_plan)
{
    struct arena *arena = t->p->arena;
    int32_t sight = t->sight->field_count;
    struct widening w = { .t = t,
                          .list = ARENA_NEW(arena, const struct expression *, (size_t)sight),
                          .count = t->own,
                          .places = ARENA_NEW(arena, int32_t, (size_t)sight) };
    for (int32_t i = 0; i < sight; i++) {
        w.places[i] = i < t->own ? i : -1;
    }
    for (int32_t i = 0; i < t->own; i++) {
        w.list[i] = t->base->expressions[i];
    }
    for (int32_t i = 0; i < t->p->written->list_count; i++) {
        (void)expression_walk(list[i], widen, &w);
        list[i] = expression_move(arena, list[i], w.places);
    }
    const struct plan *base =
        plan_make_project(arena, t->base->written, t->base->inputs[0], w.list, w.count);
    *out_plan = rebuild(t, t->input, base);
    return true;
}

/* --- through groups --- */

static bool through_groups(struct through *t,
                           const struct expression **list,
                           const struct plan **out_plan)
{
    struct arena *arena = t->p->arena;
    const struct plan *base = t->base;
    int32_t sight = t->sight->field_count;
    int32_t asked = t->p->written->list_count;
    const struct expression **meant = ARENA_NEW(arena, const struct expression *, (size_t)sight);
    for (int32_t i = 0; i < sight; i++) {
        meant[i] = i < t->own ? expression_unaliased(base->expressions[i])
                              : expression_column(arena, base->inputs[0]->schema, t->below[i]);
    }
    const struct expression **results =
        ARENA_NEW(arena, const struct expression *, (size_t)(t->own + asked));
    for (int32_t i = 0; i < t->own; i++) {
        results[i] = base->expressions[i];
    }
    for (int32_t i = 0; i < asked; i++) {
        const struct expression *e =
            expression_substitute(arena, expression_unaliased(list[i]), meant);
        results[t->own + i] = expression_alias(arena, e, bytes_of("hidden"));
    }
    struct grouping g = {
        .keys = base->keys, .key_count = base->key_count, .list = results, .count = t->own + asked
    };
    const struct plan *wider =
        plan_make_aggregate(arena, base->written, base->inputs[0], &g, t->p->error);
    if (!wider) {
        return false;
    }
    for (int32_t i = 0; i < asked; i++) {
        list[i] = expression_column(arena, wider->schema, t->own + i);
    }
    *out_plan = rebuild(t, t->input, wider);
    return true;
}

/* Over the columns in sight, into `list`. False: not all of it means something there. */
static bool analyze_in_sight(struct through *t, const struct expression **list)
{
    struct sql_error ignored = { 0 };
    struct analysis a = planning_analysis(t->p, t->input);
    look_below(t);
    a.input = t->sight;
    a.qualifiers = t->qualifiers;
    a.same_column = NULL;
    a.error = &ignored;
    bool ok =
        analyze_all(t->p, &a, list) && (t->base->kind == PLAN_AGGREGATE ||
                                        !expressions_aggregate(list, t->p->written->list_count));
    sql_error_finish(&ignored);
    return ok;
}

bool analyze_through(const struct planning *p,
                     const struct expression **out_list,
                     const struct plan **out_plan)
{
    struct through t = { .p = p, .input = p->inputs[0], .base = find_base(p->inputs[0]) };
    struct analysis a = planning_analysis(p, t.input);
    int32_t count = p->written->list_count;
    const struct expression **list = ARENA_NEW(p->arena, const struct expression *, (size_t)count);
    *out_plan = t.input;
    bool fits = analyze_all(p, &a, out_list);
    bool groups = t.base && t.base->kind == PLAN_AGGREGATE;
    bool enough = fits && !(groups && expressions_aggregate(out_list, count));
    if (!t.base || enough || !analyze_in_sight(&t, list)) {
        return fits;
    }
    sql_error_finish(p->error);
    memcpy(out_list, list, (size_t)count * sizeof(*list));
    return groups ? through_groups(&t, out_list, out_plan)
                  : through_project(&t, out_list, out_plan);
}
