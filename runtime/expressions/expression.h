/*
 * Expressions: what a syntax tree means over given columns. Typed, resolved, immutable.
 *
 * Every node knows its type and whether it can be null. Calls point at their function (function.h); implicit conversions have
 * become casts. Nothing here depends on rows: one tree is evaluated over many batches, by several threads at once.
 *
 * Ownership: nodes live in the arena of their analysis, with everything that they point at. Thread: any number of readers.
 */
#pragma once

#include "columns/scalar.h"
#include "columns/settings.h"
#include "columns/sql_error.h"

struct function;

enum expression_kind {
    EXPRESSION_LITERAL,
    EXPRESSION_COLUMN, /* of the input, by its place */
    EXPRESSION_CALL,   /* of a scalar function */
    EXPRESSION_CAST,   /* args[0] to `type` */
    EXPRESSION_ALIAS,  /* args[0] under `name`; at the top only */
    EXPRESSION_FIELD, /* the field at `index` of the struct args[0]; of an array of structs: of each */
    EXPRESSION_LAMBDA,    /* args[0] is the body; `index` the first of its `parameters` variables */
    EXPRESSION_VARIABLE,  /* a lambda's parameter: `index` */
    EXPRESSION_AGGREGATE, /* a call of an aggregate function; not evaluated by itself */
};

enum cast_mode {
    CAST_ANSI,   /* what cannot be is an error */
    CAST_LEGACY, /* ... is null, or wraps around: spark.sql.ansi.enabled = false */
    CAST_TRY,    /* ... is null: try_cast */
};

struct expression {
    enum expression_kind kind;
    const struct type *type;
    bool nullable;
    struct span span;    /* for messages, in `source` */
    struct bytes source; /* the whole text; null for built expressions */
    struct bytes
        name; /* column, alias, variable; call: the name as it is printed (mostly the function's own) */
    struct scalar scalar;
    const struct sql_settings *settings; /* literal: how times are printed */
    int32_t index;
    int32_t parameters;
    enum cast_mode cast_mode;
    bool implicit; /* cast: put in by analysis, not printed in names */
    bool distinct;
    bool ignore_nulls;
    bool deterministic; /* of the whole tree below */
    const struct expression *filter;
    const struct function *function;
    const struct expression
        *replacement; /* what is evaluated in its place: nvl(a, b) is coalesce(a, b) */
    bool printed_as_replacement;
    /* What the function's resolve() worked out, such as a compiled pattern's place. */
    const void *extra;
    int32_t count;
    const struct expression *const *args;
};

/* --- names and text --- */

/* The name Spark gives to the column that it makes ("(a + 1)", "CAST((a + 1) AS STRING)"). An alias's: the alias. */
void expression_print_name(struct buffer *out, const struct expression *e);

/* As in Spark's messages, and plans without numbers: literals of text in quotes there, for one. */
void expression_print_sql(struct buffer *out, const struct expression *e);

/* The same meaning: same tree, spans aside. */
bool expression_equal(const struct expression *a, const struct expression *b);

/* A literal, or a deterministic tree over nothing but literals. */
bool expression_is_constant(const struct expression *e);

/* Calls `visit` for each node, parents first, until it returns false. */
bool expression_walk(const struct expression *e,
                     bool (*visit)(const struct expression *e, void *context),
                     void *context);
