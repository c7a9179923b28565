/*
 * Functions and operators: one table entry each.
 *
 * A new function is an entry in one of the tables (functions_*.c), found by its name; nothing else needs to know of it:
 *
 *     { .name = "upper", .takes = "s", .returns = 's', .evaluate = upper },
 *
 * Its life has two halves. Analysis (analysis.h) finds the entry, converts the arguments as `takes` says, or lets `resolve` do
 * what letters cannot say, and so settles the call's type. Evaluation (evaluate.h) calls `evaluate` with a column for each
 * argument and gets one back.
 *
 * Letters of `takes`, one an argument. Each accepts what Spark's implicit conversions make of it (coercion.h).
 *
 *     s string   B binary    b boolean   y tinyint   h smallint   i int   l bigint   f float   d double
 *     D date     T timestamp n any number (as it is)              k any integer (as it is)
 *     x anything (as it is)  o anything with an order             c string or binary (as it is)
 *     m numbers and intervals             a array     p map
 *     [ ] around arguments that may be missing    * after the last: any number of it (at least one)
 *     = like the first, after all arguments so marked were brought to one common type (as coalesce and greatest do)
 *
 * `returns`: one of the letters with a definite type, or '0' for the type of the first argument.
 */
#pragma once

#include "expressions/expression.h"

struct analysis;
struct evaluation;
struct rows;
struct aggregate;

enum function_nulls {
    NULLS_PROPAGATE, /* a null argument makes a null result; evaluate() is not asked about such rows */
    NULLS_OWN,       /* evaluate() looks at nulls itself */
};

enum function_nullable {
    NULLABLE_ARGUMENTS, /* as soon as an argument is */
    NULLABLE_ALWAYS,
    NULLABLE_NEVER,
};

/* Prints an argument in the form that is being printed: name or SQL. */
typedef void expression_printer(struct buffer *out, const struct expression *e);

struct function {
    const char *name;    /* lower case, or an operator such as "+" */
    const char *printed; /* in names, where it is another than `name` */
    const char *takes;
    char returns;
    enum function_nulls nulls;
    enum function_nullable nullable;
    bool random;     /* not deterministic */
    bool tells_time; /* of the run: the same in all its rows, another in the next run */
    bool
        never_constant; /* deterministic, and all the same not to be worked out before the run: it fails there */
    bool generator; /* makes rows: its call's type is a struct of the columns that it makes */
    bool lambdas;   /* takes them, and its resolve() binds them; any other function refuses them */

    /*
     * Instead of `takes` and `returns`: checks and converts call->args (analysis_set_arg, analysis_cast), and sets type and nullable.
     * The call is still being made, so it is not const here. False: the error is set.
     */
    bool (*resolve)(struct analysis *a, struct expression *call);

    /* After `takes` and `returns`: what else there is to check or to work out. May be NULL. */
    bool (*check)(struct analysis *a, struct expression *call);

    /*
     * The values for rows->count rows. Arguments have as many rows each, or are constant. Under NULLS_PROPAGATE rows->valid says
     * which rows count; the others may hold anything. Never asked when all arguments are constant: then
     * there is one row, and the result becomes a constant. NULL: the error is set.
     */
    struct column *(*evaluate)(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows);

    /*
     * Instead of `evaluate`, where not every argument is wanted for every row (AND, CASE, coalesce): gets none, and asks for what it
     * needs with evaluate_argument() (evaluate.h).
     */
    struct column *(*evaluate_lazily)(struct evaluation *ev, const struct expression *call);

    /* NULL: "name(a, b)". */
    void (*print)(struct buffer *out, const struct expression *call, expression_printer *argument);

    const struct aggregate *aggregate; /* aggregate.h; then there is no evaluate */
};

/* By name, case ignored; NULL: there is none. */
const struct function *function_find(struct bytes name);

/* Has Spark 4.1 a function of this name, which is not written here yet (functions_unwritten.c)? */
bool function_is_unwritten(struct bytes name);

/* Their names, from 0 on; NULL behind the last. */
const char *function_unwritten(size_t i);

/* Ready-made printers for operators: "(a + b)", "(- a)", "(NOT a)". */
void print_infix(struct buffer *out, const struct expression *call, expression_printer *argument);
void print_prefix(struct buffer *out, const struct expression *call, expression_printer *argument);

/* The tables, each in the file of its name. The end has a NULL name. */
extern const struct function functions_arithmetic[];
extern const struct function functions_comparison[];
extern const struct function functions_logic[];
extern const struct function functions_conditional[];
extern const struct function functions_string[];
extern const struct function functions_regex[];
extern const struct function functions_datetime[];
extern const struct function functions_collection[];
extern const struct function functions_conversion[];
extern const struct function functions_json[];
extern const struct function functions_hash[];
extern const struct function functions_math[];
extern const struct function functions_aggregate[];
extern const struct function functions_generator[];
extern const struct function functions_misc[];
