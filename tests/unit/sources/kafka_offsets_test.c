/*
 * sources/kafka_offsets: texts that Spark takes and refuses, and the order in which it prints, as real Sparks showed it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sources/kafka_offsets.h"

#include <cmocka.h>

static int make_arena(void **state)
{
    struct arena *arena = calloc(1, sizeof(*arena));
    arena_init(arena, 0);
    *state = arena;
    return 0;
}

static int drop_arena(void **state)
{
    arena_finish(*state);
    free(*state);
    return 0;
}

static struct kafka_offsets parsed(struct arena *arena, const char *text)
{
    struct kafka_offsets offsets = { 0 };
    assert_true(kafka_offsets_parse(arena, bytes_of(text), &offsets));
    return offsets;
}

static void assert_prints(const struct kafka_offsets *offsets,
                          void (*print)(struct buffer *, const struct kafka_offsets *),
                          const char *wanted)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    print(&out, offsets);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, wanted);
    buffer_finish(&out);
}

static void offsets_are_sorted_and_the_last_of_a_partition_counts(void **state)
{
    struct kafka_offsets o = parsed(
        *state, " {\"b\": {\"2\":7, \"0\":-1}, \"a\":{\"10\":5,\"9\":\"6\",\"10\":8}, \"c\":{}}");
    assert_int_equal(o.count, 4);
    assert_int_equal(o.items[0].partition, 9);
    assert_int_equal(o.items[0].offset, 6);
    assert_int_equal(o.items[1].partition, 10);
    assert_int_equal(o.items[1].offset, 8);
    assert_int_equal(o.items[2].offset, KAFKA_LATEST);
    assert_int_equal(o.items[3].offset, 7);
    struct kafka_offset wanted = { bytes_of("b"), 2, 0 };
    assert_int_equal(kafka_offsets_find(&o, &wanted)->offset, 7);
    wanted.partition = 1;
    assert_null(kafka_offsets_find(&o, &wanted));
}

static void what_is_no_offsets_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "begin",
        "{\"opt_a\":{\"0\":1",
        "{\"opt_a\":[0,1]}",
        "{\"opt_a\":0}",
        "[]",
        "12",
        "null",
        "{\"a\":{\"0\":1.5}}",
        "{\"a\":{\"0\":null}}",
        "{\"a\":{\"x\":1}}",
        "{\"a\":{\"0\":99999999999999999999}}",
        "{\"a\":{\"4294967296\":1}}",
        "{\"a\":{\"0\":\"one\"}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct kafka_offsets o;
        assert_false(kafka_offsets_parse(*state, bytes_of(texts[i]), &o));
    }
}

static void partitions_keep_the_order_they_were_given_in(void **state)
{
    struct kafka_offsets o;
    assert_true(kafka_partitions_parse(*state, bytes_of("{\"b\":[1,0],\"a\":[3]}"), &o));
    assert_int_equal(o.count, 3);
    assert_true(bytes_equal_text(o.items[0].topic, "b"));
    assert_int_equal(o.items[0].partition, 1);
    assert_int_equal(o.items[2].partition, 3);
    assert_false(kafka_partitions_parse(*state, bytes_of("{\"opt_a\":0}"), &o));
    assert_false(kafka_partitions_parse(*state, bytes_of("{\"opt_a\":[0"), &o));
    assert_false(kafka_partitions_parse(*state, bytes_of("opt_a"), &o));
}

static void json_is_printed_in_the_order_of_scalas_maps(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"start_t\":{\"0\":10,\"1\":10}}",
        /* these come from a Spark 4.1 */
        "{\"stay_continue\":{\"0\":3},\"gone_continue\":{\"0\":4}}",
        "{\"gone_fail\":{\"0\":4},\"stay_fail\":{\"0\":3}}",
        ("{\"wide_t\":{\"0\":1,\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"9\":1,"
         "\"10\":1,\"11\":1}}"),
        /* 17 and 1 share one of 16 chains, so 17 comes before 2 */
        "{\"a\":{\"1\":5,\"17\":5,\"2\":5}}",
        "{\"a\\\"b\":{\"0\":-2}}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct kafka_offsets o = parsed(*state, texts[i]);
        assert_prints(&o, kafka_offsets_print, texts[i]);
    }
}

