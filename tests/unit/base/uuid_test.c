/*
 * base/uuid: text and bytes convert both ways, and a random id can stand on a command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/uuid.h"

#include <cmocka.h>

static void known_ids_have_kafkas_text(void **state)
{
    (void)state;
    char text[UUID_TEXT_SIZE];
    struct uuid zero = { { 0 } };
    uuid_format(&zero, text);
    assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAA");
    assert_true(uuid_is_zero(&zero));

    struct uuid one = { { [15] = 1 } }; /* Kafka's Uuid.METADATA_TOPIC_ID */
    uuid_format(&one, text);
    assert_string_equal(text, "AAAAAAAAAAAAAAAAAAAAAQ");

    struct uuid ones;
    memset(ones.bytes, 0xff, sizeof(ones.bytes));
    uuid_format(&ones, text);
    assert_string_equal(text, "_____________________w");
}

static void random_ids_convert_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct uuid id = uuid_random();
        struct uuid back;
        char text[UUID_TEXT_SIZE];
        uuid_format(&id, text);
        assert_int_not_equal(text[0], '-');
        assert_false(uuid_is_zero(&id));
        assert_int_equal(id.bytes[6] >> 4, 4);
        assert_true(uuid_parse(bytes_of(text), &back));
        assert_true(uuid_equal(&id, &back));
    }
}

static void refuses_other_text(void **state)
{
    (void)state;
    const char *const bad[] = { "",
                                "AAAAAAAAAAAAAAAAAAAAA",
                                "AAAAAAAAAAAAAAAAAAAAAAA",
                                "AAAAAAAAAAAAAAAAAAAA==",
                                "AAAAAAAAAA+AAAAAAAAAAA",
                                "AAAAAAAAAAAAAAAAAAAAA\xc3" };
    struct uuid id;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(uuid_parse(bytes_of(bad[i]), &id));
    }
    struct bytes with_zero = { (const uint8_t *)"AAAAAAAAAA\0AAAAAAAAAAA", UUID_TEXT_SIZE - 1 };
    assert_false(uuid_parse(with_zero, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_ids_have_kafkas_text),
        cmocka_unit_test(random_ids_convert_both_ways),
        cmocka_unit_test(refuses_other_text),
    };
    return cmocka_run_group_tests_name("base.uuid", tests, NULL, NULL);
}
