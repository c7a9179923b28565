/*
 * Analysis: from syntax to expressions. Names find their columns, calls their functions, and every node its type; what Spark
 * converts by itself becomes a cast.
 *
 *     a + 1        over  a DOUBLE     ->   call "+" (column 0, cast(1 as double) implicit): double
 *
 * Errors are Spark's: an unknown column names those that are nearest, an operator says which types it wanted.
 *
 * Pure. Everything made lives in the arena. Thread: one analysis, one thread.
 */
#pragma once

#include "expressions/function.h"
#include "expressions/syntax.h"

struct lambda_scope; /* the variables in sight, in analysis.c */

struct analysis {
    struct arena *arena;
    const struct sql_settings *settings;
    const struct type *input;       /* a struct: the columns in sight */
    const struct bytes *qualifiers; /* the table's name for each column (t.a), NULL: none has one */
    /* Do two columns hold the same, so that either will do where both have the name? NULL: never. */
    bool (*same_column)(const void *context, int32_t a, int32_t b);
    const void *same_context;
    struct bytes source; /* the text that spans are in; null for built expressions */
    bool allow_aggregates;
    struct sql_error *error;
    const struct lambda_scope *scope;
    int32_t variables; /* of lambdas, given out so far */
};

/* One expression. NULL: the error is set. */
const struct expression *analyze(struct analysis *a, const struct syntax *syntax);

/*
 * What select() makes of its arguments: stars spread out, one entry an output column, each an alias (named as Spark names it).
 * False: the error is set.
 */
bool analyze_projection(struct analysis *a,
                        const struct syntax *const *list,
                        int32_t count,
                        const struct expression ***out_list,
                        int32_t *out_count);

/* The struct type of such a list. */
const struct type *projection_type(struct arena *arena,
                                   const struct expression *const *list,
                                   int32_t count);

/* --- for functions' resolve() --- */

/* `e` as `type`: itself when it has it already. Implicit: not to be seen in names. */
const struct expression *analysis_cast(struct analysis *a,
                                       const struct expression *e,
                                       const struct type *type);

/* Replaces an argument. */
void analysis_set_arg(struct expression *call, int32_t i, const struct expression *e);

/* A literal in the place of `like`. */
const struct expression *analysis_literal(struct analysis *a,
                                          struct scalar value,
                                          const struct expression *like);

/* A call of a named function of scalars, arguments resolved already; NULL: the error is set. */
const struct expression *analysis_call(struct analysis *a,
                                       const char *name,
                                       const struct expression *const *args,
                                       int32_t count,
                                       struct span span);

/* The value of an argument that must be constant; false when it is not (no error is set), or when its evaluation failed (it is). */
bool analysis_constant(struct analysis *a, const struct expression *e, struct scalar *out_value);

/* Any nullable among the arguments? */
bool arguments_nullable(const struct expression *call);

/* [DATATYPE_MISMATCH.`kind`] Cannot resolve "<call>" due to data type mismatch: <text>; with its line. Returns false. */
bool analysis_mismatch(struct analysis *a,
                       const struct expression *call,
                       const struct sql_condition *condition,
                       const char *format,
                       ...) __attribute__((format(printf, 4, 5)));

/* [DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] The second parameter requires the `wanted` type, ...: of argument i. Returns false. */
bool analysis_unexpected_type(struct analysis *a,
                              const struct expression *call,
                              int32_t i,
                              const char *wanted);

/* [DATATYPE_MISMATCH.DATA_DIFF_TYPES] Input to `concat` should all be the same type, but it's ("INT" or "STRING"). Returns false. */
bool analysis_types_differ(struct analysis *a, const struct expression *call);

/* The call keeps its name and arguments, and is evaluated as `replacement`, whose type it takes. NULL: returns false. */
bool analysis_replace(struct expression *call, const struct expression *replacement);

/* "[DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES] ... incompatible types (...)", ".INVALID_ORDERING_TYPE]". Return false, or whether all is well. */
bool binary_types_differ(struct analysis *a, const struct expression *call);
bool check_order(struct analysis *a, const struct expression *call, const struct type *type);

/* base.name, as the parser's `.` means it. NULL: the error is set. */
const struct expression *analysis_struct_field(struct analysis *a,
                                               const struct expression *base,
                                               struct bytes name,
                                               struct span span);

/* [INVALID_EXTRACT_BASE_FIELD_TYPE] of `base`. Returns false. */
bool analysis_refuse_extract(struct analysis *a, const struct expression *base, struct span span);

/* As analysis_replace(), and the call is printed as its replacement too. */
bool analysis_replace_named(struct expression *call, const struct expression *replacement);
