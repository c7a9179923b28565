/*
 * SELECT statements: what they mean, and what Spark 4.1 says where they mean nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_text.h"
#include "plan/select.h"

#include <cmocka.h>

struct sample {
    const char *query;
    const char *expected; /* the plan, or the error */
};

/* Over the view tab(id, name, amount). */
static const struct sample samples[] = {
    { "SELECT * FROM tab", "Project [id#0, name#1, amount#2]\n"
                           "+- SubqueryAlias tab\n"
                           "   +- SubqueryAlias v\n"
                           "      +- LocalRelation [id#0, name#1, amount#2]\n" },
    { "SELECT a, count(*) AS n FROM VALUES (1,2),(3,4) AS t(a,b) WHERE b > 1 GROUP BY a"
      " HAVING count(*) > 0 AND n < 5 ORDER BY n DESC NULLS LAST, 1 LIMIT 3",
      "GlobalLimit 3\n"
      "+- LocalLimit 3\n"
      "   +- Sort [n#0L DESC NULLS LAST, a#1 ASC NULLS FIRST], true\n"
      "      +- Project [a#1, n#0L]\n"
      "         +- Filter hidden#2: boolean\n"
      "            +- Aggregate [a#1], [a#1, count(1) AS n#0L, ((count(1) > cast(0 as"
      " bigint)) AND (count(1) < cast(5 as bigint))) AS hidden#2]\n"
      "               +- Filter (b#3 > 1)\n"
      "                  +- SubqueryAlias t\n"
      "                     +- LocalRelation [a#1, b#3]\n" },
    { "select 1", "Project [1 AS 1#0]\n"
                  "+- OneRowRelation\n" },
    { "SELECT 1 FROM", "Project [1 AS FROM#0]\n"
                       "+- OneRowRelation\n" },
    { "SELECT",
      "\n"
      "[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 6)\n"
      "\n== SQL ==\nSELECT\n------^^^\n" },
    { "SELECT cast(id as string) AS s FROM range(3)",
      "Project [cast(id#0L as string) AS s#1]\n+- Range (0, 3, step=1)\n" },
    { "SELECT r.n FROM RANGE(1, 2 * 5, 3S) AS r(n)",
      "Project [n#0L]\n+- SubqueryAlias r\n   +- Project [id#1L AS n#0L]\n"
      "      +- Range (1, 10, step=3)\n" },
    { "SELECT * FROM range(rand())", "The bounds of range() must be constant whole numbers." },
    { "SELECT * FROM rang(1)",
      "[UNRESOLVABLE_TABLE_VALUED_FUNCTION] Could not resolve `rang` to a table-valued function.\n"
      "Please make sure that `rang` is defined as a table-valued function and that all required "
      "parameters are provided correctly.\nIf `rang` is not defined, please create the "
      "table-valued function before using it.\nFor more information about defining table-valued "
      "functions, please refer to the Apache Spark documentation. SQLSTATE: 42883; line 1 pos 14" },
    { "", "\n"
          "[PARSE_EMPTY_STATEMENT] Syntax error, unexpected empty statement. SQLSTATE: 42617"
          " (line 1, pos 0)\n"
          "\n"
          "== SQL ==\n"
          "\n"
          "^^^\n" },
    { "SELEC 1",
      "\n"
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601 (line 1, pos"
      " 0)\n"
      "\n"
      "== SQL ==\n"
      "SELEC 1\n"
      "^^^\n" },
    { "SELECT * FROM a.b.c",
      "[REQUIRES_SINGLE_PART_NAMESPACE] spark_catalog requires a single-part namespace, but"
      " got `a`.`b`. SQLSTATE: 42K05" },
    { "SELECT * FROM nope WHERE x",
      "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nope` cannot be found. Verify the"
      " spelling and correctness of the schema and catalog.\n"
      "If you did not qualify the name with a schema, verify the current_schema() output,"
      " or qualify the name with the correct schema and catalog.\n"
      "To tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS."
      " SQLSTATE: 42P01; line 1 pos 14;\n"
      "'UnresolvedRelation [nope], [], false\n" },
    { "SELECT 1 +\n"
      "  * 2",
      "\n"
      "[PARSE_SYNTAX_ERROR] Syntax error at or near '2': extra input '2'. SQLSTATE: 42601"
      " (line 2, pos 4)\n"
      "\n"
      "== SQL ==\n"
      "SELECT 1 +\n"
      "  * 2\n"
      "----^^^\n" },
    { "SELECT a FROM VALUES (1, 2) AS t(a)",
      "\n"
      "[INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH] Invalid inline table. Inline table"
      " expected 1 columns but found 2 columns in row 0. SQLSTATE: 42000\n"
      "== SQL (line 1, position 15) ==\n"
      "SELECT a FROM VALUES (1, 2) AS t(a)\n"
      "              ^^^^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT * FROM VALUES (1), (1, 2)",
      "\n"
      "[INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH] Invalid inline table. Inline table"
      " expected 1 columns but found 2 columns in row 1. SQLSTATE: 42000\n"
      "== SQL (line 1, position 15) ==\n"
      "SELECT * FROM VALUES (1), (1, 2)\n"
      "              ^^^^^^^^^^^^^^^^^^\n" },
    { "SELECT 1 GROUP BY 2",
      "[GROUP_BY_POS_OUT_OF_RANGE] GROUP BY position 2 is not in select list (valid range"
      " is [1, 1]). SQLSTATE: 42805; line 1 pos 18" },
    { "SELECT a FROM VALUES (1) AS t(a) ORDER BY 5",
      "[ORDER_BY_POS_OUT_OF_RANGE] ORDER BY position 5 is not in select list (valid range"
      " is [1, 1]). SQLSTATE: 42805; line 1 pos 42" },
    { "SELECT 1; SELECT 2",
      "\n"
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELECT': extra input 'SELECT'."
      " SQLSTATE: 42601 (line 1, pos 10)\n"
      "\n"
      "== SQL ==\n"
      "SELECT 1; SELECT 2\n"
      "----------^^^\n" },
    { "SELECT 1;", "Project [1 AS 1#0]\n"
                   "+- OneRowRelation\n" },
    { "SELECT 1 LIMIT -1",
      "[INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE] The limit like expression \"-1\" is"
      " invalid. The limit expression must be equal to or greater than 0, but got -1."
      " SQLSTATE: 42K0E; line 1 pos 15" },
    { "SELECT 1 LIMIT 'a'",
      "[INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE] The limit like expression \"a\" is"
      " invalid. The limit expression must be integer type, but got \"STRING\". SQLSTATE:"
      " 42K0E; line 1 pos 15" },
    { "SELECT id FROM tab UNION ALL SELECT 2.5 UNION SELECT 3 ORDER BY id",
      "Sort [id#0 ASC NULLS FIRST], true\n"
      "+- Deduplicate [id#0]\n"
      "   +- Union false, false\n"
      "      :- Union false, false\n"
      "      :  :- Project [cast(id#1 as decimal(11,1)) AS id#0]\n"
      "      :  :  +- Project [id#1]\n"
      "      :  :     +- SubqueryAlias tab\n"
      "      :  :        +- SubqueryAlias v\n"
      "      :  :           +- LocalRelation [id#1, name#2, amount#3]\n"
      "      :  +- Project [cast(2.5#4 as decimal(11,1)) AS 2.5#5]\n"
      "      :     +- Project [2.5 AS 2.5#4]\n"
      "      :        +- OneRowRelation\n"
      "      +- Project [cast(3#6 as decimal(11,1)) AS 3#7]\n"
      "         +- Project [3 AS 3#6]\n"
      "            +- OneRowRelation\n" },
    { "SELECT x.id, y FROM (SELECT id, amount * 2 AS y FROM tab AS q WHERE q.id > 0) x",
      "Project [id#0, y#1]\n"
      "+- SubqueryAlias x\n"
      "   +- Project [id#0, (amount#2 * cast(2 as double)) AS y#1]\n"
      "      +- Filter (id#0 > 0)\n"
      "         +- SubqueryAlias q\n"
      "            +- SubqueryAlias tab\n"
      "               +- SubqueryAlias v\n"
      "                  +- LocalRelation [id#0, name#3, amount#2]\n" },
    { "SELECT DISTINCT name n FROM tab t ORDER BY n ASC",
      "Sort [n#0 ASC NULLS FIRST], true\n"
      "+- Deduplicate [n#0]\n"
      "   +- Project [name#1 AS n#0]\n"
      "      +- SubqueryAlias t\n"
      "         +- SubqueryAlias tab\n"
      "            +- SubqueryAlias v\n"
      "               +- LocalRelation [id#2, name#1, amount#3]\n" },
    { "SELECT sum(id) s, max(name) FROM tab HAVING s > 1",
      "Filter (s#0L > cast(1 as bigint))\n"
      "+- Aggregate [sum(id#1) AS s#0L, max(name#2) AS max(name)#3]\n"
      "   +- SubqueryAlias tab\n"
      "      +- SubqueryAlias v\n"
      "         +- LocalRelation [id#1, name#2, amount#4]\n" },
    { "SELECT * FROM tab AS z(a,b,c) WHERE z.a = 1",
      "Project [a#0, b#1, c#2]\n"
      "+- Filter (a#0 = 1)\n"
      "   +- SubqueryAlias z\n"
      "      +- Project [id#3 AS a#0, name#4 AS b#1, amount#5 AS c#2]\n"
      "         +- SubqueryAlias tab\n"
      "            +- SubqueryAlias v\n"
      "               +- LocalRelation [id#3, name#4, amount#5]\n" },
    { "SELECT explode(array(1,2)) AS e, id FROM tab LIMIT ALL",
      "Project [e#0, id#1]\n"
      "+- Generate explode(array(1, 2)), false, [e#0]\n"
      "   +- SubqueryAlias tab\n"
      "      +- SubqueryAlias v\n"
      "         +- LocalRelation [id#1, name#2, amount#3]\n" },
    { "SELECT name, amount FROM tab ORDER BY id",
      "Project [name#0, amount#1]\n"
      "+- Sort [id#2 ASC NULLS FIRST], true\n"
      "   +- Project [name#0, amount#1, id#2]\n"
      "      +- SubqueryAlias tab\n"
      "         +- SubqueryAlias v\n"
      "            +- LocalRelation [id#2, name#0, amount#1]\n" },
    { "(SELECT 1) UNION ALL (SELECT 2 LIMIT 1) LIMIT 1", "GlobalLimit 1\n"
                                                         "+- LocalLimit 1\n"
                                                         "   +- Union false, false\n"
                                                         "      :- Project [1#0]\n"
                                                         "      :  +- Project [1 AS 1#0]\n"
                                                         "      :     +- OneRowRelation\n"
                                                         "      +- Project [2#1]\n"
                                                         "         +- GlobalLimit 1\n"
                                                         "            +- LocalLimit 1\n"
                                                         "               +- Project [2 AS 2#1]\n"
                                                         "                  +- OneRowRelation\n" },
    { "SELECT id % 2 AS k, count(1) FROM tab GROUP BY k",
      "Aggregate [(id#0 % 2)], [(id#0 % 2) AS k#1, count(1) AS count(1)#2L]\n"
      "+- SubqueryAlias tab\n"
      "   +- SubqueryAlias v\n"
      "      +- LocalRelation [id#0, name#3, amount#4]\n" },
    { "SELECT id order FROM tab group by id, 1",
      "Aggregate [id#0, id#0], [id#0 AS order#1]\n"
      "+- SubqueryAlias tab\n"
      "   +- SubqueryAlias v\n"
      "      +- LocalRelation [id#0, name#2, amount#3]\n" },
    { "SELECT nam FROM tab",
      "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with"
      " name `nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
      " `amount`]. SQLSTATE: 42703; line 1 pos 7;\n"
      "'Project ['nam]\n"
      "+- SubqueryAlias tab\n"
      "   +- SubqueryAlias v\n"
      "      +- LocalRelation [id#0, name#1, amount#2]\n" },
};

static bool find_table(void *context, struct bytes name, const struct logical **out)
{
    const struct frames *view = context;
    if (!bytes_equal_text(name, "tab")) {
        return false;
    }
    *out = view->written;
    return true;
}

/* The plan or the error as text; the caller frees it. */
static char *answer(struct frames *view, const char *query)
{
    struct arena arena;
    struct sql_error error = { 0 };
    struct select select = { 0 };
    struct select_request request = { .settings = &view->sql,
                                      .find_table = find_table,
                                      .context = view };
    struct buffer out;
    arena_init(&arena, 0);
    buffer_init(&out, SQL_ERROR_MAX);
    const struct plan *plan = NULL;
    if (select_parse(&arena, &request, bytes_of(query), &select, &error)) {
        plan = plan_analyze_tree(&arena, &view->settings, select.plan, &error);
    }
    if (plan) {
        plan_print_tree(&out, plan);
    } else {
        buffer_append_text(&out, error.message);
    }
    char *text = mem_text(buffer_bytes(&out).data, out.len);
    buffer_finish(&out);
    select_finish(&select);
    sql_error_finish(&error);
    arena_finish(&arena);
    return text;
}

static void test_samples(void **state)
{
    (void)state;
    struct frames view;
    frames_init(&view);
    frame_run(&view, "values VALUES (1, 'x', 2.0D) AS v(id, name, amount)");
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char *text = answer(&view, samples[i].query);
        if (strcmp(text, samples[i].expected) != 0) {
            print_error("of: %s\n", samples[i].query);
        }
        assert_string_equal(text, samples[i].expected);
        free(text);
    }
    frames_finish(&view);
}

