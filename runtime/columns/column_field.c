/*
 * Parts of nested columns: see column_field.h.
 */
#include "columns/column_field.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"

/* A header over the buffers of `c`, kept alive by it; children are retained. */
static struct column *view(struct column *c)
{
    struct column *v = MEM_NEW(struct column);
    v->type = c->type;
    v->length = c->length;
    v->null_count = c->null_count;
    v->constant = c->constant;
    v->validity = c->validity;
    v->values = c->values;
    v->offsets = c->offsets;
    v->child_count = c->child_count;
    if (c->child_count > 0) {
        v->children = mem_zalloc((size_t)c->child_count, sizeof(struct column *));
    }
    for (int32_t i = 0; i < c->child_count; i++) {
        v->children[i] = column_retain(c->children[i]);
    }
    v->owner = column_retain(c);
    atomic_init(&v->references, 1);
    return v;
}

struct column *column_field(struct column *c, int32_t index)
{
    struct column *field = c->children[index];
    if (c->null_count == 0 || field->type->kind == TYPE_VOID) {
        return column_retain(field);
    }
    if (c->constant) {
        return column_nulls(field->type, c->length);
    }
    struct column *plain = column_plain(field);
    struct column *masked = view(plain);
    size_t size = bits_bytes(c->length);
    uint8_t *validity = mem_zalloc(size, 1);
    for (size_t i = 0; i < size; i++) {
        validity[i] = c->validity[i] & (plain->validity ? plain->validity[i] : 0xff);
    }
    column_release(plain);
    masked->validity = validity;
    masked->null_count = c->length - bits_count(validity, c->length);
    masked->owned = OWNS_VALIDITY;
    return masked;
}

struct column *column_with_elements(struct column *c,
                                    const struct type *type,
                                    struct column *elements)
{
    struct column *v = view(c);
    column_release(v->children[0]);
    v->children[0] = elements;
    v->type = type;
    return v;
}

struct column *column_with_children(struct column *c,
                                    const struct type *type,
                                    struct column *const *children)
{
    struct column *v = view(c);
    for (int32_t i = 0; i < v->child_count; i++) {
        column_release(v->children[i]);
        v->children[i] = children[i];
    }
    v->type = type;
    return v;
}

struct column *column_as(struct column *c, const struct type *type)
{
    struct column *v = view(c);
    v->type = type;
    return v;
}

struct column *column_list_view(struct column *c, const struct type *type, struct column *elements)
{
    struct column *v = view(c);
    for (int32_t i = 0; i < v->child_count; i++) {
        column_release(v->children[i]);
    }
    v->child_count = 1;
    v->children[0] = elements;
    v->type = type;
    return v;
}
