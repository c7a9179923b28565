/*
 * Pruning: columns and fields that nobody asks for are not made. See plan_rules.h.
 *
 *     Project [v.name]                                      Project [v.name]
 *     +- Project [from_json('name, flag, ...') AS v, key]   +- Project [from_json('name') AS v]
 *        +- Relation [key, value, topic, ...]                  +- Relation [value]
 *
 * From the root down each node is told which of its columns are needed, and of a struct which fields; from the leaves up it says where they
 * are now. A node may keep more than is needed.
 */
#include "plan/plan_rules.h"

/* What is asked of a column. */
struct need {
    bool any;
    bool whole;   /* else only the fields that are marked */
    bool *fields; /* of a struct */
};

/* Where a column has gone. */
struct place {
    int32_t index; /* -1: it is not made */
    const struct type *type;
    const int32_t *fields; /* where a struct's fields are now; NULL: where they were */
};

struct pruned {
    const struct plan *plan;
    struct place *places; /* one for each of the columns before */
};

static struct need *no_needs(struct optimizing *o, const struct type *schema)
{
    struct need *needs = ARENA_NEW(o->arena, struct need, (size_t)schema->field_count + 1);
    for (int32_t i = 0; i < schema->field_count; i++) {
        needs[i].fields =
            ARENA_NEW(o->arena, bool, (size_t)schema->fields[i].type->field_count + 1);
    }
    return needs;
}

/* The same of a node that has its input's columns. */
static struct need *same_needs(struct optimizing *o,
                               const struct type *schema,
                               const struct need *from)
{
    struct need *needs = no_needs(o, schema);
    for (int32_t i = 0; i < schema->field_count; i++) {
        needs[i].any = from[i].any;
        needs[i].whole = from[i].whole;
        memcpy(needs[i].fields, from[i].fields, (size_t)schema->fields[i].type->field_count);
    }
    return needs;
}

static void need_all(struct need *needs, const struct type *schema)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        needs[i].any = needs[i].whole = true;
    }
}

/* What an expression asks of its input. */
static void need_expression(struct need *needs, const struct expression *e)
{
    if (e->kind == EXPRESSION_COLUMN) {
        needs[e->index].any = needs[e->index].whole = true;
        return;
    }
    if (e->kind == EXPRESSION_FIELD && e->args[0]->kind == EXPRESSION_COLUMN &&
        e->args[0]->type->kind == TYPE_STRUCT) {
        needs[e->args[0]->index].any = true;
        needs[e->args[0]->index].fields[e->index] = true;
        return;
    }
    for (int32_t i = 0; i < e->count; i++) {
        need_expression(needs, e->args[i]);
    }
    if (e->filter) {
        need_expression(needs, e->filter);
    }
    if (e->replacement) {
        need_expression(needs, e->replacement);
    }
}

/* --- expressions over the columns where they are now --- */

struct moving {
    struct optimizing *o;
    const struct place *places;
};

static const struct expression *column_at(const struct moving *m, const struct expression *e)
{
    const struct place *place = &m->places[e->index];
    if (place->index == e->index && place->type == e->type) {
        return e;
    }
    struct expression *copy = ARENA_NEW(m->o->arena, struct expression, 1);
    *copy = *e;
    copy->index = place->index;
    copy->type = place->type;
    return copy;
}

static const struct expression *moved(const struct expression *e, void *context)
{
    const struct moving *m = context;
    if (e->kind == EXPRESSION_COLUMN) {
        return column_at(m, e);
    }
    const struct expression *base = e->kind == EXPRESSION_FIELD ? e->args[0] : NULL;
    if (!base || base->kind != EXPRESSION_COLUMN || !m->places[base->index].fields) {
        return NULL;
    }
    const struct expression **args = ARENA_NEW(m->o->arena, const struct expression *, 1);
    args[0] = column_at(m, base);
    struct expression *copy = ARENA_NEW(m->o->arena, struct expression, 1);
    *copy = *e;
    copy->args = args;
    copy->index = m->places[base->index].fields[e->index];
    return copy;
}

static const struct expression *move(struct optimizing *o,
                                     const struct expression *e,
                                     const struct place *places)
{
    struct moving m = { .o = o, .places = places };
    return expression_map(o->arena, e, moved, &m);
}

