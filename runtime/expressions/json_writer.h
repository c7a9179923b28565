/*
 * Values as JSON, under to_json()'s options: for the function, and for files of JSON.
 *
 * Thread: one at a time.
 */
#pragma once

#include "columns/column.h"
#include "expressions/json_options.h"

struct json_writer;

/* Both are borrowed. */
struct json_writer *json_writer_new(const struct json_options *options,
                                    const struct sql_settings *settings);

/* NULL is taken. */
void json_writer_free(struct json_writer *w);

/* Appends the value of a row: struct, array or map; null is "null". */
void json_writer_put(struct json_writer *w,
                     struct buffer *out,
                     const struct column *c,
                     int32_t row);
