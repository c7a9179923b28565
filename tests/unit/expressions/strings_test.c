/*
 * Functions of strings over columns: a row's answer is the same alone, in a slice, as a constant, and among others that are null, that
 * are no ASCII, or no UTF-8 at all. And patterns with Java's syntax.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "columns/builder.h"
#include "columns_of.h"

#include <cmocka.h>

enum { ROWS = 211 };

static const struct sql_settings settings = { .ansi = true };

static const char *const texts[] = {
    "abc",   "",         "  padded  ", "Straße",    "été",   "😀b😀",      "a,b,,c",   "k=v&x=y",
    "12345", "-1.5",     "a%b_c\\d",   "\xff\xfe",  "x\xc3", "\xe2\x82", "aaaaaaaa", "ΑΣ ΣΑ",
    "q\nr",  "i̇stanbul", "SGVsbG8=",   "zz top ZZ", "''",    "[1]",      "%41+%zz",  "\xf0\x9f\x98",
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

/* Every 7th row is null, unless `plain`: then all are ASCII. */
static struct column *rows_of_text(bool plain)
{
    struct builder *b = builder_new(type_simple(TYPE_STRING));
    for (int i = 0; i < ROWS; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "row %d, Of %d", i, ROWS);
        if (plain) {
            builder_text(b, bytes_of(text));
        } else if (i % 7 == 3) {
            builder_null(b);
        } else {
            builder_text(b, bytes_of(texts[i % TEXTS]));
        }
    }
    return builder_finish(b);
}

static const char *const expressions[] = {
    "upper(a)",
    "lower(a)",
    "initcap(a)",
    "ascii(a)",
    "length(a)",
    "octet_length(a)",
    "bit_length(a)",
    "substring(a, 2, 3)",
    "substring(a, -3)",
    "substring(a, -20, 18)",
    "left(a, 2)",
    "right(a, 2)",
    "substring('abcdef', length(a), 2)",
    "trim(a)",
    "ltrim(a)",
    "rtrim(a)",
    "trim('ac ' from a)",
    "trim(both a from 'abcxcba')",
    "trim(trailing '😀é' from a)",
    "lpad(a, 7, 'é')",
    "rpad(a, 3, a)",
    "repeat(a, 3)",
    "repeat('é', length(a))",
    "space(length(a))",
    "reverse(a)",
    "split_part(a, ',', 2)",
    "split_part(a, ',', -1)",
    "substring_index(a, ',', 2)",
    "substring_index(a, 'a', -2)",
    "instr(a, 'b')",
    "locate('a', a, 2)",
    "locate(a, 'abc')",
    "contains(a, 'b')",
    "startswith(a, 'a')",
    "endswith(a, a)",
    "find_in_set('b', a)",
    "find_in_set(a, 'abc,,été')",
    "replace(a, 'a', 'éé')",
    "replace('abcabc', a, '')",
    "translate(a, 'aé😀', 'x')",
    "overlay(a placing 'XX' from 2)",
    "overlay(a placing a from 3 for 1)",
    "levenshtein(a, 'abd')",
    "soundex(a)",
    "concat(a, '-', a)",
    "a || 'x'",
    "concat_ws(',', a, 'x', a)",
    "concat_ws(a, 'x', 'y')",
    "elt(1, a, 'b')",
    "base64(a)",
    "hex(a)",
    "unhex(a)",
    "url_encode(a)",
    "try_url_decode(a)",
    "is_valid_utf8(a)",
    "make_valid_utf8(a)",
    "luhn_check(a)",
    "quote(a)",
    "mask(a)",
    "encode(a, 'utf-16')",
    "encode(a, 'utf-32')",
    "format_string('%s|%5s|%d', a, 'b', length(a))",
    "try_parse_url(a, 'PATH')",
    "a like 'a%'",
    "a like '%a'",
    "a like '%b%'",
    "a like '_b_'",
    "a like '%a%b%'",
    "a like 'a,b,,c'",
    "a ilike 'STR%'",
    "a ilike '%É'",
    "a not like '%a%'",
    "a like any ('a%', '%é')",
    "a like all ('%a%', '%b%')",
    "'abc' like concat(substring(a, 1, 0), 'a%')",
    "a rlike '^[a-z]+$'",
    "a rlike '(?i)STRA'",
    "regexp_count(a, '[ab]')",
    "regexp_instr(a, 'b')",
    "regexp_extract(a, '(.)b', 1)",
    "regexp_substr(a, '[b-d]+')",
    "regexp_replace(a, '(a)|b', '<$1>')",
    "regexp_replace(a, 'x*', '-')",
    "regexp_extract_all(a, '[a-c]', 0)",
    "split(a, ',')",
    "split(a, '')",
    "split(a, '[,=&]', 2)",
    "str_to_map(a, '&', '=')",
    "md5(a)",
    "sha2(a, 512)",
    "crc32(a)",
    "hash(a, 1)",
    "xxhash64(a)",
    "length(conv(a, 10, 16))",
    "round(length(a) / 3, 1)",
};

