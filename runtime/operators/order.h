/*
 * Orders of rows: sorted by keys, and as Spark's own maps have them. Internal to operators. Thread: any.
 */
#pragma once

#include "columns/column.h"
#include "plan/logical.h"

/* The rows' numbers in the order of their keys, equal ones as they came; the caller's to free. `orders` NULL: ascending, nulls first. */
int32_t *order_rows(struct column *const *keys,
                    const struct sort_order *orders,
                    int32_t key_count,
                    int32_t rows);

/*
 * The rows' numbers as Spark's state store lists keys: by their place in a Java ConcurrentHashMap, whose size follows from
 * how many keys there were (`before`) when a batch began; within a place in the order given. The caller's to free. NULL: a key has a type
 * whose bytes in Spark we do not know; then there is no such order.
 */
int32_t *order_as_state(struct column *const *keys,
                        int32_t key_count,
                        int32_t rows,
                        int64_t before);
