/*
 * Lines of physical plans: the tree that nodes are printed into, and texts of columns. Internal to the printing of nodes; see print.h.
 *
 * Thread: one text, one thread.
 */
#pragma once

#include "operators/print.h"
#include "plan/plan_text.h"

struct exchange;

struct printed {
    const char *name;
    struct bytes text;    /* behind the name, in the simple forms */
    struct bytes details; /* below it, in the formatted one: whole lines */
    struct bytes columns; /* what comes out: "[2]: [a#0, b#1L]", for the Input of the line above */
    bool fused;           /* has a star ... */
    bool leaf;            /* ... but not by itself */
    int32_t number;
    int32_t loop;
    int32_t input_count;
    struct printed *inputs[2];
};

struct plan_printer {
    struct buffer *out;
    struct tree tree; /* of the plan: its arena, and the columns' numbers */
    enum physical_form form;
    const struct node *root;
    int32_t shuffle_partitions;
    enum output_mode mode;
    int32_t exchanges; /* printed so far: their plan_id */
    int32_t numbers;   /* of lines */
    int32_t loops;
};

struct printed *line_new(struct plan_printer *p, const char *name, bool fused);

/* The line of an input: the node's at `i`, where `o` is the occurrence of the node's plan. */
struct printed *line_of_input(struct plan_printer *p,
                              const struct node *n,
                              const struct occurrence *o,
                              int32_t i);
void line_add(struct printed *line, struct printed *input);

/* Where the plan of a node stands, at or below an occurrence. */
const struct occurrence *occurrence_of(const struct occurrence *o, const struct plan *plan);

/* An exchange over `input`, by keys over columns of these identities; no keys: everything goes to one partition. */
struct printed *print_exchange_over(struct plan_printer *p,
                                    const struct exchange *e,
                                    const struct expression *const *keys,
                                    const int32_t *ids,
                                    struct printed *input);

/* What a buffer holds, kept; the buffer is empty again. */
struct bytes text_taken(struct plan_printer *p, struct buffer *text);

/* "[a#0, b#1L]", "[2]: [a#0, b#1L]". */
void text_columns(struct plan_printer *p,
                  struct buffer *out,
                  const struct type *schema,
                  const int32_t *ids);
struct bytes text_counted(struct plan_printer *p, const struct type *schema, const int32_t *ids);

/* "[a#0, (b#1 + 1) AS c#2]"; `own`: identities of what has a name. */
void text_list(struct plan_printer *p,
               struct buffer *out,
               const struct expression *const *list,
               int32_t count,
               const int32_t *ids,
               const int32_t *own);
