/*
 * Parts of nested columns as columns of their own. Thread and ownership as column.h.
 */
#pragma once

#include "columns/column.h"

/* Field `index` of a struct column, null where the struct is. */
struct column *column_field(struct column *c, int32_t index);

/* The array column with other elements in the same places: `elements` (whose reference is taken over) under `type`. */
struct column *column_with_elements(struct column *c,
                                    const struct type *type,
                                    struct column *elements);

/* The same of an array or a map: all its children anew. */
struct column *column_with_children(struct column *c,
                                    const struct type *type,
                                    struct column *const *children);

/* The same bytes under a type that lays them out alike: string and binary, date and int, timestamp and bigint. */
struct column *column_as(struct column *c, const struct type *type);

/* A map column as an array, with `elements` (whose reference is taken over) in the places of its entries. */
struct column *column_list_view(struct column *c, const struct type *type, struct column *elements);
