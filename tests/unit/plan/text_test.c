/*
 * Plans as text and as JSON: as they were written, and back again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_text.h"

#include <cmocka.h>

#define LECTURE                                                                                  \
    "stream kafka ; key binary, value binary\n"                                                  \
    "select from_json(cast(value as string), 'name string, flag int') AS value\n"                \
    "select value.name ; value.flag\n"                                                           \
    "where flag = 1\n"                                                                           \
    "with concat(name, '!') AS id\n"                                                             \
    "group id : count(1) AS count\n"                                                             \
    "where count > 1 and id in ('a', 'b') and not id like 'c%'\n"                                \
    "order count DESC\n"                                                                         \
    "select id AS key ; cast(count as string) AS value ; CASE WHEN count > 2 THEN 1 ELSE 0 END " \
    "AS c ; upper(id) ; id is null\n"

struct sample {
    const char *lines;
    const char *expected;
};

static void expect(const struct sample *s,
                   void (*print)(struct buffer *out, const struct plan *plan))
{
    struct frames f;
    frames_init(&f);
    frame_run(&f, s->lines);
    char *text = frame_text(&f, print);
    assert_string_equal(text, s->expected);
    free(text);
    frames_finish(&f);
}

/* == Parsed Logical Plan ==: the last verb over what the others mean. */
static void test_parsed(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        { "range 9\nwhere id > 5", "'Filter ('id > 5)\n+- Range (0, 9, step=1)\n" },
        { "range 9\nselect sum(id)",
          "'Project [unresolvedalias('sum('id))]\n+- Range (0, 9, step=1)\n" },
        { "range 9\nselect explode(array(id, 1)) AS e",
          "'Project ['explode('array('id, 1)) AS e#0]\n+- Range (0, 9, step=1)\n" },
        { "range 9\norder id DESC",
          "'Sort ['id DESC NULLS LAST], true\n+- Range (0, 9, step=1)\n" },
        { "range 9\nwith 1 AS x\ndrop id",
          "Project [x#0]\n+- Project [id#1L, 1 AS x#0]\n   +- Range (0, 9, step=1)\n" },
        { "range 9\ngroup id % 2 AS k : count(1) AS count",
          "'Aggregate [('id % 2) AS k#0], [('id % 2) AS k#0, 'count(1) AS count#1]\n"
          "+- Range (0, 9, step=1)\n" },
        { LECTURE,
          "'Project ['id AS key#0, cast('count as string) AS value#1, CASE WHEN ('count > 2) THEN 1 "
          "ELSE 0 END AS c#2, unresolvedalias('upper('id)), unresolvedalias(isnull('id))]\n"
          "+- ~Sort [count#3L DESC NULLS LAST], true\n"
          "   +- ~Filter (((count#3L > cast(1 as bigint)) AND id#4 IN (a,b)) AND NOT id#4 LIKE c%)\n"
          "      +- ~Aggregate [id#4], [id#4, count(1) AS count#3L]\n"
          "         +- ~Project [name#5, flag#6, concat(name#5, !) AS id#4]\n"
          "            +- ~Filter (flag#6 = 1)\n"
          "               +- ~Project [value#7.name AS name#5, value#7.flag AS flag#6]\n"
          "                  +- ~Project [from_json(StructField(name,StringType,true), "
          "StructField(flag,IntegerType,true), cast(value#8 as string), Some(UTC), false) AS "
          "value#7]\n"
          "                     +- ~StreamingRelationV2 kafka, [key#9, value#8]\n" },
    };
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        expect(&samples[i], plan_print_parsed);
    }
}

static void test_written(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    frame_run(&f, "values VALUES (1, 'a') AS t(a, b)\nalias x\nwith a + 1 AS c\nrename c ; d\n"
                  "dedup a ; d\ndrop b\nlimit 2\ntodf p ; q\nwhere x.p > 1 and `a b` = q");
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    logical_print_tree(&out, f.written);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data,
                        "'Filter (('x.p > 1) AND ('a b = 'q))\n"
                        "+- 'ToDF [p, q]\n"
                        "   +- 'GlobalLimit 2\n"
                        "      +- 'LocalLimit 2\n"
                        "         +- 'DataFrameDropColumns [b]\n"
                        "            +- 'Deduplicate [a, d]\n"
                        "               +- 'WithColumnsRenamed [c AS d]\n"
                        "                  +- 'Project [*, ('a + 1) AS c#0]\n"
                        "                     +- 'SubqueryAlias x\n"
                        "                        +- SubqueryAlias t\n"
                        "                           +- LocalRelation [a#1, b#2]\n");
    buffer_finish(&out);
    frames_finish(&f);
}

/* --- JSON --- */

