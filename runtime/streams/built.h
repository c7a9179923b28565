/*
 * Built expressions from the inside: a syntax tree (expressions/syntax.h) in an arena of its own.
 *
 * A column that is taken over by another lives on inside of it. Errors (a text that does not parse) stick, the first one.
 */
#pragma once

#include "expressions/syntax.h"
#include "plan/logical.h"
#include "weir/stream.h"

struct weir_column {
    struct arena arena;
    const struct syntax *syntax; /* NULL where there is an error */
    struct sort_order order;
    struct sql_error error;
    struct weir_column *parts; /* what it took over; linked by `next` */
    struct weir_column *next;
    bool taken; /* something took it over already */
};

/*
 * The trees of a list that ends with NULL, copied into the arena; frees the columns. `out_orders` may be NULL. False: the error is set; the
 * columns are freed all the same.
 */
bool built_take(struct arena *arena,
                struct weir_column *const *columns,
                const struct syntax *const **out_list,
                const struct sort_order **out_orders,
                int32_t *out_count,
                struct sql_error *error);
