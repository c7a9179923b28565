/*
 * Programs over columns: constants, nulls, equal parts, and arguments that are evaluated for some rows only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns/builder.h"
#include "expressions/analysis.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"

#include <cmocka.h>

enum { ROWS = 1000 };

struct fixture {
    struct arena arena;
    struct sql_settings settings;
    struct sql_error error;
    struct batch *rows; /* x: i modulo 7, null for every 10th; s: "s" and i */
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    f->settings.ansi = true;
    struct field fields[2] = {
        { .name = bytes_of("x"), .type = type_simple(TYPE_INT), .nullable = true },
        { .name = bytes_of("s"), .type = type_simple(TYPE_STRING) }
    };
    struct builder *x = builder_new(fields[0].type);
    struct builder *s = builder_new(fields[1].type);
    for (int i = 0; i < ROWS; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "s%d", i);
        i % 10 == 9 ? builder_null(x) : builder_integer(x, i % 7);
        builder_text(s, bytes_of(text));
    }
    struct column *columns[2] = { builder_finish(x), builder_finish(s) };
    f->rows = batch_new(type_struct(&f->arena, fields, 2), columns, ROWS);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    batch_free(f->rows);
    sql_error_finish(&f->error);
    arena_finish(&f->arena);
    test_free(f);
    return 0;
}

static const struct expression *compiled(struct fixture *f, const char *text)
{
    const struct syntax *syntax = NULL;
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = f->rows->schema,
                          .source = bytes_of(text),
                          .error = &f->error };
    const struct expression *e = NULL;
    if (parse_expression(&f->arena, bytes_of(text), &syntax, &f->error)) {
        e = analyze(&a, syntax);
    }
    if (!e) {
        print_error("%s: %s\n", text, f->error.message);
    }
    assert_non_null(e);
    return e;
}

static struct column *evaluated(struct fixture *f, const char *text)
{
    struct evaluation ev = {
        .settings = &f->settings, .input = f->rows, .rows = ROWS, .error = &f->error
    };
    return evaluate_once(&ev, compiled(f, text));
}

static void nulls_go_through(void **state)
{
    struct fixture *f = *state;
    struct column *c = evaluated(f, "x + 1");
    assert_non_null(c);
    assert_int_equal(c->length, ROWS);
    assert_int_equal(c->null_count, ROWS / 10);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(column_is_null(c, i), i % 10 == 9);
        if (i % 10 != 9) {
            assert_int_equal(column_integer(c, i), i % 7 + 1);
        }
    }
    column_release(c);
}

static void constants_stay_constant(void **state)
{
    struct fixture *f = *state;
    struct column *c = evaluated(f, "1 + 2");
    assert_non_null(c);
    assert_true(c->constant);
    assert_int_equal(c->length, ROWS);
    assert_int_equal(column_integer(c, ROWS - 1), 3);
    column_release(c);
}

/* Where x is 0 the division is not looked at. */
static void a_branch_is_evaluated_for_its_rows_only(void **state)
{
    struct fixture *f = *state;
    static const char *const guarded[] = {
        "case when x = 0 then -1 else 6 div x end",
        "if(x = 0, -1L, 6 div x)",
        "coalesce(if(x = 0, -1L, null), 6 div x)",
    };
    for (size_t k = 0; k < sizeof(guarded) / sizeof(guarded[0]); k++) {
        struct column *c = evaluated(f, guarded[k]);
        assert_non_null(c);
        for (int i = 0; i < ROWS; i++) {
            assert_int_equal(column_is_null(c, i), i % 10 == 9);
            if (i % 10 != 9) {
                assert_int_equal(column_integer(c, i), i % 7 == 0 ? -1 : 6 / (i % 7));
            }
        }
        column_release(c);
    }
    assert_null(evaluated(f, "6 div x"));
    assert_string_equal(f->error.condition->name, "DIVIDE_BY_ZERO");
}

static void and_and_or_look_right_only_where_it_matters(void **state)
{
    struct fixture *f = *state;
    struct column *c = evaluated(f, "x <> 0 and 6 div x > 2");
    assert_non_null(c);
    for (int i = 0; i < ROWS; i++) {
        if (i % 10 != 9) {
            assert_int_equal(column_bool(c, i), i % 7 != 0 && 6 / (i % 7) > 2);
        }
    }
    assert_int_equal(c->null_count, ROWS / 10);
    column_release(c);
    c = evaluated(f, "x is null or x = 0 or 6 div x = 6");
    assert_non_null(c);
    assert_int_equal(c->null_count, 0);
    column_release(c);
}

