/*
 * The optimiser: the shapes that it gives to plans, and that rows stay the same: random plans over a small table, run both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_text.h"
#include "run_plan.h"

#include <cmocka.h>

#define KAFKA                                                                               \
    "stream kafka ; key binary, value binary, topic string, partition int, offset bigint, " \
    "timestamp timestamp\n"

struct sample {
    const char *lines;
    const char *expected;
};

static const struct sample shapes[] = {
    /* constants */
    { "range 9\nwhere id > 2 * 3 - 1", "Filter (id#0L > 5)\n+- Range (0, 9, step=1)\n" },
    { "range 9\nwhere true and (false or id = 1) and not not (id = 1)",
      "Filter ((id#0L = 1) AND (id#0L = 1))\n+- Range (0, 9, step=1)\n" },
    { "range 9\nwhere 1 = 1", "Range (0, 9, step=1)\n" },
    { "range 9\nselect 1/0 AS x ; rand(1) AS r ; cast('10:00' as timestamp) AS t",
      "Project [(1.0 / 0.0) AS x#0, rand(1) AS r#1, cast(10:00 as timestamp) AS t#2]\n"
      "+- Range (0, 9, step=1)\n" },
    { "range 9\nselect year(current_date()) + 1 AS y",
      "Project [(year(current_date()) + 1) AS y#0]\n+- Range (0, 9, step=1)\n" },
    /* projections */
    { "range 9\nwith 1 AS x\ndrop id", "Project [1 AS x#0]\n+- Range (0, 9, step=1)\n" },
    { "range 9\nselect upper(cast(id as string)) AS u\nselect u ; concat(u, u) AS v",
      "Project [u#0, concat(u#0, u#0) AS v#1]\n"
      "+- Project [upper(cast(id#2L as string)) AS u#0]\n"
      "   +- Range (0, 9, step=1)\n" },
    { "range 9\nselect rand(1) AS r\nselect r + 1 AS s",
      "Project [(r#0 + 1.0) AS s#1]\n+- Project [rand(1) AS r#0]\n   +- Range (0, 9, step=1)\n" },
    /* filters */
    { "range 9\nselect id * 2 AS x\nwhere x > 4",
      "Project [(id#0L * 2) AS x#1L]\n+- Filter ((id#0L * 2) > 4)\n   +- Range (0, 9, step=1)\n" },
    { "range 9\nwhere id > 1\nwhere id < 5\nwhere rand(1) > 0.5",
      "Filter (rand(1) > 0.5)\n+- Filter ((id#0L > 1) AND (id#0L < 5))\n"
      "   +- Range (0, 9, step=1)\n" },
    { "range 9\nlimit 5\nwhere id > 1",
      "Filter (id#0L > 1)\n+- GlobalLimit 5\n   +- LocalLimit 5\n      +- Range (0, 9, step=1)\n" },
    { "range 9\norder id DESC\nwhere id > 1",
      "Sort [id#0L DESC NULLS LAST], true\n+- Filter (id#0L > 1)\n   +- Range (0, 9, step=1)\n" },
    { "range 9\ngroup id % 3 AS k : count(*) AS n\nwhere n > 1 and k = 2",
      "Filter (n#0L > 1)\n"
      "+- Aggregate [(id#1L % 3)], [(id#1L % 3) AS k#2L, count(1) AS n#0L]\n"
      "   +- Filter ((id#1L % 3) = 2)\n"
      "      +- Range (0, 9, step=1)\n" },
    { "range 9\nselect max(id) AS m\nwhere 1 > 2",
      "Filter false\n+- Aggregate [max(id#0L) AS m#1L]\n   +- Range (0, 9, step=1)\n" },
    { "range 9\nwith id % 2 AS k\ndedup k\nwhere k = 1 and id > 3",
      "Filter (id#0L > 3)\n"
      "+- Deduplicate [k#1L]\n"
      "   +- Project [id#0L, (id#0L % 2) AS k#1L]\n"
      "      +- Filter ((id#0L % 2) = 1)\n"
      "         +- Range (0, 9, step=1)\n" },
    { "range 9\nselect id ; explode(array(id, 1)) AS e\nwhere id > 3 and e > 1",
      "Filter (e#0L > 1)\n"
      "+- Generate explode(array(id#1L, 1)), false, [e#0L]\n"
      "   +- Filter (id#1L > 3)\n"
      "      +- Range (0, 9, step=1)\n" },
    { "stream rate ; timestamp timestamp, value bigint\nwatermark timestamp ; 1 minute\n"
      "where value > 1 and timestamp is not null",
      "~Filter isnotnull(timestamp#0)\n"
      "+- ~EventTimeWatermark timestamp#0: timestamp, 1 minute\n"
      "   +- ~Filter (value#1L > 1)\n"
      "      +- ~StreamingRelationV2 rate, [timestamp#0, value#1L]\n" },
    /* pruning */
    { KAFKA "select topic\ndrop topic", /* no columns are no columns, also where nobody is above */
      "~Project []\n+- ~StreamingRelationV2 kafka, [partition#0]\n" },
    { KAFKA "select count(*) AS n",
      "~Aggregate [count(1) AS n#0L]\n+- ~StreamingRelationV2 kafka, [partition#1]\n" },
    { KAFKA "with concat(topic, '!') AS t ; offset + 1 AS o\nselect o",
      "~Project [(offset#0L + 1) AS o#1L]\n+- ~StreamingRelationV2 kafka, [offset#0L]\n" },
    { KAFKA "select from_json(cast(value as string), 'a int, b string, c int, d int') AS v\n"
            "where v.c = 1\nselect v.a + v.d AS x ; v.a",
      "~Project [(v#0.a + v#0.d) AS x#1, v#0.a AS a#2]\n"
      "+- ~Filter (v#0.c = 1)\n"
      "   +- ~Project [from_json(StructField(a,IntegerType,true), StructField(c,IntegerType,true), "
      "StructField(d,IntegerType,true), cast(value#3 as string), Some(UTC), false) AS v#0]\n"
      "      +- ~StreamingRelationV2 kafka, [value#3]\n" },
    { KAFKA "select from_json(cast(value as string), 'a int, b string').b AS b",
      "~Project [from_json(StructField(b,StringType,true), cast(value#0 as string), Some(UTC), "
      "false).b AS b#1]\n+- ~StreamingRelationV2 kafka, [value#0]\n" },
    { KAFKA
      "select from_json(cast(value as string), 'a int, b string', map('mode', 'FAILFAST')) v\n"
      "select v.b",
      "~Project [from_json(StructField(a,IntegerType,true), StructField(b,StringType,true), "
      "cast(value#0 as string), map(mode, FAILFAST), Some(UTC), false).b AS b#1]\n"
      "+- ~StreamingRelationV2 kafka, [value#0]\n" },
    { "range 9\nselect id ; id + 1 AS b ; id + 2 AS c\ngroup b : count(*) AS n ; max(c)\nselect n",
      "Aggregate [b#0L], [count(1) AS n#1L]\n"
      "+- Project [(id#2L + 1) AS b#0L]\n"
      "   +- Range (0, 9, step=1)\n" },
};