static const struct expression **move_list(struct optimizing *o,
                                           const struct expression *const *list,
                                           int32_t count,
                                           const struct place *places)
{
    const struct expression **result =
        ARENA_NEW(o->arena, const struct expression *, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        result[i] = move(o, list[i], places);
    }
    return result;
}

static struct place *same_places(struct optimizing *o, const struct type *schema)
{
    struct place *places = ARENA_NEW(o->arena, struct place, (size_t)schema->field_count + 1);
    for (int32_t i = 0; i < schema->field_count; i++) {
        places[i] = (struct place){ .index = i, .type = schema->fields[i].type };
    }
    return places;
}

static struct pruned prune(struct optimizing *o, const struct plan *plan, const struct need *needs);

/* --- relations --- */

/* The column that costs least, where only the number of rows counts. */
static int32_t cheapest(const struct type *schema)
{
    int32_t best = 0;
    size_t width = SIZE_MAX;
    for (int32_t i = 0; i < schema->field_count; i++) {
        size_t here = type_width(schema->fields[i].type);
        if (here > 0 && here < width) {
            width = here;
            best = i;
        }
    }
    return best;
}

static struct pruned prune_relation(struct optimizing *o,
                                    const struct plan *plan,
                                    const struct need *needs)
{
    const struct type *schema = plan->schema;
    struct pruned out = { plan, same_places(o, schema) };
    struct field *fields = ARENA_NEW(o->arena, struct field, (size_t)schema->field_count + 1);
    int32_t *columns = ARENA_NEW(o->arena, int32_t, (size_t)schema->field_count + 1);
    struct bytes *qualifiers = ARENA_NEW(o->arena, struct bytes, (size_t)schema->field_count + 1);
    int32_t count = 0;
    bool any = false;
    for (int32_t i = 0; i < schema->field_count; i++) {
        any = any || needs[i].any;
    }
    for (int32_t i = 0; i < schema->field_count; i++) {
        bool kept = any ? needs[i].any : i == cheapest(schema);
        out.places[i].index = kept ? count : -1;
        if (kept) {
            fields[count] = schema->fields[i];
            qualifiers[count] = plan->qualifiers ? plan->qualifiers[i] : (struct bytes){ 0 };
            columns[count++] = plan->columns ? plan->columns[i] : i;
        }
    }
    if (count == schema->field_count) {
        return out;
    }
    struct plan *copy = ARENA_NEW(o->arena, struct plan, 1);
    *copy = *plan;
    copy->schema = type_struct(o->arena, fields, count);
    copy->qualifiers = plan->qualifiers ? qualifiers : NULL;
    copy->columns = columns;
    copy->column_count = count;
    out.plan = copy;
    return out;
}

/* --- projections --- */

/* The expression with no more fields than are needed; *place says where they went. */
static const struct expression *prune_result(struct optimizing *o,
                                             const struct expression *alias,
                                             const struct need *need,
                                             struct place *place)
{
    const struct expression *e = alias->args[0];
    const struct expression *fewer = !need->whole && e->kind == EXPRESSION_CALL
                                         ? expression_prune_json(o->arena, e, need->fields)
                                         : NULL;
    place->type = alias->type;
    if (!fewer) {
        return alias;
    }
    int32_t *fields = ARENA_NEW(o->arena, int32_t, (size_t)e->type->field_count);
    int32_t count = 0;
    for (int32_t i = 0; i < e->type->field_count; i++) {
        fields[i] = need->fields[i] ? count++ : -1;
    }
    place->type = fewer->type;
    place->fields = fields;
    return expression_alias(o->arena, fewer, alias->name);
}

/* A column that is only passed on is asked of the input as it is asked here. */
static void need_result(struct need *below, const struct expression *alias, const struct need *need)
{
    const struct expression *e = alias->args[0];
    if (e->kind != EXPRESSION_COLUMN || need->whole) {
        need_expression(below, e);
        return;
    }
    below[e->index].any = true;
    for (int32_t i = 0; i < e->type->field_count; i++) {
        below[e->index].fields[i] = below[e->index].fields[i] || need->fields[i];
    }
}

