/*
 * Columns: see column.h. Here are their lives: made, shared, given back. column_take.c moves rows, column_order.c compares them.
 */
#include "columns/column.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "columns/builder.h"

static int32_t child_count_of(const struct type *type)
{
    switch (type->kind) {
    case TYPE_STRUCT: return type->field_count;
    case TYPE_ARRAY: return 1;
    case TYPE_MAP: return 2;
    case TYPE_VOID:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL:
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
    case TYPE_KIND_COUNT: break;
    }
    return 0;
}

/* Without buffers; room for the children, which are to be set. */
static struct column *make(const struct type *type, int32_t length)
{
    struct column *c = MEM_NEW(struct column);
    c->type = type;
    c->length = length;
    c->child_count = child_count_of(type);
    if (c->child_count > 0) {
        c->children = mem_zalloc((size_t)c->child_count, sizeof(struct column *));
    }
    atomic_init(&c->references, 1);
    return c;
}

struct column *column_new(const struct type *type,
                          int32_t length,
                          const struct column_buffers *buffers)
{
    assert(length >= 0);
    struct column *c = make(type, length);
    c->owned = OWNS_VALIDITY | OWNS_VALUES | OWNS_OFFSETS;
    c->values = buffers->values;
    c->offsets = buffers->offsets;
    if (type->kind == TYPE_VOID) {
        c->null_count = length;
    } else if (buffers->validity) {
        c->null_count = buffers->null_count >= 0 ? buffers->null_count
                                                 : length - bits_count(buffers->validity, length);
    }
    if (c->null_count > 0 && type->kind != TYPE_VOID) {
        c->validity = buffers->validity;
    } else {
        free(buffers->validity);
    }
    for (int32_t i = 0; i < c->child_count; i++) {
        c->children[i] = buffers->children[i];
    }
    return c;
}

struct column *column_retain(struct column *c)
{
    atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

/* The buffers of a column are constant to everybody but to the one who ends it. */
static void free_buffer(const void *buffer)
{
    free((void *)(uintptr_t)buffer);
}

void column_release(struct column *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    if (c->owned & OWNS_VALIDITY) {
        free_buffer(c->validity);
    }
    if (c->owned & OWNS_VALUES) {
        free_buffer(c->values);
    }
    if (c->owned & OWNS_OFFSETS) {
        free_buffer(c->offsets);
    }
    for (int32_t i = 0; i < c->child_count; i++) {
        column_release(c->children[i]);
    }
    free(c->children);
    column_release(c->owner);
    free(c);
}

/* The same buffers under another header: `length` rows from the same first one. Children are the caller's to set. */
static struct column *share(struct column *c, int32_t length)
{
    struct column *shared = make(c->type, length);
    shared->constant = c->constant;
    shared->null_count = c->null_count;
    shared->validity = c->validity;
    shared->values = c->values;
    shared->offsets = c->offsets;
    shared->owner = column_retain(c->owned == 0 && c->owner ? c->owner : c);
    return shared;
}

static struct column *of_length(struct column *constant, int32_t length)
{
    if (constant->length == length) {
        return column_retain(constant);
    }
    struct column *c = share(constant, length);
    for (int32_t i = 0; i < c->child_count; i++) {
        c->children[i] = constant->type->kind == TYPE_STRUCT
                             ? of_length(constant->children[i], length)
                             : column_retain(constant->children[i]);
    }
    return c;
}

struct column *column_constant(struct column *from, int32_t row, int32_t length)
{
    assert(from->constant ? row >= 0 : row >= 0 && row < from->length);
    if (from->constant) {
        return of_length(from, length);
    }
    struct column *c = column_slice(from, row, 1);
    if (c == from) {
        c = share(from, 1);
        column_release(from);
        for (int32_t i = 0; i < c->child_count; i++) {
            c->children[i] = column_retain(from->children[i]);
        }
    }
    c->constant = true;
    c->length = length;
    if (from->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < c->child_count; i++) {
            struct column *field = c->children[i];
            c->children[i] = column_constant(field, 0, length);
            column_release(field);
        }
    }
    return c;
}

