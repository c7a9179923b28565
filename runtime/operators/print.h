/*
 * Physical plans as text: a function a node (node_kind.print). Internal to operators.
 *
 * A node becomes one line or several in Spark's words, made of a name, what stands behind it, and what the formatted text says of it:
 *
 *     *(1) Filter (id#0L > 5)              * Filter (2)         (2) Filter [codegen id : 1]
 *     +- *(1) Range (0, 10, ...)           +- * Range (1)       Input [1]: [id#0L]
 *                                                               Condition : (id#0L > 5)
 *
 * Columns are numbered from the leaves up. A star marks nodes that Spark would fuse into one loop, with the loop's number; here they are operators of one task all the same.
 */
#pragma once

#include "operators/operator.h"

typedef struct printed *node_printer(struct plan_printer *p,
                                     const struct node *n,
                                     const struct occurrence *o);

node_printer print_scan;
node_printer print_rows;
node_printer print_range;
node_printer print_project;
node_printer print_filter;
node_printer print_generate;
node_printer print_union;
node_printer print_local_limit;
node_printer print_global_limit;
node_printer print_limit_state;
node_printer print_sort;
node_printer print_dedupe_partial;
node_printer print_dedupe;
node_printer print_dedupe_state;
node_printer print_aggregate;
node_printer print_aggregate_state;
node_printer print_exchange;