static struct pruned prune_project(struct optimizing *o,
                                   const struct plan *plan,
                                   const struct need *needs)
{
    const struct plan *input = plan->inputs[0];
    struct need *below = no_needs(o, input->schema);
    struct pruned out = { plan, same_places(o, plan->schema) };
    const struct expression **list =
        ARENA_NEW(o->arena, const struct expression *, (size_t)plan->expression_count + 1);
    int32_t count = 0;
    for (int32_t i = 0; i < plan->expression_count; i++) {
        out.places[i].index = needs[i].any ? count : -1;
        if (needs[i].any) {
            list[count++] = prune_result(o, plan->expressions[i], &needs[i], &out.places[i]);
            need_result(below, plan->expressions[i], &needs[i]);
        }
    }
    struct pruned in = prune(o, input, below);
    if (count == 0 && plan->expression_count > 0) { /* rows alone are asked for */
        out.plan = in.plan;
        return out;
    }
    for (int32_t i = 0; i < plan->expression_count; i++) {
        const struct expression *e = plan->expressions[i]->args[0];
        if (needs[i].any && e->kind == EXPRESSION_COLUMN && !needs[i].whole) {
            out.places[i].type = in.places[e->index].type;
            out.places[i].fields = in.places[e->index].fields;
        }
    }
    for (int32_t i = 0; i < count; i++) {
        const struct expression *e = move(o, list[i]->args[0], in.places);
        list[i] = expression_alias(o->arena, e, list[i]->name);
    }
    out.plan = plan_make_project(o->arena, plan->written, in.plan, list, count);
    return out;
}

/* --- groups --- */

static struct pruned prune_aggregate(struct optimizing *o,
                                     const struct plan *plan,
                                     const struct need *needs)
{
    const struct plan *input = plan->inputs[0];
    struct need *below = no_needs(o, input->schema);
    struct pruned out = { plan, same_places(o, plan->schema) };
    const struct expression **list =
        ARENA_NEW(o->arena, const struct expression *, (size_t)plan->expression_count + 1);
    struct grouping g = { .key_count = plan->key_count };
    bool any = false;
    for (int32_t i = 0; i < plan->expression_count; i++) {
        any = any || needs[i].any;
    }
    for (int32_t i = 0; i < plan->expression_count; i++) {
        bool kept = needs[i].any || (!any && i == 0);
        out.places[i].index = kept ? g.count : -1;
        if (kept) {
            need_expression(below, plan->expressions[i]);
            list[g.count++] = plan->expressions[i];
        }
    }
    for (int32_t i = 0; i < plan->key_count; i++) {
        need_expression(below, plan->keys[i]);
    }
    struct pruned in = prune(o, input, below);
    struct sql_error error = { 0 };
    g.keys = move_list(o, plan->keys, plan->key_count, in.places);
    g.list = move_list(o, list, g.count, in.places);
    const struct plan *fewer = plan_make_aggregate(o->arena, plan->written, in.plan, &g, &error);
    sql_error_finish(&error);
    return fewer ? (struct pruned){ fewer, out.places }
                 : (struct pruned){ plan, same_places(o, plan->schema) };
}

/* --- nodes that have their input's columns --- */

static struct pruned prune_passing(struct optimizing *o,
                                   const struct plan *plan,
                                   const struct need *needs)
{
    struct need *below = same_needs(o, plan->inputs[0]->schema, needs);
    for (int32_t i = 0; i < plan->expression_count; i++) {
        need_expression(below, plan->expressions[i]);
    }
    struct pruned in = prune(o, plan->inputs[0], below);
    struct plan *copy = ARENA_NEW(o->arena, struct plan, 1);
    *copy = *plan;
    copy->inputs[0] = in.plan;
    copy->size = 1 + in.plan->size;
    copy->schema = in.plan->schema;
    copy->qualifiers = in.plan->qualifiers;
    copy->expressions = move_list(o, plan->expressions, plan->expression_count, in.places);
    if (plan->kind == PLAN_WATERMARK) {
        copy->event_column = in.places[plan->event_column].index;
    }
    return (struct pruned){ copy, in.places };
}

