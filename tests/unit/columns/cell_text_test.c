/*
 * columns/cell_text: values as show() prints them and as a cast to string gives them. (show_test has the rest, by Spark's tables.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns/cell_text.h"

#include <cmocka.h>

static void assert_prints(struct column *c, const struct cell_format *format, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 10000);
    cell_print(&out, format, c, 0);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
    buffer_finish(&out);
    column_release(c);
}

static struct column *integer_of(const struct type *type, int64_t value)
{
    struct builder *b = builder_new(type);
    builder_integer(b, value);
    return builder_finish(b);
}

static void intervals_have_the_units_of_their_type(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    const struct {
        enum interval_unit from;
        enum interval_unit to;
        int64_t value;
        const char *text;
    } cases[] = {
        { UNIT_YEAR, UNIT_MONTH, 14, "INTERVAL '1-2' YEAR TO MONTH" },
        { UNIT_YEAR, UNIT_MONTH, -14, "INTERVAL '-1-2' YEAR TO MONTH" },
        { UNIT_YEAR, UNIT_YEAR, 36, "INTERVAL '3' YEAR" },
        { UNIT_MONTH, UNIT_MONTH, -1, "INTERVAL '-1' MONTH" },
        { UNIT_YEAR, UNIT_MONTH, INT32_MIN, "INTERVAL '-178956970-8' YEAR TO MONTH" },
        { UNIT_DAY, UNIT_SECOND, 93784500000, "INTERVAL '1 02:03:04.5' DAY TO SECOND" },
        { UNIT_DAY, UNIT_SECOND, -93784000000, "INTERVAL '-1 02:03:04' DAY TO SECOND" },
        { UNIT_DAY, UNIT_SECOND, INT64_MIN, "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND" },
        { UNIT_DAY, UNIT_HOUR, 26 * MICROS_PER_HOUR, "INTERVAL '1 02' DAY TO HOUR" },
        { UNIT_DAY, UNIT_DAY, 0, "INTERVAL '0' DAY" },
        { UNIT_HOUR, UNIT_MINUTE, 620 * MICROS_PER_MINUTE, "INTERVAL '10:20' HOUR TO MINUTE" },
        { UNIT_MINUTE, UNIT_MINUTE, 90 * MICROS_PER_MINUTE, "INTERVAL '90' MINUTE" },
        { UNIT_SECOND, UNIT_SECOND, 1000001, "INTERVAL '01.000001' SECOND" },
        { UNIT_SECOND, UNIT_SECOND, -10000000, "INTERVAL '-10' SECOND" },
    };
    struct cell_format format = { .style = CELL_SHOW };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct type *type = type_interval(&arena, cases[i].from, cases[i].to);
        assert_prints(integer_of(type, cases[i].value), &format, cases[i].text);
    }
    arena_finish(&arena);
}

static void times_are_in_the_zone(void **state)
{
    (void)state;
    struct zone *zone = zone_fixed(7200);
    struct cell_format format = { .style = CELL_CAST, .zone = zone };
    assert_prints(integer_of(type_simple(TYPE_TIMESTAMP), 1500000), &format,
                  "1970-01-01 02:00:01.5");
    assert_prints(integer_of(type_simple(TYPE_TIMESTAMP_NTZ), 1500000), &format,
                  "1970-01-01 00:00:01.5");
    assert_prints(integer_of(type_simple(TYPE_DATE), -1), &format, "1969-12-31");
    zone_free(zone);
}

static struct column *nested(struct arena *arena)
{
    struct field fields[] = { { bytes_of("a"), type_simple(TYPE_BINARY), true, { 0 } },
                              { bytes_of("b"), type_simple(TYPE_INT), true, { 0 } } };
    struct builder *b = builder_new(type_array(arena, type_struct(arena, fields, 2), true));
    struct builder *item = builder_child(b, 0);
    builder_text(builder_child(item, 0), bytes_of("ab"));
    builder_null(builder_child(item, 1));
    builder_struct(item);
    builder_null(item);
    builder_list(b);
    return builder_finish(b);
}

static void shows_and_casts_differ_in_null_and_binary(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    assert_prints(nested(&arena), &(struct cell_format){ .style = CELL_SHOW },
                  "[{[61 62], NULL}, NULL]");
    assert_prints(nested(&arena), &(struct cell_format){ .style = CELL_CAST },
                  "[{ab, null}, null]");
    arena_finish(&arena);
}

static void integers_to_their_ends(void **state)
{
    (void)state;
    struct cell_format format = { .style = CELL_SHOW };
    assert_prints(integer_of(type_simple(TYPE_BIGINT), INT64_MIN), &format, "-9223372036854775808");
    assert_prints(integer_of(type_simple(TYPE_TINYINT), -128), &format, "-128");
    assert_prints(integer_of(type_simple(TYPE_INT), 0), &format, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_have_the_units_of_their_type),
        cmocka_unit_test(times_are_in_the_zone),
        cmocka_unit_test(shows_and_casts_differ_in_null_and_binary),
        cmocka_unit_test(integers_to_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
