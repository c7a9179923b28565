/*
 * Operators over rows that are all there: each against a model that loops over the rows, on one thread and on several.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "plan_runs.h"

#include <cmocka.h>

enum { ROWS = 20000, KEYS = 50 };

/* k: of KEYS texts, or null; n: a small number, or null; id: counts. */
struct model {
    int32_t rows;
    int32_t key[ROWS]; /* -1: null */
    int32_t number[ROWS];
    bool null[ROWS];
};

static struct batch *random_rows(struct plans *f, struct model *m, int32_t rows, uint64_t seed)
{
    const struct field fields[3] = {
        { .name = bytes_of("k"), .type = type_simple(TYPE_STRING), .nullable = true },
        { .name = bytes_of("n"), .type = type_simple(TYPE_INT), .nullable = true },
        { .name = bytes_of("id"), .type = type_simple(TYPE_BIGINT) },
    };
    struct builder *k = builder_new(fields[0].type);
    struct builder *n = builder_new(fields[1].type);
    struct builder *id = builder_new(fields[2].type);
    m->rows = rows;
    for (int32_t i = 0; i < rows; i++) {
        uint64_t r = plans_random(&seed);
        m->key[i] = r % 17 == 0 ? -1 : (int32_t)(r / 17 % KEYS);
        m->null[i] = r / 1000 % 11 == 0;
        m->number[i] = (int32_t)(r / 100000 % 200) - 100;
        char text[32];
        (void)snprintf(text, sizeof(text), "key-%d", m->key[i]);
        m->key[i] < 0 ? builder_null(k) : builder_text(k, bytes_of(text));
        m->null[i] ? builder_null(n) : builder_integer(n, m->number[i]);
        builder_integer(id, i);
    }
    struct column *columns[3] = { builder_finish(k), builder_finish(n), builder_finish(id) };
    return batch_new(type_struct(&f->arena, fields, 3), columns, rows);
}

struct fixture {
    struct plans f;
    struct model m;
    const struct plan *rows;
};

static int setup(void **state)
{
    struct fixture *x = MEM_NEW(struct fixture);
    plans_init(&x->f);
    x->rows = plan_rows(&x->f, random_rows(&x->f, &x->m, ROWS, 7));
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;
    plans_finish(&x->f);
    free(x);
    return 0;
}

static void name_key(int32_t key, char out[32])
{
    if (key < 0) {
        (void)snprintf(out, 32, "NULL");
    } else {
        (void)snprintf(out, 32, "key-%d", key);
    }
}

static void key_text(const struct model *m, int32_t i, char out[32])
{
    name_key(m->key[i], out);
}

/* `plan` on one thread and on three, over one partition and over many, gives these lines; in any order where there are several. */
static void check_all_ways(struct fixture *x, const struct plan *plan, struct buffer *expected)
{
    buffer_append(expected, "", 1);
    char *wanted = plans_sorted(mem_text(expected->data, expected->len));
    const int32_t ways[][3] = { { 1, 1, 1 }, { 1, 4, 3 }, { 3, 5, 4 }, { 2, 1, 7 } };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        x->f.threads = ways[i][0];
        x->f.parallelism = ways[i][1];
        x->f.shuffle_partitions = ways[i][2];
        char *text = plans_run(&x->f, plan);
        if (!text) {
            plans_die(&x->f, "run");
        }
        text = plans_sorted(text);
        assert_string_equal(text, wanted);
        free(text);
    }
    free(wanted);
    buffer_finish(expected);
}

static void test_filter_and_project(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t i = 0; i < ROWS; i++) {
        if (!x->m.null[i] && x->m.number[i] > 40 && x->m.key[i] >= 0) {
            buffer_printf(&expected, "%d|key-%d!|%d\n", i, x->m.key[i], x->m.number[i] * 2);
        }
    }
    const struct plan *filter = plan_filter(&x->f, x->rows, "n > 40 AND k IS NOT NULL");
    check_all_ways(x, plan_project(&x->f, filter, PLAN_LIST("id", "concat(k, '!')", "n * 2")),
                   &expected);
}

