/*
 * base/arena: what it hands out is zeroed, aligned, never overlaps and never moves; a steady load allocates nothing new.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

#include <cmocka.h>

enum { OBJECT_COUNT = 1000, OBJECT_MAX = 700 };

static size_t size_of_object(size_t i)
{
    return 1 + i * 37 % OBJECT_MAX;
}

static void objects_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    static unsigned char *objects[OBJECT_COUNT];
    struct arena a;
    arena_init(&a, 64);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < OBJECT_COUNT; i++) {
            objects[i] = arena_alloc(&a, size_of_object(i), 1);
            assert_int_equal((uintptr_t)objects[i] % _Alignof(max_align_t), 0);
            for (size_t k = 0; k < size_of_object(i); k++) {
                assert_int_equal(objects[i][k], 0);
            }
            memset(objects[i], (int)(i & 0xff), size_of_object(i));
        }
        for (size_t i = 0; i < OBJECT_COUNT;
             i++) { /* nobody wrote into a neighbour, nothing moved */
            for (size_t k = 0; k < size_of_object(i); k++) {
                assert_int_equal(objects[i][k], i & 0xff);
            }
        }
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_finish(&a);
}

static void steady_load_stays_in_one_chunk(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 256);
    const struct arena_chunk *kept = NULL;
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 50; i++) {
            (void)arena_alloc(&a, 100, 1);
        }
        if (round > 8) { /* it has grown to what a round takes */
            assert_ptr_equal(a.chunks, kept);
        }
        arena_reset(&a);
        kept = a.chunks;
    }
    arena_finish(&a);
}

static void one_large_round_is_not_kept_for_ever(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 256);
    (void)arena_alloc(&a, 16, 1);
    const struct arena_chunk *small = a.chunks;
    (void)arena_alloc(&a, 8 << 20, 1);
    arena_reset(&a);
    assert_ptr_equal(a.chunks, small);
    arena_finish(&a);
}

static void copies_keep_null_null_and_end_text_with_zero(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    assert_true(bytes_is_null(arena_copy(&a, (struct bytes){ 0 })));
    assert_false(bytes_is_null(arena_copy(&a, bytes_of(""))));
    assert_true(bytes_equal_text(arena_copy(&a, bytes_of("abc")), "abc"));
    struct bytes part = { (const uint8_t *)"abcdef", 3 };
    assert_string_equal(arena_text(&a, part), "abc");
    assert_string_equal(arena_text(&a, (struct bytes){ 0 }), "");
    assert_true(bytes_equal_text(arena_printf(&a, "%s-%d", "topic", 7), "topic-7"));
    arena_finish(&a);
}

static void finish_may_be_called_again(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    arena_finish(&a);
    (void)arena_alloc(&a, 0, 8);
    arena_finish(&a);
    arena_finish(&a);
    assert_null(a.chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
        cmocka_unit_test(steady_load_stays_in_one_chunk),
        cmocka_unit_test(one_large_round_is_not_kept_for_ever),
        cmocka_unit_test(copies_keep_null_null_and_end_text_with_zero),
        cmocka_unit_test(finish_may_be_called_again),
    };
    return cmocka_run_group_tests_name("base.arena", tests, NULL, NULL);
}
