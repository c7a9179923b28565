/*
 * Physical plans as text: the shapes that Spark 4.1 prints for the same plans with adaptive execution off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "plan_runs.h"

#include <cmocka.h>

static int setup(void **state)
{
    struct plans *f = MEM_NEW(struct plans);
    plans_init(f);
    f->shuffle_partitions = 4;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    plans_finish(*state);
    free(*state);
    return 0;
}

static void check(struct plans *f,
                  const struct plan *plan,
                  enum physical_form form,
                  const char *expected)
{
    struct physical *p = plans_physical(f, plan);
    if (!p) {
        plans_die(f, "physical_new");
    }
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    physical_print(&out, p, form);
    buffer_append(&out, "", 1);
    assert_string_equal((char *)out.data, expected);
    buffer_finish(&out);
    physical_free(p);
}

static const struct plan *people(struct plans *f)
{
    return plan_values(f, "VALUES (1, 'a', 1.5D), (2, NULL, 2.5D) AS t(id, name, d)");
}

static void test_rows_and_projection(void **state)
{
    struct plans *f = *state;
    const struct plan *rows = people(f);
    check(f, rows, PHYSICAL_SIMPLE, "LocalTableScan [id#0, name#1, d#2]\n");
    check(f, plan_project(f, plan_filter(f, rows, "id > 1"), PLAN_LIST("name", "id + 1 AS next")),
          PHYSICAL_SIMPLE,
          "*(1) Project [name#1, (id#0 + 1) AS next#3]\n"
          "+- *(1) Filter (id#0 > 1)\n"
          "   +- *(1) LocalTableScan [id#0, name#1, d#2]\n");
    check(f,
          plan_union(f, plan_range(f, 0, 10, 1), plan_filter(f, plan_range(f, 0, 5, 1), "id > 2")),
          PHYSICAL_SIMPLE,
          "Union\n"
          ":- *(1) Range (0, 10, step=1, splits=1)\n"
          "+- *(2) Filter (id#0L > cast(2 as bigint))\n"
          "   +- *(2) Range (0, 5, step=1, splits=1)\n");
}

static void test_aggregate(void **state)
{
    struct plans *f = *state;
    const struct plan *counts =
        plan_aggregate(f, people(f), PLAN_LIST("name"), PLAN_LIST("name", "count(*) AS count"));
    check(f, plan_filter(f, counts, "count > 1L"), PHYSICAL_SIMPLE,
          "*(2) Filter (count#3L > 1)\n"
          "+- *(2) HashAggregate(keys=[name#1], functions=[count(1)])\n"
          "   +- Exchange hashpartitioning(name#1, 4), ENSURE_REQUIREMENTS, [plan_id=0]\n"
          "      +- *(1) HashAggregate(keys=[name#1], functions=[partial_count(1)])\n"
          "         +- *(1) LocalTableScan [id#0, name#1, d#2]\n");
    check(f, counts, PHYSICAL_EXTENDED,
          "*(2) HashAggregate(keys=[name#1], functions=[count(1)], output=[name#1, count#4L])\n"
          "+- Exchange hashpartitioning(name#1, 4), ENSURE_REQUIREMENTS, [plan_id=0]\n"
          "   +- *(1) HashAggregate(keys=[name#1], functions=[partial_count(1)], "
          "output=[name#1, count#3L])\n"
          "      +- *(1) LocalTableScan [id#0, name#1, d#2]\n");
}

/* What is in one partition anyway needs no exchange; two steps of an aggregate are one here. */
static void test_one_partition(void **state)
{
    struct plans *f = *state;
    const struct plan *numbers = plan_range(f, 0, 10, 1);
    const struct sort_order down[1] = { { true, true } };
    check(f, plan_aggregate(f, numbers, (const char *const[]){ NULL }, PLAN_LIST("sum(id)")),
          PHYSICAL_SIMPLE,
          "*(1) HashAggregate(keys=[], functions=[sum(id#0L)])\n"
          "+- *(1) HashAggregate(keys=[], functions=[partial_sum(id#0L)])\n"
          "   +- *(1) Range (0, 10, step=1, splits=1)\n");
    check(f, plan_over(f, PLAN_DISTINCT, numbers, PLAN_LIST("id")), PHYSICAL_SIMPLE,
          "*(1) HashAggregate(keys=[id#0L], functions=[])\n"
          "+- *(1) HashAggregate(keys=[id#0L], functions=[])\n"
          "   +- *(1) Range (0, 10, step=1, splits=1)\n");
    check(f, plan_sort(f, numbers, PLAN_LIST("id"), down), PHYSICAL_SIMPLE,
          "*(1) Sort [id#0L DESC NULLS LAST], true, 0\n"
          "+- *(1) Range (0, 10, step=1, splits=1)\n");
    f->parallelism = 2;
    check(f, plan_sort(f, numbers, PLAN_LIST("id"), down), PHYSICAL_SIMPLE,
          "*(2) Sort [id#0L DESC NULLS LAST], true, 0\n"
          "+- Exchange SinglePartition, ENSURE_REQUIREMENTS, [plan_id=0]\n"
          "   +- *(1) Range (0, 10, step=1, splits=2)\n");
}

static void test_limit(void **state)
{
    struct plans *f = *state;
    const struct plan *three = plan_limit(f, people(f), 3);
    check(f, three, PHYSICAL_SIMPLE, "CollectLimit 3\n+- LocalTableScan [id#0, name#1, d#2]\n");
    check(f, plan_filter(f, three, "id > 0"), PHYSICAL_SIMPLE,
          "*(2) Filter (id#0 > 0)\n"
          "+- *(2) GlobalLimit 3\n"
          "   +- Exchange SinglePartition, ENSURE_REQUIREMENTS, [plan_id=0]\n"
          "      +- *(1) LocalLimit 3\n"
          "         +- *(1) LocalTableScan [id#0, name#1, d#2]\n");
}

