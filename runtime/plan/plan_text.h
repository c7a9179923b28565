/*
 * Plans as text, in the form in which Spark prints them. Internal to plans; the entries are in plan.h and logical.h.
 *
 *     Filter (count#1L > 1)
 *     +- Aggregate [id#0], [id#0, count(1) AS count#1L]
 *        +- LocalRelation [id#0]
 *
 * Every column has a number, which stays with it as far up as it is only passed on. Numbers are given by order of appearance in the
 * text, so equal plans have equal texts. A frame that is used twice has other numbers each time, as in Spark: so columns are told apart by
 * **identities**, given to each occurrence of a node in the tree before anything is printed.
 *
 * In front of a node stands ' when something in it has no meaning yet, else ~ when it is a stream.
 */
#pragma once

#include "plan/plan_parts.h"

/* One text under way. */
struct tree {
    struct arena arena;
    struct buffer *out;
    int32_t identities; /* given out so far */
    int32_t *numbers;   /* by identity: what is printed for it, plus 1; 0: nothing yet */
    int32_t capacity;
    int32_t shown; /* numbers given out so far */
};

/* A node where it stands in the tree. */
struct occurrence {
    const struct plan *plan;
    const int32_t *ids; /* the identities of its columns */
    const struct occurrence *inputs[2];
};

/* What stands left of a node: "   :  ", and its own "+- ". */
struct branch {
    struct bytes indent;
    const char *connector; /* "", "+- ", ":- " */
};

void tree_init(struct tree *t, struct buffer *out);
void tree_finish(struct tree *t);
const struct occurrence *tree_occurrence(struct tree *t, const struct plan *plan);
void tree_print(struct tree *t, const struct occurrence *o, struct branch at);

/* A line's beginning, and the branch of its input (`last`: the last of them). */
void tree_line(struct tree *t, struct branch at, const char *state);
struct branch tree_below(struct tree *t, struct branch at, bool last);

/* --- columns and expressions (plan_text_expression.c) --- */

/* "#3". */
void tree_number(struct tree *t, struct buffer *out, int32_t identity);

/* "id#3L". */
void tree_column(struct tree *t,
                 struct buffer *out,
                 struct bytes name,
                 const struct type *type,
                 int32_t identity);

/* The expression over columns of these identities; an alias at the top has the identity `own`. */
void tree_expression(struct tree *t,
                     struct buffer *out,
                     const struct expression *e,
                     const int32_t *ids,
                     int32_t own);

/* The same without columns: what Spark prints for expressions in plans. */
void plan_print_expression(struct buffer *out, const struct expression *e);

/* "StringType", "StructType(StructField(a,IntegerType,true))". */
void plan_print_type(struct buffer *out, const struct type *type);

/* A struct's fields alone, any other type whole: what from_json() keeps. */
void plan_print_fields(struct buffer *out, const struct type *type);

/* --- verbs as they were written (plan_text_written.c) --- */

/* How much of a verb's expressions is given its meaning. */
enum written_form {
    WRITTEN_RAW,   /* nothing: == Parsed Logical Plan == */
    WRITTEN_MIXED, /* whatever has one: below an error */
};

/* The verb's text alone, raw, over nothing that is known. */
void tree_verb(struct tree *t, const struct planning *p);

/* The lines of the verb over inputs that are known; returns the branch of the (first) input. */
struct branch tree_written(struct tree *t,
                           const struct planning *p,
                           const struct occurrence *const *inputs,
                           enum written_form form);
