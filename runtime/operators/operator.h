/*
 * Operators: what physical plans are made of. Internal to operators.
 *
 *     node       a step of the plan: compiled, read-only, shared by all threads and runs
 *     run        one physical_run()
 *     task       one partition of a stage in a run; has a thread to itself
 *     operator   a node at work in a task:   open -> next* -> close
 *
 * A line of operators is pulled from its end: next() asks its input for a batch, makes one of it, and gives that to whoever asked. The line
 * of a stage begins at leaves: a scan, rows in memory, or what an exchange holds of the stage before.
 *
 * A node is one file; struct node comes first in its own, so that it can be cast, and so does struct operator.
 */
#pragma once

#include <pthread.h>

#include "expressions/evaluate.h"
#include "operators/physical.h"

struct node;
struct operator;
struct occurrence;
struct plan_printer;
struct printed;
struct run;
struct task;

struct node_kind {
    /* Opens its inputs too. NULL: the task's error is set. */
    struct operator* (*open)(const struct node *n, struct task *t, int32_t partition);

    /* How many partitions its rows come in. NULL: as many as those of its first input. */
    int32_t (*partitions)(const struct node *n, const struct run *r);

    /* What does not lie in the plan's arena. May be NULL. */
    void (*free)(struct node *n);

    /* Itself and its inputs, as lines of text (print.h). `o` is where its plan stands. */
    struct printed *(*print)(struct plan_printer *p,
                             const struct node *n,
                             const struct occurrence *o);
};

struct node {
    const struct node_kind *kind;
    const struct plan *plan;   /* what it is the running of */
    const struct type *schema; /* its rows */
    bool single; /* they come in one partition, whatever the run: no exchange is needed */
    int32_t input_count;
    struct node *inputs[2];
};

struct operator_functions {
    /* The next rows: *out is the caller's, never empty; NULL at the end. False: the task's error is set. */
    bool (*next)(struct operator* o, struct batch **out);

    /* What it holds itself; its input is closed and its memory freed by operator_close(). May be NULL. */
    void (*close)(struct operator* o);
};

struct operator
{
    const struct operator_functions *functions;
    const struct node *node;
    struct task *task;
    struct operator* input; /* may be NULL */
    int64_t rows;           /* it was asked about so far: where the next batch begins */
};

struct task_store; /* stores.h */

struct task {
    struct run *run;
    int32_t partition; /* of its stage */
    struct sql_error *error;
    struct task_store *stores; /* to be committed when all has gone well */
};

/* Of `size` bytes, zeroed but for the head. `input` is owned from here on. */
struct operator* operator_new(size_t size,
                              const struct operator_functions *functions,
                              const struct node *n,
                              struct task *t,
                              struct
                              operator* input);

static inline bool operator_next(struct operator* o, struct batch **out)
{
    return o->functions->next(o, out);
}

/* NULL is taken. */
void operator_close(struct operator* o);

static inline struct operator* node_open(const struct node *n, struct task *t, int32_t partition)
{
    return n->kind->open(n, t, partition);
}

int32_t node_partitions(const struct node *n, const struct run *r);

/* An evaluation over these rows (NULL: `rows` rows without columns). */
struct evaluation task_evaluation(const struct task *t, const struct batch *input, int32_t rows);

/* Has somebody else failed, or has the run been cancelled? Then the task's error is set. To be asked once a batch. */
bool task_stopped(struct task *t);

/* The columns that a program makes of these rows, under `schema`. NULL: the task's error is set. */
struct batch *task_run_program(struct task *t,
                               const struct program *p,
                               const struct type *schema,
                               const struct batch *input,
                               int64_t first_row);
