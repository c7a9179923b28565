/*
 * The table of a store: see state_table.h.
 */
#include "state/state_table.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"

enum {
    SLOTS_MIN = 16,
    ENTRIES_MIN = 16,
    WASTE_MIN = 64 << 10, /* bytes, and as many entries / 64: less is not worth a rewrite */
    ENTRIES_MAX = INT32_MAX,
};

struct entry {
    uint8_t *record; /* in the log: key, value, room */
    uint32_t hash;
    uint32_t key_len;
    uint32_t value_len;
    uint32_t value_room;
    uint32_t change; /* index + 1 in changes; 0: not touched since the begin, or new */
    bool removed;
};

/* What an entry was at the begin. A removed one still has its key in its record. */
struct change {
    uint32_t entry;
    uint32_t value_len;
    uint8_t *value; /* in `old`; NULL: as it is in the record */
};

struct state_table {
    uint64_t seed;

    uint64_t *slots; /* hash << 32 | index + 1; 0: free */
    size_t slot_count;

    struct entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    size_t live;    /* entries that are not removed */
    size_t content; /* bytes of their keys and values */

    struct arena log;
    size_t wasted; /* bytes of the log that nothing points at */

    size_t begin_count; /* entries from here on are new in this batch */
    struct change *changes;
    size_t change_count;
    size_t change_capacity;
    struct arena old;
};

struct state_table *state_table_new(uint64_t seed)
{
    struct state_table *t = MEM_NEW(struct state_table);
    t->seed = seed;
    arena_init(&t->log, 0);
    arena_init(&t->old, 0);
    return t;
}

void state_table_free(struct state_table *t)
{
    if (!t) {
        return;
    }
    arena_finish(&t->log);
    arena_finish(&t->old);
    free(t->slots);
    free(t->entries);
    free(t->changes);
    free(t);
}

/* --- slots --- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 32;
}

static uint32_t hash_of(const struct state_table *t, struct bytes key)
{
    uint64_t hash = t->seed ^ key.len;
    size_t at = 0;
    uint64_t word;
    for (; key.len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, key.data + at, sizeof(word));
        hash = mix(hash, word);
    }
    word = 0;
    for (int shift = 0; at < key.len; at++, shift += 8) {
        word |= (uint64_t)key.data[at] << shift;
    }
    hash = mix(mix(hash, word), t->seed);
    return (uint32_t)(hash ^ hash >> 29);
}

static void slot_insert(struct state_table *t, uint32_t hash, size_t index)
{
    size_t mask = t->slot_count - 1;
    size_t at = hash & mask;
    while (t->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    t->slots[at] = (uint64_t)hash << 32 | (index + 1);
}

/* Slots for `count` entries, three quarters full at most, filled anew. */
static void rebuild_slots(struct state_table *t, size_t count)
{
    size_t slot_count = SLOTS_MIN;
    while (slot_count / 4 * 3 < count) {
        slot_count *= 2;
    }
    free(t->slots);
    t->slots = mem_zalloc(slot_count, sizeof(*t->slots));
    t->slot_count = slot_count;
    for (size_t i = 0; i < t->entry_count; i++) {
        if (!t->entries[i].removed) {
            slot_insert(t, t->entries[i].hash, i);
        }
    }
}

static struct bytes key_of(const struct entry *e)
{
    return (struct bytes){ e->record, e->key_len };
}

static struct bytes value_of(const struct entry *e)
{
    return (struct bytes){ e->record + e->key_len, e->value_len };
}

/* The slot that has the key, or SIZE_MAX. */
static size_t slot_find(const struct state_table *t, uint32_t hash, struct bytes key)
{
    if (t->slot_count == 0) {
        return SIZE_MAX;
    }
    size_t mask = t->slot_count - 1;
    for (size_t at = hash & mask; t->slots[at] != 0; at = (at + 1) & mask) {
        uint64_t slot = t->slots[at];
        if ((uint32_t)(slot >> 32) == hash &&
            bytes_equal(key_of(&t->entries[(uint32_t)slot - 1]), key)) {
            return at;
        }
    }
    return SIZE_MAX;
}

/* Frees a slot and closes the gap, so that no search ends too early. */
static void slot_free(struct state_table *t, size_t gap)
{
    size_t mask = t->slot_count - 1;
    for (size_t at = (gap + 1) & mask; t->slots[at] != 0; at = (at + 1) & mask) {
        size_t home = (size_t)(t->slots[at] >> 32) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            t->slots[gap] = t->slots[at];
            gap = at;
        }
    }
    t->slots[gap] = 0;
}