static struct column *answer(struct arena *arena, struct column *a, const char *text)
{
    struct column *result = evaluate_over(arena, &settings, a, text);
    if (!result) {
        print_error("%s fails\n", text);
    }
    assert_non_null(result);
    assert_int_equal(result->length, a->length);
    return result;
}

/* Cells as text: maps have no order. */
static void assert_same_row(
    const char *text, const struct column *x, int32_t i, const struct column *y, int32_t k)
{
    struct buffer left;
    struct buffer right;
    buffer_init(&left, 1 << 20);
    buffer_init(&right, 1 << 20);
    struct cell_format format = { CELL_SHOW, NULL };
    cell_print(&left, &format, x, i);
    cell_print(&right, &format, y, k);
    if (!bytes_equal(buffer_bytes(&left), buffer_bytes(&right))) {
        print_error("%s, row %d: '%.*s' among others, '%.*s' alone\n", text, i,
                    BYTES_ARG(buffer_bytes(&left)), BYTES_ARG(buffer_bytes(&right)));
        fail();
    }
    buffer_finish(&left);
    buffer_finish(&right);
}

static void check_expression(struct column *a, const char *text)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct column *all = answer(&arena, a, text);
    struct column *part = column_slice(a, 5, 100);
    struct column *of_part = answer(&arena, part, text);
    for (int32_t i = 0; i < part->length; i++) {
        assert_same_row(text, all, i + 5, of_part, i);
    }
    for (int32_t i = 0; i < TEXTS * 2; i++) {
        struct column *same = column_constant(a, i, 3);
        struct column *of_same = answer(&arena, same, text);
        assert_same_row(text, all, i, of_same, 2);
        column_release(same);
        column_release(of_same);
    }
    column_release(part);
    column_release(of_part);
    column_release(all);
    arena_finish(&arena);
}

static void rows_are_alone(void **state)
{
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        struct column *a = rows_of_text(plain);
        for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
            check_expression(a, expressions[i]);
        }
        column_release(a);
    }
}

/* No rows at all, and rows that are all null. */
static void nothing_is_nothing(void **state)
{
    (void)state;
    struct column *none = column_nulls(type_simple(TYPE_STRING), 0);
    struct column *nulls = column_nulls(type_simple(TYPE_STRING), 9);
    for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
        struct arena arena;
        arena_init(&arena, 0);
        column_release(answer(&arena, none, expressions[i]));
        column_release(answer(&arena, nulls, expressions[i]));
        arena_finish(&arena);
    }
    column_release(none);
    column_release(nulls);
}

static void assert_cells(const char *text, const char *wanted)
{
    char *got = cells(&settings, text, NULL);
    if (strcmp(got, wanted) != 0) {
        print_error("%s\n", text);
    }
    assert_string_equal(got, wanted);
    free(got);
}

