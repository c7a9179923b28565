/*
 * For each key the offset of its newest record, in bounded memory (org.apache.kafka.storage.internals.log.SkimpyOffsetMap).
 *
 * Keys can be of any length, so what is kept is a hash of 128 bits, with a secret of this map: 24 bytes a key. Two keys of one
 * hash would be taken for one; that does not happen by chance, and nobody who lacks the secret can make it happen.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/siphash.h"

enum { OFFSET_MAP_ENTRY_SIZE = 24 }; /* as Kafka counts: 16 of MD5, 8 of the offset */

struct offset_map {
    uint8_t secret[SIPHASH_KEY_SIZE];
    struct offset_map_slot *slots; /* owned */
    size_t slot_count;
    size_t count;
    size_t max; /* keys */
};

/* For at most so many keys as fit `bytes` at this load, one at least; and never for more than `wanted`. */
void offset_map_init(struct offset_map *m, int64_t bytes, double load_factor, int64_t wanted);
void offset_map_finish(struct offset_map *m);

/* False: the key is not there and there is no room for another one. */
bool offset_map_put(struct offset_map *m, struct bytes key, int64_t offset);

/* -1: the key is not there. */
int64_t offset_map_get(const struct offset_map *m, struct bytes key);
