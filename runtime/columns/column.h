/*
 * Columns: many values of one type, in Apache Arrow's memory layout, counted and immutable.
 *
 *   validity   a bit a value, the least significant first; 0 is null. NULL pointer: no value is null.
 *   values     booleans: a bit a value. Numbers, dates and times: an array of them (type.h says of what).
 *              Strings and binaries: the bytes of all values, one behind the other.
 *   offsets    strings, binaries, arrays, maps: length + 1 of them; value i is [offsets[i], offsets[i+1]) of
 *              `values`, or of the children's values.
 *   children   struct: a column a field, each as long as this one. array: one. map: keys and values.
 *
 *     "ab", null, "c"                 validity  0b101
 *                                     offsets   0 2 2 3
 *                                     values    a b c
 *
 * A **constant** column has the one value of row 0 in these and stands for `length` rows of it: column_row() maps a row
 * to where it lies. A void column has no buffers at all.
 *
 * What is null still has a place in `values`; what is there is 0 or anything, never read as a value.
 *
 * Ownership: a column belongs to whoever holds references. Buffers belong to the column, or to its `owner`, which is kept
 * alive by it: so a slice, a field of a struct or a projection shares memory and copies nothing. Types are borrowed.
 * Thread: any number of readers; the count is atomic.
 */
#pragma once

#include <stdatomic.h>

#include "columns/type.h"

struct column {
    const struct type *type;
    int32_t length;
    int32_t null_count; /* exact; of a constant column: 0, or 1 when it is null */
    bool constant;
    uint8_t owned; /* which buffers are its own (enum column_owned); the others belong to `owner` */
    const uint8_t *validity;
    const void *values;
    const int32_t *offsets;
    int32_t child_count;
    struct column **children; /* the array is the column's own, with a reference to each */
    struct column *owner;
    atomic_int references;
};

enum column_owned {
    OWNS_VALIDITY = 1,
    OWNS_VALUES = 2,
    OWNS_OFFSETS = 4,
};

/* What column_new() takes over: buffers from mem.h, of the sizes that the type and the length ask for. */
struct column_buffers {
    int32_t null_count;       /* -1: to be counted */
    uint8_t *validity;        /* NULL: no nulls; bits behind the last row may be anything */
    void *values;             /* NULL: none are needed (nested types, void) */
    int32_t *offsets;         /* strings, binaries, arrays, maps */
    struct column **children; /* the array is copied, the references are taken over */
};

enum { COLUMN_MAX_ROWS = 1 << 20 }; /* of a batch; children of arrays and maps may be longer */

/* A column of these buffers. A validity without nulls is dropped. */
struct column *column_new(const struct type *type,
                          int32_t length,
                          const struct column_buffers *buffers);

struct column *column_retain(struct column *c);

/* NULL is taken. */
void column_release(struct column *c);

/* `length` rows that are all null. */
struct column *column_nulls(const struct type *type, int32_t length);

/* Row `row` of `from`, for `length` rows: a constant column. */
struct column *column_constant(struct column *from, int32_t row, int32_t length);

/* Rows [first, first + length), sharing the memory; bits are copied where `first` is no multiple of 8. */
struct column *column_slice(struct column *c, int32_t first, int32_t length);

/*
 * The rows that `rows` names, in that order. A negative one gives null. Of a constant column the result may be constant.
 * More than 2 GiB of text in one column end the process, as a lack of memory does: here and in column_concat().
 */
struct column *column_take(const struct column *c, const int32_t *rows, int32_t count);

/* One after the other; all of one type (type_same_values), at least one. */
struct column *column_concat(struct column *const *parts, int32_t count);

/* Without constancy, children of structs included: what is constant is written out, any other column is retained. */
struct column *column_plain(struct column *c);

/* A struct of these columns; takes over the references in `fields`. `validity` may be NULL; it is copied. */
struct column *column_struct(const struct type *type,
                             struct column **fields,
                             int32_t length,
                             const uint8_t *validity);

/* The column with another type of the same values, such as a field renamed, or wider nullability. */
struct column *column_retype(struct column *c, const struct type *type);

