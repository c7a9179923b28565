/*
 * base/properties: text becomes the keys and values that java.util.Properties makes of it (java 17 was asked).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/properties.h"

#include <cmocka.h>

/* "[key]=[value] line;..." of all of the text, and "error line" when it cannot be read. */
static void check(const char *text, const char *expected)
{
    struct properties p;
    struct property found;
    struct weir_error err;
    struct buffer all;
    properties_init(&p, bytes_of(text));
    buffer_init(&all, 1 << 16);
    enum weir_status rc;
    while ((rc = properties_next(&p, &found, &err)) == WEIR_OK) {
        buffer_printf(&all, "[%.*s]=[%.*s] %d;", BYTES_ARG(found.key), BYTES_ARG(found.value),
                      found.line_number);
    }
    if (rc != WEIR_ENOTFOUND) {
        buffer_printf(&all, "error %d", found.line_number);
        assert_true(strlen(err.message) > 0);
    }
    buffer_append(&all, "", 1);
    assert_string_equal((const char *)all.data, expected);
    buffer_finish(&all);
    properties_finish(&p);
}

static void keys_end_at_a_separator_or_a_blank(void **state)
{
    (void)state;
    check("a=1\nb:2\nc 3\nd\t4\n", "[a]=[1] 1;[b]=[2] 2;[c]=[3] 3;[d]=[4] 4;");
    check("  a  =  1\n b : 2", "[a]=[1] 1;[b]=[2] 2;");
    check("a==x\nb = = y\nc:=z\n", "[a]=[=x] 1;[b]=[= y] 2;[c]=[=z] 3;");
    check("a\nb=\n", "[a]=[] 1;[b]=[] 2;");
    check("=1\n", "[]=[1] 1;");
}

static void comments_and_blank_lines_are_nothing(void **state)
{
    (void)state;
    check("", "");
    check("# one \\\na=1\n! two\n\n \t \n  # three\nb=2 # four", "[a]=[1] 2;[b]=[2 # four] 7;");
}

static void lines_go_on_behind_a_backslash(void **state)
{
    (void)state;
    check("a=one,\\\n      two,\\\n   # three\nb=2", "[a]=[one,two,# three] 1;[b]=[2] 4;");
    check("l\\\n  ong=v", "[long]=[v] 1;");
    check("a=x\\\\\nb=y\\\\\\\nz", "[a]=[x\\] 1;[b]=[y\\z] 2;");
    check("  \\\nq=after", "[q]=[after] 1;");
    check("s=last\\", "[s]=[last] 1;");
    check("a=1\r\nb=2\\\r\n  3\rc=4", "[a]=[1] 1;[b]=[23] 2;[c]=[4] 4;");
}

static void escapes_are_resolved(void **state)
{
    (void)state;
    check("e\\:f\\ g\\=h=C\\:\\\\data", "[e:f g=h]=[C:\\data] 1;");
    check("a=\\t|\\n|\\r|\\f|\\q", "[a]=[\t|\n|\r|\f|q] 1;");
    check("a=\\u0041\\u00e9\\u20AC", "[a]=[A\xc3\xa9\xe2\x82\xac] 1;");
    check("a=\xc3\xa9", "[a]=[\xc3\xa9] 1;");
}

static void an_escape_that_is_none_is_named(void **state)
{
    (void)state;
    check("a=1\nb=\\u12", "[a]=[1] 1;error 2");
    check("\\u00g0=1", "error 1");
    check("a=\\u0000", "error 1");
    check("a=\\ud83d\\ude00", "error 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_end_at_a_separator_or_a_blank),
        cmocka_unit_test(comments_and_blank_lines_are_nothing),
        cmocka_unit_test(lines_go_on_behind_a_backslash),
        cmocka_unit_test(escapes_are_resolved),
        cmocka_unit_test(an_escape_that_is_none_is_named),
    };
    return cmocka_run_group_tests_name("base.properties", tests, NULL, NULL);
}
