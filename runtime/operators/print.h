/*
 * Physical plans as text: a function a node (node_kind.print). Internal to operators.
 */
#pragma once

#include "operators/operator.h"

void print_scan(struct plan_printer *p, const struct node *n);
void print_rows(struct plan_printer *p, const struct node *n);
void print_range(struct plan_printer *p, const struct node *n);
void print_project(struct plan_printer *p, const struct node *n);
void print_filter(struct plan_printer *p, const struct node *n);
void print_generate(struct plan_printer *p, const struct node *n);
void print_union(struct plan_printer *p, const struct node *n);
void print_local_limit(struct plan_printer *p, const struct node *n);
void print_global_limit(struct plan_printer *p, const struct node *n);
void print_sort(struct plan_printer *p, const struct node *n);
void print_dedupe_partial(struct plan_printer *p, const struct node *n);
void print_dedupe(struct plan_printer *p, const struct node *n);
void print_dedupe_state(struct plan_printer *p, const struct node *n);
void print_aggregate(struct plan_printer *p, const struct node *n);
void print_aggregate_state(struct plan_printer *p, const struct node *n);
void print_exchange(struct plan_printer *p, const struct node *n);
