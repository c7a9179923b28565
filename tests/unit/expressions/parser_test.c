/*
 * The parser: precedence, keywords that are names, types, tables, names, and where errors are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "expressions/parser.h"

#include <cmocka.h>

struct fixture {
    struct arena arena;
    struct sql_error error;
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sql_error_finish(&f->error);
    arena_finish(&f->arena);
    test_free(f);
    return 0;
}

/* The tree as text: (call a b), so that precedence can be seen. */
static void dump(struct buffer *out, const struct syntax *s)
{
    static const char *const kinds[] = { "literal", "name",  "star",      "call",   "case", "cast",
                                         "alias",   "field", "subscript", "lambda", "tuple" };
    if (s->kind == SYNTAX_LITERAL) {
        if (s->scalar.null) {
            buffer_append_text(out, "null");
        } else if (s->scalar.type->kind == TYPE_STRING) {
            buffer_printf(out, "'%.*s'", BYTES_ARG(s->scalar.text));
        } else if (s->scalar.type->kind == TYPE_DECIMAL) {
            buffer_printf(out, "%lldE-%d", (long long)s->scalar.decimal, s->scalar.type->scale);
        } else {
            buffer_printf(out, "%lld", (long long)s->scalar.integer);
        }
        return;
    }
    if (s->kind == SYNTAX_NAME || s->kind == SYNTAX_STAR) {
        for (int32_t i = 0; i < s->part_count; i++) {
            buffer_printf(out, "%s%.*s", i ? "." : "", BYTES_ARG(s->parts[i]));
        }
        buffer_append_text(out, s->kind == SYNTAX_STAR ? s->part_count ? ".*" : "*" : "");
        return;
    }
    buffer_printf(out, "(%s", kinds[s->kind]);
    if (s->text.len > 0) {
        buffer_printf(out, " %.*s", BYTES_ARG(s->text));
    }
    for (int32_t i = 0; s->kind == SYNTAX_LAMBDA && i < s->part_count; i++) {
        buffer_printf(out, " %.*s", BYTES_ARG(s->parts[i]));
    }
    for (int32_t i = 0; i < s->count; i++) {
        buffer_append_text(out, " ");
        dump(out, s->args[i]);
    }
    buffer_append_text(out, ")");
}

static void parses(struct fixture *f, const char *text, const char *expected)
{
    const struct syntax *s = NULL;
    struct buffer out;
    buffer_init(&out, 1 << 16);
    bool ok = parse_expression(&f->arena, bytes_of(text), &s, &f->error);
    if (!ok) {
        print_error("%s: %s\n", text, f->error.message);
    }
    assert_true(ok);
    dump(&out, s);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
    buffer_finish(&out);
}

static void refuses(struct fixture *f, const char *text, const char *message)
{
    const struct syntax *s = NULL;
    assert_false(parse_expression(&f->arena, bytes_of(text), &s, &f->error));
    assert_string_equal(f->error.message, message);
    sql_error_finish(&f->error);
}

static void operators_bind_as_in_spark(void **state)
{
    struct fixture *f = *state;
    parses(f, "1 + 2 * 3", "(call + 1 (call * 2 3))");
    parses(f, "a or b and not c = d", "(call or a (call and b (call not (call = c d))))");
    parses(f, "-a * b", "(call * (call unary - a) b)");
    parses(f, "2 - -3", "(call - 2 -3)");
    parses(f, "-2147483648", "-2147483648");
    parses(f, "a | b & c << 1", "(call | a (call & b (call << c 1)))");
    parses(f, "a >> 1 > 2", "(call > (call >> a 1) 2)");
    parses(f, "a between 1 and 2 and b", "(call and (call between a 1 2) b)");
    parses(f, "a not in (1, 2)", "(call not (call in a 1 2))");
    parses(f, "a <> b", "(call not (call = a b))");
    parses(f, "a is not null", "(call isnotnull a)");
    parses(f, "a[0].b::int", "(cast cast (field b (subscript a 0)))");
    parses(f, "case x when 1 then 'a' else 'b' end", "(case (call = x 1) 'a' 'b')");
}