static void test_filter_alone(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t i = 0; i < ROWS; i++) {
        char key[32];
        key_text(&x->m, i, key);
        if (!x->m.null[i] && x->m.number[i] % 7 == 0) {
            buffer_printf(&expected, "%s|%d|%d\n", key, x->m.number[i], i);
        }
    }
    check_all_ways(x, plan_filter(&x->f, x->rows, "n % 7 = 0"), &expected);
}

/* What the condition works out is used again by the projection, but not what it may not have looked at. */
static void test_filter_shares_with_projection(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t i = 0; i < ROWS; i++) {
        if (!x->m.null[i] && x->m.number[i] != 0 && 100 / x->m.number[i] > 3) {
            buffer_printf(&expected, "%d|%d\n", 100 / x->m.number[i] + 1, x->m.number[i] + 1);
        }
    }
    const struct plan *filter =
        plan_filter(&x->f, x->rows, "n <> 0 AND 100 div n > 3 AND n + 1 > 0");
    check_all_ways(x, plan_project(&x->f, filter, PLAN_LIST("100 div n + 1", "n + 1")), &expected);
}

static void test_filter_of_struct_fields(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t i = 0; i < ROWS; i++) {
        if (!x->m.null[i] && x->m.number[i] == 3) {
            char key[32];
            key_text(&x->m, i, key);
            buffer_printf(&expected, "%s|%d\n", key, i);
        }
    }
    const struct plan *nested =
        plan_project(&x->f, x->rows, PLAN_LIST("named_struct('k', k, 'n', n) AS v", "id"));
    const struct plan *filter = plan_filter(&x->f, nested, "v.n = 3");
    check_all_ways(x, plan_project(&x->f, filter, PLAN_LIST("v.k", "id")), &expected);
}

static void test_conditions_that_are_constant(void **state)
{
    struct fixture *x = *state;
    const char *none[] = { "false", "NULL", "1 = 2", "CAST(NULL AS BOOLEAN)" };
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct buffer nothing;
        buffer_init(&nothing, 16);
        check_all_ways(x, plan_filter(&x->f, x->rows, none[i]), &nothing);
    }
    struct buffer all;
    buffer_init(&all, SIZE_MAX / 2);
    for (int32_t i = 0; i < ROWS; i++) {
        buffer_printf(&all, "%d\n", i);
    }
    check_all_ways(x, plan_project(&x->f, plan_filter(&x->f, x->rows, "1 = 1"), PLAN_LIST("id")),
                   &all);
}

struct sums {
    int32_t rows;
    int32_t count;
    int64_t sum;
    int32_t min;
    int32_t first; /* row */
};

static void sum_up(const struct model *m, struct sums sums[KEYS + 1])
{
    memset(sums, 0, (KEYS + 1) * sizeof(sums[0]));
    for (int32_t i = 0; i < m->rows; i++) {
        struct sums *s = &sums[m->key[i] + 1];
        s->first = s->rows == 0 ? i : s->first;
        s->rows++;
        if (!m->null[i]) {
            s->min = s->count == 0 || m->number[i] < s->min ? m->number[i] : s->min;
            s->count++;
            s->sum += m->number[i];
        }
    }
}

static void test_aggregate_by_text(void **state)
{
    struct fixture *x = *state;
    struct sums sums[KEYS + 1];
    sum_up(&x->m, sums);
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t k = 0; k <= KEYS; k++) {
        char key[32];
        name_key(k - 1, key);
        buffer_printf(&expected, "%s|%d|%lld|%d|%d\n", key, sums[k].rows,
                      (long long)sums[k].sum + 1, sums[k].min, sums[k].first);
    }
    const struct plan *plan =
        plan_aggregate(&x->f, x->rows, PLAN_LIST("k"),
                       PLAN_LIST("k", "count(*)", "sum(n) + 1", "min(n)", "first(id)"));
    check_all_ways(x, plan, &expected);
}

