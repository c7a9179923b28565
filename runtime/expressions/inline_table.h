/*
 * VALUES (1, 'a'), (2, NULL) AS t(id, name): rows that are written out, as a batch.
 */
#pragma once

#include "columns/batch.h"
#include "expressions/analysis.h"

struct inline_table {
    const struct type *schema;
    const struct bytes *qualifiers; /* the table's name for every column; NULL without one */
    struct batch *rows;             /* the caller's to free */
};

/* Parses, brings each column to one type, and evaluates. Types live in `arena`. False: the error is set. */
bool inline_table_make(struct arena *arena,
                       const struct sql_settings *settings,
                       struct bytes text,
                       struct inline_table *out,
                       struct sql_error *error);

/* The same of a table that is parsed already. */
bool inline_table_of(struct arena *arena,
                     const struct sql_settings *settings,
                     const struct syntax_table *table,
                     struct inline_table *out,
                     struct sql_error *error);
