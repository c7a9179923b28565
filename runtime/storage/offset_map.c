/*
 * The newest offsets of keys: see offset_map.h. Open addressing with linear probing; nothing is ever removed.
 */
#include "storage/offset_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"

struct offset_map_slot {
    struct siphash hash;
    int64_t offset_plus_1; /* 0: free */
};
_Static_assert(sizeof(struct offset_map_slot) == OFFSET_MAP_ENTRY_SIZE, "as Kafka counts");
_Static_assert((int)UUID_SIZE == (int)SIPHASH_KEY_SIZE, "a random id is the secret");

static const double load_max =
    0.9; /* of our own table, whatever is set: one slot stays free, and probes stay short */

void offset_map_init(struct offset_map *m, int64_t bytes, double load_factor, int64_t wanted)
{
    double max = (double)(bytes / OFFSET_MAP_ENTRY_SIZE) * load_factor;
    struct uuid secret = uuid_random();
    *m = (struct offset_map){ 0 };
    memcpy(m->secret, secret.bytes, sizeof(m->secret));
    m->max = max < 1 ? 1 : max < INT32_MAX ? (size_t)max : INT32_MAX;
    if (wanted >= 1 && (size_t)wanted < m->max) {
        m->max = (size_t)wanted;
    }
    m->slot_count = (size_t)((double)m->max / load_max) + 2;
    m->slots = mem_zalloc(m->slot_count, sizeof(*m->slots));
}

void offset_map_finish(struct offset_map *m)
{
    free(m->slots);
    *m = (struct offset_map){ 0 };
}

/* The slot that has the key, or the free one where it would go. */
static struct offset_map_slot *find(const struct offset_map *m, struct siphash hash)
{
    size_t i = hash.low % m->slot_count;
    while (m->slots[i].offset_plus_1 != 0 &&
           (m->slots[i].hash.low != hash.low || m->slots[i].hash.high != hash.high)) {
        i = i + 1 < m->slot_count ? i + 1 : 0;
    }
    return &m->slots[i];
}

bool offset_map_put(struct offset_map *m, struct bytes key, int64_t offset)
{
    struct siphash hash = siphash128(m->secret, key);
    struct offset_map_slot *slot = find(m, hash);
    assert(offset >= 0);
    if (slot->offset_plus_1 == 0) {
        if (m->count == m->max) {
            return false;
        }
        m->count++;
    }
    *slot = (struct offset_map_slot){ hash, offset + 1 };
    return true;
}

int64_t offset_map_get(const struct offset_map *m, struct bytes key)
{
    return m->count == 0 ? -1 : find(m, siphash128(m->secret, key))->offset_plus_1 - 1;
}
