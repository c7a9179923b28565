/*
 * Formats of files: how bytes become rows. One table entry a format; listing, batches and logs know none by name.
 *
 *     part of a file --decoder--> rows of the wanted data columns     (columns from folders' names are added by the scan)
 *
 * Thread: options and plans are immutable and read by many threads; a decoder belongs to one.
 */
#pragma once

#include "columns/builder.h"
#include "columns/settings.h"
#include "plan/options.h"
#include "plan/rows.h"
#include "sources/file_lines.h"
#include "sources/file_listing.h"

struct file_format;

/* What is asked for; everything lives in one arena. */
struct file_request {
    const struct file_format *format;
    struct options options;
    struct options conf;
    struct sql_settings settings;
    const struct type *schema; /* the user's; NULL: none */
    int32_t parallelism;
};

/* What a scan decodes. */
struct file_plan {
    const struct file_request *request;
    const void *options;     /* the format's */
    const struct type *data; /* what files have */
    const int32_t *columns;  /* which of these are wanted */
    int32_t column_count;
    const struct type *wanted; /* a struct of these */
};

struct file_decoder {
    /* Up to ROWS_PER_BATCH rows more into `b`, a struct of the wanted columns; none: there are no more. False: the error is set. */
    bool (*next)(struct file_decoder *d, struct builder *b, struct sql_error *error);
    void (*close)(struct file_decoder *d);
};

struct file_format {
    const char *label; /* in messages: "CSV" */

    /* The format's options, in the arena; they may point into the request. False: the error is set. */
    bool (*options)(const struct file_request *r,
                    struct arena *arena,
                    const void **out,
                    struct sql_error *error);

    /* May files have these columns? False: the error is set. */
    bool (*check)(const struct file_request *r,
                  const void *options,
                  const struct type *data,
                  struct sql_error *error);

    /* From what files have; *out NULL: there is nothing to go by. False: the error is set. */
    bool (*infer)(const struct file_request *r,
                  const void *options,
                  const struct listing *files,
                  struct arena *arena,
                  const struct type **out,
                  struct sql_error *error);

    /* May parts of a file be read one by one? */
    bool (*splits)(const void *options);

    /* NULL: the error is set. */
    struct file_decoder *(*open)(const struct file_plan *plan,
                                 const struct file_part *part,
                                 struct sql_error *error);
};

extern const struct file_format file_format_text;
extern const struct file_format file_format_csv;
extern const struct file_format file_format_json;

/* --- for formats --- */

/* A setting of the session; `standard` if it is not set. */
struct bytes file_setting(const struct file_request *r, const char *name, const char *standard);

/* The option lineSep, as text and JSON have it; null: none. False: the error is set. */
bool file_line_separator(const struct file_request *r, struct bytes *out, struct sql_error *error);

/* The options encoding, charset: UTF-8 is what is read. False: the error is set. */
bool file_check_charset(const struct file_request *r, const char *where, struct sql_error *error);

/* The option timeZone. False: there is no such zone, and the error is set. */
bool file_check_zone(const struct file_request *r, struct bytes zone, struct sql_error *error);

/* Does a query ask for bad records' texts alone? Spark refuses that. False: the error is set. */
bool file_check_wanted(const struct file_plan *plan, struct bytes corrupt, struct sql_error *error);

/* The order in which a scan of one partition reads files: the largest first. Reorders them. */
void file_sort_for_reading(struct found_file *files, int32_t count);

/* The lines of one file after the other, as inference looks at them. The function returns false to stop (an error may be set). */
typedef bool file_line_function(void *context, struct bytes line, struct sql_error *error);
bool file_for_each_line(const struct listing *files,
                        struct bytes separator,
                        file_line_function *function,
                        void *context,
                        struct sql_error *error);
