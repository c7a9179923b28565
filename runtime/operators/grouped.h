/*
 * Grouped rows: groups with the states of their aggregates. Internal to operators.
 *
 *     rows --add--> grouped --\
 *                              merge by key --> grouped --finish--> [keys, aggregates] --results--> rows
 *     rows --add--> grouped --/
 *
 * What came of one task's rows is merged into another's without a detour through bytes. Finished groups stand in the order in which Spark
 * would have them; see enum group_order.
 *
 * Thread: one at a time; merging from one that no longer changes: any number.
 */
#pragma once

#include "expressions/aggregator.h"
#include "operators/groups.h"
#include "operators/operator.h"

enum group_order {
    GROUPS_AS_FOUND,   /* by first appearance */
    GROUPS_NULLS_LAST, /* ... groups with a null among their keys behind the others: Spark keeps these in a map of their own */
    GROUPS_BY_KEY, /* sorted, nulls first: Spark sorts where an aggregate's state is no fixed number of bytes */
};

/* What an AGGREGATE comes to; immutable. */
struct grouped_shape {
    const struct plan *plan;
    const struct aggregation *aggregation;
    int32_t key_count;
    const struct type **key_types;
    const struct type *keys_type; /* a struct of them */
    const struct type *values;    /* a struct: [keys, aggregates] */
    struct program *keys;         /* over the rows */
    struct program *results;      /* over values */
    bool whole; /* all rows of a group must be seen in one place: DISTINCT cannot be merged */
    enum group_order order;
};

void grouped_shape_make(struct grouped_shape *s, struct arena *arena, const struct plan *plan);
void grouped_shape_finish(struct grouped_shape *s);

struct grouped {
    const struct grouped_shape *shape;
    struct groups *groups;
    struct aggregator *states;
    int32_t *numbers; /* of a batch's rows */
    int32_t number_capacity;
};

struct grouped *grouped_new(const struct grouped_shape *shape);
void grouped_free(struct grouped *g);

/* False: the task's error is set; so below. */
bool grouped_add(struct grouped *g, struct task *t, const struct batch *rows, int64_t first_row);

/* The groups of `from` that `which` names, in that order. */
bool grouped_merge(struct grouped *g,
                   struct task *t,
                   const struct grouped *from,
                   const int32_t *which,
                   int32_t count);

/* Each gets what the other has. */
void grouped_swap(struct grouped *a, struct grouped *b);

/* Where the groups stand: a list of their numbers, the caller's to free; NULL: as they are numbered. `keys`: of all groups. */
int32_t *grouped_order(const struct grouped_shape *s, struct column *const *keys, int32_t count);

/* The columns of all groups' keys, as an array that the caller frees with them. */
struct column **grouped_keys(const struct grouped *g);
void columns_free(struct column **columns, int32_t count);

/*
 * Groups on their way out: what each comes to, batch by batch. Made of the keys of all groups (taken over) and their states, which must outlive it;
 * `order` (NULL: as numbered) is taken over as well.
 */
struct grouped_output {
    const struct grouped_shape *shape;
    struct aggregator *states;
    struct column **keys;
    int32_t *order;
    int32_t count;
    int32_t at;
    struct batch *values; /* of all, where there is an order */
};

void grouped_output_free(struct grouped_output *o);

/* As an operator's next(). */
bool grouped_output_next(struct grouped_output *o, struct task *t, struct batch **out);
