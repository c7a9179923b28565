/*
 * Arrays, maps and lambdas over many rows: nulls and empty arrays among them, constants beside columns, rows of their own lengths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns_of.h"

#include <cmocka.h>

static const char ROWS[] = "VALUES (1, array(3, 1, 2, 3), map('a', 1, 'b', 2)),"
                           "(2, array(), map()),"
                           "(null, array(null, 5), map('b', null)),"
                           "(4, null, null),"
                           "(5, array(7), map('c', 3)) AS t(i, a, m)";

struct example {
    const char *text;
    const char *wanted;
};

static void assert_cells(const struct example *examples, size_t count)
{
    const struct sql_settings settings = { .ansi = true, .zone_name = "UTC" };
    for (size_t k = 0; k < count; k++) {
        char *got = cells(&settings, examples[k].text, ROWS);
        if (strcmp(got, examples[k].wanted) != 0) {
            print_error("%s\n", examples[k].text);
        }
        assert_string_equal(got, examples[k].wanted);
        free(got);
    }
}

#define ASSERT_CELLS(examples) assert_cells(examples, sizeof(examples) / sizeof((examples)[0]))

static void arrays_become_arrays(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { "array_distinct(a)", "[3, 1, 2], [], [NULL, 5], NULL, [7]" },
        { "array_compact(a)", "[3, 1, 2, 3], [], [5], NULL, [7]" },
        { "array_remove(a, i)", "[3, 2, 3], [], NULL, NULL, [7]" },
        { "array_remove(a, 3)", "[1, 2], [], [NULL, 5], NULL, [7]" },
        { "array_append(a, i)", "[3, 1, 2, 3, 1], [2], [NULL, 5, NULL], NULL, [7, 5]" },
        { "array_prepend(a, 9)", "[9, 3, 1, 2, 3], [9], [9, NULL, 5], NULL, [9, 7]" },
        { "array_insert(a, i, 0)",
          "[0, 3, 1, 2, 3], [NULL, 0], NULL, NULL, [7, NULL, NULL, NULL, 0]" },
        { "array_insert(a, -3, 0)",
          "[3, 1, 0, 2, 3], [0, NULL, NULL], [0, NULL, 5], NULL, [0, NULL, 7]" },
        { "array_repeat(a[0], 2)", "!INVALID_ARRAY_INDEX" },
        { "array_repeat(i, 2)", "[1, 1], [2, 2], [NULL, NULL], [4, 4], [5, 5]" },
        { "array_repeat('x', i - 3)", "[], [], NULL, [x], [x, x]" },
        { "slice(a, i, 2)", "[3, 1], [], NULL, NULL, []" },
        { "slice(a, -2, i)", "[2], [], NULL, NULL, []" },
        { "flatten(array(a, array(i)))", "[3, 1, 2, 3, 1], [2], [NULL, 5, NULL], NULL, [7, 5]" },
        { "arrays_zip(a, array(1))",
          "[{3, 1}, {1, NULL}, {2, NULL}, {3, NULL}], [{NULL, 1}], [{NULL, 1}, {5, NULL}], NULL, [{7, 1}]" },
        { "size(shuffle(a))", "4, 0, 2, NULL, 1" },
        { "array_sort(shuffle(a))", "[1, 2, 3, 3], [], [5, NULL], NULL, [7]" },
        { "sequence(i, 3)", "[1, 2, 3], [2, 3], NULL, [4, 3], [5, 4, 3]" },
        { "array_repeat(1, 2000000000)", "!COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION" },
    };
    ASSERT_CELLS(examples);
}

static void arrays_are_sets_too(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { "array_union(a, array(5, i))", "[3, 1, 2, 5], [5, 2], [NULL, 5], NULL, [7, 5]" },
        { "array_union(array(1, 1), a)", "[1, 3, 2], [1], [1, NULL, 5], NULL, [1, 7]" },
        { "array_intersect(a, array(3, 5, 5))", "[3], [], [5], NULL, []" },
        { "array_except(a, array(null, 1))", "[3, 2], [], [5], NULL, [7]" },
        { "arrays_overlap(a, array(i, 100))", "true, false, NULL, NULL, false" },
        { "array_min(a)", "1, NULL, 5, NULL, 7" },
        { "array_max(a)", "3, NULL, 5, NULL, 7" },
        { "sort_array(a)", "[1, 2, 3, 3], [], [NULL, 5], NULL, [7]" },
        { "sort_array(a, false)", "[3, 3, 2, 1], [], [5, NULL], NULL, [7]" },
        { "array_join(a, '-')", "3-1-2-3, , 5, NULL, 7" },
        { "array_join(a, '-', '?')", "3-1-2-3, , ?-5, NULL, 7" },
    };
    ASSERT_CELLS(examples);
}

static void lambdas_see_their_rows(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { "transform(a, x -> x + i)", "[4, 2, 3, 4], [], [NULL, NULL], NULL, [12]" },
        { "transform(a, (x, k) -> k)", "[0, 1, 2, 3], [], [0, 1], NULL, [0]" },
        { "transform(a, x -> 'c')", "[c, c, c, c], [], [c, c], NULL, [c]" },
        { "transform(array(1, 2), x -> x * i)", "[1, 2], [2, 4], [NULL, NULL], [4, 8], [5, 10]" },
        { "transform(a, x -> transform(a, y -> x * y)[0])",
          "[9, 3, 6, 9], [], [NULL, NULL], NULL, [49]" },
        { "transform(a, x -> aggregate(a, 0, (s, y) -> s + coalesce(y, 0) + x))",
          "[21, 13, 17, 21], [], [NULL, 15], NULL, [14]" },
        { "filter(a, x -> x > 1)", "[3, 2, 3], [], [5], NULL, [7]" },
        { "filter(a, (x, k) -> k > 0)", "[1, 2, 3], [], [5], NULL, []" },
        { "exists(a, x -> x = 5)", "false, false, true, NULL, false" },
        { "exists(a, x -> x = 6)", "false, false, NULL, NULL, false" },
        { "forall(a, x -> x > 1)", "false, true, NULL, NULL, true" },
        { "forall(a, x -> x > 6)", "false, true, false, NULL, true" },
        { "aggregate(a, 0, (s, x) -> s + x)", "9, 0, NULL, NULL, 7" },
        { "aggregate(a, i, (s, x) -> s + coalesce(x, 0), s -> -s)", "-10, -2, NULL, NULL, -12" },
        { "reduce(array(1, 2, 3), i, (s, x) -> s + x)", "7, 8, NULL, 10, 11" },
        { "zip_with(a, array(1, 2), (x, y) -> coalesce(x, 0) + coalesce(y, 0))",
          "[4, 3, 2, 3], [1, 2], [1, 7], NULL, [8, 2]" },
        { "array_sort(a, (x, y) -> coalesce(y, 0) - coalesce(x, 0))",
          "[3, 3, 2, 1], [], [5, NULL], NULL, [7]" },
        { "array_sort(a, (x, y) -> y - x)", "!COMPARATOR_RETURNS_NULL" },
        { "transform(a, x -> 1 / (x - 1))", "!DIVIDE_BY_ZERO" },
        { "upper(x -> x)", "!INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION" },
        { "array(x -> x)", "!INVALID_LAMBDA_FUNCTION_CALL.NON_HIGHER_ORDER_FUNCTION" },
        { "transform(x -> x, a)", "!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
        { "aggregate(a, x -> x, (s, x) -> s)", "!DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE" },
        { "transform(a, () -> 1)", "!PARSE_SYNTAX_ERROR" },
        { "transform(a, (x, y, z) -> 1)", "!INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH" },
    };
    ASSERT_CELLS(examples);
}

static void maps_become_maps(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { "map_filter(m, (k, v) -> v > 1)", "{b -> 2}, {}, {}, NULL, {c -> 3}" },
        { "transform_keys(m, (k, v) -> concat(k, i))", "!NULL_MAP_KEY" },
        { "transform_values(m, (k, v) -> v + i)",
          "{a -> 2, b -> 3}, {}, {b -> NULL}, NULL, {c -> 8}" },
        { "transform_keys(m, (k, v) -> 1)", "!DUPLICATED_MAP_KEY" },
        { "map_zip_with(m, map('b', 10, 'z', 20), (k, x, y) -> concat_ws('-', k, x, y))",
          "{a -> a-1, b -> b-2-10, z -> z-20}, {b -> b-10, z -> z-20}, {b -> b-10, z -> z-20}, NULL, {c -> c-3, b -> b-10, z -> z-20}" },
        { "map_concat(m, map('z', i))",
          "{a -> 1, b -> 2, z -> 1}, {z -> 2}, {b -> NULL, z -> NULL}, NULL, {c -> 3, z -> 5}" },
    };
    ASSERT_CELLS(examples);
}

/* Longer than what any step of sorting or folding takes at once, against the same by another way. */
static void long_arrays_keep_their_order(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { "array_sort(transform(sequence(1, 1000), x -> (x * 7919) % 1009), (x, y) -> x - y) = "
          "sort_array(transform(sequence(1, 1000), x -> (x * 7919) % 1009))",
          "true, true, true, true, true" },
        { "aggregate(sequence(1, 1000), 0, (s, x) -> s + x)",
          "500500, 500500, 500500, 500500, 500500" },
        { "size(array_distinct(transform(sequence(1, 1000), x -> x % 10)))", "10, 10, 10, 10, 10" },
    };
    ASSERT_CELLS(examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_become_arrays),         cmocka_unit_test(arrays_are_sets_too),
        cmocka_unit_test(lambdas_see_their_rows),       cmocka_unit_test(maps_become_maps),
        cmocka_unit_test(long_arrays_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