static void test_dedupe(void **state)
{
    struct plans *f = *state;
    check(f, plan_over(f, PLAN_DISTINCT, people(f), PLAN_LIST("name")), PHYSICAL_SIMPLE,
          "*(2) HashAggregate(keys=[name#1], functions=[first(id#0, false), first(d#2, false)])\n"
          "+- Exchange hashpartitioning(name#1, 4), ENSURE_REQUIREMENTS, [plan_id=0]\n"
          "   +- *(1) HashAggregate(keys=[name#1], functions=[partial_first(id#0, false), "
          "partial_first(d#2, false)])\n"
          "      +- *(1) LocalTableScan [id#0, name#1, d#2]\n");
}

static void test_formatted(void **state)
{
    struct plans *f = *state;
    check(f,
          plan_filter(f,
                      plan_aggregate(f, plan_project(f, people(f), PLAN_LIST("name")),
                                     PLAN_LIST("name"), PLAN_LIST("name", "count(*) AS count")),
                      "count > 1L"),
          PHYSICAL_FORMATTED,
          "* Filter (6)\n"
          "+- * HashAggregate (5)\n"
          "   +- Exchange (4)\n"
          "      +- * HashAggregate (3)\n"
          "         +- * Project (2)\n"
          "            +- * LocalTableScan (1)\n"
          "\n\n"
          "(1) LocalTableScan [codegen id : 1]\n"
          "Output [3]: [id#0, name#1, d#2]\n"
          "Arguments: [id#0, name#1, d#2]\n\n"
          "(2) Project [codegen id : 1]\n"
          "Output [1]: [name#1]\n"
          "Input [3]: [id#0, name#1, d#2]\n\n"
          "(3) HashAggregate [codegen id : 1]\n"
          "Input [1]: [name#1]\n"
          "Keys [1]: [name#1]\n"
          "Functions [1]: [partial_count(1)]\n"
          "Aggregate Attributes [1]: [count#3L]\n"
          "Results [2]: [name#1, count#4L]\n\n"
          "(4) Exchange\n"
          "Input [2]: [name#1, count#4L]\n"
          "Arguments: hashpartitioning(name#1, 4), ENSURE_REQUIREMENTS, [plan_id=0]\n\n"
          "(5) HashAggregate [codegen id : 2]\n"
          "Input [2]: [name#1, count#4L]\n"
          "Keys [1]: [name#1]\n"
          "Functions [1]: [count(1)]\n"
          "Aggregate Attributes [1]: [count(1)#5L]\n"
          "Results [2]: [name#1, count(1)#5L AS count#6L]\n\n"
          "(6) Filter [codegen id : 2]\n"
          "Input [2]: [name#1, count#6L]\n"
          "Condition : (count#6L > 1)\n\n");
}

static void test_stream(void **state)
{
    struct plans *f = *state;
    struct relation relation = { .format = bytes_of("kafka"), .streaming = true };
    const struct field fields[2] = {
        { .name = bytes_of("k"), .type = type_simple(TYPE_STRING), .nullable = true },
        { .name = bytes_of("n"), .type = type_simple(TYPE_INT), .nullable = true },
    };
    struct plan *stream = plans_node(f, PLAN_RELATION, NULL);
    stream->schema = type_struct(&f->arena, fields, 2);
    stream->streaming = true;
    stream->relation = &relation;
    f->mode = OUTPUT_UPDATE;
    check(f, plan_aggregate(f, stream, PLAN_LIST("k"), PLAN_LIST("k", "count(*) AS count")),
          PHYSICAL_SIMPLE,
          "*(4) HashAggregate(keys=[k#0], functions=[count(1)])\n"
          "+- StateStoreSave [k#0], state info [ opId = 0, numPartitions = 4], Update, 0, 0, 2\n"
          "   +- *(3) HashAggregate(keys=[k#0], functions=[merge_count(1)])\n"
          "      +- StateStoreRestore [k#0], state info [ opId = 0, numPartitions = 4], 2\n"
          "         +- *(2) HashAggregate(keys=[k#0], functions=[merge_count(1)])\n"
          "            +- Exchange hashpartitioning(k#0, 4), REQUIRED_BY_STATEFUL_OPERATOR, "
          "[plan_id=0]\n"
          "               +- *(1) HashAggregate(keys=[k#0], functions=[partial_count(1)])\n"
          "                  +- MicroBatchScan[k#0, n#1] kafka\n");
    f->mode = OUTPUT_APPEND;
    check(f, plan_limit(f, plan_over(f, PLAN_DISTINCT, stream, PLAN_LIST("k")), 5), PHYSICAL_SIMPLE,
          "StreamingGlobalLimit 5, state info [ opId = 0, numPartitions = 1], Append\n"
          "+- Exchange SinglePartition, ENSURE_REQUIREMENTS, [plan_id=1]\n"
          "   +- StreamingLocalLimit 5\n"
          "      +- StreamingDeduplicate [k#0], state info [ opId = 1, numPartitions = 4], 0, 0\n"
          "         +- Exchange hashpartitioning(k#0, 4), REQUIRED_BY_STATEFUL_OPERATOR, "
          "[plan_id=0]\n"
          "            +- MicroBatchScan[k#0, n#1] kafka\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_and_projection, setup, teardown),
        cmocka_unit_test_setup_teardown(test_aggregate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_partition, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dedupe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_formatted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
    };
    return cmocka_run_group_tests_name("operators.print", tests, NULL, NULL);
}
