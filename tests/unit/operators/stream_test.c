/*
 * Operators with state: batch after batch over a state store in a folder, against a model that keeps it all in arrays.
 */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "plan_runs.h"

#include <cmocka.h>

enum { KEYS = 40, BATCHES = 6, BATCH_ROWS = 3000 };

struct fixture {
    struct plans f;
    char folder[64];
    const struct type *schema; /* k STRING, n INT */
    const struct plan *stream;
};

static void open_states(struct fixture *x)
{
    char root[80];
    (void)snprintf(root, sizeof(root), "%s/state", x->folder);
    x->f.states = state_provider_new(&(struct state_options){ .root = root,
                                                              .min_deltas_for_snapshot = 3,
                                                              .min_batches_to_retain = 100,
                                                              .max_versions_in_memory = 2 });
}

static int setup(void **state)
{
    struct fixture *x = MEM_NEW(struct fixture);
    plans_init(&x->f);
    (void)snprintf(x->folder, sizeof(x->folder), "/tmp/weir-stream-test-XXXXXX");
    assert_non_null(mkdtemp(x->folder));
    open_states(x);
    const struct field fields[2] = {
        { .name = bytes_of("k"), .type = type_simple(TYPE_STRING), .nullable = true },
        { .name = bytes_of("n"), .type = type_simple(TYPE_INT), .nullable = true },
    };
    x->schema = type_struct(&x->f.arena, fields, 2);
    x->stream = plan_relation(&x->f, x->schema, true);
    *state = x;
    return 0;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *where)
{
    (void)s;
    (void)kind;
    (void)where;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *x = *state;
    state_provider_free(x->f.states);
    (void)nftw(x->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    plans_finish(&x->f);
    free(x);
    return 0;
}

/* A batch of the stream, from what `rows` (released) has, in `partitions` parts. NULL: f->error is set. */
static char *run_batch(struct fixture *x,
                       struct physical *p,
                       struct batch *rows,
                       int32_t partitions)
{
    struct batch *parts[PARTITIONS_MAX];
    for (int32_t i = 0; i < partitions; i++) {
        int32_t first = rows->rows * i / partitions;
        parts[i] = batch_slice(rows, first, rows->rows * (i + 1) / partitions - first);
    }
    x->f.scans[0] = scan_of_batches(parts, partitions);
    char *text = plans_run_physical(&x->f, p);
    x->f.scans[0]->close(x->f.scans[0]);
    for (int32_t i = 0; i < partitions; i++) {
        batch_free(parts[i]);
    }
    batch_free(rows);
    x->f.state_version += text != NULL;
    return text;
}

static void check_batch(struct fixture *x,
                        struct physical *p,
                        const char *values,
                        const char *expected)
{
    char *text = run_batch(x, p, plans_values(&x->f, values), 1);
    if (!text) {
        plans_die(&x->f, values);
    }
    assert_string_equal(text, expected);
    free(text);
}

static struct physical *compiled(struct fixture *x, const struct plan *plan, enum output_mode mode)
{
    x->f.mode = mode;
    struct physical *p = plans_physical(&x->f, plan);
    if (!p) {
        plans_die(&x->f, "physical_new");
    }
    return p;
}

/* --- against a model --- */

struct model {
    int32_t count[KEYS + 1]; /* 0: null */
    int64_t sum[KEYS + 1];
    bool seen[KEYS + 1]; /* in this batch */
};

static struct batch *random_rows(struct model *m, const struct type *schema, uint64_t *seed)
{
    struct builder *k = builder_new(schema->fields[0].type);
    struct builder *n = builder_new(schema->fields[1].type);
    memset(m->seen, 0, sizeof(m->seen));
    for (int32_t i = 0; i < BATCH_ROWS; i++) {
        uint64_t r = plans_random(seed);
        int32_t key = (int32_t)(r % (KEYS + 1));
        int32_t number = (int32_t)(r / 1000 % 100);
        if (r / 100000 % 4 != 0 && key > KEYS / 2) {
            key = 1;
        }
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", key);
        key == 0 ? builder_null(k) : builder_text(k, bytes_of(text));
        builder_integer(n, number);
        if (number >= 50) { /* what the query counts */
            m->count[key]++;
            m->sum[key] += number;
            m->seen[key] = true;
        }
    }
    struct column *columns[2] = { builder_finish(k), builder_finish(n) };
    return batch_new(schema, columns, BATCH_ROWS);
}

static int32_t expect_groups(const struct model *m, bool all, struct buffer *out)
{
    int32_t groups = 0;
    for (int32_t key = 0; key <= KEYS; key++) {
        if (all ? m->count[key] > 0 : m->seen[key]) {
            char text[16] = "NULL";
            if (key > 0) {
                (void)snprintf(text, sizeof(text), "%d", key);
            }
            buffer_printf(out, "%s|%d|%lld\n", text, m->count[key], (long long)m->sum[key]);
            groups++;
        }
    }
    buffer_append(out, "", 1);
    return groups;
}

static void check_aggregate(struct fixture *x, enum output_mode mode, int32_t threads)
{
    x->f.threads = threads;
    x->f.shuffle_partitions = threads == 1 ? 1 : 5;
    const struct plan *rows = plan_filter(&x->f, x->stream, "n >= 50");
    const struct plan *plan =
        plan_aggregate(&x->f, rows, PLAN_LIST("k"), PLAN_LIST("k", "count(*)", "sum(n)"));
    struct physical *p = compiled(x, plan, mode);
    struct model m = { 0 };
    uint64_t seed = 3;
    int64_t hits = 0; /* an aggregate's store is opened twice in Spark; version 0 does not count */
    for (int32_t i = 0; i < BATCHES; i++) {
        if (i == BATCHES / 2) { /* as after a restart */
            state_provider_free(x->f.states);
            open_states(x);
        }
        struct batch *batch = random_rows(&m, x->schema, &seed);
        struct buffer all;
        struct buffer changed;
        buffer_init(&all, SIZE_MAX / 2);
        buffer_init(&changed, SIZE_MAX / 2);
        int32_t total = expect_groups(&m, true, &all);
        int32_t updated = expect_groups(&m, false, &changed);
        char *text = run_batch(x, p, batch, threads * 2);
        if (!text) {
            plans_die(&x->f, "run");
        }
        text = plans_sorted(text);
        const struct buffer *expected = mode == OUTPUT_UPDATE ? &changed : &all;
        char *wanted = plans_sorted(mem_text(expected->data, expected->len));
        assert_string_equal(text, wanted);
        assert_int_equal(x->f.rows_read[0], BATCH_ROWS);
        assert_int_equal(x->f.rows_written, mode == OUTPUT_UPDATE ? updated : total);
        assert_string_equal(x->f.reports[0].name, "stateStoreSave");
        assert_int_equal(x->f.reports[0].rows_total, total);
        assert_int_equal(x->f.reports[0].rows_updated, updated);
        assert_int_equal(x->f.reports[0].shuffle_partitions, x->f.shuffle_partitions);
        assert_int_equal(x->f.reports[0].store_instances, x->f.shuffle_partitions);
        assert_int_equal(x->f.reports[0].dropped_duplicates, -1);
        hits = i == BATCHES / 2 ? 1 : i > 0 ? hits + 2 : 0;
        assert_int_equal(x->f.reports[0].counters.cache_hits, hits * x->f.shuffle_partitions);
        assert_int_equal(x->f.reports[0].counters.cache_misses,
                         i >= BATCHES / 2 ? x->f.shuffle_partitions : 0);
        free(text);
        free(wanted);
        buffer_finish(&changed);
        buffer_finish(&all);
    }
    physical_free(p);
}

static void test_update(void **state)
{
    check_aggregate(*state, OUTPUT_UPDATE, 1);
}

static void test_update_by_threads(void **state)
{
    check_aggregate(*state, OUTPUT_UPDATE, 3);
}

static void test_complete(void **state)
{
    check_aggregate(*state, OUTPUT_COMPLETE, 1);
}

static void test_complete_by_threads(void **state)
{
    check_aggregate(*state, OUTPUT_COMPLETE, 3);
}

/* --- what Spark did --- */

/* By first appearance in the batch; groups with nulls last. */
static void test_order_of_update(void **state)
{
    struct fixture *x = *state;
    struct physical *p =
        compiled(x, plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k", "count(*)")),
                 OUTPUT_UPDATE);
    check_batch(x, p, "VALUES ('b', 1), (NULL, 1), ('a', 1), ('b', 1) AS t(k, n)",
                "b|2\na|1\nNULL|1\n");
    check_batch(x, p, "VALUES ('c', 1), ('a', 1), (NULL, 1) AS t(k, n)", "c|1\na|2\nNULL|2\n");
    physical_free(p);
}

/* The console of Spark's word count, and of counts per person over 15 and more groups: the order is that of its map. */
static void test_order_of_complete(void **state)
{
    struct fixture *x = *state;
    struct physical *p =
        compiled(x, plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k", "count(*)")),
                 OUTPUT_COMPLETE);
    check_batch(x, p, "VALUES ('cat', 1), ('dog', 1), ('dog', 1), ('dog', 1) AS t(k, n)",
                "dog|3\ncat|1\n");
    check_batch(x, p, "VALUES ('owl', 1), ('cat', 1) AS t(k, n)", "dog|3\ncat|2\nowl|1\n");
    check_batch(x, p, "VALUES ('dog', 1), ('owl', 1) AS t(k, n)", "dog|4\ncat|2\nowl|2\n");
    physical_free(p);
}

/* A row for each of these keys. */
static const char *keyed(struct fixture *x, const char *const *keys)
{
    struct bytes text = bytes_of("");
    for (int32_t i = 0; keys[i]; i++) {
        text = arena_printf(&x->f.arena, "%.*s%s('%s', 1)", BYTES_ARG(text), i ? ", " : "VALUES ",
                            keys[i]);
    }
    text = arena_printf(&x->f.arena, "%.*s AS t(k, n)", BYTES_ARG(text));
    return arena_text(&x->f.arena, text);
}

static const char *const people[] = {
    "AliceJones",  "AliceMillers", "AndyJohnson", "JohnJohnson", "AndyJones",
    "AndyMillers", "AndySmith",    "JoeJohnson",  "JoeJones",    "JoeMillers",
    "JoeSmith",    "JohnSmith",    NULL,
};

static void test_order_of_complete_as_it_grows(void **state)
{
    struct fixture *x = *state;
    struct physical *p = compiled(
        x, plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k")), OUTPUT_COMPLETE);
    check_batch(x, p, keyed(x, people),
                "AndyMillers\nJoeMillers\nJoeJones\nAndySmith\nJohnJohnson\nAndyJones\n"
                "JoeJohnson\nAliceJones\nJoeSmith\nAndyJohnson\nAliceMillers\nJohnSmith\n");
    check_batch(x, p, keyed(x, PLAN_LIST("AliceJohnson", "AliceSmith", "JohnMillers")),
                "AndyMillers\nJoeMillers\nAliceJohnson\nAndySmith\nJohnMillers\nAliceJones\n"
                "AliceMillers\nAliceSmith\nJoeJones\nJohnJohnson\nAndyJones\nJoeJohnson\n"
                "JoeSmith\nAndyJohnson\nJohnSmith\n");
    check_batch(x, p, keyed(x, PLAN_LIST("JohnJones")),
                "AndyMillers\nJoeMillers\nAliceJohnson\nAndySmith\nJohnMillers\nJohnJones\n"
                "AliceJones\nAliceMillers\nAliceSmith\nJoeJones\nJohnJohnson\nAndyJones\n"
                "JoeJohnson\nJoeSmith\nAndyJohnson\nJohnSmith\n");
    physical_free(p);
}

static void test_partitions_are_those_of_spark(void **state)
{
    struct fixture *x = *state;
    x->f.shuffle_partitions = 4;
    struct physical *p = compiled(
        x, plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k")), OUTPUT_COMPLETE);
    check_batch(x, p, keyed(x, people),
                "JoeJohnson\nAliceJones\nAndyJohnson\nJohnSmith\nAndyJones\nJoeSmith\nAndySmith\n"
                "AliceMillers\nJohnJohnson\nAndyMillers\nJoeMillers\nJoeJones\n");
    physical_free(p);
}

static void test_aggregate_without_keys(void **state)
{
    struct fixture *x = *state;
    struct physical *p = compiled(x,
                                  plan_aggregate(&x->f, x->stream, (const char *const[]){ NULL },
                                                 PLAN_LIST("count(*)", "sum(n)")),
                                  OUTPUT_UPDATE);
    x->f.shuffle_partitions = 3;
    char *text = run_batch(x, p, batch_empty(x->schema), 0);
    assert_string_equal(text, "0|NULL\n");
    free(text);
    assert_int_equal(x->f.reports[0].rows_total, 1);
    assert_int_equal(x->f.reports[0].rows_updated, 1);
    assert_int_equal(x->f.reports[0].store_instances, 1);
    check_batch(x, p, "VALUES ('a', 1), ('b', 4) AS t(k, n)", "2|5\n");
    text = run_batch(x, p, batch_empty(x->schema), 1);
    assert_string_equal(text, "2|5\n");
    free(text);
    physical_free(p);
}

/* --- the others --- */

static void test_dedupe(void **state)
{
    struct fixture *x = *state;
    struct physical *p =
        compiled(x, plan_over(&x->f, PLAN_DISTINCT, x->stream, PLAN_LIST("k")), OUTPUT_APPEND);
    assert_string_equal(physical_state_name(p, 0), "dedupe");
    check_batch(x, p, "VALUES ('a', 1), (NULL, 2), ('a', 3), ('b', 4) AS t(k, n)",
                "a|1\nNULL|2\nb|4\n");
    assert_int_equal(x->f.reports[0].rows_total, 3);
    assert_int_equal(x->f.reports[0].rows_updated, 3);
    assert_int_equal(x->f.reports[0].dropped_duplicates, 1);
    check_batch(x, p, "VALUES ('b', 5), (NULL, 6) AS t(k, n)", "");
    assert_int_equal(x->f.reports[0].rows_updated, 0);
    assert_int_equal(x->f.reports[0].dropped_duplicates, 2);
    check_batch(x, p, "VALUES ('b', 5), ('c', 6) AS t(k, n)", "c|6\n");
    physical_free(p);
}

static void test_limit(void **state)
{
    struct fixture *x = *state;
    struct physical *p = compiled(x, plan_limit(&x->f, x->stream, 3), OUTPUT_APPEND);
    check_batch(x, p, "VALUES ('a', 1), ('b', 2) AS t(k, n)", "a|1\nb|2\n");
    assert_string_equal(x->f.reports[0].name, "globalLimit");
    assert_int_equal(x->f.reports[0].rows_total, 1);
    assert_int_equal(x->f.reports[0].rows_updated, 1);
    check_batch(x, p, "VALUES ('c', 3), ('d', 4) AS t(k, n)", "c|3\n");
    assert_int_equal(x->f.reports[0].rows_updated, 1);
    check_batch(x, p, "VALUES ('e', 5) AS t(k, n)", "");
    assert_int_equal(x->f.reports[0].rows_total, 1);
    assert_int_equal(x->f.reports[0].rows_updated, 0);
    physical_free(p);
}

/* A limit that has enough still lets the operators below see every row. Operators are numbered from the end of the plan. */
static void test_limit_over_dedupe(void **state)
{
    struct fixture *x = *state;
    const struct plan *dedupe = plan_over(&x->f, PLAN_DISTINCT, x->stream, PLAN_LIST("k"));
    struct physical *p = compiled(x, plan_limit(&x->f, dedupe, 1), OUTPUT_APPEND);
    assert_int_equal(physical_state_operators(p), 2);
    assert_string_equal(physical_state_name(p, 0), "globalLimit");
    assert_string_equal(physical_state_name(p, 1), "dedupe");
    check_batch(x, p, "VALUES ('a', 1), ('b', 2), ('c', 3) AS t(k, n)", "a|1\n");
    assert_int_equal(x->f.reports[1].rows_total, 3);
    physical_free(p);
}

/* A batch that fails leaves nothing behind: run again, it gives what it would have given. */
static void test_failure_takes_state_back(void **state)
{
    struct fixture *x = *state;
    x->f.shuffle_partitions = 3;
    x->f.threads = 2;
    const struct plan *counts =
        plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k", "sum(n) AS s"));
    const struct plan *plan = plan_project(&x->f, counts, PLAN_LIST("k", "100 div (s - 3) AS d"));
    struct physical *p = compiled(x, plan, OUTPUT_UPDATE);
    check_batch(x, p, "VALUES ('a', 1) AS t(k, n)", "a|-50\n");
    char *text =
        run_batch(x, p, plans_values(&x->f, "VALUES ('a', 2), ('b', 9), ('c', 9) AS t(k, n)"), 2);
    assert_null(text);
    assert_string_equal(x->f.error.condition->name, "DIVIDE_BY_ZERO");
    sql_error_finish(&x->f.error);
    x->f.error = (struct sql_error){ 0 };
    text = run_batch(x, p, plans_values(&x->f, "VALUES ('a', 4), ('b', 5) AS t(k, n)"), 2);
    assert_non_null(text);
    text = plans_sorted(text);
    assert_string_equal(text, "a|50\nb|50\n");
    free(text);
    physical_free(p);
}

static void print_type(const struct type *type, const char *expected)
{
    struct buffer out;
    buffer_init(&out, 1000);
    type_print(&out, type);
    buffer_append(&out, "", 1);
    assert_string_equal((char *)out.data, expected);
    buffer_finish(&out);
}

static void test_schema_of_state(void **state)
{
    struct fixture *x = *state;
    struct physical *p =
        compiled(x,
                 plan_aggregate(&x->f, x->stream, PLAN_LIST("k", "n % 2 AS p"),
                                PLAN_LIST("count(*)", "sum(n)", "avg(n)", "max(k)", "first(n)",
                                          "sum(CAST(n AS DECIMAL(5,2)))", "collect_list(n)")),
                 OUTPUT_UPDATE);
    assert_string_equal(physical_state_name(p, 0), "stateStoreSave");
    print_type(physical_state_key(p, 0), "struct<k:string,_groupingexpression:int>");
    print_type(physical_state_value(p, 0),
               "struct<count:bigint,sum:bigint,sum:double,count:bigint,max:string,first:int,"
               "valueSet:boolean,sum:decimal(15,2),isEmpty:boolean,buf:binary>");
    physical_free(p);
}

static void test_append_of_aggregates_is_refused(void **state)
{
    struct fixture *x = *state;
    x->f.mode = OUTPUT_APPEND;
    assert_null(plans_physical(
        &x->f, plan_aggregate(&x->f, x->stream, PLAN_LIST("k"), PLAN_LIST("k", "count(*)"))));
    assert_true(sql_failed(&x->f.error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_update, setup, teardown),
        cmocka_unit_test_setup_teardown(test_update_by_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete_by_threads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_update, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_complete, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_complete_as_it_grows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_partitions_are_those_of_spark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate_without_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dedupe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit_over_dedupe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_takes_state_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schema_of_state, setup, teardown),
        cmocka_unit_test_setup_teardown(test_append_of_aggregates_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests_name("operators.stream", tests, NULL, NULL);
}
