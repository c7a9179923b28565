/*
 * Building columns: see builder.h.
 */
#include "columns/builder.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"

enum {
    ROWS_FIRST = 16, /* capacity of the first step; each further one doubles it */
    TEXT_FIRST = 256,
};

static bool has_offsets(const struct builder *b)
{
    return type_has_bytes(b->type) || b->type->kind == TYPE_ARRAY || b->type->kind == TYPE_MAP;
}

struct builder *builder_new(const struct type *type)
{
    struct builder *b = MEM_NEW(struct builder);
    b->type = type;
    if (type->kind == TYPE_STRUCT) {
        b->child_count = type->field_count;
    } else if (type_is_nested(type)) {
        b->child_count = type->kind == TYPE_ARRAY ? 1 : 2;
    }
    if (b->child_count > 0) {
        b->children = mem_zalloc((size_t)b->child_count, sizeof(*b->children));
    }
    for (int32_t i = 0; i < b->child_count; i++) {
        const struct type *child = type->kind == TYPE_STRUCT          ? type->fields[i].type
                                   : type->kind == TYPE_MAP && i == 0 ? type->key
                                                                      : type->element;
        b->children[i] = builder_new(child);
    }
    return b;
}

void builder_free(struct builder *b)
{
    if (!b) {
        return;
    }
    for (int32_t i = 0; i < b->child_count; i++) {
        builder_free(b->children[i]);
    }
    free(b->children);
    free(b->validity);
    free(b->values);
    free(b->offsets);
    free(b);
}

static void *grow_bits(void *bits, int32_t before, int32_t after)
{
    uint8_t *grown = mem_resize(bits, bits_bytes(after), 1);
    memset(grown + bits_bytes(before), 0, bits_bytes(after) - bits_bytes(before));
    return grown;
}

static void grow(struct builder *b, int32_t capacity)
{
    size_t width = type_width(b->type);
    if (b->validity) {
        b->validity = grow_bits(b->validity, b->capacity, capacity);
    }
    if (b->type->kind == TYPE_BOOLEAN) {
        b->values = grow_bits(b->values, b->capacity, capacity);
    } else if (width > 0) {
        b->values = mem_resize(b->values, (size_t)capacity, width);
    }
    if (has_offsets(b)) {
        bool first = !b->offsets;
        b->offsets = mem_resize(b->offsets, (size_t)capacity + 1, sizeof(int32_t));
        if (first) {
            b->offsets[0] = 0;
        }
    }
    b->capacity = capacity;
}

void builder_reserve(struct builder *b, int32_t rows)
{
    assert(rows >= 0 && b->length <= INT32_MAX - rows);
    int32_t needed = b->length + rows;
    if (needed <= b->capacity && b->capacity > 0) {
        return;
    }
    int32_t doubled = b->capacity > INT32_MAX / 2 ? INT32_MAX : b->capacity * 2;
    int32_t capacity = needed > doubled ? needed : doubled;
    grow(b, capacity > ROWS_FIRST ? capacity : ROWS_FIRST);
}

/* The place of one more value that is not null. */
static inline int32_t add(struct builder *b)
{
    if (b->length == b->capacity) {
        builder_reserve(b, 1);
    }
    int32_t i = b->length++;
    if (b->validity) {
        bit_set(b->validity, i);
    }
    return i;
}

struct column *builder_finish(struct builder *b)
{
    builder_reserve(b, 0);
    struct column_buffers out = { .null_count = b->null_count,
                                  .validity = b->validity,
                                  .values = b->values,
                                  .offsets = b->offsets };
    if (type_has_bytes(b->type) && !b->values) {
        out.values = mem_zalloc(1, 1);
    }
    struct column **children =
        b->child_count ? mem_zalloc((size_t)b->child_count, sizeof(*children)) : NULL;
    out.children = children;
    for (int32_t i = 0; i < b->child_count; i++) {
        children[i] = builder_finish(b->children[i]);
    }
    b->child_count = 0;
    b->validity = NULL;
    b->values = NULL;
    b->offsets = NULL;
    struct column *c = column_new(b->type, b->length, &out);
    free(children);
    builder_free(b);
    return c;
}

static void zero_value(struct builder *b, int32_t i)
{
    size_t width = type_width(b->type);
    if (width > 0) {
        memset((uint8_t *)b->values + (size_t)i * width, 0, width);
    } else if (type_has_bytes(b->type)) {
        b->values_len = (size_t)b->offsets[i];
        b->offsets[i + 1] = b->offsets[i];
    } else if (b->type->kind == TYPE_STRUCT) {
        for (int32_t k = 0; k < b->child_count; k++) {
            builder_null(b->children[k]);
        }
    } else if (has_offsets(b)) {
        b->offsets[i + 1] = b->offsets[i];
    }
}

void builder_null(struct builder *b)
{
    int32_t i = add(b);
    b->null_count++;
    b->spoilt = false;
    if (b->type->kind != TYPE_VOID) {
        if (!b->validity) {
            b->validity = mem_zalloc(bits_bytes(b->capacity), 1);
            bits_fill(b->validity, 0, i);
        }
        bit_clear(b->validity, i);
    }
    zero_value(b, i);
}

