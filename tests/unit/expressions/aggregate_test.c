/*
 * Aggregates over batches and groups: the same values whichever way the rows come, states that merge, and states as bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../columns/random_columns.h"
#include "columns/cell_text.h"
#include "expressions/aggregator.h"
#include "expressions/analysis.h"
#include "expressions/parser.h"

#include <cmocka.h>

enum { ROWS = 300, GROUPS = 5, COLUMNS = 12 };

/* Each is called with each column that it takes. */
static const char *const calls[] = {
    "count(%s)",
    "count(distinct %s)",
    "sum(%s)",
    "avg(%s)",
    "min(%s)",
    "max(%s)",
    "min_by(%s, i)",
    "max_by(i, %s)",
    "first(%s)",
    "first(%s, true)",
    "last(%s)",
    "last(%s, true)",
    "any_value(%s)",
    "collect_list(%s)",
    "collect_set(%s)",
    "count_if(%s)",
    "bool_and(%s)",
    "bool_or(%s)",
    "stddev(%s)",
    "variance(%s)",
    "skewness(%s)",
    "kurtosis(%s)",
    "sum(%s) filter (where b)",
    "max(%s) filter (where i > 0)",
    "sum(distinct %s)",
    "collect_list(distinct %s)",
    "try_sum(%s)",
    "bit_and(%s)",
    "bit_or(%s)",
    "bit_xor(%s)",
    "median(%s)",
    "percentile(%s, array(0.25, 0.9))",
    "percentile(%s, 0.3, abs(i))",
    "listagg(%s)",
    "string_agg(%s, ',')",
    "corr(%s, i)",
    "covar_pop(i, %s)",
    "covar_samp(i, %s)",
    "regr_slope(%s, i)",
    "regr_count(%s, i)",
};

static const char names[COLUMNS + 1] = "byhildeqstam";

struct fixture {
    struct arena arena;
    struct sql_settings settings;
    struct sql_error error;
    struct batch *rows;
    int32_t groups[ROWS];
};

static const struct type *type_of_column(struct arena *arena, int32_t i)
{
    static const enum type_kind kinds[] = { TYPE_BOOLEAN, TYPE_TINYINT,  TYPE_SMALLINT, TYPE_INT,
                                            TYPE_BIGINT,  TYPE_DOUBLE,   TYPE_FLOAT,    TYPE_VOID,
                                            TYPE_STRING,  TYPE_TIMESTAMP };
    switch (names[i]) {
    case 'q': return type_decimal(arena, 20, 4);
    case 'a': return type_array(arena, type_simple(TYPE_STRING), true);
    case 'm': return type_interval(arena, UNIT_YEAR, UNIT_MONTH);
    default: return type_simple(kinds[i]);
    }
}

/* Small whole numbers, so that sums are exact in whatever order; one in five is null. */
static void small_value(struct builder *b, uint32_t *seed)
{
    int32_t value = random_below(seed, 7) - 3;
    if (random_below(seed, 5) == 0) {
        builder_null(b);
    } else if (type_is_nested(b->type) || type_has_bytes(b->type) ||
               b->type->kind == TYPE_BOOLEAN) {
        random_value(b, seed);
    } else if (b->type->kind == TYPE_DECIMAL) {
        builder_decimal(b, value);
    } else if (type_is_fractional(b->type)) {
        builder_double(b, value);
    } else { /* whole seconds, for a timestamp becomes a number of them */
        builder_integer(b, b->type->kind == TYPE_TIMESTAMP ? value * INT64_C(1000000) : value);
    }
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    uint32_t seed = 4711;
    arena_init(&f->arena, 0);
    f->settings.ansi = false; /* a text that is no number is null, so that everything takes texts */
    f->settings.zone_name = "UTC";
    struct field fields[COLUMNS] = { 0 };
    struct column *columns[COLUMNS];
    for (int32_t i = 0; i < COLUMNS; i++) {
        fields[i] = (struct field){ .name = { (const uint8_t *)names + i, 1 },
                                    .type = type_of_column(&f->arena, i),
                                    .nullable = true };
        struct builder *b = builder_new(fields[i].type);
        for (int32_t row = 0; row < ROWS; row++) {
            small_value(b, &seed);
        }
        columns[i] = builder_finish(b);
    }
    f->rows = batch_new(type_struct(&f->arena, fields, COLUMNS), columns, ROWS);
    for (int32_t row = 0; row < ROWS; row++) {
        f->groups[row] = random_below(&seed, GROUPS - 1); /* the last one stays empty */
    }
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

/* The plan of one call. False: the function does not take that type. */
static bool planned(struct fixture *f, const char *text, struct aggregation *out)
{
    const struct syntax *syntax = NULL;
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = f->rows->schema,
                          .source = bytes_of(text),
                          .allow_aggregates = true,
                          .error = &f->error };
    const struct expression *e = NULL;
    bool good =
        parse_expression(&f->arena, bytes_of(text), &syntax, &f->error) &&
        (e = analyze(&a, syntax)) != NULL &&
        aggregation_make(&f->arena, &(struct grouping){ .list = &e, .count = 1 }, out, &f->error);
    sql_error_finish(&f->error);
    f->error = (struct sql_error){ 0 };
    return good;
}

