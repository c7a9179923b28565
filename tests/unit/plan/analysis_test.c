/*
 * The meaning of verbs: plans as Spark prints them, and its errors with the plans below. The texts are what Spark 4.1 printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

#include <cmocka.h>

#define TABLE                                                                          \
    "VALUES (1, 'Ivan', 'Petrov', 10.5D), (2, 'Anna', 'Orlova', 7.0D) AS t(id, name, " \
    "surname, amount)"
#define TABLE_TREE                                     \
    "+- Project [id#0, name#1, surname#2, amount#3]\n" \
    "   +- SubqueryAlias t\n"                          \
    "      +- LocalRelation [id#0, name#1, surname#2, amount#3]\n"
#define NEAREST                                                                                    \
    "cannot be resolved. Did you mean one of the following? [`name`, `id`, `amount`, `surname`]. " \
    "SQLSTATE: 42703"
#define UNRESOLVED \
    "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, variable, or function parameter with name "

static void begin(struct frames *f)
{
    frames_init(f);
    frame_values(f, TABLE);
    frame_select(f, "*");
}

static void end(struct frames *f, const char *expected)
{
    char *text = frame_text(f);
    assert_string_equal(text, expected);
    free(text);
    frames_finish(f);
}

static void test_select_unknown(void **state)
{
    (void)state;
    struct frames f;
    begin(&f);
    frame_select(&f, "nam");
    end(&f, UNRESOLVED "`nam` " NEAREST "; line 1 pos 0;\n'Project ['nam]\n" TABLE_TREE);
    begin(&f);
    frame_select(&f, "upper(nam)");
    end(&f, UNRESOLVED "`nam` " NEAREST
                       "; line 1 pos 6;\n'Project [unresolvedalias('upper('nam))]\n" TABLE_TREE);
    begin(&f);
    frame_select(&f, "*", "nam");
    end(&f, UNRESOLVED "`nam` " NEAREST "; line 1 pos 0;\n'Project [id#0, name#1, surname#2, "
                       "amount#3, 'nam]\n" TABLE_TREE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_select_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