static const char *const frames[] = {
    LECTURE,
    "range 9\nselect 1Y ; 2S ; 3L ; 4.5F ; 6e300 ; -7.25BD ; 'it''s' ; X'00ff' ; null ; true\nlimit 3",
    "range 9\nselect DATE'2024-01-01' ; INTERVAL '1' DAY ; transform(array(id), x -> x + 1) ; a[0] ; "
    "s.f ; (1, 2) ; count(DISTINCT id) FILTER (WHERE id > 1) ; first(id IGNORE NULLS)",
    "stream rate ; timestamp timestamp, value bigint\nwatermark timestamp ; 10 minutes\nalias r\n"
    "rename value ; v\ndrop timestamp\ntodf x\ndistinct",
};

static void test_json_there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct frames f;
        struct sql_error error = { 0 };
        const struct logical *back = NULL;
        struct buffer first;
        struct buffer second;
        frames_init(&f);
        frame_run(&f, frames[i]);
        buffer_init(&first, SQL_ERROR_MAX);
        buffer_init(&second, SQL_ERROR_MAX);
        logical_print_json(&first, f.written);
        bool ok = logical_read_json(&f.arena, buffer_bytes(&first), &back, &error);
        if (!ok) {
            print_error("%s\n", error.message);
        }
        assert_true(ok);
        assert_true(logical_equal(f.written, back));
        logical_print_json(&second, back);
        assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
        buffer_finish(&first);
        buffer_finish(&second);
        frames_finish(&f);
    }
}

static void test_json_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {
        { "", "no JSON at byte 0" },
        { "[", "no JSON" },
        { "{}", "an unknown verb" },
        { "{\"verb\":\"fly\"}", "an unknown verb, \"fly\"" },
        { "{\"verb\":\"limit\",\"limit\":1}", "a \"limit\" with 0 inputs" },
        { "{\"verb\":\"limit\",\"limit\":99999999999,\"inputs\":[{\"verb\":\"range\"}]}",
          "a limit that is too large" },
        { "{\"verb\":\"read\"}", "a \"read\" without all that it needs" },
        { "{\"verb\":\"read\",\"relation\":{\"format\":\"x\"}}",
          "a relation without format or schema" },
        { "{\"verb\":\"filter\",\"inputs\":[{\"verb\":\"range\"}]}",
          "a \"filter\" without all that it needs" },
        { "{\"verb\":\"filter\",\"list\":[{\"kind\":\"cast\",\"text\":\"cast\"}]}",
          "a \"cast\" without all that it needs" },
        { "{\"verb\":\"filter\",\"list\":[{\"kind\":\"literal\",\"type\":\"INT\",\"value\":\"x\"}]}",
          "a literal whose value is none of its type" },
        { "{\"verb\":\"filter\",\"list\":[{\"kind\":\"literal\",\"type\":\"TINYINT\",\"value\":\"300\"}]}",
          "a literal whose value is none of its type" },
        { "{\"verb\":\"sort\",\"list\":[{\"kind\":\"star\"}],\"inputs\":[{\"verb\":\"range\"}]}",
          "a sort without an order for each key" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena arena;
        struct sql_error error = { 0 };
        const struct logical *l = NULL;
        arena_init(&arena, 0);
        assert_false(logical_read_json(&arena, bytes_of(bad[i].text), &l, &error));
        if (!strstr(error.message, bad[i].why)) {
            print_error("%s: %s\n", bad[i].text, error.message);
        }
        assert_non_null(strstr(error.message, bad[i].why));
        sql_error_finish(&error);
        arena_finish(&arena);
    }
}

/* --- equality --- */

static void test_equal(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "range 9",
        "range 8",
        "range 9\nwhere id > 1",
        "range 9\nwhere id > 2",
        "range 9\nwhere id  >  1 and true",
        "range 9\nselect id AS a",
        "range 9\nselect id AS b",
        "range 9\norder id",
        "range 9\norder id DESC",
        "range 9\nlimit 1",
        "range 9\nlimit 2",
        "range 9\ngroup id : count(1)",
        "range 9\ngroup id : count(id)",
    };
    enum { COUNT = sizeof(lines) / sizeof(lines[0]) };
    for (int i = 0; i < COUNT; i++) {
        for (int k = 0; k < COUNT; k++) {
            struct frames f;
            struct frames g;
            frames_init(&f);
            frames_init(&g);
            frame_run(&f, lines[i]);
            frame_run(&g, lines[k]);
            assert_int_equal(plan_equal(f.plan, g.plan), i == k);
            assert_int_equal(logical_equal(f.written, g.written), i == k);
            frames_finish(&f);
            frames_finish(&g);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parsed),
        cmocka_unit_test(test_written),
        cmocka_unit_test(test_json_there_and_back),
        cmocka_unit_test(test_json_refused),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
