/*
 * Exchanges: where rows change partitions, and one stage ends and another begins. Internal to operators.
 *
 *                     target 0   target 1   ...       a slot a source: what its task wrote, apart by target
 *     source 0         [slot                ]         a task of the next stage reads one column of these,
 *     source 1         [slot                ]         from the first source to the last: always the same order
 *
 * What passes is rows; or groups with their aggregates so far, which the next stage merges (grouped.h). Which target a row goes to is what
 * Spark has: pmod(hash(keys), targets), so that partitions hold the same rows here and there.
 *
 * Thread: a slot is filled by the task of its source alone. When all these are done, column t of the slots belongs to target t's task; groups
 * are only read, but where there is one of each.
 */
#pragma once

#include "operators/grouped.h"
#include "operators/run.h"

struct exchange {
    struct node base; /* inputs[0]: the end of the stage before */
    int32_t index;    /* of the plan's exchanges */
    int32_t targets;
    const struct expression *const *keys; /* over the rows, or the groups' keys; printed as well */
    int32_t key_count;                    /* 0: all to the one target */
    struct program *hash;                 /* NULL where there is one target */
    const struct grouped_shape *grouped; /* rows are grouped before they pass; NULL: they are not */
};

/* The keys are expressions over the rows of `input`. With a shape, over its keys. */
struct node *exchange_new(struct arena *arena,
                          struct node *input,
                          const struct expression *const *keys,
                          int32_t key_count,
                          int32_t targets);
struct node *exchange_new_grouped(struct arena *arena,
                                  struct node *input,
                                  const struct grouped_shape *grouped,
                                  int32_t targets);

/* Is it one? */
const struct exchange *exchange_of(const struct node *n);

struct exchange_run *exchange_runs_new(int32_t count);
void exchange_runs_free(struct exchange_run *runs, int32_t count);

/* Before its stage runs. */
void exchange_begin(const struct exchange *e, struct run *r, int32_t sources);

/* One task's rows, all of them. False: the task's error is set. */
bool exchange_fill(const struct exchange *e, struct task *t, struct operator* rows);

/* Merges what all sources hold for one target into what is empty yet. False: the task's error is set. */
bool exchange_gather(const struct exchange *e,
                     struct task *t,
                     int32_t target,
                     struct grouped *into);
