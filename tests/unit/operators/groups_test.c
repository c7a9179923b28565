/*
 * Groups: numbers by first appearance, for every way in which keys are kept, against a list that is searched from its beginning.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/groups.h"
#include "plan_texts.h"

#include <cmocka.h>

enum { ROWS = 3000, BATCH = 700 };

typedef void adder(struct builder *b, uint64_t random);

static void add_integer(struct builder *b, uint64_t r)
{
    r % 13 == 0 ? builder_null(b) : builder_integer(b, (int64_t)(r / 13 % 90) - 45);
}

static void add_big(struct builder *b, uint64_t r)
{
    builder_integer(b,
                    r % 2 ? INT64_MAX - (int64_t)(r / 2 % 40) : INT64_MIN + (int64_t)(r / 2 % 40));
}

static void add_text(struct builder *b, uint64_t r)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%.*s%d", (int)(r / 100 % 30),
                   "a text that is longer than others", (int)(r % 10));
    r / 7 % 20 == 0 ? builder_null(b) : builder_text(b, bytes_of(r % 17 ? text : ""));
}

static void add_double(struct builder *b, uint64_t r)
{
    const double values[] = { 0.0, -0.0, 1.5, (double)NAN, -(double)NAN, (double)INFINITY, -2.25 };
    r % 11 == 0 ? builder_null(b) : builder_double(b, values[r / 11 % 7]);
}

static void add_bool(struct builder *b, uint64_t r)
{
    r % 3 == 0 ? builder_null(b) : builder_bool(b, r % 2);
}

static void add_decimal(struct builder *b, uint64_t r)
{
    builder_decimal(b, (int128)(r % 50) << 70);
}

struct key_kind {
    enum type_kind kind;
    adder *add;
};

/* The keys of row `a` and row `b` are the same. */
static bool same(struct column *const *keys, int32_t count, int32_t a, int32_t b)
{
    for (int32_t k = 0; k < count; k++) {
        if (column_compare(keys[k], a, keys[k], b) != 0) {
            return false;
        }
    }
    return true;
}

static void check_against_list(struct groups *g, struct column *const *keys, int32_t count)
{
    int32_t *firsts = mem_zalloc(ROWS + 1, sizeof(*firsts)); /* the first row of each group */
    int32_t *numbers = mem_zalloc(ROWS, sizeof(*numbers));
    int32_t groups = 0;
    for (int32_t first = 0; first < ROWS; first += BATCH) {
        int32_t rows = ROWS - first < BATCH ? ROWS - first : BATCH;
        struct column *slices[3];
        for (int32_t k = 0; k < count; k++) {
            slices[k] = column_slice(keys[k], first, rows);
        }
        groups_find(g, slices, rows, numbers);
        for (int32_t i = 0; i < rows; i++) {
            int32_t group = 0;
            while (group < groups && !same(keys, count, firsts[group], first + i)) {
                group++;
            }
            if (group == groups) {
                firsts[groups++] = first + i;
            }
            assert_int_equal(numbers[i], group);
        }
        for (int32_t k = 0; k < count; k++) {
            column_release(slices[k]);
        }
    }
    assert_int_equal(groups_count(g), groups);
    struct column *back[3];
    groups_keys(g, NULL, groups, back);
    for (int32_t k = 0; k < count; k++) {
        for (int32_t i = 0; i < groups; i++) {
            assert_int_equal(column_compare(back[k], i, keys[k], firsts[i]), 0);
        }
        column_release(back[k]);
    }
    const int32_t some[3] = { groups - 1, 0, groups - 1 };
    groups_keys(g, some, 3, back);
    for (int32_t k = 0; k < count; k++) {
        assert_int_equal(column_compare(back[k], 2, keys[k], firsts[groups - 1]), 0);
        assert_int_equal(column_compare(back[k], 1, keys[k], firsts[0]), 0);
        column_release(back[k]);
    }
    free(firsts);
    free(numbers);
}

static void test_all_kinds(void **state)
{
    (void)state;
    const struct key_kind kinds[] = { { TYPE_INT, add_integer },   { TYPE_TINYINT, add_integer },
                                      { TYPE_BIGINT, add_big },    { TYPE_DATE, add_integer },
                                      { TYPE_STRING, add_text },   { TYPE_BINARY, add_text },
                                      { TYPE_DOUBLE, add_double }, { TYPE_FLOAT, add_double },
                                      { TYPE_BOOLEAN, add_bool },  { TYPE_DECIMAL, add_decimal } };
    const int32_t count = (int32_t)(sizeof(kinds) / sizeof(kinds[0]));
    struct arena arena;
    arena_init(&arena, 0);
    for (int32_t k = 0; k < count; k++) {
        for (int32_t keys = 1; keys <= 3; keys++) {
            const struct type *types[3];
            struct column *columns[3];
            uint64_t seed = (uint64_t)(k * 10 + keys);
            for (int32_t i = 0; i < keys; i++) {
                const struct key_kind *kind = &kinds[(k + i) % count];
                types[i] = kind->kind == TYPE_DECIMAL ? type_decimal(&arena, 38, 2)
                                                      : type_simple(kind->kind);
                struct builder *b = builder_new(types[i]);
                for (int32_t row = 0; row < ROWS; row++) {
                    kind->add(b, plans_random(&seed));
                }
                columns[i] = builder_finish(b);
            }
            struct groups *g = groups_new(types, keys);
            check_against_list(g, columns, keys);
            groups_free(g);
            for (int32_t i = 0; i < keys; i++) {
                column_release(columns[i]);
            }
        }
    }
    arena_finish(&arena);
}

static void test_constant_keys(void **state)
{
    (void)state;
    const struct type *type = type_simple(TYPE_STRING);
    const struct scalar a = scalar_text(bytes_of("a"));
    struct column *keys[1] = { scalar_column(&a, 100) };
    int32_t numbers[100];
    struct groups *g = groups_new(&type, 1);
    groups_find(g, keys, 100, numbers);
    assert_int_equal(groups_count(g), 1);
    assert_int_equal(numbers[99], 0);
    column_release(keys[0]);
    keys[0] = column_nulls(type, 100);
    groups_find(g, keys, 100, numbers);
    assert_int_equal(groups_count(g), 2);
    assert_int_equal(numbers[99], 1);
    column_release(keys[0]);
    groups_free(g);
}

static void test_no_keys(void **state)
{
    (void)state;
    int32_t numbers[10] = { 1, 2, 3 };
    struct groups *g = groups_new(NULL, 0);
    assert_int_equal(groups_count(g), 1);
    groups_find(g, NULL, 10, numbers);
    assert_int_equal(groups_count(g), 1);
    assert_int_equal(numbers[0], 0);
    groups_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_constant_keys),
        cmocka_unit_test(test_no_keys),
    };
    return cmocka_run_group_tests_name("operators.groups", tests, NULL, NULL);
}