/* Words that only queries have are names everywhere else. */
static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = { "select", "group", "by",    "having", "order",
                                         "asc",    "desc",  "limit", "union",  "from" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct arena arena;
        struct sql_error error = { 0 };
        const struct syntax *s = NULL;
        arena_init(&arena, 0);
        assert_true(parse_expression(&arena, bytes_of(names[i]), &s, &error));
        assert_int_equal(s->kind, SYNTAX_NAME);
        arena_finish(&arena);
    }
}

static void test_sort_items(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool descending;
        bool nulls_last;
    } items[] = {
        { "a", false, false },
        { "a ASC", false, false },
        { "a + 1 desc", true, true },
        { "a NULLS LAST", false, true },
        { "count(a) DESC NULLS FIRST", true, false },
    };
    struct arena arena;
    struct sql_error error = { 0 };
    struct syntax_sort sort;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        assert_true(parse_sort(&arena, bytes_of(items[i].text), &sort, &error));
        assert_int_equal(sort.descending, items[i].descending);
        assert_int_equal(sort.nulls_last, items[i].nulls_last);
    }
    assert_false(parse_sort(&arena, bytes_of("a NULLS MIDDLE"), &sort, &error));
    assert_non_null(strstr(error.message, "near 'MIDDLE'"));
    sql_error_finish(&error);
    arena_finish(&arena);
}

/* Queries in queries end where a limit is, whatever is left of the stack. */
static void test_depth(void **state)
{
    (void)state;
    struct frames view;
    frames_init(&view);
    struct buffer text;
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < 5000; i++) {
        buffer_append_text(&text, "SELECT * FROM (");
    }
    buffer_append(&text, "", 1);
    char *answered = answer(&view, (const char *)text.data);
    assert_non_null(strstr(answered, "PARSE"));
    free(answered);
    buffer_clear(&text);
    for (int i = 0; i < 150; i++) {
        buffer_append_text(&text, "(");
    }
    buffer_append_text(&text, "SELECT 1");
    for (int i = 0; i < 150; i++) {
        buffer_append_text(&text, ")");
    }
    buffer_append(&text, "", 1);
    answered = answer(&view, (const char *)text.data);
    assert_non_null(strstr(answered, "too complex to parse"));
    free(answered);
    buffer_finish(&text);
    frames_finish(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_sort_items),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