static void slot_free_entry(struct state_table *t, size_t index)
{
    size_t mask = t->slot_count - 1;
    size_t at = t->entries[index].hash & mask;
    while ((uint32_t)t->slots[at] != index + 1) {
        at = (at + 1) & mask;
    }
    slot_free(t, at);
}

static struct entry *find(const struct state_table *t, struct bytes key)
{
    size_t at = slot_find(t, hash_of(t, key), key);
    return at == SIZE_MAX ? NULL : &t->entries[(uint32_t)t->slots[at] - 1];
}

/* --- records --- */

static size_t record_size(const struct entry *e)
{
    return (size_t)e->key_len + e->value_room;
}

/* A record of its own for the entry, with the key; the value is still to be written. */
static void give_record(struct state_table *t, struct entry *e, struct bytes key, size_t value_len)
{
    size_t step = _Alignof(max_align_t);
    size_t size = (key.len + value_len + step - 1) / step * step; /* what the arena gives anyway */
    uint8_t *record = arena_alloc(&t->log, size ? size : step, 1);
    if (key.len > 0) {
        memcpy(record, key.data, key.len);
    }
    e->record = record;
    e->key_len = (uint32_t)key.len;
    e->value_room = (uint32_t)(size - key.len);
}

static void set_value(struct state_table *t, struct entry *e, struct bytes value)
{
    if (value.len > e->value_room) {
        t->wasted += record_size(e);
        give_record(t, e, key_of(e), value.len);
    }
    if (value.len > 0) {
        memmove(e->record + e->key_len, value.data, value.len);
    }
    t->content += value.len;
    t->content -= e->value_len;
    e->value_len = (uint32_t)value.len;
}

/* --- changes --- */

static struct change *note(struct state_table *t, struct entry *e)
{
    size_t index = (size_t)(e - t->entries);
    if (e->change != 0 || index >= t->begin_count) {
        return NULL;
    }
    if (t->change_count == t->change_capacity) {
        t->change_capacity = t->change_capacity ? 2 * t->change_capacity : ENTRIES_MIN;
        t->changes = mem_resize(t->changes, t->change_capacity, sizeof(*t->changes));
    }
    struct change *c = &t->changes[t->change_count++];
    *c = (struct change){ .entry = (uint32_t)index, .value_len = e->value_len };
    e->change = (uint32_t)t->change_count;
    return c;
}

static bool append(struct state_table *t, struct bytes key, struct bytes value)
{
    if (t->entry_count == ENTRIES_MAX) {
        return false;
    }
    if (t->entry_count == t->entry_capacity) {
        t->entry_capacity = t->entry_capacity ? 2 * t->entry_capacity : ENTRIES_MIN;
        t->entries = mem_resize(t->entries, t->entry_capacity, sizeof(*t->entries));
    }
    if (t->live >= t->slot_count / 4 * 3) {
        rebuild_slots(t, 2 * (t->live + 1));
    }
    struct entry *e = &t->entries[t->entry_count];
    *e = (struct entry){ .hash = hash_of(t, key) };
    give_record(t, e, key, value.len);
    set_value(t, e, value);
    t->content += key.len;
    slot_insert(t, e->hash, t->entry_count);
    t->entry_count++;
    t->live++;
    return true;
}

bool state_table_get(const struct state_table *t, struct bytes key, struct bytes *out_value)
{
    const struct entry *e = find(t, key);
    if (!e) {
        return false;
    }
    *out_value = value_of(e);
    return true;
}

bool state_table_put(struct state_table *t, struct bytes key, struct bytes value)
{
    if (key.len > STATE_RECORD_MAX || value.len > STATE_RECORD_MAX) {
        return false;
    }
    struct entry *e = find(t, key);
    if (!e) {
        return append(t, key, value);
    }
    struct change *c = note(t, e);
    if (c) {
        c->value = arena_alloc(&t->old, e->value_len ? e->value_len : 1, 1);
        memcpy(c->value, value_of(e).data, e->value_len);
    }
    set_value(t, e, value);
    return true;
}

bool state_table_remove(struct state_table *t, struct bytes key)
{
    size_t at = slot_find(t, hash_of(t, key), key);
    if (at == SIZE_MAX) {
        return false;
    }
    struct entry *e = &t->entries[(uint32_t)t->slots[at] - 1];
    (void)note(t, e); /* the record keeps the value */
    slot_free(t, at);
    e->removed = true;
    t->live--;
    t->content -= (size_t)e->key_len + e->value_len;
    return true;
}

