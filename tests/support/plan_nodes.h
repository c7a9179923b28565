/*
 * Plans by hand, for tests of operators: nodes over expressions as text.
 *
 *     struct plans f;
 *     plans_init(&f);
 *     const struct plan *rows = plan_values(&f, "VALUES (1, 'a'), (2, NULL) AS t(id, name)");
 *     const struct plan *some = plan_filter(&f, rows, "id > 1");
 */
#pragma once

#include "plan_texts.h"

static inline struct plan *plans_node(struct plans *f,
                                      enum plan_kind kind,
                                      const struct plan *input)
{
    struct plan *p = ARENA_NEW(&f->arena, struct plan, 1);
    p->kind = kind;
    if (input) {
        p->inputs[0] = input;
        p->input_count = 1;
        p->schema = input->schema;
        p->streaming = input->streaming;
    }
    return p;
}

/* Rows of a table that is written out. */
static inline struct batch *plans_values(struct plans *f, const char *values)
{
    struct scratch s;
    scratch_init(&s);
    s.settings = f->settings;
    const char *all[] = { "*" };
    scratch_run(&s, all, 1, values);
    if (!s.result) {
        (void)fprintf(stderr, "%s: %s\n", values, s.error.message);
        abort();
    }
    const struct type *schema = type_copy(&f->arena, s.schema);
    struct column *columns[32];
    for (int32_t i = 0; i < schema->field_count; i++) {
        struct column *plain = column_plain(s.result->columns[i]);
        columns[i] = column_retype(plain, schema->fields[i].type);
        column_release(plain);
    }
    struct batch *rows = batch_new(schema, columns, s.result->rows);
    /* Columns that share the scratch's memory keep it; their types lie in our arena. */
    scratch_finish(&s);
    return rows;
}

static inline const struct plan *plan_rows(struct plans *f, struct batch *rows)
{
    struct plan *p = plans_node(f, PLAN_ROWS, NULL);
    f->made[f->made_count++] = rows;
    p->rows = rows;
    p->schema = rows->schema;
    return p;
}

static inline const struct plan *plan_values(struct plans *f, const char *values)
{
    return plan_rows(f, plans_values(f, values));
}

/* Relation number `index` of those that a run has scans for (f->scans). */
static inline const struct plan *plan_relation(struct plans *f,
                                               const struct type *schema,
                                               bool streaming)
{
    struct plan *p = plans_node(f, PLAN_RELATION, NULL);
    p->schema = schema;
    p->streaming = streaming;
    return p;
}

static inline const struct plan *plan_range(struct plans *f,
                                            int64_t start,
                                            int64_t end,
                                            int64_t step)
{
    struct plan *p = plans_node(f, PLAN_RANGE, NULL);
    const struct field id = { .name = bytes_of("id"), .type = type_simple(TYPE_BIGINT) };
    p->schema = type_struct(&f->arena, &id, 1);
    p->start = start;
    p->end = end;
    p->step = step;
    return p;
}

#define PLAN_LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static inline const struct plan *plan_project(struct plans *f,
                                              const struct plan *input,
                                              const char *const *list)
{
    struct plan *p = plans_node(f, PLAN_PROJECT, input);
    struct plans_list l = plans_select(f, input->schema, list);
    p->expressions = l.list;
    p->expression_count = l.count;
    p->schema = projection_type(&f->arena, l.list, l.count);
    return p;
}

static inline const struct plan *plan_filter(struct plans *f,
                                             const struct plan *input,
                                             const char *condition)
{
    struct plan *p = plans_node(f, PLAN_FILTER, input);
    const struct expression **list = ARENA_NEW(&f->arena, const struct expression *, 1);
    list[0] = plans_expression(f, input->schema, condition);
    p->expressions = list;
    p->expression_count = 1;
    return p;
}

static inline const struct plan *plan_aggregate(struct plans *f,
                                                const struct plan *input,
                                                const char *const *keys,
                                                const char *const *list)
{
    struct plan *p = plans_node(f, PLAN_AGGREGATE, input);
    struct plans_list k = plans_select(f, input->schema, keys);
    for (int32_t i = 0; i < k.count; i++) {
        k.list[i] = k.list[i]->kind == EXPRESSION_ALIAS ? k.list[i]->args[0] : k.list[i];
    }
    struct plans_list l = plans_select(f, input->schema, list);
    struct aggregation *a = ARENA_NEW(&f->arena, struct aggregation, 1);
    struct grouping g = { .keys = k.list, .key_count = k.count, .list = l.list, .count = l.count };
    if (!aggregation_make(&f->arena, &g, a, &f->error)) {
        plans_die(f, "aggregate");
    }
    p->keys = k.list;
    p->key_count = k.count;
    p->expressions = l.list;
    p->expression_count = l.count;
    p->aggregation = a;
    p->schema = projection_type(&f->arena, l.list, l.count);
    return p;
}

static inline struct plan *plan_over(struct plans *f,
                                     enum plan_kind kind,
                                     const struct plan *input,
                                     const char *const *list)
{
    struct plan *p = plans_node(f, kind, input);
    struct plans_list l = plans_select(f, input->schema, list);
    for (int32_t i = 0; i < l.count; i++) {
        l.list[i] = l.list[i]->kind == EXPRESSION_ALIAS ? l.list[i]->args[0] : l.list[i];
    }
    p->expressions = l.list;
    p->expression_count = l.count;
    return p;
}

static inline const struct plan *plan_sort(struct plans *f,
                                           const struct plan *input,
                                           const char *const *keys,
                                           const struct sort_order *orders)
{
    struct plan *p = plan_over(f, PLAN_SORT, input, keys);
    p->orders = orders;
    return p;
}

static inline const struct plan *plan_limit(struct plans *f,
                                            const struct plan *input,
                                            int32_t limit)
{
    struct plan *p = plans_node(f, PLAN_LIMIT, input);
    p->limit = limit;
    return p;
}

static inline const struct plan *plan_union(struct plans *f,
                                            const struct plan *a,
                                            const struct plan *b)
{
    struct plan *p = plans_node(f, PLAN_UNION, a);
    p->inputs[1] = b;
    p->input_count = 2;
    return p;
}
