/*
 * Tables of show(): see show.h.
 */
#include "columns/show.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "columns/escape.h"
#include "columns/utf8.h"

enum { WIDTH_MIN = 3 };

/* All cells, the names first, in one buffer; cell i is [ends[i - 1], ends[i]). */
struct table {
    int32_t columns;
    int32_t rows; /* without the names */
    struct buffer text;
    size_t *ends;
    int32_t *widths; /* of each cell */
    int32_t count;
};

/* Characters that take two columns of a terminal; Utils.fullWidthRegex. */
static bool is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
           (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
           (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0xffe0 && c <= 0xffe6);
}

/* Columns of a terminal, as Spark counts them: UTF-16 units, wide ones twice. */
static int32_t width_of(struct bytes text)
{
    int32_t width = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t c = utf8_next(text, &at);
        width += c > 0xffff || is_wide(c) ? 2 : 1;
    }
    return width;
}

static int32_t units_of(struct bytes text)
{
    int32_t units = 0;
    for (size_t at = 0; at < text.len;) {
        units += utf8_next(text, &at) > 0xffff ? 2 : 1;
    }
    return units;
}

/* Appends the first `units` of the text; half a character prints as "?". */
static void append_units(struct buffer *out, struct bytes text, int32_t units)
{
    size_t at = 0;
    while (at < text.len && units > 0) {
        size_t before = at;
        int32_t size = utf8_next(text, &at) > 0xffff ? 2 : 1;
        if (size > units) {
            buffer_append_text(out, "?");
            return;
        }
        buffer_append(out, text.data + before, at - before);
        units -= size;
    }
}

/* --- cells --- */

static struct bytes cell(const struct table *t, int32_t i)
{
    size_t from = i > 0 ? t->ends[i - 1] : 0;
    return (struct bytes){ buffer_bytes(&t->text).data + from, t->ends[i] - from };
}

static void close_cell(struct table *t)
{
    t->ends[t->count] = t->text.len;
    t->widths[t->count] = width_of(cell(t, t->count));
    t->count++;
}

/* The cell of a value: without control characters and bytes that are no text, then cut. */
static void add_value(struct table *t, struct buffer *scratch, struct bytes value, int32_t truncate)
{
    size_t from = scratch->len;
    utf8_repair(scratch, value);
    struct bytes whole = { scratch->data + from, scratch->len - from };
    if (truncate > 0 && units_of(whole) > truncate) {
        append_units(&t->text, whole, truncate < 4 ? truncate : truncate - 3);
        buffer_append_text(&t->text, truncate < 4 ? "" : "...");
    } else {
        buffer_append(&t->text, whole.data, whole.len);
    }
    close_cell(t);
}

static void fill(struct table *t, const struct batch *batch, const struct show_options *options)
{
    struct cell_format format = { .style = CELL_SHOW, .zone = options->zone };
    struct buffer scratch;
    struct buffer value;
    buffer_init(&scratch, SIZE_MAX / 2);
    buffer_init(&value, SIZE_MAX / 2);
    for (int32_t i = 0; i < t->columns; i++) {
        escape_meta(&t->text, batch->schema->fields[i].name);
        close_cell(t);
    }
    for (int32_t row = 0; row < t->rows; row++) {
        for (int32_t i = 0; i < t->columns; i++) {
            buffer_clear(&scratch);
            buffer_clear(&value);
            cell_print(&value, &format, batch->columns[i], row);
            escape_meta(&scratch, buffer_bytes(&value));
            add_value(t, &value, buffer_bytes(&scratch), options->truncate);
        }
    }
    buffer_finish(&scratch);
    buffer_finish(&value);
}

/* --- layout --- */

static void repeat(struct buffer *out, char c, int32_t count)
{
    if (count > 0) {
        uint8_t *at = buffer_extend(out, (size_t)count);
        if (at) {
            memset(at, c, (size_t)count);
        }
    }
}