struct column *column_nulls(const struct type *type, int32_t length)
{
    struct builder *b = builder_new(type);
    builder_null(b);
    struct column *one = builder_finish(b);
    struct column *all = column_constant(one, 0, length);
    column_release(one);
    return all;
}

/* `length` bits from `first` on, in the column's own memory unless they can be shared; OWNS_... is added to `owned`. */
static const uint8_t *slice_bits(
    struct column *c, const uint8_t *bits, int32_t first, int32_t length, uint8_t owns)
{
    if ((first & 7) == 0) {
        return bits + first / 8;
    }
    uint8_t *copy = mem_zalloc(bits_bytes(length), 1);
    bits_copy(copy, 0, bits, first, length);
    c->owned |= owns;
    return copy;
}

struct column *column_slice(struct column *c, int32_t first, int32_t length)
{
    assert(first >= 0 && length >= 0 && first <= c->length - length);
    if (length == c->length) {
        return column_retain(c);
    }
    if (c->constant) {
        return of_length(c, length);
    }
    struct column *slice = share(c, length);
    if (c->validity) {
        slice->validity = slice_bits(slice, c->validity, first, length, OWNS_VALIDITY);
        slice->null_count = length - bits_count(slice->validity, length);
    } else if (c->type->kind == TYPE_VOID) {
        slice->null_count = length;
    }
    if (c->type->kind == TYPE_BOOLEAN) {
        slice->values = slice_bits(slice, c->values, first, length, OWNS_VALUES);
    } else if (type_width(c->type) > 0) {
        slice->values = (const uint8_t *)c->values + (size_t)first * type_width(c->type);
    }
    if (c->offsets) {
        slice->offsets = c->offsets + first;
    }
    for (int32_t i = 0; i < slice->child_count; i++) {
        slice->children[i] = c->type->kind == TYPE_STRUCT
                                 ? column_slice(c->children[i], first, length)
                                 : column_retain(c->children[i]);
    }
    return slice;
}

struct column *column_struct(const struct type *type,
                             struct column **fields,
                             int32_t length,
                             const uint8_t *validity)
{
    assert(type->kind == TYPE_STRUCT);
    uint8_t *copy = NULL;
    if (validity) {
        copy = mem_zalloc(bits_bytes(length), 1);
        bits_copy(copy, 0, validity, 0, length);
    }
    for (int32_t i = 0; i < type->field_count; i++) {
        assert(fields[i]->length == length);
    }
    return column_new(
        type, length,
        &(struct column_buffers){ .null_count = -1, .validity = copy, .children = fields });
}

struct column *column_retype(struct column *c, const struct type *type)
{
    assert(type_same_layout(c->type, type));
    if (c->type == type) {
        return column_retain(c);
    }
    struct column *retyped = share(c, c->length);
    retyped->type = type;
    for (int32_t i = 0; i < c->child_count; i++) {
        const struct type *child = type->kind == TYPE_STRUCT          ? type->fields[i].type
                                   : type->kind == TYPE_MAP && i == 0 ? type->key
                                                                      : type->element;
        retyped->children[i] = column_retype(c->children[i], child);
    }
    return retyped;
}

size_t column_bytes(const struct column *c)
{
    int32_t rows = c->constant ? 1 : c->length;
    size_t bytes = sizeof(*c);
    if (c->validity) {
        bytes += bits_bytes(rows);
    }
    if (c->type->kind == TYPE_BOOLEAN) {
        bytes += bits_bytes(rows);
    }
    bytes += type_width(c->type) * (size_t)rows;
    if (c->offsets) {
        bytes += ((size_t)rows + 1) * sizeof(int32_t);
        if (type_has_bytes(c->type)) {
            bytes += (size_t)(c->offsets[rows] - c->offsets[0]);
        }
    }
    for (int32_t i = 0; i < c->child_count; i++) {
        bytes += column_bytes(c->children[i]);
    }
    return bytes;
}
