/*
 * Batches: see batch.h.
 */
#include "columns/batch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"

/* A batch whose columns are to be set. */
static struct batch *hollow(const struct type *schema, int32_t rows)
{
    assert(schema->kind == TYPE_STRUCT);
    struct batch *b = MEM_NEW(struct batch);
    b->schema = schema;
    b->rows = rows;
    b->column_count = schema->field_count;
    b->columns = mem_zalloc((size_t)b->column_count, sizeof(*b->columns));
    return b;
}

struct batch *batch_new(const struct type *schema, struct column *const *columns, int32_t rows)
{
    struct batch *b = hollow(schema, rows);
    for (int32_t i = 0; i < b->column_count; i++) {
        assert(columns[i]->length == rows);
        b->columns[i] = columns[i];
    }
    return b;
}

void batch_free(struct batch *b)
{
    if (!b) {
        return;
    }
    for (int32_t i = 0; i < b->column_count; i++) {
        column_release(b->columns[i]);
    }
    free(b->columns);
    free(b);
}

struct batch *batch_empty(const struct type *schema)
{
    struct batch *b = hollow(schema, 0);
    for (int32_t i = 0; i < b->column_count; i++) {
        b->columns[i] = builder_finish(builder_new(schema->fields[i].type));
    }
    return b;
}

struct batch *batch_take(const struct batch *b, const int32_t *rows, int32_t count)
{
    struct batch *taken = hollow(b->schema, count);
    for (int32_t i = 0; i < b->column_count; i++) {
        taken->columns[i] = column_take(b->columns[i], rows, count);
    }
    return taken;
}

struct batch *batch_slice(const struct batch *b, int32_t first, int32_t count)
{
    struct batch *slice = hollow(b->schema, count);
    for (int32_t i = 0; i < b->column_count; i++) {
        slice->columns[i] = column_slice(b->columns[i], first, count);
    }
    return slice;
}

struct batch *batch_concat(const struct type *schema, struct batch *const *parts, int32_t count)
{
    if (count == 0) {
        return batch_empty(schema);
    }
    int64_t rows = 0;
    for (int32_t i = 0; i < count; i++) {
        rows += parts[i]->rows;
    }
    assert(rows <= INT32_MAX);
    struct batch *all = hollow(schema, (int32_t)rows);
    struct column **columns = mem_zalloc((size_t)count, sizeof(*columns));
    for (int32_t i = 0; i < all->column_count; i++) {
        for (int32_t k = 0; k < count; k++) {
            columns[k] = parts[k]->columns[i];
        }
        all->columns[i] = column_concat(columns, count);
    }
    free(columns);
    return all;
}
