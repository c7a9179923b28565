/*
 * A plan run over rows in memory, by the shortest way, one row's group at a time: what tests compare plans by. A relation reads
 * `table`, which has all its columns.
 */
#pragma once

#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "columns/cell_text.h"
#include "expressions/aggregator.h"
#include "plan/plan.h"

struct run {
    const struct sql_settings *settings;
    const struct batch *table;
    struct sql_error *error;
};

/* NULL: the error is set. The caller frees the rows. */
static inline struct batch *run_plan(struct run *r, const struct plan *plan);

/* --- expressions --- */

static inline struct batch *run_list(struct run *r,
                                     const struct batch *in,
                                     const struct expression *const *list,
                                     int32_t count,
                                     const struct type *schema)
{
    struct evaluation ev = {
        .settings = r->settings, .input = in, .rows = in->rows, .error = r->error
    };
    struct program *p = program_new(list, count);
    struct column **columns = mem_zalloc((size_t)count + 1, sizeof(*columns));
    struct batch *out = program_run(p, &ev, columns) ? batch_new(schema, columns, in->rows) : NULL;
    program_free(p);
    free(columns);
    return out;
}

static inline struct batch *run_projection(struct run *r, const struct plan *p, struct batch *in)
{
    return run_list(r, in, p->expressions, p->expression_count, p->schema);
}

static inline struct batch *run_filter(struct run *r, const struct plan *p, struct batch *in)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct field field = { .name = bytes_of("c"), .type = type_simple(TYPE_BOOLEAN) };
    struct batch *flags = run_list(r, in, p->expressions, 1, type_struct(&arena, &field, 1));
    struct batch *out = NULL;
    if (flags) {
        int32_t *rows = mem_zalloc((size_t)in->rows + 1, sizeof(*rows));
        int32_t count = 0;
        for (int32_t i = 0; i < in->rows; i++) {
            if (!column_is_null(flags->columns[0], i) && column_bool(flags->columns[0], i)) {
                rows[count++] = i;
            }
        }
        out = batch_take(in, rows, count);
        free(rows);
    }
    batch_free(flags);
    arena_finish(&arena);
    return out;
}

/* --- groups --- */

/* The number of each row's group, by the text of its key columns; *out_first: a row of each. */
static inline int32_t run_groups(const struct batch *keys, int32_t *groups, int32_t *first)
{
    struct cell_format format = { CELL_CAST, NULL };
    char **seen = mem_zalloc((size_t)keys->rows + 1, sizeof(*seen));
    int32_t count = 0;
    for (int32_t i = 0; i < keys->rows; i++) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        for (int32_t c = 0; c < keys->column_count; c++) {
            if (column_is_null(keys->columns[c], i)) {
                buffer_append_text(&text, "\1null");
            } else {
                cell_print(&text, &format, keys->columns[c], i);
            }
            buffer_append_text(&text, "\2");
        }
        buffer_append(&text, "", 1);
        int32_t g = 0;
        while (g < count && strcmp(seen[g], (const char *)text.data) != 0) {
            g++;
        }
        if (g == count) {
            first[count] = i;
            seen[count++] = mem_text(text.data, text.len - 1);
        }
        groups[i] = g;
        buffer_finish(&text);
    }
    for (int32_t g = 0; g < count; g++) {
        free(seen[g]);
    }
    free(seen);
    return count;
}

