/*
 * Orders of rows: see order.h.
 *
 * Sorting moves 16 bytes a row: the row's number, and the first key brought into 64 bits that compare as it does (a text's first eight
 * bytes). Only where these are equal the columns are looked at.
 */
#include "operators/order.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"

struct entry {
    uint64_t prefix;
    int32_t row;
    bool null; /* the first key */
};

struct sorting {
    struct column *const *keys;
    const struct sort_order *orders;
    int32_t key_count;
    bool exact; /* equal prefixes mean equal first keys */
};

static uint64_t prefix_of_double(double value)
{
    uint64_t bits = 0;
    if (value != value) {
        return UINT64_MAX; /* NaN is above everything */
    }
    value = value == 0 ? 0.0 : value;
    memcpy(&bits, &value, sizeof(bits));
    return bits >> 63 ? ~bits : bits | 1ULL << 63;
}

static uint64_t prefix_of_text(struct bytes text)
{
    uint64_t prefix = 0;
    for (size_t i = 0; i < 8; i++) {
        prefix = prefix << 8 | (i < text.len ? text.data[i] : 0);
    }
    return prefix;
}

/* 0 for types that have none: then all are equal. */
static uint64_t prefix_of(const struct column *c, int32_t row)
{
    const struct type *t = c->type;
    if (t->kind == TYPE_FLOAT || t->kind == TYPE_DOUBLE) {
        return prefix_of_double(column_double(c, row));
    }
    if (type_has_bytes(t)) {
        return prefix_of_text(column_text(c, row));
    }
    if (t->kind == TYPE_BOOLEAN) {
        return column_bool(c, row);
    }
    if (type_width(t) > 0 && type_width(t) <= 8) {
        return (uint64_t)column_integer(c, row) ^ 1ULL << 63;
    }
    return 0;
}

static int compare_key(const struct sorting *s, int32_t key, int32_t a, int32_t b)
{
    const struct column *c = s->keys[key];
    struct sort_order order = s->orders ? s->orders[key] : (struct sort_order){ false, false };
    bool a_null = column_is_null(c, a);
    bool b_null = column_is_null(c, b);
    if (a_null || b_null) {
        int nulls_first = (int)b_null - (int)a_null;
        return order.nulls_last ? -nulls_first : nulls_first;
    }
    int result = column_compare(c, a, c, b);
    return order.descending ? -result : result;
}

static int compare_entries(const void *left, const void *right, void *context)
{
    const struct sorting *s = context;
    const struct entry *a = left;
    const struct entry *b = right;
    bool descending = s->orders && s->orders[0].descending;
    if (!a->null && !b->null && a->prefix != b->prefix) {
        return (a->prefix < b->prefix) != descending ? -1 : 1;
    }
    bool equal = s->exact && a->null == b->null;
    for (int32_t k = equal ? 1 : 0; k < s->key_count; k++) {
        int result = compare_key(s, k, a->row, b->row);
        if (result != 0) {
            return result;
        }
    }
    return (a->row > b->row) - (a->row < b->row);
}

int32_t *order_rows(struct column *const *keys,
                    const struct sort_order *orders,
                    int32_t key_count,
                    int32_t rows)
{
    struct entry *entries = mem_zalloc((size_t)rows + 1, sizeof(*entries));
    for (int32_t i = 0; i < rows; i++) {
        bool null = key_count == 0 || column_is_null(keys[0], i);
        entries[i] =
            (struct entry){ .prefix = null ? 0 : prefix_of(keys[0], i), .row = i, .null = null };
    }
    const struct type *first = key_count > 0 ? keys[0]->type : NULL;
    struct sorting s = { .keys = keys,
                         .orders = orders,
                         .key_count = key_count,
                         .exact = first && (first->kind == TYPE_BOOLEAN ||
                                            (type_width(first) > 0 && type_width(first) <= 8)) };
    qsort_r(entries, (size_t)rows, sizeof(*entries), compare_entries, &s);
    int32_t *order = mem_resize(NULL, (size_t)rows + 1, sizeof(*order));
    for (int32_t i = 0; i < rows; i++) {
        order[i] = entries[i].row;
    }
    free(entries);
    return order;
}

/* --- as Spark's state store --- */

/*
 * Spark hashes a key as the bytes of its UnsafeRow:
 *
 *     nulls     a bit a field, in words of 8 bytes
 *     fields    8 bytes each: a number; or where the bytes of a text lie (offset << 32 | length)
 *     bytes     of texts, each filled up with zeros to a multiple of 8
 */
static bool has_known_bytes(const struct type *t)
{
    return !type_is_nested(t) && t->kind != TYPE_VOID &&
           !(t->kind == TYPE_DECIMAL && t->precision > 18);
}

