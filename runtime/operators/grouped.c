/*
 * Grouped rows: see grouped.h.
 */
#include "operators/grouped.h"

#include <stdlib.h>

#include "base/mem.h"
#include "operators/order.h"

/* --- the shape --- */

/* What Spark can change in place in a row of bytes: numbers and times. A state of others makes it sort, or keep objects. */
static bool is_fixed(const struct type *t)
{
    return t->kind != TYPE_STRING && t->kind != TYPE_BINARY && !type_is_nested(t);
}

/* Does the function keep values of its argument's type, as min and first do? The others keep numbers. */
static bool keeps_values(const struct expression *call)
{
    static const char *const names[] = { "min",        "max",       "first",  "first_value", "last",
                                         "last_value", "any_value", "min_by", "max_by" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(call->function->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Its states are Java objects in Spark, kept in the order of first appearance. */
static bool keeps_objects(const struct expression *call)
{
    static const char *const names[] = { "collect_list", "collect_set", "array_agg", "percentile",
                                         "median",       "listagg",     "string_agg" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(call->function->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Sums of so many digits do not fit Spark's map for the common case. */
static bool is_wide(const struct expression *call)
{
    return call->type->kind == TYPE_DECIMAL && call->type->precision > 18;
}

static bool is_simple_key(const struct type *t)
{
    return t->kind != TYPE_BINARY && !type_is_nested(t) && t->kind != TYPE_VOID;
}

static enum group_order order_of(const struct grouped_shape *s)
{
    bool fixed = true;
    bool fast = s->aggregation->aggregate_count > 0;
    bool objects = false;
    for (int32_t i = 0; i < s->aggregation->aggregate_count; i++) {
        const struct expression *call = s->aggregation->aggregates[i];
        objects = objects || keeps_objects(call);
        for (int32_t k = 0; keeps_values(call) && k < call->count; k++) {
            fixed = fixed && is_fixed(call->args[k]->type);
        }
        fast = fast && !is_wide(call);
    }
    for (int32_t k = 0; k < s->key_count; k++) {
        fast = fast && is_simple_key(s->key_types[k]);
    }
    if (objects) {
        return GROUPS_AS_FOUND;
    }
    return !fixed ? GROUPS_BY_KEY : fast ? GROUPS_NULLS_LAST : GROUPS_AS_FOUND;
}

/* Keys that are worked out first have a name of Spark's own. */
static const struct type *keys_type_of(struct arena *arena, const struct plan *plan)
{
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)plan->key_count);
    for (int32_t i = 0; i < plan->key_count; i++) {
        const struct expression *e = plan->keys[i];
        bool plain = e->kind == EXPRESSION_COLUMN;
        fields[i] = (struct field){ .name = plain ? e->name : bytes_of("_groupingexpression"),
                                    .type = e->type,
                                    .nullable = e->nullable };
    }
    return type_struct(arena, fields, plan->key_count);
}

void grouped_shape_make(struct grouped_shape *s, struct arena *arena, const struct plan *plan)
{
    const struct aggregation *a = plan->aggregation;
    *s = (struct grouped_shape){ .plan = plan, .aggregation = a, .key_count = plan->key_count };
    s->key_types = ARENA_NEW(arena, const struct type *, (size_t)plan->key_count);
    const struct expression **values =
        ARENA_NEW(arena, const struct expression *, (size_t)(plan->key_count + a->aggregate_count));
    for (int32_t i = 0; i < plan->key_count; i++) {
        s->key_types[i] = plan->keys[i]->type;
        values[i] = plan->keys[i];
    }
    for (int32_t i = 0; i < a->aggregate_count; i++) {
        values[plan->key_count + i] = a->aggregates[i];
        s->whole = s->whole || a->aggregates[i]->distinct;
    }
    s->keys_type = keys_type_of(arena, plan);
    s->values = projection_type(arena, values, plan->key_count + a->aggregate_count);
    s->keys = program_new(plan->keys, plan->key_count);
    s->results = program_new(a->results, a->result_count);
    s->order = order_of(s);
}

void grouped_shape_finish(struct grouped_shape *s)
{
    program_free(s->keys);
    program_free(s->results);
}

/* --- rows --- */

struct grouped *grouped_new(const struct grouped_shape *shape)
{
    struct grouped *g = MEM_NEW(struct grouped);
    g->shape = shape;
    g->groups = groups_new(shape->key_types, shape->key_count);
    g->states = aggregator_new(shape->aggregation);
    aggregator_reserve(g->states, groups_count(g->groups));
    return g;
}

void grouped_free(struct grouped *g)
{
    if (!g) {
        return;
    }
    groups_free(g->groups);
    aggregator_free(g->states);
    free(g->numbers);
    free(g);
}

void columns_free(struct column **columns, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        column_release(columns[i]);
    }
    free(columns);
}

static void find(struct grouped *g, struct column *const *keys, int32_t rows)
{
    if (rows > g->number_capacity) {
        g->numbers = mem_resize(g->numbers, (size_t)rows, sizeof(*g->numbers));
        g->number_capacity = rows;
    }
    groups_find(g->groups, keys, rows, g->numbers);
    aggregator_reserve(g->states, groups_count(g->groups));
}

bool grouped_add(struct grouped *g, struct task *t, const struct batch *rows, int64_t first_row)
{
    struct evaluation ev = task_evaluation(t, rows, rows->rows);
    ev.first_row = first_row;
    int32_t count = g->shape->key_count;
    struct column **keys = mem_zalloc((size_t)count + 1, sizeof(*keys));
    if (!program_run(g->shape->keys, &ev, keys)) {
        free(keys);
        return false;
    }
    find(g, keys, rows->rows);
    columns_free(keys, count);
    return aggregator_update(g->states, &ev, g->numbers);
}

bool grouped_merge(struct grouped *g,
                   struct task *t,
                   const struct grouped *from,
                   const int32_t *which,
                   int32_t count)
{
    struct column **keys = mem_zalloc((size_t)g->shape->key_count + 1, sizeof(*keys));
    groups_keys(from->groups, which, count, keys);
    find(g, keys, count);
    columns_free(keys, g->shape->key_count);
    struct evaluation ev = task_evaluation(t, NULL, count);
    bool ok = true;
    for (int32_t i = 0; ok && i < count; i++) {
        ok = aggregator_merge(g->states, &ev, g->numbers[i], from->states, which[i]);
    }
    return ok;
}

void grouped_swap(struct grouped *a, struct grouped *b)
{
    struct grouped kept = *a;
    *a = *b;
    *b = kept;
}

/* --- groups --- */

struct column **grouped_keys(const struct grouped *g)
{
    struct column **keys = mem_zalloc((size_t)g->shape->key_count + 1, sizeof(*keys));
    groups_keys(g->groups, NULL, groups_count(g->groups), keys);
    return keys;
}

static int32_t *nulls_last(struct column *const *keys, int32_t key_count, int32_t count)
{
    bool any = false;
    for (int32_t k = 0; k < key_count; k++) {
        any = any || keys[k]->null_count > 0;
    }
    if (!any) {
        return NULL;
    }
    int32_t *order = mem_resize(NULL, (size_t)count + 1, sizeof(*order));
    int32_t at = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < count; i++) {
            bool null = false;
            for (int32_t k = 0; k < key_count && !null; k++) {
                null = column_is_null(keys[k], i);
            }
            if (null == (pass == 1)) {
                order[at++] = i;
            }
        }
    }
    return order;
}

int32_t *grouped_order(const struct grouped_shape *s, struct column *const *keys, int32_t count)
{
    switch (s->order) {
    case GROUPS_AS_FOUND: break;
    case GROUPS_NULLS_LAST: return nulls_last(keys, s->key_count, count);
    case GROUPS_BY_KEY: return order_rows(keys, NULL, s->key_count, count);
    }
    return NULL;
}

/* --- the way out --- */

void grouped_output_free(struct grouped_output *o)
{
    if (o->keys) {
        columns_free(o->keys, o->shape->key_count);
    }
    free(o->order);
    batch_free(o->values);
    *o = (struct grouped_output){ 0 };
}

/* [keys, aggregates] of groups [first, first + count). NULL: the task's error is set. */
static struct batch *values_of(const struct grouped_output *o,
                               struct task *t,
                               int32_t first,
                               int32_t count)
{
    const struct grouped_shape *s = o->shape;
    struct column **columns = mem_zalloc((size_t)s->values->field_count + 1, sizeof(*columns));
    struct evaluation ev = task_evaluation(t, NULL, count);
    struct batch *values = NULL;
    if (aggregator_finish(o->states, &ev, first, count, columns + s->key_count)) {
        for (int32_t k = 0; k < s->key_count; k++) {
            columns[k] = column_slice(o->keys[k], first, count);
        }
        values = batch_new(s->values, columns, count);
    }
    free(columns);
    return values;
}

bool grouped_output_next(struct grouped_output *o, struct task *t, struct batch **out)
{
    *out = NULL;
    int32_t left = o->count - o->at;
    if (left == 0) {
        return true;
    }
    int32_t rows = left < ROWS_PER_BATCH ? left : ROWS_PER_BATCH;
    struct batch *values = NULL;
    if (!o->order) {
        values = values_of(o, t, o->at, rows);
    } else {
        o->values = o->values ? o->values : values_of(o, t, 0, o->count);
        values = o->values ? batch_take(o->values, o->order + o->at, rows) : NULL;
    }
    if (values) {
        *out = task_run_program(t, o->shape->results, o->shape->plan->schema, values, o->at);
        o->at += rows;
        batch_free(values);
    }
    return *out != NULL;
}
