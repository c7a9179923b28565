/*
 * How a Kafka source shares out work: see kafka_split.h.
 */
#include "sources/kafka_split.h"

#include <math.h>

/* --- maxOffsetsPerTrigger --- */

static int64_t backlog_of(const struct kafka_offsets *from, const struct kafka_offset *until)
{
    const struct kafka_offset *begin = kafka_offsets_find(from, until);
    int64_t size = 0;
    if (!begin || __builtin_sub_overflow(until->offset, begin->offset, &size)) {
        return 0;
    }
    return size;
}

static int64_t limited_end(int64_t begin, int64_t end, double share)
{
    double rounded = share < 1 ? ceil(share) : floor(share);
    int64_t part = rounded >= 9223372036854775807.0 ? INT64_MAX : (int64_t)rounded;
    int64_t limited = 0;
    if (__builtin_add_overflow(begin, part, &limited)) {
        limited = INT64_MAX;
    }
    return limited < end ? limited : end;
}

struct kafka_offsets kafka_limit(struct arena *arena,
                                 const struct kafka_offsets *from,
                                 const struct kafka_offsets *until,
                                 int64_t limit)
{
    struct kafka_offsets result = { until->count,
                                    ARENA_NEW(arena, struct kafka_offset, (size_t)until->count) };
    double total = 0;
    for (int32_t i = 0; i < until->count; i++) {
        int64_t size = backlog_of(from, &until->items[i]);
        total += size > 0 ? (double)size : 0;
    }
    for (int32_t i = 0; i < until->count; i++) {
        const struct kafka_offset *end = &until->items[i];
        int64_t size = backlog_of(from, end);
        result.items[i] = *end;
        if (size > 0) {
            double share = (double)limit * ((double)size / total);
            result.items[i].offset =
                limited_end(kafka_offsets_find(from, end)->offset, end->offset, share);
        }
    }
    return result;
}

double kafka_backlog(const struct kafka_offsets *from, const struct kafka_offsets *until)
{
    double total = 0;
    for (int32_t i = 0; i < until->count; i++) {
        const struct kafka_offset *begin = kafka_offsets_find(from, &until->items[i]);
        total += (double)until->items[i].offset - (begin ? (double)begin->offset : 0);
    }
    return total;
}

/* --- minPartitions --- */

struct splitting {
    struct kafka_range *out;
    int32_t capacity;
    int32_t count;
    struct arena *arena;
};

static void add_range(struct splitting *s, struct kafka_range range)
{
    if (range.from >= range.until || s->count == KAFKA_RANGES_MAX) {
        return;
    }
    if (s->count == s->capacity) {
        int32_t capacity = s->capacity ? s->capacity * 2 : 16;
        struct kafka_range *larger = ARENA_NEW(s->arena, struct kafka_range, (size_t)capacity);
        if (s->count > 0) {
            memcpy(larger, s->out, (size_t)s->count * sizeof(*larger));
        }
        s->out = larger;
        s->capacity = capacity;
    }
    s->out[s->count++] = range;
}

/* Into `parts` of equal size; the last ones have what is left over. */
static void add_parts(struct splitting *s, const struct kafka_range *range, int64_t parts)
{
    int64_t left = range->until - range->from;
    int64_t start = range->from;
    if (parts > KAFKA_RANGES_MAX) {
        parts = KAFKA_RANGES_MAX;
    }
    for (int64_t i = 0; i < parts; i++) {
        int64_t size = left / (parts - i);
        left -= size;
        add_range(s, (struct kafka_range){ range->topic, range->partition, start, start + size });
        start += size;
    }
}

/* Java's Math.round(), at least 1. */
static int64_t part_count(int64_t size, double total, int64_t parts_min)
{
    double parts = floor((double)size / total * (double)parts_min + 0.5);
    return parts > 1 ? (int64_t)parts : 1;
}

static void split_to_min(struct splitting *s,
                         const struct kafka_range *ranges,
                         int32_t count,
                         int32_t parts_min)
{
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
        total += (double)(ranges[i].until - ranges[i].from);
    }
    /* Those that stay whole are left out of the reckoning for the others. */
    double split_total = total;
    int64_t whole = 0;
    for (int32_t i = 0; i < count; i++) {
        int64_t size = ranges[i].until - ranges[i].from;
        if (part_count(size, total, parts_min) == 1) {
            split_total -= (double)size;
            whole++;
        }
    }
    int64_t split_min = parts_min - whole > 1 ? parts_min - whole : 1;
    for (int32_t i = 0; i < count; i++) {
        int64_t size = ranges[i].until - ranges[i].from;
        bool stays = part_count(size, total, parts_min) == 1;
        add_parts(s, &ranges[i], stays ? 1 : part_count(size, split_total, split_min));
    }
}

struct kafka_range *kafka_split(struct arena *arena,
                                const struct kafka_range *ranges,
                                int32_t count,
                                const struct kafka_split *how,
                                int32_t *out_count)
{
    struct splitting first = { .arena = arena };
    for (int32_t i = 0; i < count; i++) {
        int64_t max = how->records_per_partition_max;
        int64_t size = ranges[i].until - ranges[i].from;
        add_parts(&first, &ranges[i], max > 0 && size > max ? (size - 1) / max + 1 : 1);
    }
    if (how->partitions_min <= first.count || first.count == 0) {
        *out_count = first.count;
        return first.out;
    }
    struct splitting second = { .arena = arena };
    split_to_min(&second, first.out, first.count, how->partitions_min);
    *out_count = second.count;
    return second.out;
}
