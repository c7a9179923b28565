/*
 * Rows that a source makes up itself: see generated_rows.h.
 */
#include "sources/generated_rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum { GENERATED_TIMESTAMP, GENERATED_VALUE, GENERATED_FIELDS };

struct generated_scan {
    struct scan base;
    struct arena arena;
    struct generated what;
    const struct type *schema; /* of the columns that are made */
    int32_t column_count;
    int32_t *columns;
};

struct generated_reader {
    struct row_reader base;
    const struct generated_scan *scan;
    int64_t next;
};

const struct type *generated_schema(struct arena *arena)
{
    struct field fields[GENERATED_FIELDS] = {
        { .name = bytes_of("timestamp"), .type = type_simple(TYPE_TIMESTAMP), .nullable = true },
        { .name = bytes_of("value"), .type = type_simple(TYPE_BIGINT), .nullable = true },
    };
    return type_struct(arena, fields, GENERATED_FIELDS);
}

/* Java's Math.round(). */
static int64_t rounded(double x)
{
    double r = floor(x + 0.5);
    return r >= 9223372036854775807.0 ? INT64_MAX : (int64_t)r;
}

/* The time of a value, in microseconds; beyond what can be said, the last that can. */
static int64_t time_of(const struct generated *g, int64_t value)
{
    int64_t ms = 0;
    int64_t us = 0;
    if (__builtin_add_overflow(g->start_ms, rounded((double)(value - g->first) * g->ms_per_value),
                               &ms) ||
        __builtin_mul_overflow(ms, 1000, &us)) {
        return INT64_MAX;
    }
    return us;
}

static struct column *make_column(const struct generated_reader *r, int32_t field, int32_t rows)
{
    const struct generated *g = &r->scan->what;
    int64_t *values = mem_zalloc((size_t)rows, sizeof(*values));
    for (int32_t i = 0; i < rows; i++) {
        int64_t value = r->next + (int64_t)i * g->partitions;
        values[i] = field == GENERATED_VALUE ? value : time_of(g, value);
    }
    struct column_buffers buffers = { .values = values };
    return column_new(type_simple(field == GENERATED_VALUE ? TYPE_BIGINT : TYPE_TIMESTAMP), rows,
                      &buffers);
}

static bool generated_next(struct row_reader *base, struct batch **out, struct sql_error *error)
{
    (void)error;
    struct generated_reader *r = (struct generated_reader *)base;
    const struct generated_scan *s = r->scan;
    *out = NULL;
    if (r->next >= s->what.end) {
        return true;
    }
    int64_t left = (s->what.end - r->next - 1) / s->what.partitions + 1;
    int32_t rows = left < ROWS_PER_BATCH ? (int32_t)left : ROWS_PER_BATCH;
    struct column **columns = mem_zalloc((size_t)s->column_count, sizeof(*columns));
    for (int32_t i = 0; i < s->column_count; i++) {
        columns[i] = make_column(r, s->columns[i], rows);
    }
    *out = batch_new(s->schema, columns, rows);
    free(columns);
    if (left > rows) {
        r->next += (int64_t)rows * s->what.partitions;
    } else {
        r->next = s->what.end;
    }
    return true;
}

static void generated_close(struct row_reader *base)
{
    free(base);
}

static struct row_reader *scan_open(struct scan *base, int32_t partition, struct sql_error *error)
{
    (void)error;
    struct generated_scan *s = (struct generated_scan *)base;
    struct generated_reader *r = MEM_NEW(struct generated_reader);
    r->base = (struct row_reader){ .next = generated_next, .close = generated_close };
    r->scan = s;
    r->next = s->what.end - s->what.first > partition ? s->what.first + partition : s->what.end;
    return &r->base;
}

static void scan_close(struct scan *base)
{
    struct generated_scan *s = (struct generated_scan *)base;
    arena_finish(&s->arena);
    free(s);
}

struct scan *generated_scan(const struct generated *g,
                            const struct type *schema,
                            const int32_t *columns,
                            int32_t column_count)
{
    struct generated_scan *s = MEM_NEW(struct generated_scan);
    arena_init(&s->arena, 0);
    s->what = *g;
    s->column_count = column_count;
    s->columns = ARENA_NEW(&s->arena, int32_t, (size_t)column_count);
    struct field *fields = ARENA_NEW(&s->arena, struct field, (size_t)column_count);
    for (int32_t i = 0; i < column_count; i++) {
        s->columns[i] = columns[i];
        fields[i] = schema->fields[columns[i]];
    }
    s->schema = type_struct(&s->arena, fields, column_count);
    s->base = (struct scan){ .partition_count = g->first < g->end ? g->partitions : 0,
                             .open = scan_open,
                             .close = scan_close };
    return &s->base;
}
