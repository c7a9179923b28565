/*
 * Aggregate functions: many rows of a group become one value.
 *
 * Each group has a state, a piece of memory of a size that the function names. Rows update it; two states merge into one, so
 * that parts can be counted apart (by threads, and before an exchange) and put together; what came of it is finished into a
 * column, or saved as bytes for a state store and loaded again in a later batch or another process.
 *
 *     init -> update* -> merge* -> finish
 *                     \-> save .. load -> update* ...
 *
 * A state that owns memory (a string, a list) frees it in `drop`. Thread: a state belongs to one thread at a time.
 */
#pragma once

#include "columns/builder.h"
#include "expressions/evaluate.h"

/* The states of many groups: state of group g is at memory + g * stride. */
struct aggregate_states {
    uint8_t *memory;
    size_t stride;
};

static inline void *aggregate_state(const struct aggregate_states *s, int32_t group)
{
    return s->memory + (size_t)group * s->stride;
}

/* Rows for a function: row i belongs to group groups[i]. */
struct aggregate_input {
    struct column *const *args;
    const int32_t *groups;
    int32_t rows;
    const uint8_t *selected; /* only rows whose bit is set count (FILTER, DISTINCT); NULL: all */
};

struct aggregate {
    /* Bytes of one state, a multiple of 16. */
    size_t (*size)(const struct expression *call);

    void (*init)(const struct expression *call, void *state);

    /* False: ev->error is set. */
    bool (*update)(struct evaluation *ev,
                   const struct expression *call,
                   const struct aggregate_states *states,
                   const struct aggregate_input *in);

    /* `from` into `into`; `from` came later. */
    bool (*merge)(struct evaluation *ev,
                  const struct expression *call,
                  void *into,
                  const void *from);

    /* Appends the value (of call->type). The state stays. */
    bool (*finish)(struct evaluation *ev,
                   const struct expression *call,
                   const void *state,
                   struct builder *out);

    void (*save)(const struct expression *call, const void *state, struct buffer *out);
    bool (*load)(const struct expression *call,
                 void *state,
                 struct bytes saved); /* false: not its bytes */

    void (*drop)(const struct expression *call, void *state); /* NULL: owns nothing */
};
