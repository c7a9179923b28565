/*
 * The syntax tree: what a text of Spark SQL says, before anybody knows what its names mean.
 *
 * One node kind for each thing that has a form of its own; all operators and functions are calls: `a + 1` is the call of "+"
 * with two arguments, `a IS NULL` that of "isnull". So built expressions (weir/stream.h) make the same nodes that the parser makes.
 *
 *   kind        text            arguments                  example
 *   literal     -               -                          1, 'a', DATE'2024-01-01'      (its value in `scalar`)
 *   name        -               -                          a.b            (parts in `parts`)
 *   star        -               -                          *, a.*         (parts of what is before the star)
 *   call        its name        the arguments              upper(a), a + 1
 *   case        -               [c1 v1 c2 v2 ... else]     CASE WHEN; `has_else`
 *   cast        "cast", "try_cast", "::"   the operand     CAST(a AS INT) (the target in `type`)
 *   alias       the new name    what is named              a AS b         (several names: in `parts`)
 *   field       field's name    the struct                 f(a).b
 *   subscript   -               container, index           a[0]
 *   lambda      -               the body                   (x, y) -> x + y   (parameters in `parts`)
 *   tuple       -               the members                (a, b)
 *
 * Everything lives in the arena given to the parser, texts too; nodes are immutable. Depth is bounded by SYNTAX_MAX_DEPTH where
 * trees are made, so whoever walks one may recurse. Thread: any number of readers.
 */
#pragma once

#include "columns/scalar.h"
#include "columns/sql_error.h"

enum syntax_kind {
    SYNTAX_LITERAL,
    SYNTAX_NAME,
    SYNTAX_STAR,
    SYNTAX_CALL,
    SYNTAX_CASE,
    SYNTAX_CAST,
    SYNTAX_ALIAS,
    SYNTAX_FIELD,
    SYNTAX_SUBSCRIPT,
    SYNTAX_LAMBDA,
    SYNTAX_TUPLE,
};

enum {
    SYNTAX_MAX_DEPTH = 1000,
    SYNTAX_MAX_TEXT = 1 << 20, /* bytes of one text */
};

struct syntax {
    enum syntax_kind kind;
    struct span span;    /* in `source`; nowhere for built expressions */
    struct bytes source; /* the whole text it was parsed from; null for built expressions */
    struct bytes text;   /* see the table above */
    int32_t part_count;
    const struct bytes *parts;
    struct scalar scalar;        /* literal */
    const struct type *type;     /* cast */
    bool has_else;               /* case */
    bool distinct;               /* call: count(DISTINCT a) */
    bool ignore_nulls;           /* call: first(a IGNORE NULLS) */
    const struct syntax *filter; /* call: FILTER (WHERE ...), or NULL */
    int32_t count;
    const struct syntax *const *args;
    int32_t depth; /* 1 for a leaf */
};

/* An inline table: VALUES (1, 'a'), (2, 'b') AS t(id, name). */
struct syntax_table {
    struct bytes name;    /* null without an alias */
    int32_t column_count; /* 0: col1, col2, ... */
    const struct bytes *columns;
    int32_t row_count;
    const struct syntax *const *rows; /* a tuple each; a single value is a tuple of one */
};

/* ORDER BY: a key and its direction. */
struct syntax_sort {
    const struct syntax *key;
    bool descending;
    bool nulls_last;
};

enum { QUERY_MAX_DEPTH = 100 }; /* of queries in queries; checked by the parser */

/* What stands behind FROM: a table, a function that makes one, VALUES or a query, under a name. */
struct syntax_source {
    struct span span;
    int32_t part_count; /* of a table's or a function's name; 0: it is neither */
    const struct bytes *parts;
    int32_t arg_count; /* of a function; 0: a table */
    const struct syntax *const *args;
    const struct syntax_table *values; /* with its own name and columns */
    const struct syntax_query *query;
    struct bytes alias;   /* null: none */
    int32_t column_count; /* 0: as they are called */
    const struct bytes *columns;
};

/*
 * SELECT list FROM from WHERE where GROUP BY keys HAVING having, or the union of two queries; then ORDER BY and LIMIT of the whole.
 */
struct syntax_query {
    const struct syntax_query *left; /* UNION: of these two; NULL: a SELECT */
    const struct syntax_query *right;
    bool distinct; /* SELECT DISTINCT; UNION without ALL */
    int32_t list_count;
    const struct syntax *const *list;
    const struct syntax_source *from; /* NULL: one row without columns */
    const struct syntax *where;
    bool grouped;
    int32_t key_count;
    const struct syntax *const *keys;
    const struct syntax *having;
    int32_t sort_count;
    const struct syntax_sort *sorts;
    const struct syntax *limit;
    int32_t depth;
};