void builder_bool(struct builder *b, bool value)
{
    assert(b->type->kind == TYPE_BOOLEAN);
    int32_t i = add(b);
    if (value) {
        bit_set(b->values, i);
    }
}

void builder_integer(struct builder *b, int64_t value)
{
    assert(type_width(b->type) > 0 && !type_is_fractional(b->type));
    int32_t i = add(b);
    switch (type_width(b->type)) {
    case 1: ((int8_t *)b->values)[i] = (int8_t)value; break;
    case 2: ((int16_t *)b->values)[i] = (int16_t)value; break;
    case 4: ((int32_t *)b->values)[i] = (int32_t)value; break;
    default: ((int64_t *)b->values)[i] = value; break;
    }
}

void builder_double(struct builder *b, double value)
{
    int32_t i = add(b);
    if (b->type->kind == TYPE_FLOAT) {
        ((float *)b->values)[i] = (float)value;
    } else {
        assert(b->type->kind == TYPE_DOUBLE);
        ((double *)b->values)[i] = value;
    }
}

void builder_decimal(struct builder *b, int128 value)
{
    assert(b->type->kind == TYPE_DECIMAL);
    int32_t i = add(b);
    ((int128 *)b->values)[i] = value;
}

void builder_append(struct builder *b, const void *data, size_t len)
{
    assert(type_has_bytes(b->type));
    if (len > (size_t)INT32_MAX - b->values_len) {
        b->overflow = true;
        b->spoilt = true;
        return;
    }
    size_t needed = b->values_len + len;
    if (needed > b->values_capacity) {
        size_t capacity = b->values_capacity ? b->values_capacity : TEXT_FIRST;
        while (capacity < needed) {
            capacity *= 2;
        }
        b->values = mem_resize(b->values, capacity, 1);
        b->values_capacity = capacity;
    }
    if (len > 0) {
        memcpy((uint8_t *)b->values + b->values_len, data, len);
        b->values_len = needed;
    }
}

void builder_close_text(struct builder *b)
{
    if (b->spoilt) {
        builder_null(b);
        return;
    }
    int32_t i = add(b);
    b->offsets[i + 1] = (int32_t)b->values_len;
}

void builder_text(struct builder *b, struct bytes value)
{
    builder_append(b, value.data, value.len);
    builder_close_text(b);
}

void builder_struct(struct builder *b)
{
    assert(b->type->kind == TYPE_STRUCT);
    (void)add(b);
    for (int32_t i = 0; i < b->child_count; i++) {
        assert(b->children[i]->length == b->length);
    }
}

void builder_list(struct builder *b)
{
    assert(b->type->kind == TYPE_ARRAY || b->type->kind == TYPE_MAP);
    int32_t i = add(b);
    b->offsets[i + 1] = b->children[0]->length;
    assert(b->child_count == 1 || b->children[1]->length == b->children[0]->length);
}

static void copy_nested(struct builder *b, const struct column *from, int32_t row)
{
    if (b->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < b->child_count; i++) {
            builder_copy(b->children[i], from->children[i], column_row(from, row));
        }
        builder_struct(b);
        return;
    }
    int32_t first = column_first(from, row);
    int32_t count = column_count(from, row);
    for (int32_t i = 0; i < b->child_count; i++) {
        for (int32_t k = 0; k < count; k++) {
            builder_copy(b->children[i], from->children[i], first + k);
        }
    }
    builder_list(b);
}

void builder_copy(struct builder *b, const struct column *from, int32_t row)
{
    if (column_is_null(from, row)) {
        builder_null(b);
        return;
    }
    switch (b->type->kind) {
    case TYPE_BOOLEAN: builder_bool(b, column_bool(from, row)); break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: builder_integer(b, column_integer(from, row)); break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: builder_double(b, column_double(from, row)); break;
    case TYPE_DECIMAL: builder_decimal(b, column_decimal(from, row)); break;
    case TYPE_STRING:
    case TYPE_BINARY: builder_text(b, column_text(from, row)); break;
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP: copy_nested(b, from, row); break;
    case TYPE_VOID:
    case TYPE_KIND_COUNT: break;
    }
}

void builder_truncate(struct builder *b, int32_t length)
{
    assert(length >= 0 && length <= b->length);
    for (int32_t i = length; i < b->length; i++) {
        b->null_count -= b->type->kind == TYPE_VOID || (b->validity && !bit_get(b->validity, i));
        if (b->type->kind == TYPE_BOOLEAN) {
            bit_clear(b->values, i);
        }
    }
    b->length = length;
    b->spoilt = false;
    int32_t end = b->offsets ? b->offsets[length] : 0;
    if (type_has_bytes(b->type)) {
        b->values_len = (size_t)end;
    }
    for (int32_t k = 0; k < b->child_count; k++) {
        builder_truncate(b->children[k], b->type->kind == TYPE_STRUCT ? length : end);
    }
}