/* Several keys, a number alone, and a condition on what came out. */
static void test_aggregate_by_other_keys(void **state)
{
    struct fixture *x = *state;
    struct buffer by_two;
    struct buffer by_number;
    buffer_init(&by_two, SIZE_MAX / 2);
    buffer_init(&by_number, SIZE_MAX / 2);
    for (int32_t n = -100; n <= 100; n++) { /* 100 stands for null */
        int32_t rows[KEYS + 1] = { 0 };
        int32_t all = 0;
        for (int32_t i = 0; i < ROWS; i++) {
            int32_t number = x->m.null[i] ? 100 : x->m.number[i];
            rows[x->m.key[i] + 1] += number == n;
            all += number == n;
        }
        char number[16] = "NULL";
        if (n < 100) {
            (void)snprintf(number, sizeof(number), "%d", n);
        }
        buffer_printf(&by_number, "%s|%d\n", number, all);
        for (int32_t k = 0; k <= KEYS; k++) {
            char key[32];
            name_key(k - 1, key);
            if (rows[k] > 3) {
                buffer_printf(&by_two, "%d|%s|%s\n", rows[k], number, key);
            }
        }
    }
    const struct plan *two =
        plan_aggregate(&x->f, x->rows, PLAN_LIST("n", "k"), PLAN_LIST("count(*) AS c", "n", "k"));
    check_all_ways(x, plan_filter(&x->f, two, "c > 3"), &by_two);
    check_all_ways(x, plan_aggregate(&x->f, x->rows, PLAN_LIST("n"), PLAN_LIST("n", "count(*)")),
                   &by_number);
}

static void test_aggregate_without_keys(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    struct buffer empty;
    buffer_init(&expected, 1000);
    buffer_init(&empty, 1000);
    int64_t sum = 0;
    for (int32_t i = 0; i < ROWS; i++) {
        sum += x->m.null[i] ? 0 : x->m.number[i];
    }
    buffer_printf(&expected, "%d|%lld\n", ROWS, (long long)sum);
    check_all_ways(x,
                   plan_aggregate(&x->f, x->rows, (const char *const[]){ NULL },
                                  PLAN_LIST("count(*)", "sum(n)")),
                   &expected);
    buffer_printf(&empty, "0|NULL\n");
    check_all_ways(x,
                   plan_aggregate(&x->f, plan_filter(&x->f, x->rows, "false"),
                                  (const char *const[]){ NULL }, PLAN_LIST("count(*)", "sum(n)")),
                   &empty);
}

static void test_aggregate_of_distinct_values(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    for (int32_t k = -1; k < KEYS; k++) {
        bool seen[200] = { false };
        int32_t count = 0;
        for (int32_t i = 0; i < ROWS; i++) {
            if (x->m.key[i] == k && !x->m.null[i] && !seen[x->m.number[i] + 100]) {
                seen[x->m.number[i] + 100] = true;
                count++;
            }
        }
        char key[32];
        name_key(k, key);
        buffer_printf(&expected, "%s|%d\n", key, count);
    }
    check_all_ways(
        x, plan_aggregate(&x->f, x->rows, PLAN_LIST("k"), PLAN_LIST("k", "count(DISTINCT n)")),
        &expected);
}

static void test_distinct(void **state)
{
    struct fixture *x = *state;
    struct buffer expected;
    buffer_init(&expected, SIZE_MAX / 2);
    static bool seen[KEYS + 1][201];
    memset(seen, 0, sizeof(seen));
    for (int32_t i = 0; i < ROWS; i++) {
        int32_t number = x->m.null[i] ? 200 : x->m.number[i] + 100;
        if (!seen[x->m.key[i] + 1][number]) {
            seen[x->m.key[i] + 1][number] = true;
            char key[32];
            key_text(&x->m, i, key);
            char n[16] = "NULL";
            if (!x->m.null[i]) {
                (void)snprintf(n, sizeof(n), "%d", x->m.number[i]);
            }
            buffer_printf(&expected, "%s|%s|%d\n", key, n, i);
        }
    }
    check_all_ways(x, plan_over(&x->f, PLAN_DISTINCT, x->rows, PLAN_LIST("k", "n")), &expected);
}

static int32_t line_number(const char *line)
{
    return (int32_t)strtol(strrchr(line, '|') + 1, NULL, 10);
}

