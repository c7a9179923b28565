/*
 * Plans by hand, for tests of operators: nodes over expressions as text, runs over rows in memory, and what came out as lines of text.
 *
 *     struct plans f;
 *     plans_init(&f);
 *     const struct plan *rows = plan_values(&f, "VALUES (1, 'a'), (2, NULL) AS t(id, name)");
 *     char *text = plans_run(&f, plan_filter(&f, rows, "id > 1"));      -> "2|NULL\n"
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "expressions/parser.h"
#include "expressions/scratch.h"
#include "operators/physical.h"

enum { PLANS_MAX = 8, PARTITIONS_MAX = 64 };

struct plans {
    struct arena arena;
    struct sql_settings settings;
    struct sql_error error;
    struct batch *made[PLANS_MAX]; /* rows of plan_values() */
    int32_t made_count;
    /* how to run */
    int32_t threads;
    int32_t shuffle_partitions;
    int32_t parallelism;
    enum output_mode mode;
    struct scan *scans[PLANS_MAX];
    struct state_provider *states;
    int64_t state_version;
    const atomic_bool *cancelled;
    /* what was told */
    int64_t rows_read[PLANS_MAX];
    int64_t rows_written;
    struct operator_report reports[PLANS_MAX];
};

static inline void plans_init(struct plans *f)
{
    *f = (struct plans){ .threads = 1, .shuffle_partitions = 1, .parallelism = 1 };
    arena_init(&f->arena, 0);
    f->settings.ansi = true;
}

static inline void plans_finish(struct plans *f)
{
    for (int32_t i = 0; i < f->made_count; i++) {
        batch_free(f->made[i]);
    }
    sql_error_finish(&f->error);
    arena_finish(&f->arena);
}

/* What must not happen ends the test program. */
static inline void plans_die(struct plans *f, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, f->error.message ? f->error.message : "");
    abort();
}

static inline const struct expression *plans_expression(struct plans *f,
                                                        const struct type *input,
                                                        const char *text)
{
    const struct syntax *syntax = NULL;
    const struct expression *e = NULL;
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = input,
                          .source = bytes_of(text),
                          .allow_aggregates = true,
                          .error = &f->error };
    if (parse_expression(&f->arena, bytes_of(text), &syntax, &f->error)) {
        e = analyze(&a, syntax);
    }
    if (!e) {
        plans_die(f, text);
    }
    return e;
}

struct plans_list {
    const struct expression **list;
    int32_t count;
};

/* Texts up to NULL, as select() takes them. */
static inline struct plans_list plans_select(struct plans *f,
                                             const struct type *input,
                                             const char *const *texts)
{
    struct plans_list l = { 0 };
    const struct syntax *syntax[32];
    for (; texts[l.count]; l.count++) {
        if (!parse_expression(&f->arena, bytes_of(texts[l.count]), &syntax[l.count], &f->error)) {
            plans_die(f, texts[l.count]);
        }
    }
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = input,
                          .allow_aggregates = true,
                          .error = &f->error };
    if (!analyze_projection(&a, syntax, l.count, &l.list, &l.count)) {
        plans_die(f, "select");
    }
    return l;
}

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

/* --- where rows go --- */

struct text_target {
    struct row_target base;
    struct buffer partitions[PARTITIONS_MAX];
    atomic_int opened;
    atomic_int finished;
    atomic_int dropped;
};

struct text_writer {
    struct row_writer base;
    struct text_target *target;
    int32_t partition;
};

static inline bool text_write(struct row_writer *w,
                              const struct batch *rows,
                              struct sql_error *error)
{
    struct text_writer *t = (struct text_writer *)w;
    struct buffer *out = &t->target->partitions[t->partition];
    (void)error;
    for (int32_t i = 0; i < rows->rows; i++) {
        for (int32_t k = 0; k < rows->column_count; k++) {
            buffer_append_text(out, k > 0 ? "|" : "");
            cell_print(out, &(struct cell_format){ CELL_SHOW, NULL }, rows->columns[k], i);
        }
        buffer_append_text(out, "\n");
    }
    return true;
}

static inline bool text_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    atomic_fetch_add(&((struct text_writer *)w)->target->finished, 1);
    free(w);
    return true;
}

static inline void text_drop(struct row_writer *w)
{
    atomic_fetch_add(&((struct text_writer *)w)->target->dropped, 1);
    free(w);
}

static inline struct row_writer *text_open(struct row_target *t,
                                           int32_t partition,
                                           struct sql_error *error)
{
    (void)error;
    struct text_writer *w = MEM_NEW(struct text_writer);
    w->base = (struct row_writer){ text_write, text_finish, text_drop };
    w->target = (struct text_target *)t;
    w->partition = partition;
    atomic_fetch_add(&w->target->opened, 1);
    return &w->base;
}

/* --- runs --- */

/* The rows, a line each, partition by partition; the caller's to free. NULL: f->error is set. */
static inline char *plans_run_physical(struct plans *f, struct physical *physical)
{
    struct weir_error err;
    struct pool *pool = pool_new(f->threads, &err);
    struct text_target target = { .base = { text_open } };
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        buffer_init(&target.partitions[i], SIZE_MAX / 2);
    }
    struct execution x = { .pool = pool,
                           .settings = &f->settings,
                           .scans = f->scans,
                           .target = &target.base,
                           .states = f->states,
                           .state_version = f->state_version,
                           .watermark_us = INT64_MIN,
                           .late_watermark_us = INT64_MIN,
                           .cancelled = f->cancelled,
                           .error = &f->error,
                           .rows_read = f->rows_read,
                           .reports = f->reports };
    bool ok = physical_run(physical, &x);
    f->rows_written = x.rows_written;
    struct buffer all;
    buffer_init(&all, SIZE_MAX / 2);
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        buffer_append(&all, target.partitions[i].data, target.partitions[i].len);
        buffer_finish(&target.partitions[i]);
    }
    buffer_append(&all, "", 1);
    if (target.finished + target.dropped != target.opened || (ok && target.dropped > 0)) {
        (void)fprintf(stderr, "writers were opened %d times, finished %d, dropped %d\n",
                      target.opened, target.finished, target.dropped);
        abort();
    }
    if (!ok) {
        buffer_finish(&all);
    }
    pool_free(pool);
    return ok ? (char *)all.data : NULL;
}

static inline struct physical *plans_physical(struct plans *f, const struct plan *plan)
{
    struct physical_options options = { .mode = f->mode,
                                        .shuffle_partitions = f->shuffle_partitions,
                                        .parallelism = f->parallelism,
                                        .settings = &f->settings };
    return physical_new(plan, &options, &f->error);
}

static inline char *plans_run(struct plans *f, const struct plan *plan)
{
    struct physical *physical = plans_physical(f, plan);
    char *text = physical ? plans_run_physical(f, physical) : NULL;
    physical_free(physical);
    return text;
}

/* --- lines --- */

static inline int plans_compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text in the order of their bytes, in place of it. */
static inline char *plans_sorted(char *text)
{
    size_t len = strlen(text);
    size_t count = 0;
    char **lines = mem_zalloc(len + 1, sizeof(*lines));
    char *at = text;
    for (char *end = strchr(at, '\n'); end; at = end + 1, end = strchr(at, '\n')) {
        *end = '\0';
        lines[count++] = at;
    }
    qsort(lines, count, sizeof(*lines), plans_compare_lines);
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&out, lines[i]);
        buffer_append_text(&out, "\n");
    }
    buffer_append(&out, "", 1);
    free(lines);
    free(text);
    return (char *)out.data;
}

static inline uint64_t plans_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}
