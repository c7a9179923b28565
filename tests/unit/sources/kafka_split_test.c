/*
 * sources/kafka_split: how a Spark 4.1 shared out backlogs and ranges, number by number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sources/kafka_split.h"

#include <cmocka.h>

static struct kafka_offsets offsets_of(struct arena *arena, const int64_t *values, int32_t count)
{
    struct kafka_offsets o = { count, ARENA_NEW(arena, struct kafka_offset, (size_t)count) };
    for (int32_t i = 0; i < count; i++) {
        o.items[i] = (struct kafka_offset){ bytes_of("t"), i, values[i] };
    }
    return o;
}

enum { PARTITIONS_MAX = 5, BATCHES_MAX = 12 };

struct sharing {
    int32_t partitions;
    int64_t backlog[PARTITIONS_MAX];
    int64_t limit;
    int32_t batches;
    int64_t ends[BATCHES_MAX][PARTITIONS_MAX];
};

static const struct sharing sharings[] = {
    { 3,
      { 1000, 10, 0 },
      100,
      11,
      { { 99, 1, 0 },
        { 198, 2, 0 },
        { 297, 3, 0 },
        { 396, 4, 0 },
        { 495, 5, 0 },
        { 594, 6, 0 },
        { 693, 7, 0 },
        { 792, 8, 0 },
        { 891, 9, 0 },
        { 990, 10, 0 },
        { 1000, 10, 0 } } },
    { 3, { 1000, 10, 1 }, 100, 3, { { 98, 1, 1 }, { 197, 2, 1 }, { 296, 3, 1 } } },
    { 5, { 7, 3, 1, 1, 0 }, 5, 3, { { 2, 1, 1, 1, 0 }, { 5, 2, 1, 1, 0 }, { 7, 3, 1, 1, 0 } } },
    { 2, { 7, 7 }, 3, 3, { { 1, 1 }, { 2, 2 }, { 3, 3 } } },
    { 3, { 10, 10, 10 }, 1, 2, { { 1, 1, 1 }, { 2, 2, 2 } } },
    { 2, { 5, 5 }, 50, 1, { { 5, 5 } } },
    { 2, { 10, 10 }, 0, 1, { { 0, 0 } } },
    { 2, { 10, 10 }, -5, 1, { { -2, -2 } } },
};

static void a_backlog_is_shared_out_as_spark_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sharings) / sizeof(sharings[0]); i++) {
        const struct sharing *s = &sharings[i];
        struct arena arena;
        arena_init(&arena, 0);
        const int64_t zeros[PARTITIONS_MAX] = { 0 };
        struct kafka_offsets from = offsets_of(&arena, zeros, s->partitions);
        struct kafka_offsets until = offsets_of(&arena, s->backlog, s->partitions);
        for (int32_t batch = 0; batch < s->batches; batch++) {
            from = kafka_limit(&arena, &from, &until, s->limit);
            for (int32_t p = 0; p < s->partitions; p++) {
                assert_int_equal(from.items[p].offset, s->ends[batch][p]);
            }
        }
        arena_finish(&arena);
    }
}

static void a_limit_beyond_all_numbers_ends_at_the_end(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct kafka_offsets from = offsets_of(&arena, (const int64_t[]){ 5, INT64_MAX - 10 }, 2);
    struct kafka_offsets until = offsets_of(&arena, (const int64_t[]){ 9, INT64_MAX }, 2);
    struct kafka_offsets end = kafka_limit(&arena, &from, &until, INT64_MAX);
    assert_int_equal(end.items[0].offset, 9);
    assert_true(end.items[1].offset == INT64_MAX);
    arena_finish(&arena);
}

struct splitting {
    struct kafka_split how;
    int32_t count;
    int64_t starts[16]; /* of each part: 100 * partition + first offset */
};

/* Of 3 records of partition 1, then 10 of partition 0. */
static const struct splitting splittings[] = {
    { { 1, 0 }, 2, { 100, 0 } },
    { { 2, 0 }, 2, { 100, 0 } },
    { { 3, 0 }, 3, { 100, 0, 5 } },
    { { 5, 0 }, 5, { 100, 0, 2, 4, 7 } },
    { { 13, 0 }, 13, { 100, 101, 102, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 } },
    { { 20, 0 }, 13, { 100, 101, 102, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 } },
    { { 0, 4 }, 4, { 100, 0, 3, 6 } },
};

static void ranges_are_split_as_spark_does(void **state)
{
    (void)state;
    const struct kafka_range ranges[] = {
        { bytes_of("t"), 1, 0, 3 },
        { bytes_of("t"), 2, 7, 7 },
        { bytes_of("t"), 0, 0, 10 },
    };
    for (size_t i = 0; i < sizeof(splittings) / sizeof(splittings[0]); i++) {
        const struct splitting *s = &splittings[i];
        struct arena arena;
        arena_init(&arena, 0);
        int32_t count = 0;
        struct kafka_range *parts = kafka_split(&arena, ranges, 3, &s->how, &count);
        assert_int_equal(count, s->count);
        for (int32_t p = 0; p < count; p++) {
            assert_int_equal(100 * parts[p].partition + parts[p].from, s->starts[p]);
            bool last = p + 1 == count || parts[p + 1].partition != parts[p].partition;
            int64_t end = last ? (parts[p].partition == 1 ? 3 : 10) : parts[p + 1].from;
            assert_int_equal(parts[p].until, end);
        }
        arena_finish(&arena);
    }
}

static void a_backlog_counts_new_partitions_from_0(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct kafka_offsets from = offsets_of(&arena, (const int64_t[]){ 5 }, 1);
    struct kafka_offsets until = offsets_of(&arena, (const int64_t[]){ 9, 3 }, 2);
    assert_true(kafka_backlog(&from, &until) == 7);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_backlog_is_shared_out_as_spark_does),
        cmocka_unit_test(a_limit_beyond_all_numbers_ends_at_the_end),
        cmocka_unit_test(ranges_are_split_as_spark_does),
        cmocka_unit_test(a_backlog_counts_new_partitions_from_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
