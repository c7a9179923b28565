/*
 * Groups: see groups.h.
 *
 * Open addressing with linear probing, never more than half full. A slot has 32 bits of the hash beside the group's number, so
 * that nearly every probe that looks at a key finds it equal.
 */
#include "operators/groups.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/row_codec.h"

enum keeping { KEEP_NOTHING, KEEP_INTEGER, KEEP_TEXT, KEEP_ROW };

enum { SLOTS_FIRST = 64, NO_GROUP = -1 };

struct slot {
    uint32_t tag;
    int32_t group; /* NO_GROUP: free */
};

struct groups {
    enum keeping keeping;
    int32_t type_count;
    const struct type **types;
    int32_t count;
    int32_t capacity;
    int32_t null_group;  /* KEEP_INTEGER, KEEP_TEXT: the one of null; or NO_GROUP */
    uint64_t *hashes;    /* of each group */
    int64_t *integers;   /* KEEP_INTEGER */
    size_t *ends;        /* KEEP_TEXT, KEEP_ROW: where the bytes of each group end */
    struct buffer bytes; /* of all groups, one behind the other */
    struct slot *slots;
    uint32_t slot_count; /* a power of two */
    uint64_t *row_hashes;
    int32_t row_capacity;
    struct buffer row; /* KEEP_ROW: one row's key */
};

static bool is_integer(const struct type *t)
{
    return type_width(t) > 0 && type_width(t) <= 8 && !type_is_fractional(t);
}

static enum keeping keeping_of(const struct type *const *types, int32_t count)
{
    if (count == 0) {
        return KEEP_NOTHING;
    }
    return count > 1                  ? KEEP_ROW
           : is_integer(types[0])     ? KEEP_INTEGER
           : type_has_bytes(types[0]) ? KEEP_TEXT
                                      : KEEP_ROW;
}

static struct slot *new_slots(uint32_t count)
{
    struct slot *slots = mem_resize(NULL, count, sizeof(*slots));
    for (uint32_t i = 0; i < count; i++) {
        slots[i] = (struct slot){ 0, NO_GROUP };
    }
    return slots;
}

struct groups *groups_new(const struct type *const *types, int32_t count)
{
    struct groups *g = MEM_NEW(struct groups);
    g->keeping = keeping_of(types, count);
    g->type_count = count;
    g->types = mem_zalloc((size_t)count, sizeof(*g->types));
    for (int32_t i = 0; i < count; i++) {
        g->types[i] = types[i];
    }
    g->null_group = NO_GROUP;
    g->count = g->keeping == KEEP_NOTHING;
    g->slot_count = SLOTS_FIRST;
    g->slots = new_slots(g->slot_count);
    buffer_init(&g->bytes, SIZE_MAX / 2);
    buffer_init(&g->row, SIZE_MAX / 2);
    return g;
}

void groups_free(struct groups *g)
{
    if (!g) {
        return;
    }
    free((void *)g->types);
    free(g->hashes);
    free(g->integers);
    free(g->ends);
    buffer_finish(&g->bytes);
    free(g->slots);
    free(g->row_hashes);
    buffer_finish(&g->row);
    free(g);
}

int32_t groups_count(const struct groups *g)
{
    return g->count;
}

static inline struct bytes key_bytes(const struct groups *g, int32_t group)
{
    size_t start = group > 0 ? g->ends[group - 1] : 0;
    return (struct bytes){ g->bytes.data + start, g->ends[group] - start };
}

/* --- growing --- */

static void grow_groups(struct groups *g)
{
    assert(g->count < INT32_MAX / 2);
    g->capacity = g->capacity ? g->capacity * 2 : SLOTS_FIRST;
    g->hashes = mem_resize(g->hashes, (size_t)g->capacity, sizeof(*g->hashes));
    if (g->keeping == KEEP_INTEGER) {
        g->integers = mem_resize(g->integers, (size_t)g->capacity, sizeof(*g->integers));
    } else {
        g->ends = mem_resize(g->ends, (size_t)g->capacity, sizeof(*g->ends));
    }
}

static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static void put_slot(struct groups *g, uint64_t hash, int32_t group)
{
    uint32_t mask = g->slot_count - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (g->slots[at].group != NO_GROUP) {
        at = (at + 1) & mask;
    }
    g->slots[at] = (struct slot){ tag_of(hash), group };
}

static void grow_slots(struct groups *g)
{
    free(g->slots);
    g->slot_count *= 2;
    g->slots = new_slots(g->slot_count);
    for (int32_t i = 0; i < g->count; i++) {
        if (i != g->null_group) {
            put_slot(g, g->hashes[i], i);
        }
    }
}

/* A group more; whoever asked puts its key in place. */
static int32_t add_group(struct groups *g, uint64_t hash)
{
    if (g->count == g->capacity) {
        grow_groups(g);
    }
    g->hashes[g->count] = hash;
    return g->count++;
}

static int32_t add_slotted(struct groups *g, uint64_t hash)
{
    if ((uint32_t)g->count * 2 >= g->slot_count) {
        grow_slots(g);
    }
    int32_t group = add_group(g, hash);
    put_slot(g, hash, group);
    return group;
}

static void keep_bytes(struct groups *g, int32_t group, struct bytes key)
{
    buffer_append(&g->bytes, key.data, key.len);
    g->ends[group] = g->bytes.len;
}

/* --- finding --- */