/* Rows [first, first + count) into their groups. */
static void updated(struct fixture *f, struct aggregator *a, int32_t first, int32_t count)
{
    struct batch *part = batch_slice(f->rows, first, count);
    struct evaluation ev = {
        .settings = &f->settings, .input = part, .rows = count, .error = &f->error
    };
    assert_true(aggregator_update(a, &ev, f->groups + first));
    batch_free(part);
}

/* A line for each group. */
static char *finished(struct fixture *f, struct aggregator *a)
{
    struct evaluation ev = { .settings = &f->settings, .error = &f->error };
    struct column *column = NULL;
    struct buffer out;
    buffer_init(&out, 1 << 24);
    assert_true(aggregator_finish(a, &ev, 0, GROUPS, &column));
    for (int32_t g = 0; g < GROUPS; g++) {
        dump_row(&out, column, g);
        buffer_append_text(&out, "\n");
    }
    column_release(column);
    buffer_append(&out, "", 1);
    return (char *)out.data;
}

static struct aggregator *counted(
    struct fixture *f, const struct aggregation *plan, int32_t first, int32_t end, int32_t step)
{
    struct aggregator *a = aggregator_new(plan);
    aggregator_reserve(a, GROUPS);
    for (int32_t at = first; at < end; at += step) {
        updated(f, a, at, at + step < end ? step : end - at);
    }
    return a;
}

static void assert_finishes_as(struct fixture *f,
                               struct aggregator *a,
                               const char *wanted,
                               const char *text)
{
    char *got = finished(f, a);
    if (strcmp(got, wanted) != 0) {
        print_error("%s\n", text);
    }
    assert_string_equal(got, wanted);
    free(got);
}

typedef void check(struct fixture *f, const struct aggregation *plan, const char *text);

/* How many pairs of function and column there were. */
static int each_call(struct fixture *f, check *run)
{
    int done = 0;
    for (size_t k = 0; k < sizeof(calls) / sizeof(calls[0]); k++) {
        for (int32_t i = 0; i < COLUMNS; i++) {
            const char *at = strstr(calls[k], "%s");
            struct bytes text = arena_printf(&f->arena, "%.*s%c%s", (int)(at - calls[k]), calls[k],
                                             names[i], at + 2);
            const char *terminated =
                (const char *)arena_printf(&f->arena, "%.*s%c", BYTES_ARG(text), 0).data;
            struct aggregation plan;
            if (planned(f, terminated, &plan)) {
                run(f, &plan, terminated);
                done++;
            }
        }
    }
    return done;
}

static void batches_make_no_difference(struct fixture *f,
                                       const struct aggregation *plan,
                                       const char *text)
{
    struct aggregator *once = counted(f, plan, 0, ROWS, ROWS);
    struct aggregator *often = counted(f, plan, 0, ROWS, 37);
    char *wanted = finished(f, once);
    assert_finishes_as(f, often, wanted, text);
    free(wanted);
    aggregator_free(once);
    aggregator_free(often);
}

static void many_batches_are_as_one(void **state)
{
    assert_true(each_call(*state, batches_make_no_difference) > 150);
}

/* What DISTINCT has met is not part of the states, and moments lose digits when they merge. */
static bool merges_exactly(const char *text)
{
    return !strstr(text, "distinct") && !strstr(text, "stddev") && !strstr(text, "variance") &&
           !strstr(text, "skewness") && !strstr(text, "kurtosis") && !strstr(text, "corr") &&
           !strstr(text, "covar") && !strstr(text, "slope");
}

static void halves_make_a_whole(struct fixture *f, const struct aggregation *plan, const char *text)
{
    if (!merges_exactly(text)) {
        return;
    }
    struct evaluation ev = { .settings = &f->settings, .error = &f->error };
    struct aggregator *whole = counted(f, plan, 0, ROWS, ROWS);
    struct aggregator *first = counted(f, plan, 0, ROWS / 3, ROWS);
    struct aggregator *second = counted(f, plan, ROWS / 3, ROWS, ROWS);
    for (int32_t g = 0; g < GROUPS; g++) {
        assert_true(aggregator_merge(first, &ev, g, second, g));
    }
    char *wanted = finished(f, whole);
    assert_finishes_as(f, first, wanted, text);
    free(wanted);
    aggregator_free(whole);
    aggregator_free(first);
    aggregator_free(second);
}

static void merged_states_are_as_one(void **state)
{
    (void)each_call(*state, halves_make_a_whole);
}