static void sets_are_printed_as_scala_does(void **state)
{
    struct kafka_offsets two = parsed(*state, "{\"opt_a\":{\"0\":5,\"1\":6}}");
    assert_prints(&two, kafka_offsets_print_set, "Set(opt_a-0, opt_a-1)");
    assert_prints(&two, kafka_offsets_print_map, "Map(opt_a-0 -> 5, opt_a-1 -> 6)");
    struct kafka_offsets five = parsed(*state, "{\"t\":{\"0\":0,\"1\":0,\"2\":0,\"3\":0,\"4\":0}}");
    struct buffer out;
    buffer_init(&out, 1 << 10);
    kafka_offsets_print_set(&out, &five);
    assert_true(bytes_starts_with(buffer_bytes(&out), bytes_of("HashSet(")));
    buffer_finish(&out);
}

static void assert_visits(struct arena *arena,
                          const char *topic,
                          int32_t count,
                          const int32_t *wanted)
{
    struct kafka_offsets o = { count, ARENA_NEW(arena, struct kafka_offset, (size_t)count) };
    int32_t *order = ARENA_NEW(arena, int32_t, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        o.items[i] = (struct kafka_offset){ bytes_of(topic), i, 0 };
    }
    kafka_order_partitions(&o, order);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(order[i], wanted[i]);
    }
}

/* In which order a Spark 4.1 read the partitions of these topics. */
static void partitions_are_visited_as_spark_visits_them(void **state)
{
    assert_visits(*state, "minp_t", 2, (const int32_t[]){ 1, 0 });
    assert_visits(*state, "grown_t", 3, (const int32_t[]){ 2, 1, 0 });
    assert_visits(*state, "loss_continue", 2, (const int32_t[]){ 0, 1 });
    assert_visits(*state, "wide_t", 12, (const int32_t[]){ 5, 6, 11, 0, 1, 2, 10, 3, 9, 7, 4, 8 });
}

static void many_partitions_are_all_visited_once(void **state)
{
    enum { COUNT = 10000 };
    struct kafka_offsets o = { COUNT, ARENA_NEW(*state, struct kafka_offset, COUNT) };
    int32_t *order = ARENA_NEW(*state, int32_t, COUNT);
    bool *seen = ARENA_NEW(*state, bool, COUNT);
    for (int32_t i = 0; i < COUNT; i++) {
        o.items[i] = (struct kafka_offset){ bytes_of("topic"), i, 0 };
    }
    kafka_order_partitions(&o, order);
    for (int32_t i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
    }
}

static void sets_are_told_apart(void **state)
{
    struct kafka_offsets a = parsed(*state, "{\"a\":{\"0\":1,\"1\":2},\"b\":{\"0\":3}}");
    struct kafka_offsets b = parsed(*state, "{\"a\":{\"0\":1,\"1\":5},\"b\":{\"0\":3}}");
    struct kafka_offsets c = parsed(*state, "{\"a\":{\"1\":2},\"c\":{\"0\":3}}");
    assert_true(kafka_offsets_same_partitions(&a, &b));
    assert_false(kafka_offsets_equal(&a, &b));
    assert_false(kafka_offsets_same_partitions(&a, &c));
    struct kafka_offsets left = kafka_offsets_without(*state, &a, &c);
    assert_int_equal(left.count, 2);
    assert_int_equal(left.items[0].offset, 1);
    assert_true(bytes_equal_text(left.items[1].topic, "b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(offsets_are_sorted_and_the_last_of_a_partition_counts,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(what_is_no_offsets_is_refused, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(partitions_keep_the_order_they_were_given_in, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(json_is_printed_in_the_order_of_scalas_maps, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(sets_are_printed_as_scala_does, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(partitions_are_visited_as_spark_visits_them, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(many_partitions_are_all_visited_once, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(sets_are_told_apart, make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
