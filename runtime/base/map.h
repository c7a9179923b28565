/*
 * A hash map from byte strings to pointers.
 *
 * Open addressing with linear probing; keys are copied and owned by the map, values are the caller's. Integer keys go
 * in as their bytes (map_key_i64). Iteration order is that of insertion as long as nothing was removed; a removal
 * moves the last entry into the gap.
 *
 * Thread: one at a time, or any number of readers.
 */
#pragma once

#include "base/bytes.h"

struct map_entry {
    struct bytes key; /* owned by the map */
    void *value;
    uint64_t hash;
};

struct map {
    struct map_entry *entries; /* dense: [0, count) are live */
    size_t count;
    size_t entry_capacity;
    uint32_t *slots; /* entry index + 1, 0 is free; slot_count is a power of two */
    size_t slot_count;
};

/* All zeros is an empty map too. */
void map_init(struct map *m);
/* Frees the keys and the table; values are not touched. */
void map_finish(struct map *m);

/* NULL when the key is not there. */
void *map_get(const struct map *m, struct bytes key);

/* Inserts or replaces; returns the value that was there before, or NULL. `value` must not be NULL. */
void *map_put(struct map *m, struct bytes key, void *value);

/* Returns what was removed, or NULL. */
void *map_remove(struct map *m, struct bytes key);

/* An integer as a key: the range points at *storage. */
static inline struct bytes map_key_i64(int64_t value, int64_t *storage)
{
    *storage = value;
    return (struct bytes){ (const uint8_t *)storage, sizeof(*storage) };
}