static void nearly_every_keyword_may_be_a_name(void **state)
{
    struct fixture *f = *state;
    parses(f, "date", "date");
    parses(f, "date '2024-01-01'", "(cast typed '2024-01-01')");
    parses(f, "t.from", "t.from");
    parses(f, "a as and", "(alias and a)");
    parses(f, "id as", "(alias as id)");
    parses(f, "id = 1 and", "(alias and (call = id 1))");
    parses(f, "interval + 1", "(call + interval 1)");
    parses(f, "cast", "cast");
    parses(f, "substring(a, 2)", "(call substring a 2)");
    parses(f, "substring(a from 2)", "(call substring a 2)");
    parses(f, "`a``b` c", "(alias c a`b)");
    parses(f, "values", "values");
}

static void literals_are_what_they_say(void **state)
{
    struct fixture *f = *state;
    parses(f, "'it''s' \"x\"", "'it'sx'");
    parses(f, "'a\\n\\u00e9\\101'",
           "'a\n\xc3\xa9"
           "A'");
    parses(f, "r'\\n'", "'\\n'");
    parses(f, "1.50", "150E-2");
    parses(f, "99999999999999", "99999999999999");
}

static void functions_have_their_forms(void **state)
{
    struct fixture *f = *state;
    parses(f, "count(*)", "(call count *)");
    parses(f, "f(x -> x + 1)", "(call f (lambda x (call + x 1)))");
    parses(f, "f((x, y) -> y)", "(call f (lambda x y y))");
    parses(f, "trim(both 'x' from a)", "(call trim both a 'x')");
    parses(f, "extract(year from d)", "(call extract 'year' d)");
    parses(f, "size(filter(a, x -> x))", "(call size (call filter a (lambda x x)))");
    parses(f, "1 + filter(a, b)", "(call + 1 (call filter a b))");
    parses(f, "(a, 1)", "(tuple a 1)");
    parses(f, "v.*", "v.*");
}

static void errors_say_where(void **state)
{
    struct fixture *f = *state;
    refuses(
        f, "1 +",
        "\n[PARSE_SYNTAX_ERROR] Syntax error at or near end of input. SQLSTATE: 42601 (line 1, pos 3)"
        "\n\n== SQL ==\n1 +\n---^^^\n");
    refuses(f, "a\n= = b",
            "\n[PARSE_SYNTAX_ERROR] Syntax error at or near '='. SQLSTATE: 42601 (line 2, pos 2)"
            "\n\n== SQL ==\na\n= = b\n--^^^\n");
    refuses(
        f, "`\xc3\xa9` + 128Y",
        "\n[INVALID_NUMERIC_LITERAL_RANGE] Numeric literal 128 is outside the valid range for tinyint "
        "with minimum value of -128 and maximum value of 127. Please adjust the value accordingly. "
        "SQLSTATE: 22003\n== SQL (line 1, position 7) ==\n`\xc3\xa9` + 128Y\n      ^^^^\n");
}

static void depth_is_bounded(void **state)
{
    struct fixture *f = *state;
    enum { DEEP = 100000 };
    char *text = test_malloc(DEEP + 2);
    memset(text, '(', DEEP);
    text[DEEP] = '1';
    text[DEEP + 1] = '\0';
    const struct syntax *s = NULL;
    assert_false(parse_expression(&f->arena, bytes_of(text), &s, &f->error));
    sql_error_finish(&f->error);
    memset(text, '-', DEEP);
    for (int i = 1; i < DEEP; i += 2) {
        text[i] = ' '; /* not a comment */
    }
    assert_false(parse_expression(&f->arena, bytes_of(text), &s, &f->error));
    assert_string_equal(f->error.condition->name, "FAILED_TO_PARSE_TOO_COMPLEX");
    test_free(text);
}