static int compare_model(const struct model *m, int32_t a, int32_t b)
{
    /* n DESC NULLS LAST, k ASC NULLS FIRST, then as they came */
    if (m->null[a] != m->null[b]) {
        return m->null[a] ? 1 : -1;
    }
    if (!m->null[a] && m->number[a] != m->number[b]) {
        return m->number[a] > m->number[b] ? -1 : 1;
    }
    char x[32] = "";
    char y[32] = "";
    if (m->key[a] >= 0) {
        key_text(m, a, x);
    }
    if (m->key[b] >= 0) {
        key_text(m, b, y);
    }
    int order = strcmp(x, y);
    return order != 0 ? order : a - b;
}

static void test_sort(void **state)
{
    struct fixture *x = *state;
    const struct sort_order orders[2] = { { true, true }, { false, false } };
    const struct plan *plan = plan_sort(&x->f, x->rows, PLAN_LIST("n", "k"), orders);
    x->f.threads = 2;
    x->f.parallelism = 3;
    char *text = plans_run(&x->f, plan);
    assert_non_null(text);
    int32_t last = -1;
    int32_t lines = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
        *end = '\0';
        int32_t row = line_number(line);
        if (last >= 0) {
            assert_true(compare_model(&x->m, last, row) < 0);
        }
        last = row;
    }
    assert_int_equal(lines, ROWS);
    free(text);
}

static void check_text(struct plans *f, const struct plan *plan, const char *expected)
{
    char *text = plans_run(f, plan);
    if (!text) {
        plans_die(f, "run");
    }
    assert_string_equal(text, expected);
    free(text);
}

static void test_sort_of_every_type(void **state)
{
    struct fixture *x = *state;
    const struct sort_order up[1] = { { false, false } };
    const struct sort_order down[1] = { { true, true } };
    const struct sort_order up_last[1] = { { false, true } };
    const struct plan *doubles = plan_values(
        &x->f, "VALUES (1.5D), (double('NaN')), (-0.0D), (NULL), (-2.5D), (double('-Infinity')), "
               "(0.0D), (double('Infinity')) AS t(a)");
    check_text(&x->f, plan_sort(&x->f, doubles, PLAN_LIST("a"), up),
               "NULL\n-Infinity\n-2.5\n-0.0\n0.0\n1.5\nInfinity\nNaN\n");
    check_text(&x->f, plan_sort(&x->f, doubles, PLAN_LIST("a"), down),
               "NaN\nInfinity\n1.5\n-0.0\n0.0\n-2.5\n-Infinity\nNULL\n");
    const struct plan *texts = plan_values(
        &x->f, "VALUES ('prefix-equal-b'), ('prefix-equal-a'), (''), (NULL), ('b'), ('prefix') AS "
               "t(a)");
    check_text(&x->f, plan_sort(&x->f, texts, PLAN_LIST("a"), up_last),
               "\nb\nprefix\nprefix-equal-a\nprefix-equal-b\nNULL\n");
    const struct plan *others =
        plan_values(&x->f, "VALUES (1.50, true, array(2)), (-3.25, false, array(1, 9)), (NULL, "
                           "NULL, NULL) AS t(d, b, l)");
    check_text(&x->f,
               plan_project(&x->f, plan_sort(&x->f, others, PLAN_LIST("d"), up), PLAN_LIST("d")),
               "NULL\n-3.25\n1.50\n");
    check_text(&x->f,
               plan_project(&x->f, plan_sort(&x->f, others, PLAN_LIST("b"), down), PLAN_LIST("b")),
               "true\nfalse\nNULL\n");
    check_text(&x->f,
               plan_project(&x->f, plan_sort(&x->f, others, PLAN_LIST("l"), up), PLAN_LIST("l")),
               "NULL\n[1, 9]\n[2]\n");
}

