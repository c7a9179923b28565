/*
 * Command lines as jopt-simple reads them, and the option table of --help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

#include <cmocka.h>

enum { LIST, TOPIC, COUNT, SPECS };

static const struct option_spec specs[SPECS] = {
    [LIST] = { "list", NULL, NULL, "Show the names." },
    [TOPIC] = { "topic", "topic", "String",
                "The topic; with a help text that is longer than a column is wide." },
    [COUNT] = { "a-count", "how many", "Integer", "A number." },
};

static enum weir_status parse(struct options *o, const char *const *argv, struct weir_error *err)
{
    err->message[0] = '\0';
    return options_parse(o, specs, SPECS, argv, err);
}

static void every_spelling_is_read(void **state)
{
    (void)state;
    static const char *const lines[][4] = {
        { "--topic", "a=b", NULL },
        { "--topic=a=b", NULL },
        { "-topic", "a=b", NULL },
        { "word", "--topic", "a=b", NULL },
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct options o;
        struct weir_error err;
        const char *value;
        assert_int_equal(parse(&o, lines[i], &err), WEIR_OK);
        assert_int_equal(options_value(&o, TOPIC, &value, &err), WEIR_OK);
        assert_string_equal(value, "a=b");
        assert_false(options_has(&o, LIST));
        options_finish(&o);
    }
}

static void a_value_may_look_like_an_option(void **state)
{
    (void)state;
    const char *const argv[] = { "--topic", "--list", "--a-count", "-1", NULL };
    struct options o;
    struct weir_error err;
    const char *value;
    int32_t number = 0;
    assert_int_equal(parse(&o, argv, &err), WEIR_OK);
    assert_int_equal(options_value(&o, TOPIC, &value, &err), WEIR_OK);
    assert_string_equal(value, "--list");
    assert_int_equal(options_integer(&o, COUNT, &number, &err), WEIR_OK);
    assert_int_equal(number, -1);
    assert_false(options_has(&o, LIST));
    options_finish(&o);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    const char *const argv[] = { "--list", "--", "--nosuch", NULL };
    struct options o;
    struct weir_error err;
    assert_int_equal(parse(&o, argv, &err), WEIR_OK);
    assert_true(options_has(&o, LIST));
    options_finish(&o);
}

static void refused(const char *const *argv, const char *message)
{
    struct options o;
    struct weir_error err;
    assert_int_equal(parse(&o, argv, &err), WEIR_EINVAL);
    assert_string_equal(err.message, message);
    options_finish(&o);
}

static void what_cannot_be_meant_is_named(void **state)
{
    (void)state;
    refused((const char *const[]){ "--nosuch", NULL }, "nosuch is not a recognized option");
    refused((const char *const[]){ "--nosuch=1", NULL }, "nosuch is not a recognized option");
    refused((const char *const[]){ "--li", NULL }, "li is not a recognized option");
    refused((const char *const[]){ "-xyz", NULL }, "x is not a recognized option");
    refused((const char *const[]){ "--list", "--topic", NULL },
            "Option topic requires an argument");
}

static void a_value_given_twice_is_an_error_when_one_is_asked_for(void **state)
{
    (void)state;
    const char *const argv[] = { "--topic", "a", "--topic", "b", NULL };
    struct options o;
    struct weir_error err;
    const char *value;
    assert_int_equal(parse(&o, argv, &err), WEIR_OK);
    assert_int_equal(o.times[TOPIC], 2);
    assert_string_equal(o.values[TOPIC][1], "b");
    assert_int_equal(options_value(&o, TOPIC, &value, &err), WEIR_EINVAL);
    assert_string_equal(err.message,
                        "Found multiple arguments for option topic, but you asked for only one");
    options_finish(&o);
}

static void numbers_have_32_bits(void **state)
{
    (void)state;
    static const char *const bad[] = { "many", "", "1x", "2147483648", "-2147483649", "1.0" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const argv[] = { "--a-count", bad[i], NULL };
        struct options o;
        struct weir_error err;
        int32_t number = 7;
        char expected[128];
        assert_int_equal(parse(&o, argv, &err), WEIR_OK);
        assert_int_equal(options_integer(&o, COUNT, &number, &err), WEIR_EINVAL);
        snprintf(expected, sizeof(expected), "Cannot parse argument '%s' of option a-count",
                 bad[i]);
        assert_string_equal(err.message, expected);
        assert_int_equal(number, 7);
        options_finish(&o);
    }
}

static void usage_is_a_table_sorted_by_name(void **state)
{
    (void)state;
    static const char expected[] =
        "Option                                   Description                            \n"
        "------                                   -----------                            \n"
        "--a-count <Integer: how many>            A number.                              \n"
        "--list                                   Show the names.                        \n"
        "--topic <String: topic>                  The topic; with a help text that is    \n"
        "                                           longer than a column is wide.        \n";
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    options_print_usage(specs, SPECS, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(a_value_may_look_like_an_option),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(what_cannot_be_meant_is_named),
        cmocka_unit_test(a_value_given_twice_is_an_error_when_one_is_asked_for),
        cmocka_unit_test(numbers_have_32_bits),
        cmocka_unit_test(usage_is_a_table_sorted_by_name),
    };
    return cmocka_run_group_tests_name("cli.options", tests, NULL, NULL);
}
