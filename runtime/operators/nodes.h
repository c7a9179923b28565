/*
 * The nodes, each in the file of its name. Internal to operators. All live in the arena given; inputs come ready.
 */
#pragma once

#include "operators/grouped.h"

/* Rows of a source: relation `index` of the plan. */
struct node *scan_node_new(struct arena *arena, const struct plan *plan, int32_t index);

/* Rows in memory, and of range(), in up to `splits` partitions. */
struct node *rows_node_new(struct arena *arena, const struct plan *plan, int32_t splits);
struct node *range_node_new(struct arena *arena, const struct plan *plan, int32_t splits);

struct node *project_node_new(struct arena *arena, const struct plan *plan, struct node *input);

/* The rows for which a condition is true; `project` (NULL: none) is made of these alone. */
struct node *filter_node_new(struct arena *arena,
                             const struct plan *filter,
                             const struct plan *project,
                             struct node *input);

/* `used` (NULL: all): which of its columns are looked at; of those it passes on, the others are null. */
struct node *generate_node_new(struct arena *arena,
                               const struct plan *plan,
                               const bool *used,
                               struct node *input);

/* All partitions of the one, then all of the other. */
struct node *union_node_new(struct arena *arena,
                            const struct plan *plan,
                            struct node *first,
                            struct node *second);

/* At most so many rows of a partition. `global`: it is the only one. */
struct node *limit_node_new(struct arena *arena,
                            const struct plan *plan,
                            struct node *input,
                            bool global);

/* A partition in the order of these keys; `orders` NULL: ascending, nulls first. */
struct node *sort_node_new(struct arena *arena,
                           const struct plan *plan,
                           struct node *input,
                           const struct sort_order *orders);

/* The first row of each combination of keys in a partition. `partial`: there will be another one. */
struct node *dedupe_node_new(struct arena *arena,
                             const struct plan *plan,
                             struct node *input,
                             bool partial);

/* The groups that an exchange holds; or of rows, where the shape says that these must be seen whole. */
struct node *aggregate_node_new(struct arena *arena,
                                const struct grouped_shape *shape,
                                struct node *input);

/* --- with state: `id` is their number in the plan --- */

struct node *aggregate_state_node_new(struct arena *arena,
                                      const struct grouped_shape *shape,
                                      struct node *input,
                                      int32_t id,
                                      enum output_mode mode);
struct node *dedupe_state_node_new(struct arena *arena,
                                   const struct plan *plan,
                                   struct node *input,
                                   int32_t id);
struct node *limit_state_node_new(struct arena *arena,
                                  const struct plan *plan,
                                  struct node *input,
                                  int32_t id);
