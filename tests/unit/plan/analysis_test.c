/*
 * The meaning of verbs: plans, and errors with the plans below them, as Spark 4.1 printed them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames_text.h"

#include <cmocka.h>

#define TABLE                                                                     \
    "values VALUES (1, 'Ivan', 'Petrov', 10.5D), (2, 'Anna', 'Orlova', 7.0D) AS " \
    "t(id, name, surname, amount)\nselect *\n"
#define TREE                                           \
    "+- Project [id#0, name#1, surname#2, amount#3]\n" \
    "   +- SubqueryAlias t\n"                          \
    "      +- LocalRelation [id#0, name#1, surname#2, amount#3]\n"
#define UNRESOLVED                                                                        \
    "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with " \
    "name "

struct sample {
    const char *lines;
    const char *expected; /* the error, or the plan */
};

static void expect(const char *table, const struct sample *s)
{
    struct frames f;
    frames_init(&f);
    frame_run(&f, table);
    frame_run(&f, s->lines);
    char *text = frame_text(&f, plan_print_tree);
    if (strcmp(text, s->expected) != 0) {
        print_error("after: %s\n", s->lines);
    }
    assert_string_equal(text, s->expected);
    free(text);
    frames_finish(&f);
}

/* What Spark answered over the same table. */
static const struct sample errors[] = {
    { "select nam",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project ['nam]\n" TREE },
    { "select upper(nam)",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 6;\n"
                 "'Project [unresolvedalias('upper('nam))]\n" TREE },
    { "select id + nope",
      UNRESOLVED "`nope` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 5;\n"
                 "'Project [unresolvedalias((id#0 + 'nope))]\n" TREE },
    { "select id.x",
      "[INVALID_EXTRACT_BASE_FIELD_TYPE] Can't extract a value from \"id\". Need a complex"
      " type [STRUCT, ARRAY, MAP] but got \"INT\". SQLSTATE: 42000; line 1 pos 0" },
    { "where nam = 1",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Filter ('nam = 1)\n" TREE },
    { "where flag == 1",
      UNRESOLVED "`flag` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Filter ('flag = 1)\n" TREE },
    { "dedup nam", "Cannot resolve column name \"nam\" among (id, name, surname, amount)." },
    { "todf a ; b",
      "[ASSIGNMENT_ARITY_MISMATCH] The number of columns or variables assigned or aliased:"
      " 4 does not match the number of source expressions: 2. SQLSTATE: 42802" },
    { "select uper(name)",
      "[UNRESOLVED_ROUTINE] Cannot resolve routine `uper` on search path"
      " [`system`.`builtin`, `system`.`session`, `spark_catalog`.`default`]. SQLSTATE:"
      " 42883; line 1 pos 0" },
    { "select from_json(name, 1)",
      "[INVALID_SCHEMA.NON_STRING_LITERAL] The input schema \"1\" is not a valid schema"
      " string. The input expression must be string literal and not null. SQLSTATE: 42K07;"
      " line 1 pos 0" },
    { "select from_json(id, 'a int')",
      "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve \"from_json(id)\" due to"
      " data type mismatch: The first parameter requires the \"STRING\" type, however"
      " \"id\" has the type \"INT\". SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(from_json(StructField(a,IntegerType,true), id#0,"
      " Some(UTC), false))]\n" TREE },
    { "select to_json(id)",
      "[DATATYPE_MISMATCH.INVALID_JSON_SCHEMA] Cannot resolve \"to_json(id)\" due to data"
      " type mismatch: Input schema \"INT\" must be a struct, an array, a map or a variant."
      " SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(to_json(id#0, Some(UTC)))]\n" TREE },
    { "select explode(name)",
      "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve \"explode(name)\" due to"
      " data type mismatch: The first parameter requires the (\"ARRAY\" or \"MAP\") type,"
      " however \"name\" has the type \"STRING\". SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(explode(name#0))]\n"
      "+- Project [id#1, name#0, surname#2, amount#3]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "select size(name)",
      "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve \"size(name)\" due to data"
      " type mismatch: The first parameter requires the (\"ARRAY\" or \"MAP\") type,"
      " however \"name\" has the type \"STRING\". SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(size(name#0, false))]\n"
      "+- Project [id#1, name#0, surname#2, amount#3]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "select case when id then 1 end",
      "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve \"CASE WHEN id THEN 1 END\""
      " due to data type mismatch: The first parameter requires the \"BOOLEAN\" type,"
      " however \"id\" has the type \"INT\". SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(CASE WHEN id#0 THEN 1 END)]\n" TREE },
    { "select id + array(1)",
      "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve \"(id + array(1))\" due to"
      " data type mismatch: the left and right operands of the binary operator have"
      " incompatible types (\"INT\" and \"ARRAY<INT>\"). SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias((id#0 + array(1)))]\n" TREE },
    { "select id + true",
      "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve \"(id + true)\" due to data"
      " type mismatch: the left and right operands of the binary operator have incompatible"
      " types (\"INT\" and \"BOOLEAN\"). SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias((id#0 + true))]\n" TREE },
    { "where id", "[DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN] Cannot resolve \"id\" due to data type"
                  " mismatch: Filter expression \"id\" of type \"INT\" is not a boolean. SQLSTATE:"
                  " 42K09;\n"
                  "Filter id#0: int\n" TREE },
    { "where name",
      "[DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN] Cannot resolve \"name\" due to data type"
      " mismatch: Filter expression \"name\" of type \"STRING\" is not a boolean. SQLSTATE:"
      " 42K09;\n"
      "Filter name#0: string\n"
      "+- Project [id#1, name#0, surname#2, amount#3]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "where id + 1",
      "[DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN] Cannot resolve \"(id + 1)\" due to data type"
      " mismatch: Filter expression \"(id + 1)\" of type \"INT\" is not a boolean."
      " SQLSTATE: 42K09;\n"
      "Filter (id#0 + 1)\n" TREE },
    { "where count(*) > 1",
      "[INVALID_WHERE_CONDITION] The WHERE condition \"(count(1) > 1)\" contains invalid"
      " expressions: count(1).\n"
      "Rewrite the query to avoid window functions, aggregate functions, and generator"
      " functions in the WHERE clause. SQLSTATE: 42903;\n"
      "Filter (count(1) > cast(1 as bigint))\n" TREE },
    { "select id = array(1)",
      "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve \"(id = array(1))\" due to"
      " data type mismatch: the left and right operands of the binary operator have"
      " incompatible types (\"INT\" and \"ARRAY<INT>\"). SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias((id#0 = array(1)))]\n" TREE },
    { "select cast(id as array<int>)",
      "[DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION] Cannot resolve \"id\" due to data type"
      " mismatch: cannot cast \"INT\" to \"ARRAY<INT>\". SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(cast(id#0 as array<int>))]\n" TREE },
    { "select cast(id as date)",
      "[DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION] Cannot resolve \"CAST(id AS DATE)\""
      " due to data type mismatch: cannot cast \"INT\" to \"DATE\".\n"
      "To convert values from \"INT\" to \"DATE\", you can use the functions"
      " `DATE_FROM_UNIX_DATE` instead. SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Project [unresolvedalias(cast(id#0 as date))]\n" TREE },
    { "select sum(array(id))",
      "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve \"sum(array(id))\" due to"
      " data type mismatch: The first parameter requires the \"NUMERIC\" or \"ANSI"
      " INTERVAL\" type, however \"array(id)\" has the type \"ARRAY<INT>\". SQLSTATE:"
      " 42K09; line 1 pos 0;\n"
      "'Aggregate [unresolvedalias(sum(array(id#0)))]\n" TREE },
    { "select max(map(1, 2))",
      "[DATATYPE_MISMATCH.INVALID_ORDERING_TYPE] Cannot resolve \"max(map(1, 2))\" due to"
      " data type mismatch: The `max` does not support ordering on type \"MAP<INT, INT>\"."
      " SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Aggregate [unresolvedalias(max(map(1, 2)))]\n" TREE },
    { "select select id",
      UNRESOLVED "`select` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project ['select AS id#0]\n"
                 "+- Project [id#1, name#2, surname#3, amount#4]\n"
                 "   +- SubqueryAlias t\n"
                 "      +- LocalRelation [id#1, name#2, surname#3, amount#4]\n" },
    { "select a-b",
      UNRESOLVED "`a` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project [unresolvedalias(('a - 'b))]\n" TREE },
    { "select my-col as x",
      UNRESOLVED "`my` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project [('my - 'col) AS x#0]\n"
                 "+- Project [id#1, name#2, surname#3, amount#4]\n"
                 "   +- SubqueryAlias t\n"
                 "      +- LocalRelation [id#1, name#2, surname#3, amount#4]\n" },
    { "select cast(id as foo)",
      "\n"
      "[UNSUPPORTED_DATATYPE] Unsupported data type \"FOO\". SQLSTATE: 0A000\n"
      "== SQL (line 1, position 12) ==\n"
      "cast(id as foo)\n"
      "           ^^^\n" },
    { "select 1a",
      UNRESOLVED "`1a` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project ['1a]\n" TREE },
    { "select date'2024-13-01'",
      "\n"
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"DATE\" is invalid:"
      " '2024-13-01'. SQLSTATE: 42604\n"
      "== SQL (line 1, position 1) ==\n"
      "date'2024-13-01'\n"
      "^^^^^^^^^^^^^^^^\n" },
    { "select timestamp'x'",
      "\n"
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"TIMESTAMP\" is invalid:"
      " 'x'. SQLSTATE: 42604\n"
      "== SQL (line 1, position 1) ==\n"
      "timestamp'x'\n"
      "^^^^^^^^^^^^\n" },
    { "select X'1G'",
      "\n"
      "[INVALID_TYPED_LITERAL] The value of the typed literal \"X\" is invalid: '1G'."
      " SQLSTATE: 42604\n"
      "== SQL (line 1, position 1) ==\n"
      "X'1G'\n"
      "^^^^^\n" },
    { "select 128Y",
      "\n"
      "[INVALID_NUMERIC_LITERAL_RANGE] Numeric literal 128 is outside the valid range for"
      " tinyint with minimum value of -128 and maximum value of 127. Please adjust the"
      " value accordingly. SQLSTATE: 22003\n"
      "== SQL (line 1, position 1) ==\n"
      "128Y\n"
      "^^^^\n" },
    { "select from",
      UNRESOLVED "`from` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project ['from]\n" TREE },
    { "select table",
      UNRESOLVED "`table` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project ['table]\n" TREE },
    { "where name = Ivan",
      UNRESOLVED "`Ivan` cannot be resolved. Did you mean one of the following? [`id`, `name`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 7;\n"
                 "'Filter (name#0 = 'Ivan)\n"
                 "+- Project [id#1, name#0, surname#2, amount#3]\n"
                 "   +- SubqueryAlias t\n"
                 "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "where id = 1 || id = 2",
      "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] Cannot resolve \"((id = concat(1, id)) ="
      " 2)\" due to data type mismatch: the left and right operands of the binary operator"
      " have incompatible types (\"BOOLEAN\" and \"INT\"). SQLSTATE: 42K09; line 1 pos 0;\n"
      "'Filter ((cast(id#0 as bigint) = cast(concat(cast(1 as string), cast(id#0 as"
      " string)) as bigint)) = 2)\n" TREE },
    { "where name like",
      "[DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN] Cannot resolve \"name\" due to data type"
      " mismatch: Filter expression \"name\" of type \"STRING\" is not a boolean. SQLSTATE:"
      " 42K09;\n"
      "Filter name#0: string\n"
      "+- Project [id#1, name#0, surname#2, amount#3]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "select name ; sum(id)",
      "[MISSING_GROUP_BY] The query does not include a GROUP BY clause. Add GROUP BY or"
      " turn it into the window functions using OVER clauses. SQLSTATE: 42803;\n"
      "Aggregate [name#0, sum(id#1) AS sum(id)#2L]\n"
      "+- Project [id#1, name#0, surname#3, amount#4]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#3, amount#4]\n" },
    { "limit -1", "[INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE] The limit like expression \"-1\" is"
                  " invalid. The limit expression must be equal to or greater than 0, but got -1."
                  " SQLSTATE: 42K0E;\n"
                  "GlobalLimit -1\n"
                  "+- LocalLimit -1\n"
                  "   +- Project [id#0, name#1, surname#2, amount#3]\n"
                  "      +- SubqueryAlias t\n"
                  "         +- LocalRelation [id#0, name#1, surname#2, amount#3]\n" },
    { "select value.*",
      "[CANNOT_RESOLVE_STAR_EXPAND] Cannot resolve `value`.* given input columns `amount`,"
      " `id`, `name`, `surname`. Please check that the specified table or struct exists and"
      " is accessible in the input columns. SQLSTATE: 42704; line 1 pos 0" },
    { "select named_struct('a', 1).b",
      "[FIELD_NOT_FOUND] No such struct field `b` in `a`. SQLSTATE: 42704" },
    { "group nam : count(1) AS count",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Aggregate ['nam], ['nam, count(1) AS count#0L]\n"
                 "+- Project [id#1, name#2, surname#3, amount#4]\n"
                 "   +- SubqueryAlias t\n"
                 "      +- LocalRelation [id#1, name#2, surname#3, amount#4]\n" },
    { "group id : sum(nam)",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 4;\n"
                 "'Aggregate [id#0], [id#0, unresolvedalias('sum('nam))]\n" TREE },
    { "order nam",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Sort ['nam ASC NULLS FIRST], true\n" TREE },
    { "with nam AS x",
      UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? [`name`, `id`,"
                 " `amount`, `surname`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Project [id#0, name#1, surname#2, amount#3, 'nam AS x#4]\n" TREE },
    { "group id : count(1) AS count\nwhere cnt > 1",
      UNRESOLVED "`cnt` cannot be resolved. Did you mean one of the following? [`count`,"
                 " `t`.`id`]. SQLSTATE: 42703; line 1 pos 0;\n"
                 "'Filter ('cnt > 1)\n"
                 "+- Aggregate [id#0], [id#0, count(1) AS count#1L]\n"
                 "   +- Project [id#0, name#2, surname#3, amount#4]\n"
                 "      +- SubqueryAlias t\n"
                 "         +- LocalRelation [id#0, name#2, surname#3, amount#4]\n" },
    { "group name : id",
      "[MISSING_AGGREGATION] The non-aggregating expression \"id\" is based on columns which are "
      "not participating in the GROUP BY clause.\nAdd the columns or the expression to the GROUP "
      "BY, aggregate the expression, or use \"any_value(id)\" if you do not care which of the "
      "values within a group is returned. SQLSTATE: 42803;\n"
      "Aggregate [name#0], [name#0, id#1]\n"
      "+- Project [id#1, name#0, surname#2, amount#3]\n"
      "   +- SubqueryAlias t\n"
      "      +- LocalRelation [id#1, name#0, surname#2, amount#3]\n" },
    { "limit -1",
      "[INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE] The limit like expression \"-1\" is invalid. "
      "The limit expression must be equal to or greater than 0, but got -1. SQLSTATE: 42K0E;\n"
      "GlobalLimit -1\n+- LocalLimit -1\n"
      "   +- Project [id#0, name#1, surname#2, amount#3]\n"
      "      +- SubqueryAlias t\n"
      "         +- LocalRelation [id#0, name#1, surname#2, amount#3]\n" },
    { "group sum(id) : count(1)",
      "[GROUP_BY_AGGREGATE] Aggregate functions are not allowed in GROUP BY, but found sum(id). "
      "SQLSTATE: 42903" },
    { "select explode(array(id)) + 1",
      "[UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS] The generator is not supported: nested in "
      "expressions \"(explode(array(id)) + 1)\". SQLSTATE: 42K0E" },
    { "where explode(array(id)) = 1",
      "[UNSUPPORTED_GENERATOR.OUTSIDE_SELECT] The generator is not supported: outside the SELECT "
      "clause, found: 'Filter (explode(array(id#0)) = 1). SQLSTATE: 42K0E" },
    { "with 1 AS x ; 2 AS X",
      "[COLUMN_ALREADY_EXISTS] The column `X` already exists. Choose another name or rename the "
      "existing column. SQLSTATE: 42711" },
    { "select map(id, name) AS m\ndistinct",
      "[UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE] The feature is not supported: Cannot have "
      "MAP type columns in DataFrame which calls set operations (INTERSECT, EXCEPT, etc.), but the "
      "type of column `m` is \"MAP<INT, STRING>\". SQLSTATE: 0A000;\n"
      "Deduplicate [m#0]\n"
      "+- Project [map(id#1, name#2) AS m#0]\n"
      "   +- Project [id#1, name#2, surname#3, amount#4]\n"
      "      +- SubqueryAlias t\n"
      "         +- LocalRelation [id#1, name#2, surname#3, amount#4]\n" },
    { "watermark id ; 1 minute",
      "[EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE] The event time `id` has the invalid type \"INT\", but "
      "expected \"TIMESTAMP\". SQLSTATE: 42K09;\n"
      "EventTimeWatermark id#0: int, 1 minute\n" TREE },
    { "watermark id ; -1 minutes",
      "requirement failed: delay threshold (-1 minutes) should not be negative." },
    { "watermark id ; ten minutes",
      "[CANNOT_PARSE_INTERVAL] Unable to parse 'ten minutes'. Please ensure that the value provided "
      "is in a valid format for defining an interval. You can reference the documentation for the "
      "correct format. If the issue persists, please double check that the input value is not null "
      "or empty and try again. SQLSTATE: 22006" },
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        expect(TABLE, &errors[i]);
    }
}

static const struct sample plans[] = {
    { "where id > 1", "Filter (id#0L > cast(1 as bigint))\n+- Range (0, 10, step=1)\n" },
    { "select id * 2 AS x\nwhere x > 4", "Filter (x#0L > cast(4 as bigint))\n"
                                         "+- Project [(id#1L * cast(2 as bigint)) AS x#0L]\n"
                                         "   +- Range (0, 10, step=1)\n" },
    { "group id % 2 AS k : count(1) AS count",
      "Aggregate [(id#0L % cast(2 as bigint))], [(id#0L % cast(2 as bigint)) AS k#1L, count(1) AS "
      "count#2L]\n+- Range (0, 10, step=1)\n" },
    { "select id ; id ; id AS x\nwhere id > 1\ngroup id : count(1) AS n",
      "Aggregate [id#0L], [id#0L, count(1) AS n#1L]\n"
      "+- Filter (id#0L > cast(1 as bigint))\n"
      "   +- Project [id#0L, id#0L, id#0L AS x#2L]\n"
      "      +- Range (0, 10, step=1)\n" },
    { "select sum(id)", "Aggregate [sum(id#0L) AS sum(id)#1L]\n+- Range (0, 10, step=1)\n" },
    { "order id DESC\nlimit 3",
      "GlobalLimit 3\n+- LocalLimit 3\n   +- Sort [id#0L DESC NULLS LAST], true\n"
      "      +- Range (0, 10, step=1)\n" },
    { "distinct", "Deduplicate [id#0L]\n+- Range (0, 10, step=1)\n" },
    { "with 1 AS x\ndrop id\ndrop nope",
      "Project [x#0]\n+- Project [x#0]\n   +- Project [id#1L, 1 AS x#0]\n"
      "      +- Range (0, 10, step=1)\n" },
    { "rename ID ; n\nrename id ; m", "Project [id#0L AS n#1L]\n+- Range (0, 10, step=1)\n" },
    { "with id + 1 AS ID ; id AS b",
      "Project [(id#0L + cast(1 as bigint)) AS ID#1L, id#0L AS b#2L]\n+- Range (0, 10, step=1)\n" },
    { "todf x\nalias t\nselect t.x",
      "Project [x#0L]\n+- SubqueryAlias t\n   +- Project [id#1L AS x#0L]\n"
      "      +- Range (0, 10, step=1)\n" },
    { "select explode(array(id, 1)) AS e",
      "Project [e#0L]\n"
      "+- Generate explode(array(id#1L, cast(1 as bigint))), false, [e#0L]\n"
      "   +- Range (0, 10, step=1)\n" },
    { "select id ; explode_outer(map(id, 'x')) AS (k, v) ; posexplode(array(id))",
      "Project [id#0L, k#1L, v#2, pos#3, col#4L]\n"
      "+- Generate posexplode(array(id#0L)), false, [pos#3, col#4L]\n"
      "   +- Generate explode_outer(map(id#0L, x)), true, [k#1L, v#2]\n"
      "      +- Range (0, 10, step=1)\n" },
    { "select inline(array(struct(id, 'a' AS b)))",
      "Project [id#0L, b#1]\n"
      "+- Generate inline(array(named_struct(id, id#2L, b, a))), false, [id#0L, b#1]\n"
      "   +- Range (0, 10, step=1)\n" },
    { "group : sum(id) AS s\nwhere sum(id) > 1",
      "Project [s#0L]\n"
      "+- Filter hidden#1: boolean\n"
      "   +- Aggregate [sum(id#2L) AS s#0L, (sum(id#2L) > cast(1 as bigint)) AS hidden#1]\n"
      "      +- Range (0, 10, step=1)\n" },
    { "with -id AS m\nselect m\nwhere id > 1\norder id + m",
      "Project [m#0L]\n"
      "+- Sort [(id#1L + m#0L) ASC NULLS FIRST], true\n"
      "   +- Project [m#0L, id#1L]\n"
      "      +- Filter (id#1L > cast(1 as bigint))\n"
      "         +- Project [m#0L, id#1L]\n"
      "            +- Project [id#1L, -id#1L AS m#0L]\n"
      "               +- Range (0, 10, step=1)\n" },
};

static void test_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        expect("range 10\n", &plans[i]);
    }
}

/* --- unions --- */

static void expect_union(const char *first, const char *second, const char *expected)
{
    struct frames f;
    struct frames g;
    frames_init(&f);
    frames_init(&g);
    frame_run(&f, first);
    frame_run(&g, second);
    frame_union(&f, &g);
    char *text = frame_text(&f, plan_print_tree);
    assert_string_equal(text, expected);
    free(text);
    frames_finish(&f);
    frames_finish(&g);
}

static void test_unions(void **state)
{
    (void)state;
    expect_union("range 1\nselect id", "range 2\nselect id + 1.5 AS x",
                 "Union false, false\n"
                 ":- Project [cast(id#0L as decimal(22,1)) AS id#1]\n"
                 ":  +- Project [id#0L]\n"
                 ":     +- Range (0, 1, step=1)\n"
                 "+- Project [(cast(id#2L as decimal(20,0)) + 1.5) AS x#3]\n"
                 "   +- Range (0, 2, step=1)\n");
    expect_union(
        "range 1", "range 1\nselect id ; id AS b",
        "[NUM_COLUMNS_MISMATCH] UNION can only be performed on inputs with the same number "
        "of columns, but the first input has 1 columns and the second input has 2 columns. "
        "SQLSTATE: 42826;\n"
        "'Union false, false\n"
        ":- Range (0, 1, step=1)\n"
        "+- Project [id#0L, id#0L AS b#1L]\n"
        "   +- Range (0, 1, step=1)\n");
    expect_union("range 1\nselect cast(id as int) AS id", "range 1\nselect array(1) AS a",
                 "[INCOMPATIBLE_COLUMN_TYPE] UNION can only be performed on tables with compatible "
                 "column types. The first column of the second table is \"ARRAY<INT>\" type which "
                 "is not compatible with \"INT\" at the same column of the first table.. SQLSTATE: "
                 "42825;\n"
                 "'Union false, false\n"
                 ":- Project [cast(id#0L as int) AS id#1]\n"
                 ":  +- Range (0, 1, step=1)\n"
                 "+- Project [array(1) AS a#2]\n"
                 "   +- Range (0, 1, step=1)\n");
}

/* A frame that is put to itself again and again is refused before it takes the machine. */
static void test_size(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    frame_run(&f, "range 1");
    int rounds = 0;
    while (!sql_failed(&f.error) && rounds < 40) {
        frame_union(&f, &f);
        rounds++;
    }
    assert_true(sql_failed(&f.error));
    assert_in_range(rounds, 10, 20);
    assert_non_null(strstr(f.error.message, "20000 operators"));
    frames_finish(&f);
}

/* --- built expressions tell no place --- */

static void test_built(void **state)
{
    (void)state;
    struct frames f;
    frames_init(&f);
    frame_run(&f, TABLE);
    struct bytes parts[1] = { bytes_of("nam") };
    struct syntax name = { .kind = SYNTAX_NAME,
                           .span = span_none(),
                           .text = parts[0],
                           .part_count = 1,
                           .parts = parts,
                           .depth = 1 };
    struct syntax one = {
        .kind = SYNTAX_LITERAL, .span = span_none(), .scalar = scalar_int(1), .depth = 1
    };
    const struct syntax *args[] = { &name, &one };
    struct syntax equal = { .kind = SYNTAX_CALL,
                            .span = span_none(),
                            .text = bytes_of("="),
                            .count = 2,
                            .args = args,
                            .depth = 2 };
    const struct syntax *list[] = { &equal };
    frame_verb(&f, (struct logical){ .verb = VERB_FILTER, .list = list, .list_count = 1 }, NULL);
    assert_string_equal(f.error.message,
                        UNRESOLVED "`nam` cannot be resolved. Did you mean one of the following? "
                                   "[`name`, `id`, `amount`, `surname`]. SQLSTATE: 42703;\n"
                                   "'Filter '`=`('nam, 1)\n" TREE);
    frames_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors), cmocka_unit_test(test_plans), cmocka_unit_test(test_unions),
        cmocka_unit_test(test_size),   cmocka_unit_test(test_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
