/*
 * Random types and columns, and a text of a row that shows everything of its value.
 */
#pragma once

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "columns/builder.h"

static inline uint32_t random_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static inline int32_t random_below(uint32_t *seed, int32_t bound)
{
    return (int32_t)(random_next(seed) % (uint32_t)bound);
}

static inline const struct type *random_type(struct arena *arena, uint32_t *seed, int depth)
{
    int32_t kind = random_below(seed, depth > 0 ? TYPE_KIND_COUNT + 3 : TYPE_STRUCT);
    if (kind < TYPE_STRUCT) {
        return kind == TYPE_DECIMAL ? type_decimal(arena, 38, 4)
                                    : type_simple((enum type_kind)kind);
    }
    if (kind == TYPE_ARRAY) {
        return type_array(arena, random_type(arena, seed, depth - 1), true);
    }
    if (kind == TYPE_MAP) {
        const struct type *key = random_type(arena, seed, depth - 1);
        return type_map(arena, key, random_type(arena, seed, depth - 1), true);
    }
    struct field fields[3] = { 0 };
    int32_t count = random_below(seed, 4);
    for (int32_t i = 0; i < count; i++) {
        fields[i] =
            (struct field){ bytes_of("f"), random_type(arena, seed, depth - 1), true, { 0 } };
    }
    return type_struct(arena, fields, count);
}

static inline void random_value(struct builder *b, uint32_t *seed);

static inline void random_nested(struct builder *b, uint32_t *seed)
{
    int32_t count = b->type->kind == TYPE_STRUCT ? 1 : random_below(seed, 4);
    for (int32_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < b->child_count; k++) {
            random_value(builder_child(b, k), seed);
        }
    }
    if (b->type->kind == TYPE_STRUCT) {
        builder_struct(b);
    } else {
        builder_list(b);
    }
}

/* Few different values, so that equal ones occur. */
static inline void random_value(struct builder *b, uint32_t *seed)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    static const double NUMBERS[] = { 0, 1.5, -2, 1e300, (double)INFINITY };
    int32_t value = random_below(seed, 5) - 2;
    if (b->type->kind == TYPE_VOID || random_below(seed, 5) == 0) {
        builder_null(b);
    } else if (type_is_nested(b->type)) {
        random_nested(b, seed);
    } else if (b->type->kind == TYPE_BOOLEAN) {
        builder_bool(b, value > 0);
    } else if (b->type->kind == TYPE_DECIMAL) {
        builder_decimal(b, (int128)value * 1000000000000 * 10000000000000);
    } else if (type_has_bytes(b->type)) {
        size_t len = (size_t)random_below(seed, random_below(seed, 4) == 0 ? 40 : 6);
        builder_text(b, (struct bytes){ (const uint8_t *)LETTERS + random_below(seed, 3), len });
    } else if (type_is_fractional(b->type)) {
        builder_double(b, NUMBERS[value + 2]);
    } else {
        builder_integer(b, value * 50);
    }
}

static inline struct column *random_column(const struct type *type, int32_t length, uint32_t *seed)
{
    struct builder *b = builder_new(type);
    for (int32_t i = 0; i < length; i++) {
        random_value(b, seed);
    }
    return builder_finish(b);
}

static inline void dump_row(struct buffer *out, const struct column *c, int32_t row)
{
    if (column_is_null(c, row)) {
        buffer_append_text(out, "null ");
    } else if (c->type->kind == TYPE_STRUCT) {
        buffer_append_text(out, "{ ");
        for (int32_t i = 0; i < c->child_count; i++) {
            dump_row(out, c->children[i], column_row(c, row));
        }
        buffer_append_text(out, "} ");
    } else if (type_is_nested(c->type)) {
        buffer_append_text(out, "[ ");
        for (int32_t i = 0; i < column_count(c, row); i++) {
            for (int32_t k = 0; k < c->child_count; k++) {
                dump_row(out, c->children[k], column_first(c, row) + i);
            }
        }
        buffer_append_text(out, "] ");
    } else if (c->type->kind == TYPE_BOOLEAN) {
        buffer_append_text(out, column_bool(c, row) ? "true " : "false ");
    } else if (c->type->kind == TYPE_DECIMAL) {
        int128 value = column_decimal(c, row);
        buffer_printf(out, "%" PRIx64 "%016" PRIx64 " ", (uint64_t)(value >> 64), (uint64_t)value);
    } else if (type_has_bytes(c->type)) {
        buffer_printf(out, "'%.*s' ", BYTES_ARG(column_text(c, row)));
    } else if (type_is_fractional(c->type)) {
        buffer_printf(out, "%a ", column_double(c, row));
    } else {
        buffer_printf(out, "%" PRId64 " ", column_integer(c, row));
    }
}

/* The row's text, allocated. */
static inline char *text_of_row(const struct column *c, int32_t row)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    dump_row(&out, c, row);
    buffer_append(&out, "", 1);
    return (char *)out.data;
}
