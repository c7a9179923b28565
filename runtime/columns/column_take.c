/*
 * Moving rows between columns: take and concat (see column.h). Hot loops: what a type asks for is decided outside of them.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "columns/column.h"

/* Where rows come from: `rows` within a column that is not constant; -1 is a row of nulls. */
struct pick {
    const struct column *from;
    const int32_t *rows;
    int32_t count;
    bool any_negative;
};

static struct column *take_plain(const struct column *c, const int32_t *rows, int32_t count);

static int32_t *indexes(int32_t count)
{
    return mem_resize(NULL, (size_t)count, sizeof(int32_t));
}

/* Offsets are 32 bits; whoever makes batches bounds them far below this. */
static int32_t checked_offset(int64_t bytes)
{
    if (bytes > INT32_MAX) {
        (void)fprintf(stderr, "weir: out of memory (a column of more than 2 GiB)\n");
        abort();
    }
    return (int32_t)bytes;
}

/* --- take --- */

/* Bit row of `bits` for each picked row, 0 for a negative one; gathered by whole bytes. NULL stands for bits that are all 1. */
static uint8_t *take_bits(const struct pick *p, const uint8_t *bits)
{
    uint8_t *to = mem_zalloc(bits_bytes(p->count), 1);
    for (int32_t i = 0; i < p->count; i += 8) {
        int32_t end = p->count - i < 8 ? p->count - i : 8;
        unsigned byte = 0;
        for (int32_t k = 0; k < end; k++) {
            int32_t row = p->rows[i + k];
            unsigned one = row >= 0 && (!bits || bit_get(bits, row));
            byte |= one << k;
        }
        to[i / 8] = (uint8_t)byte;
    }
    return to;
}

static uint8_t *take_validity(const struct pick *p, int32_t *out_nulls)
{
    if (!p->from->validity && !p->any_negative) {
        *out_nulls = 0;
        return NULL;
    }
    uint8_t *validity = take_bits(p, p->from->validity);
    *out_nulls = p->count - bits_count(validity, p->count);
    return validity;
}

/* Inlined for each width, so that a value's copy is one move; the loop without negative rows is what a filter runs. */
static inline __attribute__((always_inline)) void *take_fixed(const struct pick *p, size_t width)
{
    const uint8_t *from = p->from->values;
    uint8_t *to = mem_resize(NULL, (size_t)p->count, width);
    if (!p->any_negative) {
        for (int32_t i = 0; i < p->count; i++) {
            memcpy(to + (size_t)i * width, from + (size_t)p->rows[i] * width, width);
        }
        return to;
    }
    for (int32_t i = 0; i < p->count; i++) {
        if (p->rows[i] < 0) {
            memset(to + (size_t)i * width, 0, width);
        } else {
            memcpy(to + (size_t)i * width, from + (size_t)p->rows[i] * width, width);
        }
    }
    return to;
}

static void *take_values(const struct pick *p)
{
    if (p->from->type->kind == TYPE_BOOLEAN) {
        return take_bits(p, p->from->values);
    }
    switch (type_width(p->from->type)) {
    case 1: return take_fixed(p, 1);
    case 2: return take_fixed(p, 2);
    case 4: return take_fixed(p, 4);
    case 8: return take_fixed(p, 8);
    case 16: return take_fixed(p, 16);
    default: return NULL;
    }
}

/* The offsets of the picked rows' contents; a null has none, whatever lies behind it. */
static int32_t *take_offsets(const struct pick *p, const uint8_t *validity)
{
    const int32_t *from = p->from->offsets;
    int32_t *to = indexes(p->count + 1);
    int64_t total = 0;
    to[0] = 0;
    for (int32_t i = 0; i < p->count; i++) {
        int32_t row = p->rows[i];
        if (!validity || bit_get(validity, i)) {
            total += from[row + 1] - from[row];
        }
        to[i + 1] = (int32_t)total;
    }
    (void)checked_offset(total);
    return to;
}

enum { SHORT_TEXT = 16 };

