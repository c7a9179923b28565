/*
 * SELECT statements: from text to verbs.
 *
 *     SELECT [DISTINCT] list                      PROJECT, or AGGREGATE with GROUP BY; then DISTINCT
 *     FROM t AS x | VALUES ... AS x(a, b)         what find_table() knows, or rows; ALIAS, TO_DF
 *        | range(0, 9, 2) | (SELECT ...) AS x
 *        | nothing                                one row without columns
 *     WHERE c                                     FILTER below
 *     GROUP BY k, 1 HAVING c                      FILTER above, which may name aggregate functions
 *     UNION [ALL] SELECT ...                      UNION; then DISTINCT, without ALL
 *     ORDER BY a DESC NULLS LAST, 2 LIMIT n       SORT, LIMIT
 *
 * Source: Spark 4.1's SqlBaseParser.g4, as far as these forms go. Pure. Verbs live in the arena; they may point into `text`.
 */
#pragma once

#include "plan/plan.h"

/* What the tables of a statement are, and what it may rely on. */
struct select_request {
    const struct sql_settings *settings;
    bool (*find_table)(void *context,
                       struct bytes name,
                       const struct logical **out); /* false: there is none */
    void *context;
};

struct select {
    const struct logical *plan;
    int32_t
        batch_count; /* the rows of its VALUES, which the plan borrows: the caller's to free, with select_finish() */
    struct batch **batches;
};

/* False: the error is set, and there is nothing to free. */
bool select_parse(struct arena *arena,
                  const struct select_request *request,
                  struct bytes text,
                  struct select *out,
                  struct sql_error *error);

void select_finish(struct select *s);