static void one_program_gives_many_results(void **state)
{
    struct fixture *f = *state;
    const struct expression *list[3] = { compiled(f, "x * 2"), compiled(f, "x * 2 + 1"),
                                         compiled(f, "s") };
    struct program *p = program_new(list, 3);
    struct evaluation ev = {
        .settings = &f->settings, .input = f->rows, .rows = ROWS, .error = &f->error
    };
    for (int round = 0; round < 3; round++) {
        struct column *out[3] = { NULL, NULL, NULL };
        assert_true(program_run(p, &ev, out));
        assert_int_equal(column_integer(out[0], 5), 10);
        assert_int_equal(column_integer(out[1], 5), 11);
        assert_ptr_equal(out[2],
                         f->rows->columns[1]); /* a column by itself is shared, not copied */
        for (int i = 0; i < 3; i++) {
            column_release(out[i]);
        }
    }
    program_free(p);
}

static void no_rows_are_rows_too(void **state)
{
    struct fixture *f = *state;
    struct batch *none = batch_empty(f->rows->schema);
    static const char *const texts[] = {
        "x + 1",       "case when x = 0 then 1 end", "coalesce(x, 2)", "1 + 1", "x = 1 and s = 'a'",
        "x in (1, 2)", "raise_error('no row')"
    };
    for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++) {
        struct evaluation ev = { .settings = &f->settings, .input = none, .error = &f->error };
        struct column *c = evaluate_once(&ev, compiled(f, texts[k]));
        assert_non_null(c);
        assert_int_equal(c->length, 0);
        column_release(c);
    }
    batch_free(none);
}

static void errors_are_raised_where_a_row_asks(void **state)
{
    struct fixture *f = *state;
    column_release(evaluated(f, "if(x > 6, raise_error(s), x)")); /* there is none */
    assert_false(sql_failed(&f->error));
    assert_false(expression_is_constant(compiled(f, "raise_error('x')")));
    assert_false(expression_is_constant(compiled(f, "assert_true(1 = 2)")));
    assert_null(evaluated(f, "if(x > 5, raise_error(s), x)"));
    assert_string_equal(f->error.message, "[USER_RAISED_EXCEPTION] s6 SQLSTATE: P0001");
}

static void rows_are_numbered_in_their_partition(void **state)
{
    struct fixture *f = *state;
    struct evaluation ev = { .settings = &f->settings,
                             .input = f->rows,
                             .rows = ROWS,
                             .error = &f->error,
                             .partition = 2,
                             .first_row = 5000 };
    struct column *c = evaluate_once(&ev, compiled(f, "monotonically_increasing_id()"));
    assert_non_null(c);
    assert_int_equal(column_integer(c, 0), (2LL << 33) + 5000);
    assert_int_equal(column_integer(c, ROWS - 1), (2LL << 33) + 5000 + ROWS - 1);
    column_release(c);
}

static void nobody_waits_for_what_is_not_wanted(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 2; i++) {
        const atomic_bool yes = true;
        const atomic_bool no = false;
        struct evaluation ev = { .settings = &f->settings,
                                 .input = f->rows,
                                 .rows = ROWS,
                                 .error = &f->error,
                                 .stops = { i == 0 ? &yes : &no, &yes } };
        assert_null(evaluate_once(&ev, compiled(f, "x + 1")));
        assert_string_equal(f->error.condition->exception, "java.lang.InterruptedException");
        sql_error_finish(&f->error);
        f->error = (struct sql_error){ 0 };
        ev.stops[0] = &no;
        ev.stops[1] = NULL;
        struct column *c = evaluate_once(&ev, compiled(f, "x + 1"));
        assert_non_null(c);
        column_release(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nulls_go_through, setup, teardown),
        cmocka_unit_test_setup_teardown(constants_stay_constant, setup, teardown),
        cmocka_unit_test_setup_teardown(a_branch_is_evaluated_for_its_rows_only, setup, teardown),
        cmocka_unit_test_setup_teardown(and_and_or_look_right_only_where_it_matters, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(one_program_gives_many_results, setup, teardown),
        cmocka_unit_test_setup_teardown(no_rows_are_rows_too, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_are_raised_where_a_row_asks, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_are_numbered_in_their_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_waits_for_what_is_not_wanted, setup, teardown),
    };
    return cmocka_run_group_tests_name("expressions.program", tests, NULL, NULL);
}
