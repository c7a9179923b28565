/*
 * Which partitions an entry of a request names again. One entry after the other, for one request; the memory is that of
 * the largest topic, however many entries there are: a request of 100 MB may name a topic of 10000 partitions a million
 * times.
 *
 * Thread: one at a time. Ownership: everything lies in the arena.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct repeats {
    struct arena *arena;
    int64_t *named_in; /* by partition: the entry that named it last, from 1 */
    int32_t capacity;
    int32_t partition_count; /* of the topic that the entry is about */
    int64_t entry;
};

static inline void repeats_init(struct repeats *r, struct arena *arena)
{
    *r = (struct repeats){ .arena = arena };
}

/* The next entry, about a topic of so many partitions (0: there is none). */
static inline void repeats_begin(struct repeats *r, int32_t partition_count)
{
    r->entry++;
    r->partition_count = partition_count;
    if (partition_count > r->capacity) {
        r->capacity = partition_count > 2 * r->capacity ? partition_count : 2 * r->capacity;
        r->named_in = ARENA_NEW(r->arena, int64_t, (size_t)r->capacity);
    }
}

/* True when this entry named the partition before. Partitions that are not there count as different. */
static inline bool repeats_add(struct repeats *r, int32_t partition)
{
    if (partition < 0 || partition >= r->partition_count) {
        return false;
    }
    assert(r->named_in);
    bool again = r->named_in[partition] == r->entry;
    r->named_in[partition] = r->entry;
    return again;
}