static void test_limit(void **state)
{
    struct fixture *x = *state;
    x->f.threads = 3;
    x->f.parallelism = 4;
    const struct plan *ids = plan_project(&x->f, x->rows, PLAN_LIST("id"));
    check_text(&x->f, plan_limit(&x->f, ids, 3), "0\n1\n2\n");
    check_text(&x->f, plan_limit(&x->f, ids, 0), "");
    check_text(&x->f, plan_limit(&x->f, plan_filter(&x->f, ids, "id > 19990"), 5),
               "19991\n19992\n19993\n19994\n19995\n");
    check_text(&x->f, plan_limit(&x->f, plan_filter(&x->f, ids, "id > 19997"), 5),
               "19998\n19999\n");
    char *text = plans_run(&x->f, plan_limit(&x->f, ids, 9000));
    assert_non_null(text);
    assert_int_equal(strlen(text), 10 + 90 * 2 + 900 * 3 + 8000 * 4 + 9000);
    free(text);
}

static void test_range(void **state)
{
    struct fixture *x = *state;
    x->f.parallelism = 3;
    check_text(&x->f, plan_range(&x->f, 2, 12, 3), "2\n5\n8\n11\n");
    check_text(&x->f, plan_range(&x->f, 5, 0, -2), "5\n3\n1\n");
    check_text(&x->f, plan_range(&x->f, 5, 5, 1), "");
    check_text(&x->f, plan_range(&x->f, 5, 0, 1), "");
    check_text(&x->f, plan_range(&x->f, INT64_MAX - 1, INT64_MAX, 1), "9223372036854775806\n");
    check_text(&x->f,
               plan_aggregate(&x->f, plan_range(&x->f, 0, 100000, 1), (const char *const[]){ NULL },
                              PLAN_LIST("count(*)", "sum(id)")),
               "100000|4999950000\n");
}

static void test_union(void **state)
{
    struct fixture *x = *state;
    const struct plan *both =
        plan_union(&x->f, plan_range(&x->f, 0, 3, 1),
                   plan_union(&x->f, plan_range(&x->f, 10, 12, 1), plan_range(&x->f, 20, 21, 1)));
    x->f.parallelism = 2;
    x->f.threads = 2;
    check_text(&x->f, both, "0\n1\n2\n10\n11\n20\n");
    const struct plan *grouped = plan_union(
        &x->f, plan_aggregate(&x->f, both, PLAN_LIST("id % 2 AS p"), PLAN_LIST("count(*) AS c")),
        plan_aggregate(&x->f, both, (const char *const[]){ NULL }, PLAN_LIST("count(*) AS c")));
    check_text(&x->f, grouped, "4\n2\n6\n");
}

static void test_generate(void **state)
{
    struct fixture *x = *state;
    const struct plan *rows = plan_values(
        &x->f, "VALUES (1, array('a', 'b')), (2, array()), (3, NULL), (4, array('c', NULL)) AS "
               "t(id, l)");
    struct plan *p = plans_node(&x->f, PLAN_GENERATE, rows);
    struct function explode = { .name = "explode" };
    struct expression call = { .kind = EXPRESSION_CALL, .function = &explode, .count = 1 };
    const struct expression *column = plans_expression(&x->f, rows->schema, "l");
    call.args = &column;
    const struct expression *list[1] = { &call };
    p->expressions = list;
    p->expression_count = 1;
    struct field fields[4] = { rows->schema->fields[0], rows->schema->fields[1] };
    fields[2] = (struct field){ .name = bytes_of("pos"), .type = type_simple(TYPE_INT) };
    fields[3] = (struct field){ .name = bytes_of("col"), .type = type_simple(TYPE_STRING) };
    fields[2] = fields[3];
    p->schema = type_struct(&x->f.arena, fields, 3);
    check_text(&x->f, plan_project(&x->f, p, PLAN_LIST("id", "col")), "1|a\n1|b\n4|c\n4|NULL\n");
    p->outer = true;
    check_text(&x->f, plan_project(&x->f, p, PLAN_LIST("id", "col")),
               "1|a\n1|b\n2|NULL\n3|NULL\n4|c\n4|NULL\n");
    explode.name = "posexplode_outer";
    fields[2] = (struct field){ .name = bytes_of("pos"), .type = type_simple(TYPE_INT) };
    p->schema = type_struct(&x->f.arena, fields, 4);
    check_text(&x->f, plan_project(&x->f, p, PLAN_LIST("id", "pos", "col")),
               "1|0|a\n1|1|b\n2|NULL|NULL\n3|NULL|NULL\n4|0|c\n4|1|NULL\n");
}

