/*
 * storage/offset_map: it has every key with its newest offset, for as many keys as there is memory for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "storage/offset_map.h"

#include <cmocka.h>

enum { KEYS = 5000 };

static struct bytes key_of(int n, char text[32])
{
    (void)snprintf(text, 32, "%*d", n % 20, n);
    return bytes_of(text);
}

static void test_it_has_as_many_keys_as_there_is_memory_for(void **state)
{
    (void)state;
    char text[32];
    struct offset_map m;
    offset_map_init(&m, (int64_t)KEYS * OFFSET_MAP_ENTRY_SIZE, 1, INT64_MAX);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < KEYS; i++) {
            assert_true(offset_map_put(&m, key_of(i, text), (int64_t)round * KEYS + i));
        }
    }
    assert_false(offset_map_put(&m, key_of(KEYS, text), 1));
    assert_true(offset_map_put(&m, key_of(7, text), 70000)); /* one that is there can be changed */
    for (int i = 0; i < KEYS; i++) {
        assert_int_equal(offset_map_get(&m, key_of(i, text)), i == 7 ? 70000 : KEYS + i);
    }
    assert_int_equal(offset_map_get(&m, key_of(KEYS, text)), -1);
    offset_map_finish(&m);
}

static void test_its_size_follows_the_settings_and_the_need(void **state)
{
    (void)state;
    struct offset_map m;
    offset_map_init(&m, 1000LL * OFFSET_MAP_ENTRY_SIZE, 0.9, INT64_MAX);
    assert_int_equal(m.max, 900);
    offset_map_finish(&m);
    offset_map_init(&m, 1LL << 40, 0.9, 50);
    assert_int_equal(m.max, 50);
    assert_true(m.slot_count < 100);
    offset_map_finish(&m);
    offset_map_init(&m, 0, 0, 50); /* or a cleaning would never get on */
    assert_true(offset_map_put(&m, bytes_of("a"), 1));
    assert_false(offset_map_put(&m, bytes_of("b"), 2));
    offset_map_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_has_as_many_keys_as_there_is_memory_for),
        cmocka_unit_test(test_its_size_follows_the_settings_and_the_need),
    };
    return cmocka_run_group_tests_name("storage/offset_map", tests, NULL, NULL);
}
