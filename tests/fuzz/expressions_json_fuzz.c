/*
 * from_json with any bytes, under several schemas: the fast ways give what the slow one gives, and none reads or writes where it may not.
 *
 * The first byte chooses options; rows are what is between bytes 0x1e, so that one row is read with what was learned from those before.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "expressions/json_scan.h"
#include "expressions/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEPARATOR = 0x1e, ROWS_MAX = 64 };

static const char *const schemas[] = {
    "a INT, b STRING",
    "name STRING, surname STRING, amount STRING, flag INT, _corrupt_record STRING",
    "a BIGINT, d DOUBLE, f FLOAT, t TINYINT, o BOOLEAN, s SMALLINT, x BINARY",
    "a DECIMAL(10,2), d DATE, t TIMESTAMP, n TIMESTAMP_NTZ, v VOID",
    "a STRING, s STRUCT<x: INT, y: STRING>, l ARRAY<STRING>, m MAP<STRING, STRUCT<x: INT>>",
    "ARRAY<STRUCT<a: INT, b: STRING>>",
    "MAP<STRING, ARRAY<INT>>",
};

/* The texts between separators, in buffers without a byte to spare. */
static struct column *make_column(const uint8_t *data, size_t size)
{
    int32_t *offsets = mem_zalloc(ROWS_MAX + 1, sizeof(*offsets));
    uint8_t *values = malloc(size + (size == 0));
    assert(values);
    int32_t rows = 0;
    int32_t len = 0;
    for (size_t i = 0; i <= size && rows < ROWS_MAX; i++) {
        if (i == size || data[i] == SEPARATOR) {
            offsets[++rows] = len;
        } else {
            values[len++] = data[i];
        }
    }
    uint8_t *exact = malloc((size_t)len + (len == 0));
    assert(exact);
    memcpy(exact, values, (size_t)len);
    free(values);
    struct column_buffers buffers = { .values = exact, .offsets = offsets };
    return column_new(type_simple(TYPE_STRING), rows, &buffers);
}

static void read_column(const struct json_options *options,
                        const struct type *type,
                        const struct column *texts,
                        const enum json_scan_path *path,
                        struct buffer *out)
{
    struct sql_settings settings = { .ansi = true };
    struct json_input *in = json_input_new(options, &settings);
    struct builder *b = builder_new(type);
    int32_t corrupt =
        type->kind == TYPE_STRUCT ? type_field_index(type, options->corrupt_column, true) : -1;
    struct json_scan *scan = path ? json_scan_new_path(in, b, corrupt, texts, *path) : NULL;
    for (int32_t i = 0; i < texts->length; i++) {
        (void)json_add_row(in, scan, b, corrupt, column_text(texts, i));
    }
    json_scan_free(scan);
    json_input_free(in);
    struct column *c = builder_finish(b);
    buffer_clear(out);
    for (int32_t i = 0; i < c->length; i++) {
        cell_print(out, &(struct cell_format){ CELL_SHOW, NULL }, c, i);
        buffer_append_text(out, "\n");
    }
    column_release(c);
}

static void compare_paths(const struct json_options *options,
                          const struct type *type,
                          const struct column *texts)
{
    static const enum json_scan_path paths[] = { JSON_PATH_PLAIN, JSON_PATH_SSE2, JSON_PATH_AVX2 };
    struct buffer slow;
    struct buffer fast;
    buffer_init(&slow, SIZE_MAX / 2);
    buffer_init(&fast, SIZE_MAX / 2);
    read_column(options, type, texts, NULL, &slow);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        read_column(options, type, texts, &paths[i], &fast);
        assert(bytes_equal(buffer_bytes(&slow), buffer_bytes(&fast)));
    }
    buffer_finish(&slow);
    buffer_finish(&fast);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bits = size > 0 ? data[0] : 0;
    struct json_options options = {
        .allow = { .single_quotes = !(bits & 1),
                   .not_numbers = !(bits & 2),
                   .comments = bits & 4,
                   .unquoted_names = bits & 8,
                   .leading_zeros = bits & 16,
                   .any_escape = bits & 32,
                   .control_characters = bits & 64 },
        .corrupt_column = bytes_of("_corrupt_record"),
    };
    struct column *texts = make_column(data + (size > 0), size - (size > 0));
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        const struct type *type = NULL;
        struct sql_error error = { 0 };
        bool ok = parse_schema(&arena, bytes_of(schemas[i]), true, &type, &error);
        assert(ok);
        (void)ok;
        compare_paths(&options, type, texts);
        sql_error_finish(&error);
    }
    arena_finish(&arena);
    column_release(texts);
    return 0;
}