/* More elements than a batch has rows. */
static void test_generate_many(void **state)
{
    struct fixture *x = *state;
    const struct plan *rows =
        plan_project(&x->f, plan_range(&x->f, 0, 3, 1), PLAN_LIST("id", "sequence(1, 20000) AS l"));
    struct plan *p = plans_node(&x->f, PLAN_GENERATE, rows);
    const struct function explode = { .name = "explode" };
    struct expression call = { .kind = EXPRESSION_CALL, .function = &explode, .count = 1 };
    const struct expression *column = plans_expression(&x->f, rows->schema, "l");
    call.args = &column;
    const struct expression *list[1] = { &call };
    p->expressions = list;
    p->expression_count = 1;
    struct field fields[3] = { rows->schema->fields[0], rows->schema->fields[1] };
    fields[2] =
        (struct field){ .name = bytes_of("col"), .type = rows->schema->fields[1].type->element };
    p->schema = type_struct(&x->f.arena, fields, 3);
    check_text(&x->f,
               plan_aggregate(&x->f, p, PLAN_LIST("id"), PLAN_LIST("id", "count(*)", "sum(col)")),
               "0|20000|200010000\n1|20000|200010000\n2|20000|200010000\n");
}

/* The first error is told, every task has ended, and nothing hangs. */
static void test_error(void **state)
{
    struct fixture *x = *state;
    const struct plan *plan = plan_project(&x->f, x->rows, PLAN_LIST("id", "1 div (id - 15000)"));
    for (int32_t threads = 1; threads <= 3; threads++) {
        x->f.threads = threads;
        x->f.parallelism = 5;
        assert_null(plans_run(&x->f, plan));
        assert_string_equal(x->f.error.condition->name, "DIVIDE_BY_ZERO");
        sql_error_finish(&x->f.error);
        x->f.error = (struct sql_error){ 0 };
        assert_null(
            plans_run(&x->f, plan_aggregate(&x->f, plan, PLAN_LIST("id"), PLAN_LIST("id"))));
        assert_string_equal(x->f.error.condition->name, "DIVIDE_BY_ZERO");
        sql_error_finish(&x->f.error);
        x->f.error = (struct sql_error){ 0 };
    }
}

static void test_cancelled(void **state)
{
    struct fixture *x = *state;
    const atomic_bool cancelled = true;
    x->f.cancelled = &cancelled;
    x->f.threads = 2;
    x->f.parallelism = 2;
    const struct sort_order up[1] = { { false, false } };
    assert_null(plans_run(&x->f, plan_sort(&x->f, x->rows, PLAN_LIST("id"), up)));
    assert_string_equal(x->f.error.message, "The run was cancelled.");
    x->f.cancelled = NULL;
}

/* Where Spark's partial maps keep groups with nulls apart, they come last; where it sorts, they come first. */
static void test_order_of_groups(void **state)
{
    struct fixture *x = *state;
    const struct plan *rows = plan_values(
        &x->f, "VALUES ('b', 1, 'x'), (NULL, 2, 'y'), ('a', 3, 'z'), ('b', 4, 'w') AS t(k, n, s)");
    check_text(&x->f, plan_aggregate(&x->f, rows, PLAN_LIST("k"), PLAN_LIST("k", "sum(n)")),
               "b|5\na|3\nNULL|2\n");
    check_text(&x->f, plan_aggregate(&x->f, rows, PLAN_LIST("k"), PLAN_LIST("k", "max(s)")),
               "NULL|y\na|z\nb|x\n");
    check_text(&x->f, plan_aggregate(&x->f, rows, PLAN_LIST("k"), PLAN_LIST("k")), "b\nNULL\na\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_filter_and_project, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_shares_with_projection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_filter_of_struct_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditions_that_are_constant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_by_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_by_other_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_without_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_of_distinct_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_distinct, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sort, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sort_of_every_type, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_range, setup, teardown),
        cmocka_unit_test_setup_teardown(test_union, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generate_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_error, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_groups, setup, teardown),
    };
    return cmocka_run_group_tests_name("operators.batch", tests, NULL, NULL);
}
