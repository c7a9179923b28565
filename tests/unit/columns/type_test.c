/*
 * columns/type: copies are equal, equality knows its degrees, and every text of a type is Spark's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/type.h"
#include "json_types.h"
#include "random_columns.h"

#include <cmocka.h>

static void assert_prints(void (*print)(struct buffer *, const struct type *),
                          const struct type *type,
                          json_t *result,
                          const char *key)
{
    struct bytes expected = golden_text(result, key);
    if (bytes_is_null(expected)) {
        return;
    }
    struct buffer out;
    buffer_init(&out, 1 << 20);
    print(&out, type);
    if (strcmp(key, "printSchema") == 0) {
        buffer_append_text(&out, "\n");
    }
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, (const char *)expected.data);
    buffer_finish(&out);
}

/* Returns how many types it found; what holds a type that we do not have is left out. */
static int check_golden(const char *name)
{
    struct golden g = golden_open(name);
    int count = 0;
    for (json_t *line = golden_next(&g); line; line = golden_next(&g)) {
        json_t *result = golden_result(line);
        struct bytes text = golden_text(result, "json");
        json_t *json =
            text.data ? json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, NULL) : NULL;
        struct arena arena;
        arena_init(&arena, 0);
        const struct type *type = json ? type_from_json(&arena, json) : NULL;
        if (type) {
            count++;
            assert_prints(type_print_json, type, result, "json");
            assert_prints(type_print, type, result, "simpleString");
            assert_prints(type_print_sql, type, result, "sql");
            assert_prints(type_print_ddl, type, result, "toDDL");
            assert_prints(type_print_tree, type, result, "printSchema");
        }
        arena_finish(&arena);
        json_decref(json);
        json_decref(line);
    }
    golden_close(&g);
    return count;
}

static void texts_are_those_of_spark(void **state)
{
    (void)state;
    assert_true(check_golden("schemas/ddl.jsonl") >= 44);
    assert_true(check_golden("schemas/frames.jsonl") >= 20);
}

static void control_characters_are_escaped(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field field = { bytes_of("a\n\"b\\\x01"), type_simple(TYPE_INT), false, { 0 } };
    const struct type *type = type_struct(&arena, &field, 1);
    struct buffer out;
    buffer_init(&out, 1000);
    type_print_json(&out, type);
    type_print_tree(&out, type);
    assert_true(bytes_equal_text(
        buffer_bytes(&out),
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\\n\\\"b\\\\\\u0001\",\"type\":\"integer\","
        "\"nullable\":false,\"metadata\":{}}]}root\n |-- a\\n\"b\\\x01: integer (nullable = false)\n"));
    buffer_finish(&out);
    arena_finish(&arena);
}

static void copies_outlive_their_originals(void **state)
{
    (void)state;
    for (uint32_t round = 1; round < 200; round++) {
        struct arena first;
        struct arena second;
        arena_init(&first, 0);
        arena_init(&second, 0);
        uint32_t seed = round * 31;
        const struct type *type = random_type(&first, &seed, 3);
        const struct type *copy = type_copy(&second, type);
        assert_true(type_equal(type, copy));
        struct buffer before;
        struct buffer after;
        buffer_init(&before, 100000);
        buffer_init(&after, 100000);
        type_print(&before, type);
        arena_finish(&first);
        type_print(&after, copy);
        assert_true(bytes_equal(buffer_bytes(&before), buffer_bytes(&after)));
        buffer_finish(&before);
        buffer_finish(&after);
        arena_finish(&second);
    }
}

static void equality_has_degrees(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field a = { bytes_of("a"), type_simple(TYPE_INT), true, { 0 } };
    struct field not_null = a;
    struct field renamed = a;
    struct field other = a;
    not_null.nullable = false;
    renamed.name = bytes_of("b");
    other.type = type_simple(TYPE_DATE);
    const struct type *type = type_struct(&arena, &a, 1);
    assert_true(type_equal(type, type_struct(&arena, &a, 1)));
    assert_false(type_equal(type, type_struct(&arena, &not_null, 1)));
    assert_true(type_same_values(type, type_struct(&arena, &not_null, 1)));
    assert_false(type_same_values(type, type_struct(&arena, &renamed, 1)));
    assert_true(type_same_layout(type, type_struct(&arena, &renamed, 1)));
    assert_false(type_same_layout(type, type_struct(&arena, &other, 1)));
    assert_false(type_same_values(type_decimal(&arena, 10, 2), type_decimal(&arena, 11, 2)));
    assert_true(type_same_layout(type_decimal(&arena, 10, 2), type_decimal(&arena, 11, 2)));
    assert_false(type_same_values(type_interval(&arena, UNIT_DAY, UNIT_DAY),
                                  type_simple(TYPE_INTERVAL_TIME)));
    assert_true(
        type_equal(type_interval(&arena, UNIT_DAY, UNIT_SECOND), type_simple(TYPE_INTERVAL_TIME)));
    assert_false(type_equal(type_array(&arena, type, true), type_array(&arena, type, false)));
    arena_finish(&arena);
}

static void fields_are_found_by_name(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field fields[] = { { bytes_of("Name"), type_simple(TYPE_INT), true, { 0 } },
                              { bytes_of("name"), type_simple(TYPE_INT), true, { 0 } } };
    const struct type *type = type_struct(&arena, fields, 2);
    assert_int_equal(type_field_index(type, bytes_of("name"), false), 0);
    assert_int_equal(type_field_index(type, bytes_of("name"), true), 1);
    assert_int_equal(type_field_index(type, bytes_of("NAME"), true), -1);
    assert_int_equal(type_field_index(type, bytes_of("names"), false), -1);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_those_of_spark),
        cmocka_unit_test(control_characters_are_escaped),
        cmocka_unit_test(copies_outlive_their_originals),
        cmocka_unit_test(equality_has_degrees),
        cmocka_unit_test(fields_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