static int32_t find_null(struct groups *g)
{
    if (g->null_group == NO_GROUP) {
        g->null_group = add_group(g, 0);
        if (g->keeping == KEEP_INTEGER) {
            g->integers[g->null_group] = 0;
        } else {
            keep_bytes(g, g->null_group, (struct bytes){ (const uint8_t *)"", 0 });
        }
    }
    return g->null_group;
}

static inline int32_t find_integer(struct groups *g, int64_t key, uint64_t hash)
{
    uint32_t mask = g->slot_count - 1;
    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        struct slot s = g->slots[at];
        if (s.group == NO_GROUP) {
            break;
        }
        if (s.tag == tag_of(hash) && g->integers[s.group] == key) {
            return s.group;
        }
    }
    int32_t group = add_slotted(g, hash);
    g->integers[group] = key;
    return group;
}

static inline int32_t find_bytes(struct groups *g, struct bytes key, uint64_t hash)
{
    uint32_t mask = g->slot_count - 1;
    for (uint32_t at = (uint32_t)hash & mask;; at = (at + 1) & mask) {
        struct slot s = g->slots[at];
        if (s.group == NO_GROUP) {
            break;
        }
        if (s.tag == tag_of(hash) && bytes_equal(key_bytes(g, s.group), key)) {
            return s.group;
        }
    }
    int32_t group = add_slotted(g, hash);
    keep_bytes(g, group, key);
    return group;
}

/* Inlined for each width: what type it is, is settled outside of the loop. */
static inline __attribute__((always_inline)) int64_t integer_at(const void *values,
                                                                int32_t i,
                                                                size_t width)
{
    switch (width) {
    case 1: return ((const int8_t *)values)[i];
    case 2: return ((const int16_t *)values)[i];
    case 4: return ((const int32_t *)values)[i];
    default: return ((const int64_t *)values)[i];
    }
}

static inline __attribute__((always_inline)) void find_width(struct groups *g,
                                                             const struct column *c,
                                                             int32_t *out,
                                                             size_t width)
{
    for (int32_t i = 0; i < c->length; i++) {
        out[i] =
            column_is_null(c, i)
                ? find_null(g)
                : find_integer(g, integer_at(c->values, column_row(c, i), width), g->row_hashes[i]);
    }
}

static void find_integers(struct groups *g, const struct column *c, int32_t *out)
{
    switch (type_width(g->types[0])) {
    case 1: find_width(g, c, out, 1); break;
    case 2: find_width(g, c, out, 2); break;
    case 4: find_width(g, c, out, 4); break;
    default: find_width(g, c, out, 8); break;
    }
}

static void find_texts(struct groups *g, const struct column *c, int32_t *out)
{
    for (int32_t i = 0; i < c->length; i++) {
        out[i] = column_is_null(c, i) ? find_null(g)
                                      : find_bytes(g, column_text(c, i), g->row_hashes[i]);
    }
}

static void find_rows(struct groups *g, struct column *const *keys, int32_t rows, int32_t *out)
{
    for (int32_t i = 0; i < rows; i++) {
        buffer_clear(&g->row);
        for (int32_t k = 0; k < g->type_count; k++) {
            row_encode_key(&g->row, keys[k], i);
        }
        out[i] = find_bytes(g, buffer_bytes(&g->row), g->row_hashes[i]);
    }
}

static void hash_rows(struct groups *g, struct column *const *keys, int32_t rows)
{
    if (rows > g->row_capacity) {
        g->row_hashes = mem_resize(g->row_hashes, (size_t)rows, sizeof(*g->row_hashes));
        g->row_capacity = rows;
    }
    for (int32_t i = 0; i < rows; i++) {
        g->row_hashes[i] = 0;
    }
    for (int32_t k = 0; k < g->type_count; k++) {
        column_hash_rows(keys[k], g->row_hashes);
    }
}

void groups_find(struct groups *g, struct column *const *keys, int32_t rows, int32_t *out)
{
    if (g->keeping != KEEP_NOTHING) {
        hash_rows(g, keys, rows);
    }
    switch (g->keeping) {
    case KEEP_NOTHING: memset(out, 0, (size_t)rows * sizeof(*out)); break;
    case KEEP_INTEGER: find_integers(g, keys[0], out); break;
    case KEEP_TEXT: find_texts(g, keys[0], out); break;
    case KEEP_ROW: find_rows(g, keys, rows, out); break;
    }
}

/* --- the keys again --- */

static void append_key(const struct groups *g, int32_t group, struct builder *const *builders)
{
    if (g->keeping == KEEP_ROW) {
        struct bytes rest = key_bytes(g, group);
        for (int32_t k = 0; k < g->type_count; k++) {
            bool ok = row_decode(&rest, builders[k]);
            assert(ok); /* these bytes are our own */
        }
    } else if (group == g->null_group) {
        builder_null(builders[0]);
    } else if (g->keeping == KEEP_INTEGER) {
        builder_integer(builders[0], g->integers[group]);
    } else {
        builder_text(builders[0], key_bytes(g, group));
    }
}

void groups_keys(const struct groups *g,
                 const int32_t *which,
                 int32_t count,
                 struct column **out_columns)
{
    if (g->keeping == KEEP_NOTHING) {
        return;
    }
    struct builder **builders = mem_zalloc((size_t)g->type_count, sizeof(*builders));
    for (int32_t k = 0; k < g->type_count; k++) {
        builders[k] = builder_new(g->types[k]);
        builder_reserve(builders[k], count);
    }
    for (int32_t i = 0; i < count; i++) {
        append_key(g, which ? which[i] : i, builders);
    }
    for (int32_t k = 0; k < g->type_count; k++) {
        out_columns[k] = builder_finish(builders[k]);
    }
    free(builders);
}
