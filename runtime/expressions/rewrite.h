/*
 * Expressions made of others: copies with parts replaced. What optimisation is made of.
 *
 * Nodes that nothing changes in are shared with the original; the others are new, in the arena. Pure; thread: any.
 */
#pragma once

#include "expressions/expression.h"

/* What stands for `e`: another expression, whole; or NULL: `e` itself, with its parts looked at. */
typedef const struct expression *expression_mapper(const struct expression *e, void *context);

/* Parents first. Arguments, filters and what is evaluated in a call's place are mapped alike. */
const struct expression *expression_map(struct arena *arena,
                                        const struct expression *e,
                                        expression_mapper *map,
                                        void *context);

/* Column i becomes columns[i]; NULL there: it is none of those that are asked for, and stays. */
const struct expression *expression_substitute(struct arena *arena,
                                               const struct expression *e,
                                               const struct expression *const *columns);

/* Column i becomes column places[i], under the same name. */
const struct expression *expression_move(struct arena *arena,
                                         const struct expression *e,
                                         const int32_t *places);

/* The column at `index` of a struct type. */
const struct expression *expression_column(struct arena *arena,
                                           const struct type *input,
                                           int32_t index);

/* `e` under a name: an alias, as projections have them. */
const struct expression *expression_alias(struct arena *arena,
                                          const struct expression *e,
                                          struct bytes name);

/* Without the alias, if it has one. */
const struct expression *expression_unaliased(const struct expression *e);

/* A literal. */
const struct expression *expression_literal(struct arena *arena,
                                            const struct sql_settings *settings,
                                            struct scalar value);

/* Nodes in the tree, what is evaluated in calls' places counted instead of the calls; counts no further than `most`. */
int32_t expression_size(const struct expression *e, int32_t most);

/* Is a generator (explode) anywhere in it? The first one; NULL: none. */
const struct expression *expression_generator(const struct expression *e);

/*
 * A from_json() that makes no other fields than the wanted ones (one flag a field of the call's struct). NULL: it cannot be told apart
 * from the whole: options that look at other fields, a type that is no struct, all fields wanted.
 */
const struct expression *expression_prune_json(struct arena *arena,
                                               const struct expression *call,
                                               const bool *wanted);