/* Bytes in all its buffers, shared ones too. */
size_t column_bytes(const struct column *c);

/* --- one value --- */

static inline bool bit_get(const uint8_t *bits, int32_t i);
static inline void bit_set(uint8_t *bits, int32_t i);
static inline void bit_clear(uint8_t *bits, int32_t i);

/* Where row `row` lies in the buffers. */
static inline int32_t column_row(const struct column *c, int32_t row);
static inline bool column_is_null(const struct column *c, int32_t row);

/* The value of a row that is not null; of exactly that kind of type. */
static inline bool column_bool(const struct column *c, int32_t row);
static inline int64_t column_integer(const struct column *c,
                                     int32_t row); /* any integer, date, time or interval */
static inline double column_double(const struct column *c, int32_t row); /* float or double */
static inline int128 column_decimal(const struct column *c, int32_t row);
static inline struct bytes column_text(const struct column *c,
                                       int32_t row); /* string or binary; borrowed */
static inline int32_t column_first(
    const struct column *c, int32_t row); /* array, map: the first element's row in the child */
static inline int32_t column_count(const struct column *c,
                                   int32_t row); /* ... and how many there are */

/* --- order and identity of values, as Spark has them --- */

/*
 * Negative, 0, positive. NaN is above everything and equal to itself, -0.0 equals 0.0, binaries and strings go by unsigned
 * bytes, structs by their fields, arrays by their elements; null inside a value comes first. Maps have no order.
 */
int column_compare(const struct column *a, int32_t a_row, const struct column *b, int32_t b_row);

/* A 64-bit hash, equal for equal values (also of different columns); null has one too. The same in every run. */
uint64_t column_hash(const struct column *c, int32_t row, uint64_t seed);

/* Of all rows at once: hashes[i] = column_hash(c, i, hashes[i]), so that several columns are hashed one after the other. */
void column_hash_rows(const struct column *c, uint64_t *hashes);

/* --- inline bodies --- */

static inline bool bit_get(const uint8_t *bits, int32_t i)
{
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline void bit_set(uint8_t *bits, int32_t i)
{
    bits[i >> 3] = (uint8_t)(bits[i >> 3] | (1U << (i & 7)));
}

static inline void bit_clear(uint8_t *bits, int32_t i)
{
    bits[i >> 3] = (uint8_t)(bits[i >> 3] & ~(1U << (i & 7)));
}

static inline int32_t column_row(const struct column *c, int32_t row)
{
    return c->constant ? 0 : row;
}

static inline bool column_is_null(const struct column *c, int32_t row)
{
    return c->type->kind == TYPE_VOID || (c->validity && !bit_get(c->validity, column_row(c, row)));
}

static inline bool column_bool(const struct column *c, int32_t row)
{
    return bit_get(c->values, column_row(c, row));
}

static inline int64_t column_integer(const struct column *c, int32_t row)
{
    int32_t i = column_row(c, row);
    switch (type_width(c->type)) {
    case 1: return ((const int8_t *)c->values)[i];
    case 2: return ((const int16_t *)c->values)[i];
    case 4: return ((const int32_t *)c->values)[i];
    default: return ((const int64_t *)c->values)[i];
    }
}

static inline double column_double(const struct column *c, int32_t row)
{
    int32_t i = column_row(c, row);
    return c->type->kind == TYPE_FLOAT ? (double)((const float *)c->values)[i]
                                       : ((const double *)c->values)[i];
}

static inline int128 column_decimal(const struct column *c, int32_t row)
{
    return ((const int128 *)c->values)[column_row(c, row)];
}

static inline struct bytes column_text(const struct column *c, int32_t row)
{
    int32_t i = column_row(c, row);
    return (struct bytes){ (const uint8_t *)c->values + c->offsets[i],
                           (size_t)(c->offsets[i + 1] - c->offsets[i]) };
}

static inline int32_t column_first(const struct column *c, int32_t row)
{
    return c->offsets[column_row(c, row)];
}

static inline int32_t column_count(const struct column *c, int32_t row)
{
    int32_t i = column_row(c, row);
    return c->offsets[i + 1] - c->offsets[i];
}
