/*
 * State in a run: stateful operators, and the stores that tasks have open. Internal to operators.
 *
 * A task opens the stores of its partition as its operators ask for them. They are committed as the last step of a task for which all has gone
 * well, after its rows are written; else they are taken back.
 *
 * Thread: a task's own; what is told of them is added to the run's reports under its lock.
 */
#pragma once

#include "operators/run.h"

struct stateful {
    struct node base;
    int32_t id;             /* of the plan's stateful operators */
    const char *name;       /* Spark's: "stateStoreSave" */
    const struct type *key; /* structs */
    const struct type *value;
    bool restores; /* Spark opens its stores twice, to restore and to save: so are they counted */
};

/* The store of a partition of the operator's. NULL: the task's error is set. */
struct task_store *task_store_open(struct task *t, const struct stateful *s, int32_t partition);

struct task_store {
    struct task_store *next;
    const struct stateful *of;
    struct state_store *store;
    struct operator_report told; /* what the operator counts itself: rows_updated and its kin */
};

/* All of them. False: the task's error is set, and those not committed yet are taken back. */
bool task_stores_commit(struct task *t);
void task_stores_abort(struct task *t);
