/*
 * expressions/cast: columns with nulls, of many rows, constant and sliced, which the golden cases do not have.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "columns/builder.h"
#include "columns_of.h"

#include <cmocka.h>

enum { ROWS = 20000 };

static const struct sql_settings ansi = { .ansi = true };
static const struct sql_settings legacy = { .ansi = false };

/* Numbers of all sizes, every seventh row null. */
static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t mixed = *state ^ (*state >> 29);
    return mixed >> (*state >> 58);
}

static struct column *random_column(enum type_kind kind)
{
    struct builder *b = builder_new(type_simple(kind));
    uint64_t state = 7;
    for (int32_t i = 0; i < ROWS; i++) {
        uint64_t bits = next(&state);
        int64_t value = (int64_t)(i % 2 ? bits : 0 - bits);
        double number;
        memcpy(&number, &bits, sizeof(number));
        if (i % 7 == 3) {
            builder_null(b);
        } else if (kind == TYPE_DOUBLE) {
            builder_double(b, i % 3 ? (double)value / 1000 : number);
        } else {
            builder_integer(b, kind == TYPE_INT        ? (int32_t)value
                               : kind == TYPE_DATE     ? value % 3000000
                               : kind == TYPE_SMALLINT ? (int16_t)value
                                                       : value);
        }
    }
    return builder_finish(b);
}

/* To text and back is the same. */
static void comes_back(enum type_kind kind, const char *type)
{
    struct arena arena;
    arena_init(&arena, 0);
    char text[64];
    struct column *whole = random_column(kind);
    struct column *from = column_slice(whole, 5, ROWS - 9);
    (void)snprintf(text, sizeof(text), "cast(cast(a as string) as %s)", type);
    struct column *back = evaluate_over(&arena, &ansi, from, text);
    assert_non_null(back);
    assert_int_equal(back->length, from->length);
    for (int32_t i = 0; i < from->length; i++) {
        assert_int_equal(column_is_null(back, i), column_is_null(from, i));
        if (!column_is_null(from, i) && column_compare(back, i, from, i) != 0) {
            fail_msg("row %" PRId32 " is another", i);
        }
    }
    column_release(back);
    column_release(from);
    column_release(whole);
    arena_finish(&arena);
}

static void numbers_come_back_from_text(void **state)
{
    (void)state;
    comes_back(TYPE_SMALLINT, "smallint");
    comes_back(TYPE_INT, "int");
    comes_back(TYPE_BIGINT, "bigint");
    comes_back(TYPE_DOUBLE, "double");
}

static void dates_come_back_from_text(void **state)
{
    (void)state;
    comes_back(TYPE_DATE, "date");
}

static void integers_are_printed_as_printf_does(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct column *from = random_column(TYPE_BIGINT);
    struct column *text = evaluate_over(&arena, &ansi, from, "cast(a as string)");
    assert_non_null(text);
    for (int32_t i = 0; i < ROWS; i++) {
        char wanted[32];
        if (!column_is_null(from, i)) {
            (void)snprintf(wanted, sizeof(wanted), "%" PRId64, column_integer(from, i));
            assert_true(bytes_equal_text(column_text(text, i), wanted));
        }
    }
    column_release(text);
    column_release(from);
    arena_finish(&arena);
}

static void gives(const struct sql_settings *settings,
                  const char *expression,
                  const char *from,
                  const char *wanted)
{
    char *got = cells(settings, expression, from);
    assert_string_equal(got, wanted);
    free(got);
}

static void nulls_stay_and_bad_text_is_null_or_an_error(void **state)
{
    (void)state;
    const char *from = "VALUES ('1'), (null), (' 12 '), ('x'), ('1.9'), ('-'), ('.')  AS t(a)";
    gives(&legacy, "cast(a as int)", from, "1, NULL, 12, NULL, 1, NULL, 0");
    gives(&ansi, "try_cast(a as int)", from, "1, NULL, 12, NULL, NULL, NULL, NULL");
    gives(&ansi, "cast(a as int)", from, "!CAST_INVALID_INPUT");
    gives(&ansi, "try_cast(a as decimal(3,1))", from, "1.0, NULL, 12.0, NULL, 1.9, NULL, NULL");
    gives(&legacy, "cast(a as date)", "VALUES ('2024-02-30'), ('2024-2-9 x'), (null) AS t(a)",
          "NULL, 2024-02-09, NULL");
    gives(&legacy, "cast(a as boolean)", "VALUES ('T'), ('no '), ('on'), (null) AS t(a)",
          "true, false, NULL, NULL");
}

static void words_are_days_only_in_constants(void **state)
{
    (void)state;
    gives(&ansi, "cast('epoch' as date)", "VALUES (1), (2) AS t(a)", "1970-01-01, 1970-01-01");
    gives(&ansi, "try_cast(a as date)", "VALUES ('epoch'), ('2024-01-01') AS t(a)",
          "NULL, 2024-01-01");
}

static void only_rows_that_count_may_fail(void **state)
{
    (void)state;
    gives(&ansi, "if(a = 'x', 0, cast(a as int))", "VALUES ('1'), ('x'), (null) AS t(a)",
          "1, 0, NULL");
    gives(&ansi, "cast(a as interval day)", "VALUES ('1'), (null) AS t(a)",
          "INTERVAL '1' DAY, NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_come_back_from_text),
        cmocka_unit_test(dates_come_back_from_text),
        cmocka_unit_test(integers_are_printed_as_printf_does),
        cmocka_unit_test(nulls_stay_and_bad_text_is_null_or_an_error),
        cmocka_unit_test(words_are_days_only_in_constants),
        cmocka_unit_test(only_rows_that_count_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
