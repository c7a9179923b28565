/*
 * How often each thing is named in one request: a client may name a topic twice, and a request of 100 MB may name a
 * million, so looking back over the list for each is not good enough.
 *
 * Thread: one at a time. Ownership: counters lie in the arena; tally_finish() frees the table.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"

struct tally {
    struct map counts; /* -> int */
    struct arena *arena;
};

static inline void tally_init(struct tally *t, struct arena *arena)
{
    map_init(&t->counts);
    t->arena = arena;
}

static inline void tally_finish(struct tally *t)
{
    map_finish(&t->counts);
}

/* Counts one more; returns how often it was named before. */
static inline int tally_add(struct tally *t, struct bytes key)
{
    int *count = map_get(&t->counts, key);
    if (!count) {
        count = ARENA_NEW(t->arena, int, 1);
        (void)map_put(&t->counts, key, count);
    }
    return (*count)++;
}

static inline int tally_count(const struct tally *t, struct bytes key)
{
    const int *count = map_get(&t->counts, key);
    return count ? *count : 0;
}
