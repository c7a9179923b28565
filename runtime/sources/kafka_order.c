/*
 * The order in which Scala 2.13 visits hash maps: see kafka_offsets.h.
 *
 * A mutable HashMap is a table of 16 chains, doubled when it is three quarters full: a chain is chosen by the low bits of
 * `hash ^ hash >>> 16` and sorted by that (signed). An immutable one of up to four entries keeps the order in which they were put; a
 * larger one is a trie (CHAMP) of 32 branches a node, chosen by five bits of an improved hash, the lowest first; a node's own
 * entries are visited before its children.
 *
 * Offsets that Spark has from the broker went through the one and then the other. Hashes are Java's.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sources/kafka_offsets.h"

/* --- hashes --- */

/* String.hashCode(): of UTF-16 units. What is no UTF-8 counts byte by byte; no topic has that. */
static uint32_t text_hash(struct bytes text)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < text.len;) {
        uint32_t c = text.data[i++];
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
        if (more > 0 && i + (size_t)more <= text.len) {
            c &= 0x3fU >> more;
            for (; more > 0; more--) {
                c = c << 6 | (text.data[i++] & 0x3fU);
            }
        }
        if (c >= 0x10000) {
            hash = 31 * hash + (0xd7c0U + (c >> 10));
            c = 0xdc00U + (c & 0x3ffU);
        }
        hash = 31 * hash + c;
    }
    return hash;
}

/* TopicPartition.hashCode(). */
static uint32_t partition_hash(const struct kafka_offset *p)
{
    return 31 * (31 + (uint32_t)p->partition) + text_hash(p->topic);
}

static uint32_t mutable_hash(uint32_t hash)
{
    return hash ^ (hash >> 16);
}

static uint32_t immutable_hash(uint32_t hash)
{
    uint32_t h = hash + ~(hash << 9);
    h ^= h >> 14;
    h += h << 4;
    return h ^ (h >> 10);
}

/* --- mutable maps --- */

struct entry {
    uint32_t chain;
    int32_t hash;
    int32_t index; /* entries of one hash stay as they came */
};

static int by_chain(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    if (a->chain != b->chain) {
        return a->chain < b->chain ? -1 : 1;
    }
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    return a->index < b->index ? -1 : 1;
}

/* `table`: how many chains there are in the end. */
static void mutable_order(const uint32_t *hashes, int32_t count, uint32_t table, int32_t *order)
{
    struct entry *entries = mem_zalloc((size_t)count, sizeof(*entries));
    for (int32_t i = 0; i < count; i++) {
        uint32_t hash = mutable_hash(hashes[i]);
        entries[i] = (struct entry){ hash & (table - 1), (int32_t)hash, i };
    }
    qsort(entries, (size_t)count, sizeof(*entries), by_chain);
    for (int32_t i = 0; i < count; i++) {
        order[i] = entries[i].index;
    }
    free(entries);
}

/* A put looks whether there is room for one more before it looks whether the key is there already. */
static uint32_t table_after_put(uint32_t table, int32_t entries)
{
    return (uint32_t)entries + 1 >= table / 4 * 3 ? table * 2 : table;
}

static uint32_t table_for(const int32_t *puts, int32_t count)
{
    uint32_t table = 16;
    for (int32_t i = 0; i < count; i++) {
        table = table_after_put(table, i);
        if (puts && puts[i] > 1) {
            table = table_after_put(table, i + 1);
        }
    }
    return table;
}

void kafka_order_texts(const struct bytes *texts,
                       const int32_t *puts,
                       int32_t count,
                       int32_t *order)
{
    uint32_t *hashes = mem_zalloc((size_t)count, sizeof(*hashes));
    for (int32_t i = 0; i < count; i++) {
        hashes[i] = text_hash(texts[i]);
    }
    mutable_order(hashes, count, table_for(puts, count), order);
    free(hashes);
}

void kafka_order_integers(const int32_t *values, int32_t count, int32_t *order)
{
    uint32_t *hashes = mem_zalloc((size_t)count, sizeof(*hashes));
    for (int32_t i = 0; i < count; i++) {
        hashes[i] = (uint32_t)values[i];
    }
    mutable_order(hashes, count, table_for(NULL, count), order);
    free(hashes);
}

/* --- the immutable map --- */

enum { TRIE_BITS = 5, TRIE_BRANCHES = 1 << TRIE_BITS, TRIE_DEPTH = 7 };

/* `indices` in the order of the trie below a node that is reached by `shift` bits; entries whose hash is all the same stay. */
static void trie_order(const uint32_t *hashes, int32_t *indices, int32_t count, int shift)
{
    if (count < 2 || shift >= TRIE_DEPTH * TRIE_BITS) {
        return;
    }
    int32_t sizes[TRIE_BRANCHES] = { 0 };
    int32_t starts[TRIE_BRANCHES];
    for (int32_t i = 0; i < count; i++) {
        sizes[(hashes[indices[i]] >> shift) & (TRIE_BRANCHES - 1)]++;
    }
    int32_t at = 0;
    for (int own = 1; own >= 0; own--) { /* entries of the node, then those of its children */
        for (int b = 0; b < TRIE_BRANCHES; b++) {
            if ((sizes[b] == 1) == (own == 1)) {
                starts[b] = at;
                at += sizes[b];
            }
        }
    }
    int32_t *sorted = mem_zalloc((size_t)count, sizeof(*sorted));
    int32_t next[TRIE_BRANCHES];
    memcpy(next, starts, sizeof(next));
    for (int32_t i = 0; i < count; i++) {
        sorted[next[(hashes[indices[i]] >> shift) & (TRIE_BRANCHES - 1)]++] = indices[i];
    }
    memcpy(indices, sorted, (size_t)count * sizeof(*sorted));
    free(sorted);
    for (int b = 0; b < TRIE_BRANCHES; b++) {
        trie_order(hashes, indices + starts[b], sizes[b], shift + TRIE_BITS);
    }
}

void kafka_order_partitions(const struct kafka_offsets *offsets, int32_t *order)
{
    uint32_t *hashes = mem_zalloc((size_t)offsets->count, sizeof(*hashes));
    for (int32_t i = 0; i < offsets->count; i++) {
        hashes[i] = partition_hash(&offsets->items[i]);
    }
    mutable_order(hashes, offsets->count, table_for(NULL, offsets->count), order);
    if (offsets->count > KAFKA_SMALL_SET) {
        for (int32_t i = 0; i < offsets->count; i++) {
            hashes[i] = immutable_hash(hashes[i]);
        }
        trie_order(hashes, order, offsets->count, 0);
    }
    free(hashes);
}
