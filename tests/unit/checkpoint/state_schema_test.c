/*
 * checkpoint/state_schema: a type's JSON is read as the type that it was printed from, whatever the type; what may be read as what; and how
 * Scala prints it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "checkpoint/state_schema.h"

#include <cmocka.h>

enum { TEXT_MAX = 1 << 22 };

static struct bytes json_of(const struct type *type, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    type_print_json(&text, type);
    struct bytes json = arena_copy(arena, buffer_bytes(&text));
    buffer_finish(&text);
    return json;
}

static const struct type *one_field(struct arena *arena, const struct type *type, bool nullable)
{
    const struct field field = { bytes_of("f\"\n\xc3\xa4"), type, nullable, { 0 } };
    return type_struct(arena, &field, 1);
}

static void is_read_as(struct arena *arena, const struct type *type, const char *scala)
{
    struct buffer text;
    const struct type *whole = one_field(arena, type, true);
    const struct type *again = state_schema_type(json_of(whole, arena), arena);
    assert_non_null(again);
    assert_true(type_equal(whole, again));
    assert_true(state_schema_compatible(whole, again));
    buffer_init(&text, TEXT_MAX);
    state_schema_print_type(&text, again->fields[0].type);
    assert_true(bytes_equal_text(buffer_bytes(&text), scala));
    buffer_finish(&text);
}

static void every_type_is_read_again(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    static const char *const simple[] = {
        [TYPE_VOID] = "NullType",
        [TYPE_BOOLEAN] = "BooleanType",
        [TYPE_TINYINT] = "ByteType",
        [TYPE_SMALLINT] = "ShortType",
        [TYPE_INT] = "IntegerType",
        [TYPE_BIGINT] = "LongType",
        [TYPE_FLOAT] = "FloatType",
        [TYPE_DOUBLE] = "DoubleType",
        [TYPE_STRING] = "StringType",
        [TYPE_BINARY] = "BinaryType",
        [TYPE_DATE] = "DateType",
        [TYPE_TIMESTAMP] = "TimestampType",
        [TYPE_TIMESTAMP_NTZ] = "TimestampNTZType",
    };
    for (int kind = TYPE_VOID; kind <= TYPE_TIMESTAMP_NTZ; kind++) {
        if (simple[kind]) {
            is_read_as(&a, type_simple((enum type_kind)kind), simple[kind]);
        }
    }
    is_read_as(&a, type_decimal(&a, 38, 18), "DecimalType(38,18)");
    is_read_as(&a, type_decimal(&a, 1, 0), "DecimalType(1,0)");
    is_read_as(&a, type_interval(&a, UNIT_YEAR, UNIT_MONTH), "YearMonthIntervalType(0,1)");
    is_read_as(&a, type_interval(&a, UNIT_MONTH, UNIT_MONTH), "YearMonthIntervalType(1,1)");
    is_read_as(&a, type_interval(&a, UNIT_DAY, UNIT_SECOND), "DayTimeIntervalType(0,3)");
    is_read_as(&a, type_interval(&a, UNIT_HOUR, UNIT_HOUR), "DayTimeIntervalType(1,1)");
    const struct type *array = type_array(&a, type_simple(TYPE_INT), true);
    is_read_as(&a, array, "ArrayType(IntegerType,true)");
    is_read_as(&a, type_map(&a, type_simple(TYPE_STRING), array, false),
               "MapType(StringType,ArrayType(IntegerType,true),false)");
    is_read_as(&a, one_field(&a, array, false),
               "StructType(StructField(f\"\n\xc3\xa4,ArrayType(IntegerType,true),false))");
    is_read_as(&a, type_struct(&a, NULL, 0), "StructType()");
    arena_finish(&a);
}

static void what_is_no_schema_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "1",
        "\"string\"",
        "{}",
        "{\"type\":\"struct\"}",
        "{\"type\":\"struct\",\"fields\":{}}",
        "{\"type\":\"struct\",\"fields\":[1]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"text\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"integer\"}]}",
        "{\"type\":\"struct\",\"fields\":[{\"type\":\"integer\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"decimal(39,0)\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"decimal(2,3)\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"decimal(2)\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"interval month to day\",\"nullable\":true}]}",
        "{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"interval second to day\",\"nullable\":true}]}",
        "{\"type\":\"array\",\"elementType\":\"integer\",\"containsNull\":true}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct arena a;
        arena_init(&a, 0);
        if (state_schema_type(bytes_of(texts[i]), &a)) {
            fail_msg("%s", texts[i]);
        }
        arena_finish(&a);
    }
}

static void nesting_has_a_bound(void **state)
{
    (void)state;
    struct arena a;
    struct buffer text;
    arena_init(&a, 0);
    const struct type *type = type_simple(TYPE_INT);
    for (int depth = 1; depth < TYPE_MAX_DEPTH; depth++) {
        type = depth % 2 ? type_array(&a, type, true) : one_field(&a, type, true);
    }
    assert_non_null(state_schema_type(json_of(one_field(&a, type, true), &a), &a));
    for (int depth = 0; depth < 10;
         depth++) { /* few levels of JSON, and more of types than there may be */
        type = type_array(&a, type, true);
    }
    assert_null(state_schema_type(json_of(one_field(&a, type, true), &a), &a));
    buffer_init(&text, TEXT_MAX);
    for (int i = 0; i < 100000; i++) {
        buffer_append_text(&text, "{\"type\":\"struct\",\"fields\":[");
    }
    assert_null(state_schema_type(buffer_bytes(&text), &a));
    buffer_finish(&text);
    arena_finish(&a);
}