bool state_table_next(const struct state_table *t,
                      size_t *position,
                      struct bytes *out_key,
                      struct bytes *out_value)
{
    while (*position < t->entry_count) {
        const struct entry *e = &t->entries[(*position)++];
        if (!e->removed) {
            *out_key = key_of(e);
            *out_value = value_of(e);
            return true;
        }
    }
    return false;
}

int64_t state_table_count(const struct state_table *t)
{
    return (int64_t)t->live;
}

size_t state_table_memory(const struct state_table *t)
{
    return sizeof(*t) + t->log.used + t->old.used + t->slot_count * sizeof(*t->slots) +
           t->entry_capacity * sizeof(*t->entries) + t->change_capacity * sizeof(*t->changes);
}

int64_t state_table_content(const struct state_table *t)
{
    return (int64_t)t->content;
}

/* --- batches --- */

/* Entries without gaps, in the same order, and slots that point at them. */
static void close_gaps(struct state_table *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->entry_count; i++) {
        if (!t->entries[i].removed) {
            t->entries[kept++] = t->entries[i];
        }
    }
    t->entry_count = kept;
    t->entry_capacity = kept ? kept + kept / 2 : 1;
    t->entries = mem_resize(t->entries, t->entry_capacity, sizeof(*t->entries));
    rebuild_slots(t, 2 * kept);
}

static void rewrite_log(struct state_table *t)
{
    struct arena old = t->log;
    arena_init(&t->log, old.chunk_size);
    for (size_t i = 0; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];
        struct bytes value = value_of(e);
        give_record(t, e, key_of(e), value.len);
        if (value.len > 0) {
            memcpy(e->record + e->key_len, value.data, value.len);
        }
    }
    arena_finish(&old);
    t->wasted = 0;
}

static void forget_changes(struct state_table *t)
{
    for (size_t i = 0; i < t->change_count; i++) {
        struct entry *e = &t->entries[t->changes[i].entry];
        e->change = 0;
        t->wasted += e->removed ? record_size(e) : 0;
    }
    for (size_t i = t->begin_count; i < t->entry_count; i++) {
        t->wasted += t->entries[i].removed ? record_size(&t->entries[i]) : 0;
    }
    t->change_count = 0;
    arena_reset(&t->old);
}

void state_table_begin(struct state_table *t)
{
    forget_changes(t);
    size_t gaps = t->entry_count - t->live;
    bool rewrite = t->wasted > WASTE_MIN && t->wasted > t->log.used / 2;
    if (rewrite || (gaps > WASTE_MIN / 64 && gaps > t->entry_count / 2)) {
        close_gaps(t);
    }
    if (rewrite) {
        rewrite_log(t);
    }
    t->begin_count = t->entry_count;
}

void state_table_undo(struct state_table *t)
{
    for (size_t i = t->begin_count; i < t->entry_count; i++) {
        struct entry *e = &t->entries[i];
        if (!e->removed) {
            slot_free_entry(t, i);
            t->live--;
            t->content -= (size_t)e->key_len + e->value_len;
        }
        t->wasted += record_size(e);
    }
    t->entry_count = t->begin_count;
    for (size_t i = 0; i < t->change_count; i++) {
        const struct change *c = &t->changes[i];
        struct entry *e = &t->entries[c->entry];
        e->change = 0;
        if (e->removed) {
            e->removed = false;
            slot_insert(t, e->hash, c->entry); /* there were as many before: there is room */
            t->live++;
            t->content += (size_t)e->key_len + e->value_len;
        }
        if (c->value) {
            set_value(t, e, (struct bytes){ c->value, c->value_len });
        }
    }
    t->change_count = 0;
    arena_reset(&t->old);
}

void state_table_write_changes(const struct state_table *t, struct state_file_writer *w)
{
    for (size_t i = 0; i < t->change_count; i++) {
        const struct entry *e = &t->entries[t->changes[i].entry];
        if (e->removed) {
            state_file_remove(w, key_of(e));
        } else {
            state_file_put(w, key_of(e), value_of(e));
        }
    }
    for (size_t i = t->begin_count; i < t->entry_count; i++) {
        if (!t->entries[i].removed) {
            state_file_put(w, key_of(&t->entries[i]), value_of(&t->entries[i]));
        }
    }
}

void state_table_write_all(const struct state_table *t, struct state_file_writer *w)
{
    struct bytes key;
    struct bytes value;
    size_t position = 0;
    while (state_table_next(t, &position, &key, &value)) {
        state_file_put(w, key, value);
    }
}