/* Saved half-way, loaded by another, and carried on. */
static void states_come_back(struct fixture *f, const struct aggregation *plan, const char *text)
{
    bool forgets = strstr(text, "distinct") != NULL; /* what it met, in another process */
    int32_t half = forgets ? ROWS : ROWS / 2;
    struct aggregator *whole = counted(f, plan, 0, ROWS, ROWS);
    struct aggregator *first = counted(f, plan, 0, half, ROWS);
    struct aggregator *second = aggregator_new(plan);
    aggregator_reserve(second, GROUPS);
    for (int32_t g = 0; g < GROUPS; g++) {
        struct buffer saved;
        struct buffer again;
        buffer_init(&saved, 1 << 24);
        buffer_init(&again, 1 << 24);
        aggregator_save(first, g, &saved);
        assert_true(aggregator_load(second, g, buffer_bytes(&saved)));
        aggregator_save(second, g, &again);
        assert_true(bytes_equal(buffer_bytes(&saved), buffer_bytes(&again)));
        buffer_finish(&saved);
        buffer_finish(&again);
    }
    if (!forgets) {
        updated(f, second, half, ROWS - half);
    }
    char *wanted = finished(f, whole);
    assert_finishes_as(f, second, wanted, text);
    free(wanted);
    aggregator_free(whole);
    aggregator_free(first);
    aggregator_free(second);
}

static void saved_states_come_back(void **state)
{
    (void)each_call(*state, states_come_back);
}

/* Bytes in memory of exactly their size, so that a sanitizer sees what is read beyond it. */
static bool loads(const struct aggregation *plan, const uint8_t *data, size_t len)
{
    struct aggregator *a = aggregator_new(plan);
    aggregator_reserve(a, 1);
    uint8_t *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    bool good = aggregator_load(a, 0, (struct bytes){ exact, len });
    free(exact);
    aggregator_free(a);
    return good;
}

static void damage_is_refused(struct fixture *f, const struct aggregation *plan, const char *text)
{
    static uint32_t seed = 5;
    struct aggregator *a = counted(f, plan, 0, 20, ROWS);
    struct buffer saved;
    buffer_init(&saved, 1 << 24);
    aggregator_save(a, 0, &saved);
    for (size_t len = 0; len < saved.len; len++) {
        assert_false(loads(plan, saved.data, len));
    }
    buffer_append(&saved, "x", 1);
    assert_false(loads(plan, saved.data, saved.len));
    saved.len--;
    for (int k = 0; k < 20; k++) { /* refused, or another value: but never worse */
        size_t at = (size_t)random_below(&seed, (int32_t)saved.len);
        uint8_t was = saved.data[at];
        saved.data[at] = (uint8_t)random_next(&seed);
        (void)loads(plan, saved.data, saved.len);
        saved.data[at] = was;
    }
    (void)text;
    buffer_finish(&saved);
    aggregator_free(a);
}

static void damaged_states_are_refused(void **state)
{
    (void)each_call(*state, damage_is_refused);
}

/* Against sums by hand, so that all the ways above are not wrong alike. */
static void groups_filters_and_distinct_count_right(void **state)
{
    struct fixture *f = *state;
    int64_t sums[GROUPS] = { 0 };
    int64_t filtered[GROUPS] = { 0 };
    int64_t distinct[GROUPS] = { 0 };
    bool met[GROUPS][7] = { 0 };
    const struct column *b = f->rows->columns[0];
    const struct column *i = f->rows->columns[3];
    for (int32_t row = 0; row < ROWS; row++) {
        if (column_is_null(i, row)) {
            continue;
        }
        int32_t g = f->groups[row];
        int64_t value = column_integer(i, row);
        sums[g] += value;
        filtered[g] += !column_is_null(b, row) && column_bool(b, row) ? value : 0;
        distinct[g] += !met[g][value + 3];
        met[g][value + 3] = true;
    }
    static const char *const texts[] = { "sum(i)", "sum(i) filter (where b)", "count(distinct i)" };
    const int64_t *const wanted[] = { sums, filtered, distinct };
    for (int k = 0; k < 3; k++) {
        struct aggregation plan;
        assert_true(planned(f, texts[k], &plan));
        struct aggregator *a = counted(f, &plan, 0, ROWS, 50);
        struct evaluation ev = { .settings = &f->settings, .error = &f->error };
        struct column *column = NULL;
        assert_true(aggregator_finish(a, &ev, 0, GROUPS, &column));
        for (int32_t g = 0; g < GROUPS - 1; g++) {
            assert_int_equal(column_integer(column, g), wanted[k][g]);
        }
        assert_int_equal(column_is_null(column, GROUPS - 1), k < 2); /* the empty group */
        column_release(column);
        aggregator_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_batches_are_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(merged_states_are_as_one, setup, teardown),
        cmocka_unit_test_setup_teardown(saved_states_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_states_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(groups_filters_and_distinct_count_right, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
