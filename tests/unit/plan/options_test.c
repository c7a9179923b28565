/*
 * Options of sources and sinks, and rows in memory as readers and scans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "columns/scalar.h"
#include "plan/options.h"
#include "plan/rows.h"

#include <cmocka.h>

static struct options options_of(struct arena *arena, const char *name, const char *value)
{
    return options_with(arena, (struct options){ 0 }, bytes_of(name), bytes_of(value));
}

static void test_names(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct options one = options_of(&arena, "maxFilesPerTrigger", "1");
    struct options two = options_with(&arena, one, bytes_of("path"), bytes_of("/a"));
    struct options three = options_with(&arena, two, bytes_of("MAXFILESPERTRIGGER"), bytes_of("7"));
    assert_int_equal(three.count, 2);
    assert_true(bytes_equal_text(three.entries[0].name, "maxFilesPerTrigger"));
    assert_true(bytes_equal_text(options_get(&three, "maxfilespertrigger"), "7"));
    assert_true(bytes_equal_text(options_get(&two, "maxFilesPerTrigger"), "1"));
    assert_true(options_has(&three, "PATH"));
    assert_false(options_has(&one, "path"));
    arena_finish(&arena);
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t number; /* -1: refused */
        int64_t ms;     /* without a unit: seconds */
    } values[] = {
        { "5", 5, 5000 },
        { "+5", 5, -1 },
        { "5s", -1, 5000 },
        { "10ms", -1, 10 },
        { "2M", -1, 120000 },
        { "1h", -1, 3600000 },
        { "1d", -1, 86400000 },
        { "3min", -1, 180000 },
        { "1500us", -1, 1 },
        { "", -1, -1 },
        { "x", -1, -1 },
        { "1 s", -1, -1 },
        { "+-5", -1, -1 },
        { "9223372036854775807", INT64_MAX, -1 },
        { "9223372036854775808", -1, -1 },
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct options o = options_of(&arena, "x", values[i].text);
        struct sql_error error = { 0 };
        int64_t number = -1;
        int64_t ms = -1;
        bool ok = options_integer(&o, "x", 0, &number, &error);
        assert_int_equal(ok, values[i].number != -1);
        assert_true(!ok || number == values[i].number);
        sql_error_finish(&error);
        ok = options_time(&o, "x", 0, 1000, &ms, &error);
        assert_int_equal(ok, values[i].ms != -1);
        assert_true(!ok || ms == values[i].ms);
        sql_error_finish(&error);
    }
    arena_finish(&arena);
}

static void test_booleans(void **state)
{
    (void)state;
    struct arena arena;
    struct sql_error error = { 0 };
    bool value = true;
    arena_init(&arena, 0);
    struct options o = options_of(&arena, "x", "FALSE");
    assert_true(options_bool(&o, "x", true, &value, &error));
    assert_false(value);
    assert_true(options_bool(&o, "y", true, &value, &error));
    assert_true(value);
    o = options_of(&arena, "x", "yes");
    assert_false(options_bool(&o, "x", true, &value, &error));
    assert_string_equal(error.message, "For input string: \"yes\"");
    assert_string_equal(error.condition->exception, "IllegalArgumentException");
    sql_error_finish(&error);
    arena_finish(&arena);
}

/* --- rows --- */

static struct batch *numbers(const struct type *schema, int32_t count)
{
    struct scalar one = scalar_int(7);
    struct column *c = scalar_column(&one, count);
    return batch_new(schema, &c, count);
}

static void test_scan(void **state)
{
    (void)state;
    struct arena arena;
    struct sql_error error = { 0 };
    arena_init(&arena, 0);
    struct field field = { .name = bytes_of("a"), .type = type_simple(TYPE_INT) };
    const struct type *schema = type_struct(&arena, &field, 1);
    struct batch *batches[2] = { numbers(schema, 3), numbers(schema, 0) };
    struct scan *scan = scan_of_batches(batches, 2);
    batch_free(batches[0]); /* the scan holds what it needs */
    batch_free(batches[1]);
    assert_int_equal(scan->partition_count, 2);
    for (int32_t round = 0; round < 2; round++) { /* again and again the same rows */
        struct row_reader *r = scan->open(scan, 0, &error);
        struct batch *rows = NULL;
        assert_true(r->next(r, &rows, &error));
        assert_int_equal(rows->rows, 3);
        batch_free(rows);
        assert_true(r->next(r, &rows, &error));
        assert_null(rows);
        r->close(r);
    }
    struct row_reader *empty = scan->open(scan, 1, &error);
    struct batch *rows = NULL;
    assert_true(empty->next(empty, &rows, &error));
    assert_null(rows);
    empty->close(empty);
    struct row_reader *unread = scan->open(scan, 0, &error);
    unread->close(unread);
    scan->close(scan);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_booleans),
        cmocka_unit_test(test_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
