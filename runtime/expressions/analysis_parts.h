/*
 * What the files of the analysis ask of each other. Internal: others use analysis.h.
 */
#pragma once

#include "expressions/analysis.h"

/* A lambda's variables in sight: the innermost scope first. */
struct lambda_scope {
    const struct lambda_scope *outer;
    int32_t count;
    const struct bytes *names;
    const struct expression *const *variables;
};

struct expression *analysis_new(struct analysis *a,
                                enum expression_kind kind,
                                struct span span,
                                const struct expression *const *args,
                                int32_t count);

/* --- analysis_names.c --- */

/* A name: a lambda's variable, a column (with fields below it), or a function that needs no parentheses. */
const struct expression *analysis_name(struct analysis *a, const struct syntax *s);

/* base.name: of a struct, of an array of structs, or of a map by its key. */
const struct expression *analysis_field(struct analysis *a,
                                        const struct expression *base,
                                        struct bytes name,
                                        struct span span);

const struct expression *analysis_alias(struct analysis *a,
                                        const struct expression *e,
                                        const struct syntax *s);

/* Says why `s.*` cannot be: it is a column of another type, or nothing at all. */
void analysis_refuse_star(struct analysis *a, const struct syntax *s, bool is_column);

/* --- analysis_call.c --- */

/* current_date and its kin, which may go without parentheses. */
bool analysis_is_bare_function(struct bytes name);

/* A call as it was written, its arguments analyzed. */
const struct expression *analysis_call_syntax(struct analysis *a,
                                              const struct syntax *s,
                                              const struct expression *const *args);

/* count(*), and any other function over all columns. */
const struct expression *analysis_call_of_star(struct analysis *a, const struct syntax *s);

/* Says that this cast cannot be, with the advice that Spark gives. Returns false. */
bool analysis_refuse_cast(struct analysis *a, const struct expression *cast);

/*
 * Lambdas are analyzed by the function that they are given to, when it knows their parameters' types: until then the argument is a
 * lambda whose `extra` is its syntax, and whose type is void.
 */
const struct expression *analysis_unbound_lambda(struct analysis *a, const struct syntax *s);

/* Such an argument with its parameters' types known: `types` and `nullable` for each of its parameters. NULL: error is set. */
const struct expression *analysis_bind_lambda(struct analysis *a,
                                              const struct expression *unbound,
                                              const struct type *const *types,
                                              const bool *nullable,
                                              int32_t count);