static void schemas_and_tables_are_read(void **state)
{
    struct fixture *f = *state;
    const struct type *type = NULL;
    struct buffer out;
    buffer_init(&out, 4096);
    assert_true(parse_schema(
        &f->arena, bytes_of("id INT NOT NULL COMMENT 'k', a ARRAY<MAP<STRING, DECIMAL(5,2)>>"),
        false, &type, &f->error));
    assert_false(type->fields[0].nullable);
    assert_true(bytes_equal_text(type->fields[0].comment, "k"));
    type_print(&out, type);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, "struct<id:int,a:array<map<string,decimal(5,2)>>>");
    buffer_finish(&out);
    struct syntax_table table;
    assert_true(parse_inline_table(&f->arena, bytes_of("VALUES (1, 'a'), (2, NULL) AS t(id, name)"),
                                   &table, &f->error));
    assert_int_equal(table.row_count, 2);
    assert_int_equal(table.column_count, 2);
    assert_int_equal(table.rows[1]->count, 2);
}

/* At the first word that is wrong; in angle brackets, at the outermost that is open. */
static void wrong_schemas_say_where(void **state)
{
    static const char *const cases[][2] = {
        { "int", "end of input. SQLSTATE: 42601 (line 1, pos 3)" },
        { "a: int", "':'. SQLSTATE: 42601 (line 1, pos 1)" },
        { "array<int>", "'<'. SQLSTATE: 42601 (line 1, pos 5)" },
        { "a int, b array<map<int>>", "'<'. SQLSTATE: 42601 (line 1, pos 14)" },
        { "a struct<b: array<int>, c>", "'<'. SQLSTATE: 42601 (line 1, pos 8)" },
        { "a int null", "'null'. SQLSTATE: 42601 (line 1, pos 6)" },
        { "a map", "[INCOMPLETE_TYPE_DEFINITION.MAP]" },
        { "a array<struct>", "[INCOMPLETE_TYPE_DEFINITION.STRUCT]" },
        { "a struct<x-y-z: int>", "identifier x-y-z is invalid" },
        { "a foo",
          "[UNSUPPORTED_DATATYPE] Unsupported data type \"FOO\". SQLSTATE: 0A000 (line 1, pos 2)" },
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct type *type = NULL;
        assert_false(parse_schema(&f->arena, bytes_of(cases[i][0]), false, &type, &f->error));
        if (!strstr(f->error.message, cases[i][1])) {
            fail_msg("%s: %s", cases[i][0], f->error.message);
        }
        sql_error_finish(&f->error);
    }
}

static void keywords_name_fields(void **state)
{
    static const char *const texts[] = {
        "select int, from string, not int NOT NULL, null int, to interval day to second",
        "interval int, comment string COMMENT 'c', array array<int>, map int",
        "w struct<start: int, end: int, case int, struct struct<>>",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const struct type *type = NULL;
        if (!parse_schema(&f->arena, bytes_of(texts[i]), false, &type, &f->error)) {
            fail_msg("%s: %s", texts[i], f->error.message);
        }
    }
}

static void column_names_have_parts(void **state)
{
    struct fixture *f = *state;
    const struct bytes *parts = NULL;
    int32_t count = 0;
    assert_true(parse_column_name(&f->arena, bytes_of("a.`b.c`.d"), &parts, &count, &f->error));
    assert_int_equal(count, 3);
    assert_true(bytes_equal_text(parts[1], "b.c"));
    assert_false(parse_column_name(&f->arena, bytes_of("a.`b"), &parts, &count, &f->error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(operators_bind_as_in_spark, setup, teardown),
        cmocka_unit_test_setup_teardown(nearly_every_keyword_may_be_a_name, setup, teardown),
        cmocka_unit_test_setup_teardown(literals_are_what_they_say, setup, teardown),
        cmocka_unit_test_setup_teardown(functions_have_their_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_say_where, setup, teardown),
        cmocka_unit_test_setup_teardown(depth_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(schemas_and_tables_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_schemas_say_where, setup, teardown),
        cmocka_unit_test_setup_teardown(keywords_name_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(column_names_have_parts, setup, teardown),
    };
    return cmocka_run_group_tests_name("expressions.parser", tests, NULL, NULL);
}