static void java_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        const char *wanted; /* all matches */
    } cases[] = {
        { "\\p{Alpha}+", "ab1é", "[ab]" },
        { "[\\p{Upper}\\d]+", "abCD1", "[CD1]" },
        { "\\P{Digit}", "1a", "[a]" },
        { "\\p{IsAlphabetic}+", "aé1", "[aé]" },
        { "\\p{Lu}", "aÉ", "[É]" },
        { "\\u00e9", "é", "[é]" },
        { "\\uD83D\\uDE00", "😀", "[😀]" },
        { "\\x41\\x{42}", "AB", "[AB]" },
        { "\\0101", "A", "[A]" },
        { "a++b", "aab", "[aab]" },
        { "a++a", "aaa", "[]" },
        { "(?<year>\\d+)-\\k<year>", "12-12", "[12-12]" },
        { "[a-z&&[^m-p]]+", "lmno", "[l]" },
        { "[a-c[x-z]]+", "abxyq", "[abxy]" },
        { "[^a-c[x-z]]+", "abxyq", "[q]" },
        { "[a[^b-z]]+", "bA1a", "[A1a]" },
        { "\\Qa.b\\E+", "a.bb", "[a.bb]" },
        { "(?s)a.b", "a\nb", "[a\nb]" },
        { "(?iu)é", "É", "[É]" },
        { "(?m)^b$", "a\nb\nc", "[b]" },
        { "\\h+", "a \tb", "[ \t]" },
        { "[[:alpha:]]", ":", "[:]" }, /* no POSIX class in Java: letters, and colons */
        { "x{2,3}", "xxxx", "[xxx]" },
        { "b*", "abc", "[, b, , ]" },
        { "(?<=a)b", "ab", "[b]" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "concat('[', concat_ws(', ', regexp_extract_all('%s', r'%s', 0)), ']')",
                       cases[i].text, cases[i].pattern);
        assert_cells(text, cases[i].wanted);
    }
}

/* What Java does not take, PCRE2 would. */
static void no_patterns(void **state)
{
    (void)state;
    static const char *const patterns[] = { "(",           "a{",    "{1}",     "*a",        "[a",
                                            "a**",         "(?R)",  "(*FAIL)", "\\y",       "\\K",
                                            "\\C",         "(?|a)", "(?#x)",   "\\p{Nope}", "\\u12",
                                            "\\x{110000}", "a)",    "\\" };
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "'a' rlike concat('%s%s', '')", patterns[i],
                       patterns[i][0] == '\\' && patterns[i][1] == 0 ? "\\" : "");
        struct buffer quoted; /* backslashes twice, as in SQL */
        buffer_init(&quoted, 512);
        for (const char *c = text; *c; c++) {
            buffer_printf(&quoted, *c == '\\' && patterns[i][1] != 0 ? "\\\\" : "%c", *c);
        }
        buffer_append(&quoted, "", 1);
        assert_cells((const char *)quoted.data, "!INVALID_PARAMETER_VALUE.PATTERN");
        buffer_finish(&quoted);
    }
}

/* A pattern that backtracks without end is stopped, in one row and in many. */
static void endless_patterns(void **state)
{
    (void)state;
    char *got = cells(&settings, "concat(repeat('a', 60), 'b') rlike '(a+)+$'", NULL);
    assert_true(got[0] == '!' || strcmp(got, "false") == 0);
    free(got);
    got = cells(&settings, "regexp_replace(repeat('ab', 40), '(a|ab|b|ba)*c', '')", NULL);
    assert_non_null(got);
    free(got);
}

/* What would be larger than a column may be is refused, not made. */
static void too_long(void **state)
{
    (void)state;
    assert_cells("length(repeat('abc', 2000000000))", "!");
    assert_cells("length(lpad('a', 2147483647, 'xyz'))", "!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_alone),   cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(java_patterns),    cmocka_unit_test(no_patterns),
        cmocka_unit_test(endless_patterns), cmocka_unit_test(too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
