/*
 * Inline tables: see inline_table.h.
 */
#include "expressions/inline_table.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"
#include "expressions/sql_conditions.h"

/* The cells, row by row. NULL: the error is set. */
static const struct expression **analyze_cells(struct analysis *a,
                                               const struct syntax_table *t,
                                               int32_t width)
{
    const struct expression **cells =
        ARENA_NEW(a->arena, const struct expression *, (size_t)t->row_count *(size_t)width);
    for (int32_t r = 0; r < t->row_count; r++) {
        const struct syntax *row = t->rows[r];
        if (row->count != width) {
            (void)sql_fail(
                a->error, &sql_inline_table_columns,
                "Invalid inline table. Inline table expected %d columns but found %d columns "
                "in row %d.",
                width, row->count, r);
            return NULL;
        }
        for (int32_t c = 0; c < width; c++) {
            const struct expression *cell = analyze(a, row->args[c]);
            if (!cell) {
                return NULL;
            }
            cells[r * width + c] = cell;
        }
    }
    return cells;
}

static const struct type *column_type(struct analysis *a,
                                      const struct expression *const *cells,
                                      int32_t rows,
                                      int32_t width,
                                      bool *out_nullable)
{
    const struct type *type = type_simple(TYPE_VOID);
    *out_nullable = false;
    for (int32_t r = 0; r < rows; r++) {
        const struct expression *cell = cells[r * width];
        *out_nullable = *out_nullable || cell->nullable;
        const struct type *wider = wider_type(a->arena, a->settings, type, cell->type);
        if (!wider) {
            (void)sql_fail(a->error, &sql_inline_table_types,
                           "Invalid inline table. Found incompatible types in a column.");
            return NULL;
        }
        type = wider;
    }
    return type;
}

static struct column *evaluate_column(struct analysis *a,
                                      const struct expression *const *cells,
                                      int32_t rows,
                                      int32_t width,
                                      const struct type *type)
{
    struct builder *b = builder_new(type);
    bool ok = true;
    for (int32_t r = 0; ok && r < rows; r++) {
        struct evaluation ev = { .settings = a->settings, .rows = 1, .error = a->error };
        struct column *cell = evaluate_once(&ev, analysis_cast(a, cells[r * width], type));
        ok = cell != NULL;
        if (ok) {
            builder_copy(b, cell, 0);
        }
        column_release(cell);
    }
    if (!ok) {
        builder_free(b);
        return NULL;
    }
    return builder_finish(b);
}

static struct bytes column_name(struct arena *arena, const struct syntax_table *t, int32_t c)
{
    return t->column_count > 0 ? t->columns[c] : arena_printf(arena, "col%d", c + 1);
}

bool inline_table_make(struct arena *arena,
                       const struct sql_settings *settings,
                       struct bytes text,
                       struct inline_table *out,
                       struct sql_error *error)
{
    struct syntax_table t;
    return parse_inline_table(arena, text, &t, error) &&
           inline_table_of(arena, settings, &t, out, error);
}

bool inline_table_of(struct arena *arena,
                     const struct sql_settings *settings,
                     const struct syntax_table *t,
                     struct inline_table *out,
                     struct sql_error *error)
{
    int32_t width = t->column_count > 0 ? t->column_count : t->rows[0]->count;
    struct analysis a = {
        .arena = arena, .settings = settings, .input = type_struct(arena, NULL, 0), .error = error
    };
    const struct expression **cells = analyze_cells(&a, t, width);
    if (!cells) {
        return false;
    }
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)width);
    struct column **columns = mem_zalloc((size_t)width, sizeof(struct column *));
    struct bytes *qualifiers = ARENA_NEW(arena, struct bytes, (size_t)width);
    bool ok = true;
    for (int32_t c = 0; ok && c < width; c++) {
        fields[c].name = column_name(arena, t, c);
        fields[c].type = column_type(&a, cells + c, t->row_count, width, &fields[c].nullable);
        qualifiers[c] = t->name;
        columns[c] = fields[c].type
                         ? evaluate_column(&a, cells + c, t->row_count, width, fields[c].type)
                         : NULL;
        ok = columns[c] != NULL;
    }
    if (ok) {
        out->schema = type_struct(arena, fields, width);
        out->qualifiers = bytes_is_null(t->name) ? NULL : qualifiers;
        out->rows = batch_new(out->schema, columns, t->row_count);
    }
    for (int32_t c = 0; !ok && c < width; c++) {
        column_release(columns[c]);
    }
    free(columns);
    return ok;
}