static void test_shapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct frames f;
        frames_init(&f);
        frame_run(&f, shapes[i].lines);
        if (!sql_failed(&f.error)) {
            const struct plan *before = f.plan;
            f.plan = plan_optimize(&f.arena, &f.settings, f.plan);
            assert_true(type_equal(f.plan->schema, before->schema));
            assert_true(plan_equal(f.plan, plan_optimize(&f.arena, &f.settings, f.plan)));
        }
        char *text = frame_text(&f, plan_print_tree);
        if (strcmp(text, shapes[i].expected) != 0) {
            print_error("after: %s\n", shapes[i].lines);
        }
        assert_string_equal(text, shapes[i].expected);
        free(text);
        frames_finish(&f);
    }
}

/* --- the same rows --- */

#define ROWS                                                                                      \
    "VALUES (1, 'ab', 1.5D, '{\"x\":1,\"y\":\"p\"}', array(1, 2)), "                              \
    "(2, NULL, 0.0D, '{\"x\":2,\"z\":[1]}', array()), (3, 'ab', -1.5D, 'no', NULL), "             \
    "(NULL, 'c', NULL, '{\"y\":null,\"x\":\"1\"}', array(3)), (5, '', 2.0D, NULL, array(5, 5)), " \
    "(2, 'ab', 7.25D, '{\"x\":5,\"y\":\"q\",\"z\":[]}', array(1)) AS t(a, b, c, j, l)"