static uint64_t word_of(const struct column *c, int32_t row)
{
    uint64_t word = 0;
    if (c->type->kind == TYPE_FLOAT) {
        float value = (float)column_double(c, row);
        memcpy(&word, &value, sizeof(value));
    } else if (c->type->kind == TYPE_DOUBLE) {
        double value = column_double(c, row);
        memcpy(&word, &value, sizeof(value));
    } else if (c->type->kind == TYPE_BOOLEAN) {
        word = column_bool(c, row);
    } else if (c->type->kind == TYPE_DECIMAL) {
        word = (uint64_t)column_decimal(c, row);
    } else if (type_width(c->type) == 8) {
        word = (uint64_t)column_integer(c, row);
    } else {
        /* Narrow integers fill the lower bytes of a word of zeros. */
        uint64_t mask = (1ULL << (8 * type_width(c->type))) - 1;
        word = (uint64_t)column_integer(c, row) & mask;
    }
    return word;
}

static void append_unsafe_row(struct buffer *out,
                              struct column *const *keys,
                              int32_t count,
                              int32_t row)
{
    size_t null_words = ((size_t)count + 63) / 64;
    size_t fixed = (null_words + (size_t)count) * 8;
    buffer_clear(out);
    memset(buffer_extend(out, fixed), 0, fixed);
    for (int32_t k = 0; k < count; k++) {
        if (column_is_null(keys[k], row)) {
            bit_set(out->data,
                    k); /* words are little-endian, so bits are where they would be in bytes */
            continue;
        }
        uint64_t word = 0;
        if (type_has_bytes(keys[k]->type)) {
            struct bytes text = column_text(keys[k], row);
            word = (uint64_t)out->len << 32 | text.len;
            buffer_append(out, text.data, text.len);
            size_t padding = (8 - text.len % 8) % 8;
            buffer_append(out, "\0\0\0\0\0\0\0", padding);
        } else {
            word = word_of(keys[k], row);
        }
        memcpy(out->data + (null_words + (size_t)k) * 8, &word, sizeof(word));
    }
}

static inline uint32_t rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

/* Murmur3 of whole words from seed 42, then Java's HashMap.spread(). */
static uint32_t hash_row(struct bytes row)
{
    uint32_t hash = 42;
    for (size_t i = 0; i + 4 <= row.len; i += 4) {
        uint32_t k = 0;
        memcpy(&k, row.data + i, sizeof(k));
        hash ^= rotate(k * 0xcc9e2d51U, 15) * 0x1b873593U;
        hash = rotate(hash, 13) * 5 + 0xe6546b64U;
    }
    hash ^= (uint32_t)row.len;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    hash ^= hash >> 16;
    return (hash ^ hash >> 16) & 0x7fffffffU;
}

/* A map that was filled with `before` entries at once, then grew to `now`: putAll() makes it larger than it need be, and it doubles at 3/4. */
static uint32_t map_places(int64_t before, int64_t now)
{
    uint32_t places = 16;
    if (before > 0) {
        for (places = 1; places < before + before / 2 + 1; places *= 2) {
        }
        places *= 2;
    }
    while (now * 4 >= (int64_t)places * 3) {
        places *= 2;
    }
    return places;
}

struct placed {
    uint32_t place;
    int32_t row;
};

static int compare_places(const void *left, const void *right)
{
    const struct placed *a = left;
    const struct placed *b = right;
    return a->place != b->place ? (a->place > b->place) - (a->place < b->place)
                                : (a->row > b->row) - (a->row < b->row);
}

int32_t *order_as_state(struct column *const *keys, int32_t key_count, int32_t rows, int64_t before)
{
    for (int32_t k = 0; k < key_count; k++) {
        if (!has_known_bytes(keys[k]->type)) {
            return NULL;
        }
    }
    struct placed *placed = mem_zalloc((size_t)rows + 1, sizeof(*placed));
    uint32_t mask = map_places(before, rows) - 1;
    struct buffer bytes;
    buffer_init(&bytes, SIZE_MAX / 2);
    for (int32_t i = 0; i < rows; i++) {
        append_unsafe_row(&bytes, keys, key_count, i);
        placed[i] = (struct placed){ hash_row(buffer_bytes(&bytes)) & mask, i };
    }
    buffer_finish(&bytes);
    qsort(placed, (size_t)rows, sizeof(*placed), compare_places);
    int32_t *order = mem_resize(NULL, (size_t)rows + 1, sizeof(*order));
    for (int32_t i = 0; i < rows; i++) {
        order[i] = placed[i].row;
    }
    free(placed);
    return order;
}
