/*
 * weir/json.h: finding one member of an object.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/json.h"

#include <cmocka.h>

static void expect(const char *object, const char *name, const char *value)
{
    char out[64];
    struct weir_error err = { .message = "" };
    enum weir_status rc = weir_json_text(weir_text(object), name, out, sizeof(out), &err);
    if (rc < 0) {
        fail_msg("%s of %s: %s", name, object, err.message);
    }
    assert_string_equal(out, value);
}

static void expect_failure(const char *object, const char *name, enum weir_status status)
{
    char out[64];
    struct weir_error err = { .message = "" };
    enum weir_status rc = weir_json_text(weir_text(object), name, out, sizeof(out), &err);
    if (rc != status) {
        fail_msg("%s of %s: status %d, not %d", name, object, rc, status);
    }
    assert_true(err.message[0] != '\0');
}

static void finds_members_of_a_transaction(void **state)
{
    (void)state;
    const char *json = "{\"name\": \"John\", \"surname\":\"Smith\" , \"amount\": \"123.45\", "
                       "\"delta_t\": \"4.56\", \"flag\": 0}";
    expect(json, "name", "John");
    expect(json, "surname", "Smith");
    expect(json, "amount", "123.45");
    expect(json, "delta_t", "4.56");
    expect(json, "flag", "0");
    expect_failure(json, "nam", WEIR_ENOTFOUND);
    expect_failure(json, "names", WEIR_ENOTFOUND);
}

static void reads_scalars_as_they_are_written(void **state)
{
    (void)state;
    expect("{\"a\":-1.5e+3}", "a", "-1.5e+3");
    expect("{\"a\":true,\"b\":null}", "a", "true");
    expect("{\"a\":true,\"b\":null}", "b", "null");
    expect("{\"a\":\"\"}", "a", "");
}

static void resolves_escapes(void **state)
{
    (void)state;
    expect("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a", "\"\\/\b\f\n\r\t");
    expect("{\"a\":\"\\u00e9\\u20AC\"}", "a", "\xC3\xA9\xE2\x82\xAC");
    expect("{\"a\":\"\\ud83d\\ude00\"}", "a", "\xF0\x9F\x98\x80");
    expect("{\"a\":\"\\ud83dx\"}", "a", "\xEF\xBF\xBDx");
    expect("{\"a\":\"\\ud83d\\u0041\"}", "a",
           "\xEF\xBF\xBD"
           "A");
    expect("{\"\\u0061\":\"x\"}", "a", "x");
}

static void steps_over_what_is_nested(void **state)
{
    (void)state;
    expect("{\"o\":{\"a\":\"no\",\"s\":\"}]\"},\"l\":[[1,{}],\"]\"],\"a\":\"yes\"}", "a", "yes");
    expect_failure("{\"a\":{\"b\":1}}", "b", WEIR_ENOTFOUND);
    expect_failure("{\"a\":{\"b\":1}}", "a", WEIR_EPROTO);
    expect_failure("{\"a\":[1]}", "a", WEIR_EPROTO);
}

static void the_first_of_several_counts(void **state)
{
    (void)state;
    expect("{\"a\":1,\"a\":2}", "a", "1");
}

static void refuses_what_is_no_object(void **state)
{
    (void)state;
    static const char *const texts[] = { "",
                                         "[]",
                                         "{",
                                         "{\"a\"}",
                                         "{a:1}",
                                         "{\"b\":1",
                                         "{\"b\":}",
                                         "{\"b\":\"x}",
                                         "{\"b\":1 \"a\":2}",
                                         "{\"b\":\"\\x\"}",
                                         "{\"b\":\"\\u12g4\"}",
                                         "{\"b\":[1}",
                                         "{\"b\":\"\n\"}" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        expect_failure(texts[i], "a", WEIR_EPROTO);
    }
    struct weir_slice null = { NULL, 0 };
    char out[8];
    assert_int_equal(weir_json_text(null, "a", out, sizeof(out), NULL), WEIR_EPROTO);
}

static void an_empty_object_has_no_members(void **state)
{
    (void)state;
    expect_failure("{}", "a", WEIR_ENOTFOUND);
    expect_failure(" { } ", "a", WEIR_ENOTFOUND);
}

static void says_when_a_text_does_not_fit(void **state)
{
    (void)state;
    char out[4];
    struct weir_slice object = weir_text("{\"a\":\"1234\",\"b\":\"123\"}");
    assert_int_equal(weir_json_text(object, "a", out, sizeof(out), NULL), WEIR_ETOOBIG);
    assert_int_equal(weir_json_text(object, "b", out, sizeof(out), NULL), WEIR_OK);
    assert_string_equal(out, "123");
}

/* A value of a topic is not terminated: nothing behind its length may be looked at. */
static void stays_within_the_slice(void **state)
{
    (void)state;
    const char *text = "{\"a\":\"1\",\"b\":\"2\"}";
    for (size_t len = 0; len < strlen(text); len++) {
        char *exact = test_malloc(len + 1);
        memcpy(exact, text, len);
        char out[8];
        struct weir_slice cut = { exact, len };
        assert_int_equal(weir_json_text(cut, "c", out, sizeof(out), NULL), WEIR_EPROTO);
        test_free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_members_of_a_transaction),
        cmocka_unit_test(reads_scalars_as_they_are_written),
        cmocka_unit_test(resolves_escapes),
        cmocka_unit_test(steps_over_what_is_nested),
        cmocka_unit_test(the_first_of_several_counts),
        cmocka_unit_test(refuses_what_is_no_object),
        cmocka_unit_test(an_empty_object_has_no_members),
        cmocka_unit_test(says_when_a_text_does_not_fit),
        cmocka_unit_test(stays_within_the_slice),
    };
    return cmocka_run_group_tests_name("client/json", tests, NULL, NULL);
}