static void print_padded(
    struct buffer *out, const struct table *t, int32_t i, int32_t width, bool to_the_right)
{
    struct bytes text = cell(t, i);
    repeat(out, ' ', to_the_right ? width - t->widths[i] : 0);
    buffer_append(out, text.data, text.len);
    repeat(out, ' ', to_the_right ? 0 : width - t->widths[i]);
}

static void print_rule(struct buffer *out, const int32_t *widths, int32_t count)
{
    buffer_append_text(out, "+");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(out, i > 0 ? "+" : "");
        repeat(out, '-', widths[i]);
    }
    buffer_append_text(out, "+\n");
}

static void print_grid(struct buffer *out, const struct table *t, bool to_the_right)
{
    int32_t *widths = mem_zalloc((size_t)t->columns, sizeof(*widths));
    for (int32_t i = 0; i < t->columns; i++) {
        widths[i] = WIDTH_MIN;
    }
    for (int32_t i = 0; i < t->count; i++) {
        int32_t *width = &widths[i % t->columns];
        *width = t->widths[i] > *width ? t->widths[i] : *width;
    }
    print_rule(out, widths, t->columns);
    for (int32_t row = 0; row <= t->rows; row++) {
        buffer_append_text(out, "|");
        for (int32_t i = 0; i < t->columns; i++) {
            buffer_append_text(out, i > 0 ? "|" : "");
            print_padded(out, t, row * t->columns + i, widths[i], to_the_right);
        }
        buffer_append_text(out, "|\n");
        if (row == 0) {
            print_rule(out, widths, t->columns);
        }
    }
    print_rule(out, widths, t->columns);
    free(widths);
}

static void print_records(struct buffer *out, const struct table *t)
{
    int32_t name_width = WIDTH_MIN;
    int32_t value_width = WIDTH_MIN;
    for (int32_t i = 0; i < t->count; i++) {
        int32_t *width = i < t->columns ? &name_width : &value_width;
        *width = t->widths[i] > *width ? t->widths[i] : *width;
    }
    for (int32_t row = 0; row < t->rows; row++) {
        char title[32];
        int len = snprintf(title, sizeof(title), "-RECORD %d", row);
        buffer_append(out, title, (size_t)len);
        repeat(out, '-', name_width + value_width + 5 - len);
        buffer_append_text(out, "\n");
        for (int32_t i = 0; i < t->columns; i++) {
            buffer_append_text(out, " ");
            print_padded(out, t, i, name_width, false);
            buffer_append_text(out, " | ");
            print_padded(out, t, (row + 1) * t->columns + i, value_width, false);
            buffer_append_text(out, " \n");
        }
    }
}

bool show_print(struct buffer *out, const struct batch *batch, const struct show_options *options)
{
    int32_t limit = options->rows > 0 ? options->rows : 0;
    struct table t = { .columns = batch->column_count,
                       .rows = batch->rows < limit ? batch->rows : limit };
    if (options->vertical && t.columns == 0 && t.rows > 0) {
        return false;
    }
    size_t cells = ((size_t)t.rows + 1) * (size_t)t.columns;
    assert(cells <= INT32_MAX);
    t.ends = mem_zalloc(cells, sizeof(*t.ends));
    t.widths = mem_zalloc(cells, sizeof(*t.widths));
    buffer_init(&t.text, SIZE_MAX / 2);
    fill(&t, batch, options);
    if (options->vertical) {
        print_records(out, &t);
    } else {
        print_grid(out, &t, options->truncate > 0);
    }
    if (options->vertical && t.rows == 0) {
        buffer_append_text(out, "(0 rows)");
    } else if (batch->rows > limit) {
        buffer_printf(out, "only showing top %d %s", limit, limit == 1 ? "row" : "rows");
    }
    buffer_append_text(out, "\n");
    buffer_finish(&t.text);
    free(t.ends);
    free(t.widths);
    return true;
}
