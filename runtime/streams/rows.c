/*
 * Rows in memory: see rows.h.
 */
#include "streams/rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "expressions/analysis.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"

enum { TEXT_MAX = 256 << 20 };

struct weir_rows *result_rows_new(const struct sql_settings *settings, struct batch *batch)
{
    struct weir_rows *r = MEM_NEW(struct weir_rows);
    arena_init(&r->arena, 0);
    r->batch = batch;
    r->settings = *settings;
    r->names = mem_zalloc((size_t)batch->column_count + 1, sizeof(*r->names));
    for (int32_t i = 0; i < batch->column_count; i++) {
        const struct bytes name = batch->schema->fields[i].name;
        r->names[i] = mem_text(name.data, name.len);
    }
    return r;
}

void weir_rows_free(struct weir_rows *rows)
{
    if (!rows) {
        return;
    }
    for (int32_t i = 0; i < rows->batch->column_count; i++) {
        free(rows->names[i]);
    }
    free((void *)rows->names);
    column_release(rows->json);
    batch_free(rows->batch);
    arena_finish(&rows->arena);
    free(rows);
}

size_t weir_rows_count(const struct weir_rows *rows)
{
    return (size_t)rows->batch->rows;
}

size_t weir_rows_columns(const struct weir_rows *rows)
{
    return (size_t)rows->batch->column_count;
}

const char *weir_rows_name(const struct weir_rows *rows, size_t column)
{
    return column < weir_rows_columns(rows) ? rows->names[column] : NULL;
}

int weir_rows_find(const struct weir_rows *rows, const char *name)
{
    return type_field_index(rows->batch->schema, bytes_of(name), false);
}

/* NULL: there is no such value, or it is null. */
static const struct column *value_at(const struct weir_rows *rows, size_t row, size_t column)
{
    if (row >= weir_rows_count(rows) || column >= weir_rows_columns(rows)) {
        return NULL;
    }
    const struct column *c = rows->batch->columns[column];
    return column_is_null(c, (int32_t)row) ? NULL : c;
}

bool weir_rows_is_null(const struct weir_rows *rows, size_t row, size_t column)
{
    return value_at(rows, row, column) == NULL;
}

static const char *keep(struct weir_rows *rows, struct buffer *text)
{
    const char *kept = arena_text(&rows->arena, buffer_bytes(text));
    buffer_finish(text);
    return kept;
}

const char *weir_rows_text(struct weir_rows *rows, size_t row, size_t column)
{
    const struct column *c = value_at(rows, row, column);
    if (!c) {
        return NULL;
    }
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    cell_print(&text, &(struct cell_format){ CELL_CAST, rows->settings.zone }, c, (int32_t)row);
    return keep(rows, &text);
}

int64_t weir_rows_integer(const struct weir_rows *rows, size_t row, size_t column)
{
    const struct column *c = value_at(rows, row, column);
    if (!c) {
        return 0;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: return column_bool(c, (int32_t)row);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: return column_integer(c, (int32_t)row);
    default: return 0;
    }
}

double weir_rows_double(const struct weir_rows *rows, size_t row, size_t column)
{
    const struct column *c = value_at(rows, row, column);
    if (!c) {
        return 0;
    }
    switch (c->type->kind) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return column_double(c, (int32_t)row);
    case TYPE_DECIMAL: {
        const char *text = weir_rows_text((struct weir_rows *)(uintptr_t)rows, row, column);
        return strtod(text, NULL);
    }
    default: return (double)weir_rows_integer(rows, row, column);
    }
}

/* to_json() of all rows, null fields too. NULL where a value cannot be written. */
static struct column *print_json(struct weir_rows *rows)
{
    struct sql_error error = { 0 };
    const struct syntax *syntax;
    struct column *printed = NULL;
    struct analysis a = { .arena = &rows->arena,
                          .settings = &rows->settings,
                          .input = rows->batch->schema,
                          .error = &error };
    if (parse_expression(&rows->arena,
                         bytes_of("to_json(struct(*), map('ignoreNullFields', 'false'))"), &syntax,
                         &error)) {
        const struct expression *e = analyze(&a, syntax);
        struct evaluation ev = { .settings = &rows->settings,
                                 .input = rows->batch,
                                 .rows = rows->batch->rows,
                                 .error = &error };
        printed = e ? evaluate_once(&ev, e) : NULL;
    }
    sql_error_finish(&error);
    return printed;
}

const char *weir_rows_json(struct weir_rows *rows, size_t row)
{
    if (row >= weir_rows_count(rows) || weir_rows_columns(rows) == 0) {
        return "{}";
    }
    rows->json = rows->json ? rows->json : print_json(rows);
    if (!rows->json || column_is_null(rows->json, (int32_t)row)) {
        return "{}";
    }
    struct bytes text = column_text(rows->json, (int32_t)row);
    return arena_text(&rows->arena, text);
}
