/*
 * Formats of files that are written: how rows become bytes. One table entry a format. Internal to file sinks.
 *
 * Thread: an encoding is immutable and used by many threads; an encoder belongs to one.
 */
#pragma once

#include "columns/column.h"
#include "columns/settings.h"
#include "columns/sql_error.h"
#include "plan/options.h"

/* What a format writes: its options, and the columns that files have. */
struct file_encoding {
    const struct options *options;
    const struct sql_settings *settings;
    const struct type *data; /* a struct */
};

struct file_encoder {
    /* What a file begins with. May be NULL. */
    void (*begin)(struct file_encoder *e, struct buffer *out);

    /* Row `row` of the data columns. */
    void (*row)(struct file_encoder *e, struct buffer *out, const struct column *data, int32_t row);
    void (*close)(struct file_encoder *e);
};

struct file_encoder_format {
    const char *suffix; /* "csv" */

    /* Can it be written so? False: the error is set, in Spark's words. */
    bool (*check)(const struct file_encoding *what, struct sql_error *error);

    /* NULL: the error is set. */
    struct file_encoder *(*open)(const struct file_encoding *what, struct sql_error *error);
};

extern const struct file_encoder_format file_encoder_text;
extern const struct file_encoder_format file_encoder_csv;
extern const struct file_encoder_format file_encoder_json;

/* [UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE]. Returns false. */
bool file_encoder_refuse(const char *label, const struct field *field, struct sql_error *error);

/* The option lineSep; "\n" without one. False: it is empty, and the error is set. */
bool file_encoder_line_end(const struct options *o, struct bytes *out, struct sql_error *error);

/* The options encoding and timeZone, which CSV and JSON have. False: the error is set. */
bool file_encoder_check(const struct file_encoding *what,
                        const char *where,
                        struct sql_error *error);