/* The generator's columns stay behind those that are left. */
static struct pruned prune_generate(struct optimizing *o,
                                    const struct plan *plan,
                                    const struct need *needs)
{
    const struct type *input = plan->inputs[0]->schema;
    struct need *below = same_needs(o, input, needs);
    need_expression(below, plan->expressions[0]);
    struct pruned in = prune(o, plan->inputs[0], below);
    int32_t made = plan->schema->field_count - input->field_count;
    int32_t kept = in.plan->schema->field_count;
    struct field *fields = ARENA_NEW(o->arena, struct field, (size_t)(kept + made));
    struct pruned out = { NULL, same_places(o, plan->schema) };
    memcpy(out.places, in.places, (size_t)input->field_count * sizeof(*in.places));
    for (int32_t i = 0; i < kept; i++) {
        fields[i] = in.plan->schema->fields[i];
    }
    for (int32_t i = 0; i < made; i++) {
        fields[kept + i] = plan->schema->fields[input->field_count + i];
        out.places[input->field_count + i].index = kept + i;
    }
    struct plan *copy = ARENA_NEW(o->arena, struct plan, 1);
    *copy = *plan;
    copy->inputs[0] = in.plan;
    copy->size = 1 + in.plan->size;
    copy->schema = type_struct(o->arena, fields, kept + made);
    copy->qualifiers = NULL;
    copy->expressions = move_list(o, plan->expressions, 1, in.places);
    out.plan = copy;
    return out;
}

/* --- unions --- */

/* The needed columns and no others, in their order: both sides must look alike. */
static const struct plan *exactly(struct optimizing *o,
                                  const struct plan *before,
                                  const struct pruned *in,
                                  const struct need *needs)
{
    const struct expression **list =
        ARENA_NEW(o->arena, const struct expression *, (size_t)before->schema->field_count + 1);
    int32_t count = 0;
    bool same = true;
    for (int32_t i = 0; i < before->schema->field_count; i++) {
        if (needs[i].any) {
            const struct expression *column =
                expression_column(o->arena, in->plan->schema, in->places[i].index);
            same = same && column->index == count;
            list[count++] = expression_alias(o->arena, column, column->name);
        }
    }
    return same && count == in->plan->schema->field_count
               ? in->plan
               : plan_make_project(o->arena, NULL, in->plan, list, count);
}

static struct pruned prune_union(struct optimizing *o,
                                 const struct plan *plan,
                                 const struct need *needs)
{
    struct pruned out = { plan, same_places(o, plan->schema) };
    struct need *all = no_needs(o, plan->schema);
    struct field *fields = ARENA_NEW(o->arena, struct field, (size_t)plan->schema->field_count + 1);
    int32_t count = 0;
    bool any = false;
    for (int32_t i = 0; i < plan->schema->field_count; i++) {
        any = any || needs[i].any;
    }
    for (int32_t i = 0; i < plan->schema->field_count; i++) {
        all[i].any = all[i].whole = any ? needs[i].any : i == cheapest(plan->schema);
        out.places[i].index = all[i].any ? count : -1;
        if (all[i].any) {
            fields[count++] = plan->schema->fields[i];
        }
    }
    struct plan *copy = ARENA_NEW(o->arena, struct plan, 1);
    *copy = *plan;
    copy->size = 1;
    for (int32_t i = 0; i < 2; i++) {
        struct pruned in = prune(o, plan->inputs[i], all);
        copy->inputs[i] = exactly(o, plan->inputs[i], &in, all);
        copy->size += copy->inputs[i]->size;
    }
    copy->schema = type_struct(o->arena, fields, count);
    copy->qualifiers = copy->inputs[0]->qualifiers;
    out.plan = copy;
    return out;
}

/* --- all --- */

static struct pruned prune(struct optimizing *o, const struct plan *plan, const struct need *needs)
{
    switch (plan->kind) {
    case PLAN_RELATION: return prune_relation(o, plan, needs);
    case PLAN_PROJECT: return prune_project(o, plan, needs);
    case PLAN_AGGREGATE: return prune_aggregate(o, plan, needs);
    case PLAN_GENERATE: return prune_generate(o, plan, needs);
    case PLAN_UNION: return prune_union(o, plan, needs);
    case PLAN_FILTER:
    case PLAN_DISTINCT:
    case PLAN_LIMIT:
    case PLAN_SORT:
    case PLAN_ALIAS:
    case PLAN_WATERMARK: return prune_passing(o, plan, needs);
    case PLAN_ROWS:
    case PLAN_RANGE:
    case PLAN_KIND_COUNT: break;
    }
    return (struct pruned){ plan, same_places(o, plan->schema) };
}

/* The columns that come out are those that came out before, and where they were. */
const struct plan *prune_plan(struct optimizing *o, const struct plan *plan)
{
    struct need *needs = no_needs(o, plan->schema);
    need_all(needs, plan->schema);
    return prune(o, plan, needs).plan;
}