/* Most texts are short: those are moved by one copy of a fixed size, which may run over into the next one's place. */
static void *take_text(const struct pick *p, const int32_t *offsets)
{
    const uint8_t *from = p->from->values;
    int32_t from_end = p->from->offsets[p->from->length];
    uint8_t *to = mem_resize(NULL, (size_t)offsets[p->count] + SHORT_TEXT, 1);
    for (int32_t i = 0; i < p->count; i++) {
        int32_t len = offsets[i + 1] - offsets[i];
        if (len == 0) {
            continue;
        }
        int32_t at = p->from->offsets[p->rows[i]];
        if (len <= SHORT_TEXT && at <= from_end - SHORT_TEXT) {
            memcpy(to + offsets[i], from + at, SHORT_TEXT);
        } else {
            memcpy(to + offsets[i], from + at, (size_t)len);
        }
    }
    return to;
}

/* The elements of the picked arrays (or maps), as rows of the children. */
static int32_t *element_rows(const struct pick *p, const int32_t *offsets)
{
    int32_t *rows = indexes(offsets[p->count]);
    for (int32_t i = 0; i < p->count; i++) {
        int32_t len = offsets[i + 1] - offsets[i];
        int32_t first = len > 0 ? p->from->offsets[p->rows[i]] : 0;
        for (int32_t k = 0; k < len; k++) {
            rows[offsets[i] + k] = first + k;
        }
    }
    return rows;
}

static struct column *pick_rows(const struct pick *p)
{
    const struct column *from = p->from;
    struct column_buffers out = { 0 };
    struct column **children =
        from->child_count ? mem_zalloc((size_t)from->child_count, sizeof(*children)) : NULL;
    out.children = children;
    if (from->type->kind != TYPE_VOID) {
        out.validity = take_validity(p, &out.null_count);
    }
    if (from->offsets) {
        out.offsets = take_offsets(p, out.validity);
    }
    if (type_has_bytes(from->type)) {
        out.values = take_text(p, out.offsets);
    } else if (from->offsets) {
        int32_t *rows = element_rows(p, out.offsets);
        for (int32_t i = 0; i < from->child_count; i++) {
            children[i] = take_plain(from->children[i], rows, out.offsets[p->count]);
        }
        free(rows);
    } else if (from->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < from->child_count; i++) {
            children[i] = take_plain(from->children[i], p->rows, p->count);
        }
    } else {
        out.values = take_values(p);
    }
    struct column *taken = column_new(from->type, p->count, &out);
    free(children);
    return taken;
}

static bool has_negative(const int32_t *rows, int32_t count)
{
    int32_t all = 0;
    for (int32_t i = 0; i < count; i++) {
        all |= rows[i];
    }
    return all < 0;
}

static struct column *take_plain(const struct column *c, const int32_t *rows, int32_t count)
{
    struct pick p = {
        .from = c, .rows = rows, .count = count, .any_negative = has_negative(rows, count)
    };
    if (!c->constant) {
        return pick_rows(&p);
    }
    /* All its rows lie at 0. Its length is how often it repeats, no bound of its buffers. */
    int32_t *at = indexes(count);
    for (int32_t i = 0; i < count; i++) {
        at[i] = rows[i] < 0 ? -1 : 0;
    }
    struct column one = *c;
    one.constant = false;
    one.length = 1;
    p.from = &one;
    p.rows = at;
    struct column *taken = pick_rows(&p);
    free(at);
    return taken;
}

struct column *column_take(const struct column *c, const int32_t *rows, int32_t count)
{
    return take_plain(c, rows, count);
}

/* --- plain --- */

static bool is_plain(const struct column *c)
{
    bool plain = !c->constant;
    for (int32_t i = 0; plain && c->type->kind == TYPE_STRUCT && i < c->child_count; i++) {
        plain = is_plain(c->children[i]);
    }
    return plain;
}

struct column *column_plain(struct column *c)
{
    if (is_plain(c)) {
        return column_retain(c);
    }
    int32_t *rows = indexes(c->length);
    for (int32_t i = 0; i < c->length; i++) {
        rows[i] = i;
    }
    struct column *plain = take_plain(c, rows, c->length);
    free(rows);
    return plain;
}

/* --- concat --- */

/* Columns that are not constant, one after the other. */
struct chain {
    struct column *const *parts;
    int32_t count;
    int32_t length; /* rows of all */
    int32_t null_count;
};

static uint8_t *chain_validity(const struct chain *chain)
{
    if (chain->null_count == 0 || chain->parts[0]->type->kind == TYPE_VOID) {
        return NULL;
    }
    uint8_t *validity = mem_zalloc(bits_bytes(chain->length), 1);
    int32_t at = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        const struct column *part = chain->parts[i];
        if (part->validity) {
            bits_copy(validity, at, part->validity, 0, part->length);
        } else {
            bits_fill(validity, at, part->length);
        }
        at += part->length;
    }
    return validity;
}

