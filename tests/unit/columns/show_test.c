/*
 * columns/show: byte for byte what Spark prints, for every frame that tests/golden/show has as data.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "columns/show.h"
#include "json_types.h"

#include <cmocka.h>

/* --- batches from JSON --- */

static void add_value(struct builder *b, json_t *value);

static void add_nested(struct builder *b, json_t *list)
{
    size_t i = 0;
    json_t *item = NULL;
    json_array_foreach(list, i, item)
    {
        if (b->type->kind == TYPE_STRUCT) {
            add_value(builder_child(b, (int32_t)i), item);
        } else if (b->type->kind == TYPE_ARRAY) {
            add_value(builder_child(b, 0), item);
        } else {
            add_value(builder_child(b, 0), json_array_get(item, 0));
            add_value(builder_child(b, 1), json_array_get(item, 1));
        }
    }
    if (b->type->kind == TYPE_STRUCT) {
        builder_struct(b);
    } else {
        builder_list(b);
    }
}

static void add_binary(struct builder *b, const char *hex)
{
    for (; *hex; hex += 2) {
        char pair[3] = { hex[0], hex[1], 0 };
        uint8_t byte = (uint8_t)strtoul(pair, NULL, 16);
        builder_append(b, &byte, 1);
    }
    builder_close_text(b);
}

static void add_decimal(struct builder *b, struct bytes text)
{
    int128 value = 0;
    assert_int_equal(decimal_parse(text, decimal_shape_of(b->type), &value), DECIMAL_FITS);
    builder_decimal(b, value);
}

static double number_of(json_t *value)
{
    if (json_is_string(value)) {
        return strcmp(json_string_value(value), "NaN") == 0 ? strtod("nan", NULL)
                                                            : strtod("-inf", NULL);
    }
    return json_number_value(value);
}

static void add_value(struct builder *b, json_t *value)
{
    struct bytes text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
    if (json_is_null(value)) {
        builder_null(b);
    } else if (type_is_nested(b->type)) {
        add_nested(b, value);
    } else if (b->type->kind == TYPE_STRING) {
        builder_text(b, text);
    } else if (b->type->kind == TYPE_BINARY) {
        add_binary(b, json_string_value(value));
    } else if (b->type->kind == TYPE_DECIMAL) {
        add_decimal(b, text);
    } else if (b->type->kind == TYPE_BOOLEAN) {
        builder_bool(b, json_is_true(value));
    } else if (type_is_fractional(b->type)) {
        builder_double(b, number_of(value));
    } else {
        builder_integer(b, json_integer_value(value));
    }
}

static struct batch *batch_of(struct arena *arena, json_t *frame)
{
    const struct type *type = type_from_json(arena, json_object_get(frame, "type"));
    assert_non_null(type);
    json_t *rows = json_object_get(frame, "rows");
    struct builder *b = builder_new(type);
    size_t i = 0;
    json_t *row = NULL;
    json_array_foreach(rows, i, row)
    {
        add_nested(b, row);
    }
    struct column *all = builder_finish(b);
    struct column **columns = mem_zalloc((size_t)all->child_count, sizeof(*columns));
    for (int32_t k = 0; k < all->child_count; k++) {
        columns[k] = column_retain(all->children[k]);
    }
    struct batch *batch = batch_new(type, columns, all->length);
    free(columns);
    column_release(all);
    return batch;
}

/* --- cases --- */

static struct show_options options_of(json_t *args)
{
    struct show_options options = { .rows = SHOW_ROWS, .truncate = SHOW_TRUNCATE };
    json_t *n = json_object_get(args, "n");
    json_t *truncate = json_object_get(args, "truncate");
    options.rows = n ? (int32_t)json_integer_value(n) : options.rows;
    if (json_is_false(truncate)) {
        options.truncate = 0;
    } else if (json_is_string(truncate)) {
        options.truncate = (int32_t)strtol(json_string_value(truncate), NULL, 10);
    } else if (truncate) {
        options.truncate = (int32_t)json_integer_value(truncate);
    }
    options.vertical = json_is_true(json_object_get(args, "vertical"));
    return options;
}

static json_t *frame_of(json_t *frames, const char *id)
{
    size_t len = (size_t)(strrchr(id, '_') - id);
    size_t i = 0;
    json_t *frame = NULL;
    json_array_foreach(frames, i, frame)
    {
        struct bytes name = golden_text(frame, "frame");
        if (bytes_equal(name, (struct bytes){ (const uint8_t *)id, len })) {
            return frame;
        }
    }
    return NULL;
}

static void check_case(json_t *line, json_t *frame)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct batch *batch = batch_of(&arena, frame);
    struct show_options options = options_of(json_object_get(line, "args"));
    struct buffer out;
    buffer_init(&out, 1 << 20);
    bool shown = show_print(&out, batch, &options);
    assert_int_equal(shown, json_object_get(line, "error") == NULL);
    if (shown) {
        struct bytes expected = golden_text(line, "text");
        bool equal = bytes_equal(buffer_bytes(&out), expected);
        if (!equal) {
            print_message("%s:\n%.*s\nexpected:\n%.*s\n",
                          json_string_value(json_object_get(line, "id")),
                          BYTES_ARG(buffer_bytes(&out)), BYTES_ARG(expected));
        }
        assert_true(equal);
    }
    buffer_finish(&out);
    batch_free(batch);
    arena_finish(&arena);
}

static void prints_what_spark_prints(void **state)
{
    (void)state;
    json_t *frames = json_array();
    struct golden g = golden_open("show/frames.jsonl");
    for (json_t *line = golden_next(&g); line; line = golden_next(&g)) {
        json_array_append_new(frames, line);
    }
    golden_close(&g);
    g = golden_open("show/cases.jsonl");
    int count = 0;
    for (json_t *line = golden_next(&g); line; line = golden_next(&g)) {
        json_t *frame = frame_of(frames, json_string_value(json_object_get(line, "id")));
        if (frame) {
            check_case(line, frame);
            count++;
        }
        json_decref(line);
    }
    golden_close(&g);
    json_decref(frames);
    assert_int_equal(count, 113); /* of 115: two have a calendar interval */
}

static void repairs_what_is_no_text(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field field = { bytes_of("v"), type_simple(TYPE_STRING), true, { 0 } };
    const struct type *schema = type_struct(&arena, &field, 1);
    struct builder *b = builder_new(field.type);
    builder_text(b, bytes_of("a\xff\xe2\x82z\xc0\x80"));
    struct batch *batch = batch_new(schema, (struct column *[]){ builder_finish(b) }, 1);
    struct buffer out;
    buffer_init(&out, 1000);
    assert_true(show_print(&out, batch, &(struct show_options){ .rows = 20 }));
    assert_true(
        bytes_equal_text(buffer_bytes(&out),
                         "+------+\n|v     |\n+------+\n|a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef"
                         "\xbf\xbd|\n+------+\n\n"));
    buffer_finish(&out);
    batch_free(batch);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_spark_prints),
        cmocka_unit_test(repairs_what_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