/* What may be done; what makes no sense at the time is left out. */
static const char *const verbs[] = {
    "select *",
    "select a ; b ; c",
    "select b ; a + 1 AS a ; j ; l",
    "select a ; c * 2 AS c ; a AS d",
    "select from_json(j, 'x int, y string, z array<int>') AS v ; a ; l",
    "select v.x AS a ; v.y AS b ; l",
    "select v.* ; a",
    "select v ; x",
    "select from_json(j, 'x int, y string').x AS x ; a ; b",
    "select a ; explode(l) AS e ; c",
    "select explode_outer(l) AS e ; b ; a",
    "select count(*) AS n ; max(a) AS a ; min(b) AS b",
    "with upper(b) AS u ; a % 2 AS k",
    "with concat(b, '!') AS b",
    "with case when a > 2 then 'big' when a is null then null else b end AS k",
    "with coalesce(a, 0) AS a ; 1 AS one",
    "with filter(l, q -> q > coalesce(a, 0)) AS l",
    "with rand(7) > 2 AS never",
    "where a > 1",
    "where b = 'ab' or a is null",
    "where c > 0 and a < 5 and true",
    "where k is not null",
    "where v.x = 2 or v.y is null",
    "where e >= 2",
    "where n > 0",
    "where 1 = 2 or a <> 3",
    "where not (a = 2) and b like 'a%'",
    "where count(*) > 1",
    "where one = 1 and x is null",
    "where 10 / a > 2",
    "group a : count(*) AS n ; max(c) AS c",
    "group b ; a % 2 AS k : sum(a) AS a ; count(distinct c) AS n",
    "group k : first(b) AS b ; sum(n) AS n",
    "group : sum(a) AS a ; count(b) AS n",
    "distinct",
    "dedup a",
    "dedup b ; a",
    "dedup k",
    "order a DESC ; b",
    "order c",
    "order n ; b DESC",
    "limit 4",
    "limit 2",
    "limit 0",
    "rename a ; e",
    "rename e ; a",
    "drop b ; x",
    "drop j",
    "alias t",
    "select t.a ; t.b",
    "watermark a ; 1 minute",
};

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* A verb that means nothing here leaves the frame as it was. */
static void try_line(struct frames *f, const char *line)
{
    const struct plan *plan = f->plan;
    const struct logical *written = f->written;
    frame_run(f, line);
    if (sql_failed(&f->error)) {
        sql_error_finish(&f->error);
        f->plan = plan;
        f->written = written;
    }
}

static void begin_random(struct frames *f, bool relation)
{
    frames_init(f);
    frame_values(f, ROWS);
    assert_false(sql_failed(&f->error));
    if (relation) { /* the same rows as a source gives them: any of its columns */
        struct relation *r = ARENA_NEW(&f->arena, struct relation, 1);
        *r = (struct relation){ .format = bytes_of("json"), .schema = f->plan->schema };
        frame_verb(f, (struct logical){ .verb = VERB_READ, .relation = r }, NULL);
    }
}

static void check_random(uint32_t seed)
{
    enum { LINES = 9, VERBS = sizeof(verbs) / sizeof(verbs[0]) };
    struct frames f;
    struct frames g;
    uint32_t state = seed;
    begin_random(&f, seed % 2 == 0);
    for (int i = 0; i < LINES; i++) {
        try_line(&f, verbs[next_random(&state) % VERBS]);
    }
    if (next_random(&state) % 3 == 0) {
        const struct plan *plan = f.plan;
        begin_random(&g, seed % 2 == 0);
        try_line(&g, verbs[next_random(&state) % VERBS]);
        const struct logical *written = f.written;
        frame_union(&f, &g);
        if (sql_failed(&f.error)) {
            sql_error_finish(&f.error);
            f.plan = plan;
            f.written = written;
        }
        try_line(&f, verbs[next_random(&state) % VERBS]);
        try_line(&f, verbs[next_random(&state) % VERBS]);
    } else {
        frames_init(&g);
    }
    const struct plan *best = plan_optimize(&f.arena, &f.settings, f.plan);
    char *before = run_text(&f.sql, f.tables[0], f.plan);
    char *after = run_text(&f.sql, f.tables[0], best);
    bool failed = before[0] == '['; /* what failed may not be asked for any more, as in Spark */
    if (!failed && strcmp(before, after) != 0) {
        char *plan = frame_text(&f, plan_print_tree);
        f.plan = best;
        char *optimized = frame_text(&f, plan_print_tree);
        print_error("seed %u\n%s\n%s\n", seed, plan, optimized);
        free(plan);
        free(optimized);
    }
    assert_true(type_equal(best->schema, f.plan->schema));
    if (!failed) {
        assert_string_equal(before, after);
    }
    free(before);
    free(after);
    frames_finish(&f);
    frames_finish(&g);
}

static void test_same_rows(void **state)
{
    (void)state;
    const char *from = getenv("WEIR_PLAN_SEED");
    uint32_t first = from ? (uint32_t)atol(from) : 1;
    for (uint32_t seed = first; seed < first + (from ? 1 : 3000); seed++) {
        check_random(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_same_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