static void *chain_values(const struct chain *chain)
{
    const struct type *type = chain->parts[0]->type;
    bool bits = type->kind == TYPE_BOOLEAN;
    size_t width = type_width(type);
    if (!bits && width == 0) {
        return NULL;
    }
    uint8_t *values = bits ? mem_zalloc(bits_bytes(chain->length), 1)
                           : mem_resize(NULL, (size_t)chain->length, width);
    int32_t at = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        const struct column *part = chain->parts[i];
        if (bits) {
            bits_copy(values, at, part->values, 0, part->length);
        } else if (part->length > 0) {
            memcpy(values + (size_t)at * width, part->values, (size_t)part->length * width);
        }
        at += part->length;
    }
    return values;
}

static int32_t *chain_offsets(const struct chain *chain)
{
    int32_t *offsets = indexes(chain->length + 1);
    int64_t total = 0;
    int32_t at = 0;
    offsets[0] = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        const struct column *part = chain->parts[i];
        int64_t shift = total - part->offsets[0];
        total = checked_offset(shift + part->offsets[part->length]);
        for (int32_t k = 1; k <= part->length; k++) {
            offsets[at + k] = (int32_t)(shift + part->offsets[k]);
        }
        at += part->length;
    }
    return offsets;
}

static void *chain_text(const struct chain *chain, const int32_t *offsets)
{
    uint8_t *values = mem_resize(NULL, (size_t)offsets[chain->length], 1);
    size_t at = 0;
    for (int32_t i = 0; i < chain->count; i++) {
        const struct column *part = chain->parts[i];
        size_t len = (size_t)(part->offsets[part->length] - part->offsets[0]);
        if (len > 0) {
            memcpy(values + at, (const uint8_t *)part->values + part->offsets[0], len);
        }
        at += len;
    }
    return values;
}

/* Child `i` of all parts: as many rows as the parts have, or as their arrays have elements. */
static struct column *chain_child(const struct chain *chain, int32_t i)
{
    struct column **parts = mem_zalloc((size_t)chain->count, sizeof(*parts));
    for (int32_t k = 0; k < chain->count; k++) {
        struct column *part = chain->parts[k];
        struct column *child = part->children[i];
        parts[k] = part->offsets ? column_slice(child, part->offsets[0],
                                                part->offsets[part->length] - part->offsets[0])
                                 : column_retain(child);
    }
    struct column *all = column_concat(parts, chain->count);
    for (int32_t k = 0; k < chain->count; k++) {
        column_release(parts[k]);
    }
    free(parts);
    return all;
}

static struct column *chain_join(const struct chain *chain)
{
    const struct column *first = chain->parts[0];
    struct column_buffers out = { .null_count = chain->null_count,
                                  .validity = chain_validity(chain) };
    struct column **children =
        first->child_count ? mem_zalloc((size_t)first->child_count, sizeof(*children)) : NULL;
    out.children = children;
    out.values = chain_values(chain);
    if (first->offsets) {
        out.offsets = chain_offsets(chain);
    }
    if (type_has_bytes(first->type)) {
        out.values = chain_text(chain, out.offsets);
    }
    for (int32_t i = 0; i < first->child_count; i++) {
        children[i] = chain_child(chain, i);
    }
    struct column *all = column_new(first->type, chain->length, &out);
    free(children);
    return all;
}

struct column *column_concat(struct column *const *parts, int32_t count)
{
    assert(count > 0);
    if (count == 1) {
        return column_retain(parts[0]);
    }
    struct column **plain = mem_zalloc((size_t)count, sizeof(*plain));
    struct chain chain = { .parts = plain, .count = count };
    int64_t length = 0;
    for (int32_t i = 0; i < count; i++) {
        assert(type_same_layout(parts[0]->type, parts[i]->type));
        plain[i] = column_plain(parts[i]);
        length += parts[i]->length;
        chain.null_count += plain[i]->null_count;
    }
    chain.length = checked_offset(length);
    struct column *all = chain_join(&chain);
    for (int32_t i = 0; i < count; i++) {
        column_release(plain[i]);
    }
    free(plain);
    return all;
}
