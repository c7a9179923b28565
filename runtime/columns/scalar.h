/*
 * One value of a type that is not nested: a literal in an expression, a bound, an option.
 *
 * Ownership: `text` is borrowed, usually from the arena of whatever holds the scalar. Thread: any, immutable.
 */
#pragma once

#include "columns/column.h"

struct scalar {
    const struct type *type;
    bool null;
    int64_t integer;   /* boolean (0, 1), integers, date, timestamps, intervals */
    double number;     /* float, double */
    int128 decimal;    /* unscaled */
    struct bytes text; /* string, binary */
};

struct scalar scalar_null(const struct type *type);
struct scalar scalar_bool(bool value);
struct scalar scalar_int(int32_t value);
struct scalar scalar_of_integer(const struct type *type, int64_t value);
struct scalar scalar_double(double value);
struct scalar scalar_text(struct bytes value);

/* A constant column of `length` rows. */
struct column *scalar_column(const struct scalar *value, int32_t length);

/* Row `row`, of a column whose type is not nested; its text is borrowed from the column. */
struct scalar scalar_of_row(const struct column *c, int32_t row);
