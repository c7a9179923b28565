/*
 * A run: what the tasks of one physical_run() share. Internal to operators.
 *
 * Thread: the atomics: any; what `lock` guards: whoever holds it; an exchange's slot: the task that fills it, and after its stage the tasks of
 * the next one (exchange.h).
 */
#pragma once

#include <stdatomic.h>

#include "operators/operator.h"

struct exchange;
struct kept_shape;
struct exchange_run;
struct stateful;

struct physical {
    struct arena arena;
    const struct plan *plan;
    struct physical_options options;
    struct node *root; /* of the last stage */
    int32_t node_count;
    int32_t node_capacity;
    struct node **nodes;       /* all of them */
    struct kept_shape *shapes; /* of its aggregates */
    int32_t exchange_count;
    int32_t exchange_capacity;
    const struct exchange **exchanges; /* each behind those that it depends on */
    int32_t relation_count;
    int32_t relation_capacity;
    const struct plan **relations; /* from left to right */
    int32_t stateful_count;
    int32_t stateful_capacity;
    const struct stateful *
        *statefuls; /* from the top: operator 0 is the last one of the plan, as in Spark */
};

struct run {
    const struct physical *physical;
    struct execution *x;
    struct exchange_run *exchanges; /* one for each of the plan's */
    atomic_llong *rows_read;        /* one for each relation */
    atomic_llong rows_written;
    atomic_bool failed;
    pthread_mutex_t lock;
    struct operator_report *reports; /* lock; one for each stateful operator */
};

/* The first error of a run is the one that is told. */
void run_fail(struct run *r, struct sql_error *error);