static inline struct batch *run_aggregate(struct run *r, const struct plan *p, struct batch *in)
{
    const struct aggregation *a = p->aggregation;
    struct arena arena;
    arena_init(&arena, 0);
    int32_t width = a->key_count + a->aggregate_count;
    struct field *fields = ARENA_NEW(&arena, struct field, (size_t)width + 1);
    for (int32_t i = 0; i < width; i++) {
        const struct expression *e =
            i < a->key_count ? p->keys[i] : a->aggregates[i - a->key_count];
        fields[i] = (struct field){ .name = bytes_of("x"), .type = e->type, .nullable = true };
    }
    struct batch *keys =
        run_list(r, in, p->keys, p->key_count, type_struct(&arena, fields, p->key_count));
    struct batch *out = NULL;
    if (keys) {
        int32_t *groups = mem_zalloc((size_t)in->rows + 1, sizeof(*groups));
        int32_t *first = mem_zalloc((size_t)in->rows + 1, sizeof(*first));
        int32_t count = run_groups(keys, groups, first);
        count = p->key_count == 0 ? 1 : count;
        struct batch *heads = batch_take(keys, first, p->key_count == 0 ? 0 : count);
        struct column **columns = mem_zalloc((size_t)width + 1, sizeof(*columns));
        struct aggregator *aggregator = aggregator_new(a);
        struct evaluation ev = {
            .settings = r->settings, .input = in, .rows = in->rows, .error = r->error
        };
        aggregator_reserve(aggregator, count);
        if (aggregator_update(aggregator, &ev, groups) &&
            aggregator_finish(aggregator, &ev, 0, count, columns + a->key_count)) {
            for (int32_t i = 0; i < a->key_count; i++) {
                columns[i] = column_retain(heads->columns[i]);
            }
            struct batch *values = batch_new(type_struct(&arena, fields, width), columns, count);
            out = run_list(r, values, a->results, a->result_count, p->schema);
            batch_free(values);
        }
        aggregator_free(aggregator);
        batch_free(heads);
        free(columns);
        free(groups);
        free(first);
    }
    batch_free(keys);
    arena_finish(&arena);
    return out;
}

static inline struct batch *run_distinct(const struct plan *p, struct batch *in)
{
    struct column *columns[64];
    for (int32_t i = 0; i < p->expression_count; i++) {
        columns[i] = column_retain(in->columns[p->expressions[i]->index]);
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct field *fields = ARENA_NEW(&arena, struct field, (size_t)p->expression_count);
    for (int32_t i = 0; i < p->expression_count; i++) {
        fields[i] = in->schema->fields[p->expressions[i]->index];
    }
    struct batch *keys =
        batch_new(type_struct(&arena, fields, p->expression_count), columns, in->rows);
    int32_t *groups = mem_zalloc((size_t)in->rows + 1, sizeof(*groups));
    int32_t *first = mem_zalloc((size_t)in->rows + 1, sizeof(*first));
    struct batch *out = batch_take(in, first, run_groups(keys, groups, first));
    batch_free(keys);
    free(groups);
    free(first);
    arena_finish(&arena);
    return out;
}

/* --- order --- */

static inline int run_compare(const struct plan *p, const struct batch *keys, int32_t x, int32_t y)
{
    for (int32_t i = 0; i < keys->column_count; i++) {
        const struct column *c = keys->columns[i];
        bool x_null = column_is_null(c, x);
        bool y_null = column_is_null(c, y);
        if (x_null != y_null) {
            return x_null == p->orders[i].nulls_last ? 1 : -1;
        }
        int order = x_null ? 0 : column_compare(c, x, c, y);
        if (order != 0) {
            return p->orders[i].descending ? -order : order;
        }
    }
    return 0;
}

static inline struct batch *run_sort(struct run *r, const struct plan *p, struct batch *in)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *schema = projection_type(&arena, p->expressions, p->expression_count);
    struct batch *keys = run_list(r, in, p->expressions, p->expression_count, schema);
    struct batch *out = NULL;
    if (keys) {
        int32_t *rows = mem_zalloc((size_t)in->rows + 1, sizeof(*rows));
        for (int32_t i = 0; i < in->rows; i++) { /* stable, by insertion */
            int32_t at = i;
            for (; at > 0 && run_compare(p, keys, rows[at - 1], i) > 0; at--) {
                rows[at] = rows[at - 1];
            }
            rows[at] = i;
        }
        out = batch_take(in, rows, in->rows);
        free(rows);
    }
    batch_free(keys);
    arena_finish(&arena);
    return out;
}
