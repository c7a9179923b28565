/*
 * Rows as CSV, as Spark's writer (univocity) has them. Internal to CSV; pure.
 *
 *     1,a,2.5            values that need it are in quotes:  "a,b"  "say \"x\""
 *     2,,                null is nullValue, nothing by default
 *     3,"",1.0E20        an empty text is emptyValue, two quotes by default
 *
 * A row that comes out as nothing at all is left out.
 *
 * Thread: one at a time.
 */
#pragma once

#include "columns/batch.h"
#include "expressions/csv_options.h"

struct csv_writer;

/* NULL: a pattern of dates or times cannot be used; the error is set. Both are borrowed. */
struct csv_writer *csv_writer_new(const struct csv_options *options,
                                  const struct sql_settings *settings,
                                  struct sql_error *error);

/* NULL is taken. */
void csv_writer_free(struct csv_writer *w);

/* The names of the columns, with the line's end. */
void csv_writer_header(struct csv_writer *w, struct buffer *out, const struct type *schema);

/* Row `row` of these columns. */
void csv_writer_row(struct csv_writer *w,
                    struct buffer *out,
                    struct column *const *columns,
                    int32_t count,
                    int32_t row);

/* Can a column of this type be a CSV column? */
bool csv_has_type(const struct type *type);
