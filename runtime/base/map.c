/*
 * Hash map: see map.h. Entries lie dense in one array; the slots hold their indexes and are rebuilt when the table
 * grows or something is removed from the middle of a probe sequence (backward shift keeps them short).
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SLOTS_FIRST = 16 };

void map_init(struct map *m)
{
    *m = (struct map){ 0 };
}

void map_finish(struct map *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free((void *)(uintptr_t)m->entries[i].key.data);
    }
    free(m->entries);
    free(m->slots);
    *m = (struct map){ 0 };
}

/* The slot that holds `key`, or the free one where it would go. The table is never full. */
static size_t find_slot(const struct map *m, struct bytes key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    size_t slot = hash & mask;
    for (;; slot = (slot + 1) & mask) {
        uint32_t index = m->slots[slot];
        if (index == 0) {
            return slot;
        }
        const struct map_entry *entry = &m->entries[index - 1];
        if (entry->hash == hash && bytes_equal(entry->key, key)) {
            return slot;
        }
    }
}

static void grow_slots(struct map *m)
{
    free(m->slots);
    m->slot_count = m->slot_count ? m->slot_count * 2 : SLOTS_FIRST;
    m->slots = mem_zalloc(m->slot_count, sizeof(*m->slots));
    for (size_t i = 0; i < m->count; i++) {
        m->slots[find_slot(m, m->entries[i].key, m->entries[i].hash)] = (uint32_t)i + 1;
    }
}

void *map_get(const struct map *m, struct bytes key)
{
    if (m->count == 0) {
        return NULL;
    }
    uint32_t index = m->slots[find_slot(m, key, bytes_hash(key))];
    return index ? m->entries[index - 1].value : NULL;
}

void *map_put(struct map *m, struct bytes key, void *value)
{
    if ((m->count + 1) * 4 > m->slot_count * 3) {
        grow_slots(m);
    }
    uint64_t hash = bytes_hash(key);
    size_t slot = find_slot(m, key, hash);
    if (m->slots[slot] != 0) {
        struct map_entry *entry = &m->entries[m->slots[slot] - 1];
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    if (m->count == m->entry_capacity) {
        m->entry_capacity = m->entry_capacity ? m->entry_capacity * 2 : SLOTS_FIRST;
        m->entries = mem_resize(m->entries, m->entry_capacity, sizeof(*m->entries));
    }
    struct bytes owned = { (uint8_t *)mem_text(key.data, key.len), key.len };
    m->entries[m->count++] = (struct map_entry){ owned, value, hash };
    m->slots[slot] = (uint32_t)m->count;
    return NULL;
}

/* Backward-shift deletion: every later entry of the probe run that may move into the gap does. */
static void free_slot(struct map *m, size_t gap)
{
    size_t mask = m->slot_count - 1;
    size_t slot = gap;
    m->slots[gap] = 0;
    for (;;) {
        slot = (slot + 1) & mask;
        if (m->slots[slot] == 0) {
            return;
        }
        size_t home = m->entries[m->slots[slot] - 1].hash & mask;
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            m->slots[gap] = m->slots[slot];
            m->slots[slot] = 0;
            gap = slot;
        }
    }
}

void *map_remove(struct map *m, struct bytes key)
{
    if (m->count == 0) {
        return NULL;
    }
    size_t slot = find_slot(m, key, bytes_hash(key));
    if (m->slots[slot] == 0) {
        return NULL;
    }
    size_t index = m->slots[slot] - 1;
    void *value = m->entries[index].value;
    free_slot(m, slot);
    free((void *)(uintptr_t)m->entries[index].key.data);
    size_t last = --m->count;
    if (index != last) {
        size_t moved = find_slot(m, m->entries[last].key, m->entries[last].hash);
        m->entries[index] = m->entries[last];
        m->slots[moved] = (uint32_t)index + 1;
    }
    return value;
}
