/*
 * Which topics --topic means, and the order of a Java map..
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "cli/java_order.h"
#include "cli/topic_filter.h"

#include <cmocka.h>

static bool allows(const char *pattern, bool exclude_internal, const char *name)
{
    struct topic_filter filter;
    assert_int_equal(topic_filter_init(&filter, pattern, exclude_internal, NULL), WEIR_OK);
    bool answer = topic_filter_allows(&filter, bytes_of(name));
    topic_filter_finish(&filter);
    return answer;
}

static void a_pattern_means_whole_names(void **state)
{
    (void)state;
    assert_true(allows("events", false, "events"));
    assert_false(allows("events", false, "events2"));
    assert_false(allows("vents", false, "events"));
    assert_true(allows("e.*", false, "events"));
    assert_true(allows("t-(parts|conf)", false, "t-conf"));
    assert_false(allows("a|b", false, "ab"));
    assert_true(allows("t\\d+", false, "t42"));
    assert_false(allows("t\\d+", false, "td"));
    assert_false(allows("", false, "events"));
}

static void commas_blanks_and_quotes_are_rewritten(void **state)
{
    (void)state;
    assert_true(allows("events,empty", false, "empty"));
    assert_true(allows(" events , empty ", false, "events"));
    assert_true(allows("'events'", false, "events"));
    assert_true(allows("\"events\"", false, "events"));
}

static void internal_topics_can_be_left_out(void **state)
{
    (void)state;
    assert_true(allows(NULL, false, "__consumer_offsets"));
    assert_false(allows(NULL, true, "__consumer_offsets"));
    assert_false(allows("__.*", true, "__transaction_state"));
    assert_true(allows(NULL, true, "__mine"));
}

static void what_is_no_expression_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = { "a(", "*", "+a", "[a" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct topic_filter filter;
        struct weir_error err;
        assert_int_equal(topic_filter_init(&filter, bad[i], false, &err), WEIR_EINVAL);
        assert_non_null(strstr(err.message, " is an invalid regex."));
    }
}

static void buckets_are_those_of_a_java_map(void **state)
{
    (void)state;
    assert_int_equal(java_bucket(bytes_of(""), 0), 0);
    assert_int_equal(java_bucket(bytes_of("a"), 1), 97 % 16);
    assert_int_equal(java_bucket(bytes_of("a"), 12), 97 % 16);
    assert_int_equal(java_bucket(bytes_of("a"), 13), 97 % 32);
    assert_int_equal(java_bucket(bytes_of("a"), 25), 97 % 64);
    /* "hello".hashCode() in Java is 99162322. */
    assert_int_equal(java_bucket(bytes_of("hello"), 1), (99162322U ^ 99162322U >> 16) % 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_means_whole_names),
        cmocka_unit_test(commas_blanks_and_quotes_are_rewritten),
        cmocka_unit_test(internal_topics_can_be_left_out),
        cmocka_unit_test(what_is_no_expression_is_named),
        cmocka_unit_test(buckets_are_those_of_a_java_map),
    };
    return cmocka_run_group_tests_name("cli.topic_filter", tests, NULL, NULL);
}
