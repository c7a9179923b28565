/*
 * What formats of files have in common: see file_format.h.
 */
#include "sources/file_format.h"

#include <stdlib.h>
#include <strings.h>

#include "expressions/datetime_text.h"
#include "sources/file_error.h"

struct bytes file_setting(const struct file_request *r, const char *name, const char *standard)
{
    struct bytes value = options_get(&r->conf, name);
    return bytes_is_null(value) ? bytes_of(standard) : value;
}

bool file_line_separator(const struct file_request *r, struct bytes *out, struct sql_error *error)
{
    *out = options_get(&r->options, "lineSep");
    return bytes_is_null(*out) || out->len > 0 ||
           sql_fail(error, &file_illegal_argument,
                    "requirement failed: 'lineSep' cannot be an empty string.");
}

static bool is_named(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

bool file_check_charset(const struct file_request *r, const char *where, struct sql_error *error)
{
    static const char *const known[] = { "iso-8859-1", "utf-16", "utf-16be", "utf-16le", "utf-32" };
    struct bytes charset = options_get(&r->options, "encoding");
    charset = bytes_is_null(charset) ? options_get(&r->options, "charset") : charset;
    if (bytes_is_null(charset) || is_named(charset, "UTF-8") || is_named(charset, "US-ASCII")) {
        return true;
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (is_named(charset, known[i])) {
            return sql_fail(error, &file_illegal_argument,
                            "Files in the encoding %s are not read here: convert them to UTF-8",
                            known[i]);
        }
    }
    return sql_fail(
        error, &file_charset,
        "The value of parameter(s) `charset` in `%s` is invalid: expects one of the "
        "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8, but got %.*s.",
        where, BYTES_ARG(charset));
}

bool file_check_zone(const struct file_request *r, struct bytes zone, struct sql_error *error)
{
    const struct zone *found;
    if (bytes_is_null(zone) || datetime_find_zone(&r->settings, zone, &found)) {
        return true;
    }
    return sql_fail(
        error, &file_zone,
        "The timezone: %.*s is invalid. The timezone must be either a region-based zone ID or a "
        "zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. "
        "Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm\u2019 or '(+|-)HH:mm:ss', e.g "
        "'-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and "
        "'UTC' are accepted as synonyms for '+00:00'.",
        BYTES_ARG(zone));
}

bool file_check_wanted(const struct file_plan *plan, struct bytes corrupt, struct sql_error *error)
{
    if (plan->column_count != 1 || !bytes_equal(plan->wanted->fields[0].name, corrupt)) {
        return true;
    }
    return sql_fail(
        error, &file_only_corrupt,
        "The feature is not supported: Queries from raw JSON/CSV/XML files are disallowed when "
        "the\nreferenced columns only include the internal corrupt record column\n(named "
        "`_corrupt_record` by default). For example:\n"
        "`spark.read.schema(schema).json(file).filter($\"_corrupt_record\".isNotNull).count()`\nand "
        "`spark.read.schema(schema).json(file).select(\"_corrupt_record\").show()`.\nInstead, you can "
        "cache or save the parsed results and then send the same query.\nFor example, `val df = "
        "spark.read.schema(schema).json(file).cache()` and then\n"
        "`df.filter($\"_corrupt_record\".isNotNull).count()`.");
}

static int by_size(const void *a, const void *b)
{
    const struct found_file *x = a;
    const struct found_file *y = b;
    return x->size != y->size ? (x->size < y->size ? 1 : -1) : found_file_by_path(a, b);
}

void file_sort_for_reading(struct found_file *files, int32_t count)
{
    if (count > 1) {
        qsort(files, (size_t)count, sizeof(*files), by_size);
    }
}

bool file_for_each_line(const struct listing *files,
                        struct bytes separator,
                        file_line_function *function,
                        void *context,
                        struct sql_error *error)
{
    bool go_on = true;
    for (int32_t i = 0; go_on && i < files->count; i++) {
        const struct found_file *file = &files->files[i];
        struct file_part part = { file->path, 0, file->size, file->size };
        struct file_lines *lines = file_lines_open(&part, separator, error);
        struct line_block block = { .count = 1 };
        while (lines && go_on && block.count > 0) {
            go_on = file_lines_next(lines, ROWS_PER_BATCH, &block, error);
            for (int32_t k = 0; go_on && k < block.count; k++) {
                struct bytes line = { block.text + block.starts[k],
                                      (size_t)(block.ends[k] - block.starts[k]) };
                go_on = function(context, line, error);
            }
        }
        go_on = go_on && lines;
        file_lines_close(lines);
    }
    return !sql_failed(error);
}
