/*
 * What the files of collections share. Internal to expressions.
 */
#pragma once

#include "columns/builder.h"
#include "columns/column_field.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/sql_conditions.h"

typedef struct column *collection_kernel(struct evaluation *ev,
                                         const struct expression *call,
                                         struct column *const *args,
                                         const struct rows *rows);

/* Making: collection_make.c */
bool resolve_struct(struct analysis *a, struct expression *call);
bool resolve_named_struct(struct analysis *a, struct expression *call);
bool resolve_array(struct analysis *a, struct expression *call);
bool resolve_map(struct analysis *a, struct expression *call);
bool resolve_map_from_arrays(struct analysis *a, struct expression *call);
bool resolve_map_from_entries(struct analysis *a, struct expression *call);
collection_kernel make_struct;
collection_kernel make_array;
collection_kernel make_map;
collection_kernel make_map_from_arrays;
collection_kernel make_map_from_entries;

/* Reading: collection_read.c */
bool resolve_subscript(struct analysis *a, struct expression *call);
bool resolve_element_at(struct analysis *a, struct expression *call);
bool resolve_get(struct analysis *a, struct expression *call);
bool resolve_size(struct analysis *a, struct expression *call);
bool resolve_contains(struct analysis *a, struct expression *call);
bool resolve_map_part(struct analysis *a, struct expression *call);
bool resolve_map_contains(struct analysis *a, struct expression *call);
void print_subscript(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument);
collection_kernel subscript;
collection_kernel size_of;
collection_kernel contains;
collection_kernel position_of;
collection_kernel map_part;
collection_kernel map_contains;

/* An array column of `elements` (the reference is taken over): row i has lengths[i] of them; null where rows->valid says so. */
struct column *array_of(const struct type *type,
                        const struct rows *rows,
                        const int32_t *lengths,
                        struct column *elements);

/* The same of a map. */
struct column *map_of(const struct type *type,
                      const struct rows *rows,
                      const int32_t *lengths,
                      struct column *keys,
                      struct column *values);

/* [NULL_MAP_KEY], [DUPLICATED_MAP_KEY] where row i of the map has such keys. NULL then, else the column itself. */
struct column *check_map(struct evaluation *ev, struct column *map);

/* --- picking: collection_pick.c --- */

enum { PICKS_MAX = 1 << 27 }; /* elements of all rows together */

/* Which elements a new array has, row after row. */
struct picks {
    const struct rows *rows;
    int32_t *lengths; /* of each row */
    int32_t *from;    /* places in the elements to take from; negative: null */
    int32_t count;
    int32_t capacity;
};

struct picks picks_new(const struct rows *rows);
void picks_drop(struct picks *p);

/* Room for `more`. False: too many, and ev->error is set. */
bool picks_reserve(struct picks *p, struct evaluation *ev, const char *function, int64_t more);

/* One more element of `row`; rows come in ascending order, and there is room. */
void picks_add(struct picks *p, int32_t row, int32_t at);

/* The picked elements; and an array of them, which ends the picks. */
struct column *picks_take(const struct picks *p,
                          const struct column *elements,
                          const struct type *type);
struct column *picks_array(struct picks *p, const struct column *elements, const struct type *type);

/* The values of `a` and behind them those of `b`, as `type`. */
struct column *joined(struct column *a, struct column *b, const struct type *type);

/* Where the elements of a row are: [first, end); none for a row that is null or does not count. */
struct element_range {
    int32_t first;
    int32_t end;
};

struct element_range element_range(const struct rows *rows, const struct column *list, int32_t row);

/* Arrays from arrays: collection_array.c, collection_set.c, collection_sort.c */
bool resolve_same_array(struct analysis *a, struct expression *call);
bool resolve_array_and_value(struct analysis *a, struct expression *call);
bool resolve_array_insert(struct analysis *a, struct expression *call);
bool resolve_array_repeat(struct analysis *a, struct expression *call);
bool resolve_slice(struct analysis *a, struct expression *call);
bool resolve_flatten(struct analysis *a, struct expression *call);
bool resolve_arrays_zip(struct analysis *a, struct expression *call);
bool resolve_two_arrays(struct analysis *a, struct expression *call);
bool resolve_array_extreme(struct analysis *a, struct expression *call);
bool resolve_sort_array(struct analysis *a, struct expression *call);
bool resolve_array_sort(struct analysis *a, struct expression *call);
bool resolve_array_join(struct analysis *a, struct expression *call);
bool resolve_sequence(struct analysis *a, struct expression *call);
bool resolve_map_concat(struct analysis *a, struct expression *call);
void print_array_sort(struct buffer *out,
                      const struct expression *call,
                      expression_printer *argument);
collection_kernel array_compact;
collection_kernel array_shuffle;
collection_kernel array_distinct;
collection_kernel array_remove;
collection_kernel array_add;
collection_kernel array_insert;
collection_kernel array_repeat;
collection_kernel array_slice;
collection_kernel array_flatten;
collection_kernel arrays_zip;
collection_kernel array_union;
collection_kernel array_intersect;
collection_kernel array_except;
collection_kernel arrays_overlap;
collection_kernel array_extreme;
collection_kernel sort_array;
collection_kernel array_sort;
collection_kernel array_join;
collection_kernel sequence;
collection_kernel map_concat;

/* Lambdas: collection_lambda.c, collection_fold.c */
bool resolve_transform(struct analysis *a, struct expression *call);
bool resolve_predicate(struct analysis *a, struct expression *call);
bool resolve_zip_with(struct analysis *a, struct expression *call);
bool resolve_map_lambda(struct analysis *a, struct expression *call);
bool resolve_map_zip_with(struct analysis *a, struct expression *call);
bool resolve_fold(struct analysis *a, struct expression *call);
collection_kernel transform_array;
collection_kernel filter_array;
collection_kernel array_exists;
collection_kernel array_forall;
collection_kernel zip_with;
collection_kernel map_filter;
collection_kernel transform_map;
collection_kernel map_zip_with;
collection_kernel fold_array;

/* Argument `i` of the call as a lambda of these parameters. NULL: the error is set. */
const struct expression *bind_lambda(struct analysis *a,
                                     struct expression *call,
                                     int32_t i,
                                     const struct type *const *types,
                                     const bool *nullable,
                                     int32_t count);
