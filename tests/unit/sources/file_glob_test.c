/*
 * sources/file_glob: what fits which pattern, and what patterns with braces stand for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/file_glob.h"

#include <cmocka.h>

static void names_fit_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *name;
        bool fits;
    } cases[] = {
        { "a.txt", "a.txt", true },
        { "a.txt", "b.txt", false },
        { "*", "", true },
        { "*", "anything", true },
        { "*.txt", "a.txt", true },
        { "*.txt", "a.txt.gz", false },
        { "a*b*c", "aXbYbZc", true },
        { "a*b*c", "aXbYbZ", false },
        { "**a", "bba", true },
        { "?", "\u00e9", true },
        { "??", "a", false },
        { "[abc]x", "bx", true },
        { "[a-c]x", "dx", false },
        { "[^a-c]x", "dx", true },
        { "[!a]", "a", false },
        { "[]]", "]", true },
        { "a[0-9][0-9]", "a42", true },
        { "\\*", "*", true },
        { "\\*", "a", false },
        { "a\\[1\\]", "a[1]", true },
        { "*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (glob_match(bytes_of(cases[i].pattern), bytes_of(cases[i].name)) != cases[i].fits) {
            fail_msg("%s and %s", cases[i].pattern, cases[i].name);
        }
    }
}

static void assert_expands(const char *pattern, const char *const *wanted)
{
    struct arena arena;
    struct sql_error error = { 0 };
    const struct bytes *list;
    int32_t count = 0;
    arena_init(&arena, 0);
    assert_true(glob_expand(bytes_of(pattern), &arena, &list, &count, &error));
    int32_t i = 0;
    for (; wanted[i]; i++) {
        assert_true(i < count && bytes_equal_text(list[i], wanted[i]));
    }
    assert_int_equal(count, i);
    arena_finish(&arena);
}

static void braces_stand_for_several_patterns(void **state)
{
    (void)state;
    assert_expands("a", (const char *const[]){ "a", NULL });
    assert_expands("{a,b}", (const char *const[]){ "a", "b", NULL });
    assert_expands("x{a,}y", (const char *const[]){ "xay", "xy", NULL });
    assert_expands("{a,b{c,d}}/{e,f}",
                   (const char *const[]){ "a/e", "a/f", "bc/e", "bc/f", "bd/e", "bd/f", NULL });
    assert_expands("\\{a,b\\}", (const char *const[]){ "\\{a,b\\}", NULL });
    assert_expands("[{,}]", (const char *const[]){ "[{,}]", NULL });
}

static void what_is_not_closed_is_no_pattern(void **state)
{
    (void)state;
    static const char *const bad[] = { "[", "a[b", "{", "a{b,c", "{{a}", "a[!", NULL };
    for (int i = 0; bad[i]; i++) {
        struct arena arena;
        struct sql_error error = { 0 };
        const struct bytes *list;
        int32_t count;
        arena_init(&arena, 0);
        assert_false(glob_expand(bytes_of(bad[i]), &arena, &list, &count, &error));
        assert_non_null(strstr(error.message, "Illegal file pattern"));
        sql_error_finish(&error);
        arena_finish(&arena);
    }
}

static void too_many_patterns_are_refused(void **state)
{
    (void)state;
    struct arena arena;
    struct sql_error error = { 0 };
    const struct bytes *list;
    int32_t count;
    arena_init(&arena, 0);
    assert_false(glob_expand(bytes_of("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"),
                             &arena, &list, &count, &error));
    assert_non_null(strstr(error.message, "more than 1000"));
    sql_error_finish(&error);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fit_patterns),
        cmocka_unit_test(braces_stand_for_several_patterns),
        cmocka_unit_test(what_is_not_closed_is_no_pattern),
        cmocka_unit_test(too_many_patterns_are_refused),
    };
    return cmocka_run_group_tests_name("sources.file_glob", tests, NULL, NULL);
}