static void what_may_be_read_as_what(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    const struct type *integer = type_simple(TYPE_INT);
    const struct type *some = one_field(&a, integer, true);
    const struct type *never = one_field(&a, integer, false);
    assert_true(state_schema_compatible(some, never)); /* stored with nulls, none now: fine */
    assert_false(state_schema_compatible(never, some));
    assert_false(state_schema_compatible(some, one_field(&a, type_simple(TYPE_BIGINT), true)));
    assert_false(state_schema_compatible(some, type_struct(&a, NULL, 0)));
    assert_false(state_schema_compatible(type_decimal(&a, 10, 2), type_decimal(&a, 10, 3)));
    assert_false(
        state_schema_compatible(type_array(&a, integer, false), type_array(&a, integer, true)));
    assert_false(state_schema_compatible(type_map(&a, integer, integer, true),
                                         type_map(&a, type_simple(TYPE_STRING), integer, true)));
    arena_finish(&a);
}

static void long_schemas_have_parts(void **state)
{
    (void)state;
    struct arena a;
    struct buffer file;
    struct bytes key;
    struct bytes value;
    arena_init(&a, 0);
    buffer_init(&file, TEXT_MAX);
    uint8_t *text = mem_zalloc(200000, 1);
    for (size_t i = 0; i < 200000; i++) {
        text[i] = (uint8_t)('a' + i % 26);
    }
    state_schema_print(&file, (struct bytes){ text, 200000 }, (struct bytes){ text, 65535 });
    assert_int_equal(file.len, 4 + 4 + 4 * 2 + 200000 + 4 + 2 + 65535);
    assert_true(state_schema_parse(buffer_bytes(&file), &a, &key, &value));
    assert_true(bytes_equal(key, (struct bytes){ text, 200000 }));
    assert_true(bytes_equal(value, (struct bytes){ text, 65535 }));
    assert_false(state_schema_parse((struct bytes){ file.data, file.len - 1 }, &a, &key, &value));
    buffer_append_text(&file, "x");
    assert_false(state_schema_parse(buffer_bytes(&file), &a, &key, &value));
    free(text);
    buffer_finish(&file);
    arena_finish(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_again), cmocka_unit_test(what_is_no_schema_is_none),
        cmocka_unit_test(nesting_has_a_bound),      cmocka_unit_test(what_may_be_read_as_what),
        cmocka_unit_test(long_schemas_have_parts),
    };
    return cmocka_run_group_tests_name("checkpoint/state_schema", tests, NULL, NULL);
}
