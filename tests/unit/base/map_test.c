/*
 * base/map: what was put is found, what was removed is not, whatever the order of both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/map.h"

#include <cmocka.h>

enum { KEY_COUNT = 500, STEP_COUNT = 20000 };

static void finds_what_was_put(void **state)
{
    (void)state;
    int one = 1;
    int two = 2;
    struct map m;
    map_init(&m);
    assert_null(map_get(&m, bytes_of("a")));
    assert_null(map_put(&m, bytes_of("a"), &one));
    assert_ptr_equal(map_put(&m, bytes_of("a"), &two), &one);
    assert_ptr_equal(map_get(&m, bytes_of("a")), &two);
    assert_null(map_get(&m, bytes_of("")));
    assert_int_equal(m.count, 1);
    map_finish(&m);
}

/* Random puts and removals against a plain array that holds the truth. */
static void agrees_with_an_array_after_random_steps(void **state)
{
    (void)state;
    static int truth[KEY_COUNT];
    bool present[KEY_COUNT] = { false };
    unsigned seed = 1;
    struct map m;
    map_init(&m);
    for (int step = 0; step < STEP_COUNT; step++) {
        int64_t storage;
        int key = rand_r(&seed) % KEY_COUNT;
        struct bytes bytes = map_key_i64(key, &storage);
        if (rand_r(&seed) % 2) {
            assert_ptr_equal(map_put(&m, bytes, &truth[key]), present[key] ? &truth[key] : NULL);
            present[key] = true;
        } else {
            assert_ptr_equal(map_remove(&m, bytes), present[key] ? &truth[key] : NULL);
            present[key] = false;
        }
    }
    for (int key = 0; key < KEY_COUNT; key++) {
        int64_t storage;
        assert_ptr_equal(map_get(&m, map_key_i64(key, &storage)),
                         present[key] ? &truth[key] : NULL);
    }
    map_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(agrees_with_an_array_after_random_steps),
    };
    return cmocka_run_group_tests_name("base/map", tests, NULL, NULL);
}
