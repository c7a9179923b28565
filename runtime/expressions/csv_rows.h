/*
 * Rows of CSV: records into columns, with all that Spark does about bad ones. Internal to CSV; pure.
 *
 * A record is bad when a value is none of its type, or when it has more or fewer values than the schema has columns (only as long as
 * all columns are wanted, as Spark prunes them before it counts). Its row has what could be read; DROPMALFORMED drops it, FAILFAST
 * fails, and the column for corrupt records, if the schema has one, gets its text.
 *
 * Source: UnivocityParser, FailureSafeParser of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "columns/builder.h"
#include "expressions/csv_parse.h"

struct csv_rows;

/* What rows are made of. Everything is borrowed. */
struct csv_shape {
    const struct csv_options *options;
    const struct sql_settings *settings;
    const struct type
        *schema;            /* of the records, with the column for corrupt ones if there is one */
    const int32_t *columns; /* which of them are wanted */
    int32_t column_count;
};

struct csv_rows *csv_rows_new(const struct csv_shape *shape);
void csv_rows_free(struct csv_rows *r);

/* A line, as a row more in `b`, a struct of the wanted columns; blank lines and comments are none. False: the error is set. */
bool csv_rows_add_line(struct csv_rows *r,
                       struct builder *b,
                       struct bytes line,
                       struct sql_error *error);

/* The next record of a whole text; *at is moved. False: the error is set. */
bool csv_rows_add_next(
    struct csv_rows *r, struct builder *b, struct bytes text, size_t *at, struct sql_error *error);

/* A record's values, as the header has them. Valid until the next record. */
enum csv_outcome csv_rows_header(struct csv_rows *r,
                                 struct bytes text,
                                 size_t *at,
                                 const struct bytes **out_values,
                                 int32_t *out_count);

/* Is a line nothing to a reader: blank, or a comment? */
bool csv_is_void(const struct csv_options *o, struct bytes line);

/* Does a header say what the schema says? Under enforceSchema it may say anything. False: the error is set. */
bool csv_check_header(const struct csv_shape *shape,
                      const struct bytes *values,
                      int32_t count,
                      struct sql_error *error);
