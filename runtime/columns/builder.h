/*
 * Building a column, value by value.
 *
 * A builder grows its buffers, takes values of its own type only, and ends as a column. Nested builders build children:
 *
 *     struct builder *b = builder_new(array_of_int);
 *     builder_integer(builder_child(b, 0), 1);
 *     builder_integer(builder_child(b, 0), 2);
 *     builder_list(b);                     -> [1, 2]: closes what was added to the child since the last one
 *     builder_null(b);                     -> null
 *     struct column *c = builder_finish(b);
 *
 * A struct's row is a value (or null) in every child and then builder_struct(); builder_null() on a struct adds a null to every
 * child by itself. A map is built as a list with two children, keys and values.
 *
 * The bytes of one string column stop at 2 GiB - 1 (offsets are 32 bits): `overflow` is set then, and what does not fit is null.
 * Thread: one at a time.
 */
#pragma once

#include "columns/column.h"

struct builder {
    const struct type *type;
    int32_t length;
    int32_t null_count;
    int32_t capacity;  /* rows */
    uint8_t *validity; /* made at the first null */
    void *values;
    size_t values_len; /* string, binary: bytes used */
    size_t values_capacity;
    int32_t *offsets;
    int32_t child_count;
    struct builder **children;
    bool overflow;
    bool spoilt; /* the text that is being written piece by piece does not fit */
};

struct builder *builder_new(const struct type *type);

/* Room for `rows` more, so that it need not grow by steps. */
void builder_reserve(struct builder *b, int32_t rows);

/* Drops everything; NULL is taken. */
void builder_free(struct builder *b);

/* The column; the builder is gone. */
struct column *builder_finish(struct builder *b);

static inline struct builder *builder_child(struct builder *b, int32_t i)
{
    return b->children[i];
}

void builder_null(struct builder *b);
void builder_bool(struct builder *b, bool value);
void builder_integer(struct builder *b,
                     int64_t value); /* any integer, date, time or interval; must fit */
void builder_double(struct builder *b, double value); /* float or double */
void builder_decimal(struct builder *b, int128 value);
void builder_text(struct builder *b, struct bytes value); /* string or binary */
void builder_struct(struct builder *b); /* the children have their values already */
void builder_list(struct builder *b);   /* array or map: ditto */

/* Row `row` of a column of the same type. */
void builder_copy(struct builder *b, const struct column *from, int32_t row);

/* Takes back all but the first `length` values, and what children have beyond them. */
void builder_truncate(struct builder *b, int32_t length);

/* A string that is written piece by piece: append with builder_append(), then close it as one value. */
void builder_append(struct builder *b, const void *data, size_t len);
void builder_close_text(struct builder *b);
