/*
 * CSV: any text, under options that its first bytes choose, read as records and rows. What has been read and is written again, with
 * everything in quotes, reads the same.
 */
#include <assert.h>
#include <stdlib.h>

#include "expressions/csv_infer.h"
#include "expressions/csv_rows.h"
#include "expressions/csv_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPTION_BYTES = 4, COLUMNS = 6 };

static void choose(struct csv_options *o, const uint8_t *bytes)
{
    static const char *const separators[] = { ",", ";", "\t", "||", " ", "," };
    static const uint8_t quotes[] = { '"', '\'', 0, '"' };
    static const uint8_t escapes[] = { '\\', '"', 0, '~' };
    csv_options_init(o);
    o->separator = bytes_of(separators[bytes[0] % 6]);
    o->quote = quotes[(bytes[0] >> 3) % 4];
    o->escape = escapes[(bytes[0] >> 5) % 4];
    o->unescaped_quotes = (enum csv_quotes)(bytes[1] % 5);
    o->skip_leading_blanks = bytes[1] & 8;
    o->skip_trailing_blanks = bytes[1] & 16;
    o->comment = bytes[1] & 32 ? '#' : 0;
    o->multi_line = bytes[1] & 64;
    o->has_escape_escape = bytes[1] & 128;
    o->escape_escape = '^';
    o->mode = (enum csv_mode)(bytes[2] % 3);
    o->infer_schema = bytes[2] & 4;
    o->max_columns = bytes[2] & 8 ? 3 : 20480;
    o->max_characters = bytes[2] & 16 ? 5 : -1;
    o->header = bytes[2] & 32;
    o->null_value = bytes_of(bytes[2] & 64 ? "NULL" : "");
    o->empty_value = bytes[2] & 128 ? bytes_of("EMPTY") : (struct bytes){ 0 };
}

static struct bytes next_line(struct bytes *rest)
{
    struct bytes line = { 0 };
    (void)bytes_cut(rest, '\n', &line);
    return line;
}

static const struct type *schema_of(struct arena *arena)
{
    static const enum type_kind kinds[COLUMNS] = { TYPE_STRING, TYPE_INT,     TYPE_DOUBLE,
                                                   TYPE_DATE,   TYPE_BOOLEAN, TYPE_STRING };
    static const char *const names[COLUMNS] = { "a", "b", "c", "d", "e", "_corrupt_record" };
    struct field fields[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        fields[i] = (struct field){ bytes_of(names[i]), type_simple(kinds[i]), true, { 0 } };
    }
    return type_struct(arena, fields, COLUMNS);
}

static void read_rows(const struct csv_options *o, struct bytes text, struct arena *arena)
{
    static const int32_t columns[COLUMNS] = { 0, 1, 2, 3, 4, 5 };
    struct sql_settings settings = { .ansi = true, .zone_name = "UTC" };
    struct sql_error error = { 0 };
    struct csv_shape shape = { o, &settings, schema_of(arena), columns, COLUMNS };
    struct csv_rows *rows = csv_rows_new(&shape);
    struct builder *b = builder_new(shape.schema);
    size_t at = 0;
    struct bytes rest = text;
    bool ok = true;
    while (ok && (o->multi_line ? at < text.len : !bytes_is_null(rest))) {
        size_t before = at;
        ok = o->multi_line ? csv_rows_add_next(rows, b, text, &at, &error)
                           : csv_rows_add_line(rows, b, next_line(&rest), &error);
        assert(!o->multi_line || at > before);
    }
    assert(ok == !sql_failed(&error));
    for (int32_t i = 0; ok && i < b->child_count; i++) {
        assert(b->children[i]->length == b->length);
    }
    builder_free(b);
    csv_rows_free(rows);
    sql_error_finish(&error);
}

static void infer(const struct csv_options *o, struct bytes text, struct arena *arena)
{
    struct sql_settings settings = { .ansi = true, .zone_name = "UTC" };
    struct csv_parser p;
    struct csv_inference *s = NULL;
    csv_parser_init(&p, o);
    while (!bytes_is_null(text)) {
        if (csv_parse_line(&p, next_line(&text)) == CSV_RECORD) {
            if (!s) {
                s = csv_inference_new(arena, o, &settings, p.values, p.count);
            }
            csv_inference_add(s, p.values, p.count);
        }
    }
    if (s) {
        (void)csv_inference_type(s);
    }
    csv_inference_free(s);
    csv_parser_finish(&p);
}

/* What is written with everything in quotes, and blanks kept, has the same values when it is read. */
static void write_again(struct bytes text, struct arena *arena)
{
    struct sql_settings settings = { .ansi = true, .zone_name = "UTC" };
    struct sql_error error = { 0 };
    struct csv_options o;
    struct csv_parser p;
    struct buffer out;
    csv_options_init(&o);
    o.escape = '"';
    o.quote_all = true;
    o.has_leading_blanks = true;
    o.has_trailing_blanks = true;
    struct builder *b = builder_new(type_simple(TYPE_STRING));
    builder_text(b, text);
    struct column *c = builder_finish(b);
    struct csv_writer *w = csv_writer_new(&o, &settings, &error);
    buffer_init(&out, SIZE_MAX);
    csv_writer_row(w, &out, &c, 1, 0);
    csv_parser_init(&p, &o);
    p.newline = bytes_of("\n");
    p.normalize = false;
    size_t at = 0;
    enum csv_outcome outcome = csv_parse_next(&p, buffer_bytes(&out), &at);
    assert(outcome == CSV_RECORD && p.count == 1);
    assert(text.len == 0 || bytes_equal(p.values[0], text));
    csv_parser_finish(&p);
    csv_writer_free(w);
    buffer_finish(&out);
    column_release(c);
    (void)arena;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < OPTION_BYTES) {
        return 0;
    }
    struct arena arena;
    struct csv_options o;
    struct bytes text = { data + OPTION_BYTES, size - OPTION_BYTES };
    arena_init(&arena, 0);
    choose(&o, data);
    read_rows(&o, text, &arena);
    infer(&o, text, &arena);
    write_again(text, &arena);
    arena_finish(&arena);
    return 0;
}
