/*
 * The nodes of run.h put together, and rows as text.
 */
#pragma once

#include "run.h"

/* explode() and explode_outer() of arrays. */
static inline struct batch *run_generate(struct run *r, const struct plan *p, struct batch *in)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct field field = { .name = bytes_of("a"), .type = p->expressions[0]->args[0]->type };
    struct batch *made =
        run_list(r, in, p->expressions[0]->args, 1, type_struct(&arena, &field, 1));
    struct batch *out = NULL;
    if (made) {
        struct column *plain = column_plain(made->columns[0]);
        size_t room = (size_t)in->rows + (size_t)plain->children[0]->length + 1;
        int32_t *rows = mem_zalloc(room, sizeof(*rows));
        int32_t *elements = mem_zalloc(room, sizeof(*elements));
        int32_t count = 0;
        for (int32_t i = 0; i < in->rows; i++) {
            int32_t length = column_is_null(plain, i) ? 0 : column_count(plain, i);
            for (int32_t k = 0; k < length; k++) {
                rows[count] = i;
                elements[count++] = column_first(plain, i) + k;
            }
            if (length == 0 && p->outer) {
                rows[count] = i;
                elements[count++] = -1;
            }
        }
        struct column **columns = mem_zalloc((size_t)in->column_count + 1, sizeof(*columns));
        for (int32_t c = 0; c < in->column_count; c++) {
            columns[c] = column_take(in->columns[c], rows, count);
        }
        columns[in->column_count] = column_take(plain->children[0], elements, count);
        out = batch_new(p->schema, columns, count);
        column_release(plain);
        free(columns);
        free(rows);
        free(elements);
    }
    batch_free(made);
    arena_finish(&arena);
    return out;
}

static inline struct batch *run_relation(const struct batch *table, const struct plan *p)
{
    struct column *columns[64];
    int32_t count = p->schema->field_count;
    for (int32_t i = 0; i < count; i++) {
        columns[i] = column_retain(table->columns[p->columns ? p->columns[i] : i]);
    }
    return batch_new(p->schema, columns, table->rows);
}

static inline struct batch *run_range(const struct plan *p)
{
    struct builder *b = builder_new(type_simple(TYPE_BIGINT));
    for (int64_t v = p->start; v < p->end; v += p->step) {
        builder_integer(b, v);
    }
    struct column *c = builder_finish(b);
    return batch_new(p->schema, &c, c->length);
}

static inline struct batch *run_leaf(struct run *r, const struct plan *p)
{
    if (p->kind == PLAN_RELATION) {
        return run_relation(r->table, p);
    }
    return p->kind == PLAN_RANGE ? run_range(p) : batch_slice(p->rows, 0, p->rows->rows);
}

static inline struct batch *run_union(struct run *r, const struct plan *p, struct batch *first)
{
    struct batch *second = run_plan(r, p->inputs[1]);
    struct batch *out = NULL;
    if (second) {
        struct column *columns[64];
        for (int32_t i = 0; i < first->column_count; i++) {
            columns[i] =
                column_concat((struct column *[]){ first->columns[i], second->columns[i] }, 2);
        }
        out = batch_new(p->schema, columns, first->rows + second->rows);
    }
    batch_free(second);
    return out;
}

static inline struct batch *run_over(struct run *r, const struct plan *p, struct batch *in)
{
    switch (p->kind) {
    case PLAN_PROJECT: return run_projection(r, p, in);
    case PLAN_FILTER: return run_filter(r, p, in);
    case PLAN_AGGREGATE: return run_aggregate(r, p, in);
    case PLAN_DISTINCT: return run_distinct(p, in);
    case PLAN_LIMIT: return batch_slice(in, 0, p->limit < in->rows ? p->limit : in->rows);
    case PLAN_UNION: return run_union(r, p, in);
    case PLAN_SORT: return run_sort(r, p, in);
    case PLAN_GENERATE: return run_generate(r, p, in);
    case PLAN_ALIAS:
    case PLAN_WATERMARK: return batch_slice(in, 0, in->rows);
    case PLAN_RELATION:
    case PLAN_ROWS:
    case PLAN_RANGE:
    case PLAN_KIND_COUNT: break;
    }
    abort();
}

static inline struct batch *run_plan(struct run *r, const struct plan *p)
{
    if (p->input_count == 0) {
        return run_leaf(r, p);
    }
    struct batch *in = run_plan(r, p->inputs[0]);
    struct batch *out = in ? run_over(r, p, in) : NULL;
    batch_free(in);
    return out;
}

/* A line a row, or the error's text; the caller frees it. */
static inline char *run_text(const struct sql_settings *settings,
                             const struct batch *table,
                             const struct plan *plan)
{
    struct sql_error error = { 0 };
    struct run r = { .settings = settings, .table = table, .error = &error };
    struct batch *rows = run_plan(&r, plan);
    struct buffer out;
    buffer_init(&out, 64 << 20);
    struct cell_format format = { CELL_CAST, NULL };
    for (int32_t i = 0; rows && i < rows->rows; i++) {
        for (int32_t c = 0; c < rows->column_count; c++) {
            buffer_append_text(&out, c ? " | " : "");
            if (column_is_null(rows->columns[c], i)) {
                buffer_append_text(&out, "null");
            } else {
                cell_print(&out, &format, rows->columns[c], i);
            }
        }
        buffer_append_text(&out, "\n");
    }
    if (!rows) {
        buffer_append_text(&out, error.message);
    }
    char *text = mem_text(buffer_bytes(&out).data, out.len);
    batch_free(rows);
    buffer_finish(&out);
    sql_error_finish(&error);
    return text;
}
