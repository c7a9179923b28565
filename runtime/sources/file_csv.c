/*
 * Files of CSV: a record a line, or records that may have line ends in quotes (multiLine).
 *
 * Source: CSVFileFormat, CSVDataSource, CSVHeaderChecker of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/csv_infer.h"
#include "expressions/csv_rows.h"
#include "expressions/csv_write.h"
#include "sources/file_error.h"
#include "sources/file_source.h"

struct csv_decoder {
    struct file_decoder base;
    const struct csv_options *options;
    struct csv_shape shape;
    struct csv_rows *rows;
    struct file_lines *lines;
    struct bytes path;
    bool header; /* it is still to come */
    bool whole;  /* the text is there */
    struct bytes text;
    size_t at;
};

/* --- options --- */

static bool csv_file_options(const struct file_request *r,
                             struct arena *arena,
                             const void **out,
                             struct sql_error *error)
{
    struct csv_options *o = ARENA_NEW(arena, struct csv_options, 1);
    csv_options_init(o);
    o->corrupt_column = file_setting(r, "spark.sql.columnNameOfCorruptRecord", "_corrupt_record");
    bool ok = true;
    bool sep = options_has(&r->options, "sep");
    for (int32_t i = 0; ok && i < r->options.count; i++) {
        const struct option_entry *e = &r->options.entries[i];
        bool other = sep && e->name.len == strlen("delimiter") && (e->name.data[0] | 0x20) == 'd' &&
                     bytes_equal(e->value, options_get(&r->options, "delimiter"));
        ok = other || csv_options_set(o, arena, e->name, e->value, error);
    }
    *out = o;
    return ok && file_check_charset(r, "CSVOptions", error) && file_check_zone(r, o->zone, error);
}

static bool csv_check(const struct file_request *r,
                      const void *options,
                      const struct type *data,
                      struct sql_error *error)
{
    const struct csv_options *o = options;
    (void)r;
    for (int32_t i = 0; i < data->field_count; i++) {
        if (!csv_has_type(data->fields[i].type)) {
            return file_fail_type(error, "CSV", &data->fields[i]);
        }
    }
    return file_check_corrupt(data, o->corrupt_column, error);
}

static bool csv_splits(const void *options)
{
    return !((const struct csv_options *)options)->multi_line;
}

/* --- inference --- */

struct csv_look {
    const struct file_request *request;
    const struct csv_options *options;
    struct arena *arena;
    struct csv_parser parser;
    struct csv_inference *inference; /* once there was a first record */
    struct bytes first;              /* the first line: headers are those that are the same */
};

static void add_values(struct csv_look *look, const struct bytes *values, int32_t count)
{
    if (look->inference) {
        csv_inference_add(look->inference, values, count);
        return;
    }
    look->inference =
        csv_inference_new(look->arena, look->options, &look->request->settings, values, count);
    if (!look->options->header) {
        csv_inference_add(look->inference, values, count);
    }
}

static bool look_at_line(void *context, struct bytes line, struct sql_error *error)
{
    struct csv_look *look = context;
    (void)error;
    if (csv_is_void(look->options, line)) {
        return true;
    }
    if (bytes_is_null(look->first)) {
        look->first = arena_copy(look->arena, line);
    } else if (look->options->header && bytes_equal(line, look->first)) {
        return true;
    }
    if (csv_parse_line(&look->parser, line) == CSV_RECORD) {
        add_values(look, look->parser.values, look->parser.count);
    }
    return look->options->infer_schema || !look->inference; /* names alone need one line */
}

static bool look_at_file(struct csv_look *look,
                         const struct found_file *file,
                         struct sql_error *error)
{
    struct file_part part = { file->path, 0, file->size, file->size };
    struct file_lines *lines = file_lines_open(&part, (struct bytes){ 0 }, error);
    struct bytes all;
    bool ok = lines && file_lines_all(lines, &all, error);
    size_t at = 0;
    bool header = look->options->header && look->inference;
    if (ok) {
        look->parser.newline = bytes_is_null(look->options->line_separator)
                                   ? csv_find_newline(all)
                                   : look->options->line_separator;
    }
    while (ok && csv_parse_next(&look->parser, all, &at) == CSV_RECORD) {
        if (!header) {
            add_values(look, look->parser.values, look->parser.count);
        }
        header = false;
    }
    file_lines_close(lines);
    return ok;
}

static bool csv_infer(const struct file_request *r,
                      const void *options,
                      const struct listing *files,
                      struct arena *arena,
                      const struct type **out,
                      struct sql_error *error)
{
    struct csv_look look = { .request = r, .options = options, .arena = arena };
    *out = NULL;
    if (files->count == 0) {
        return true;
    }
    struct listing sorted = *files;
    sorted.files = ARENA_NEW(arena, struct found_file, (size_t)files->count);
    memcpy(sorted.files, files->files, (size_t)files->count * sizeof(*sorted.files));
    file_sort_for_reading(sorted.files, sorted.count);
    csv_parser_init(&look.parser, options);
    bool ok = true;
    for (int32_t i = 0; ok && look.options->multi_line && i < sorted.count; i++) {
        ok = look_at_file(&look, &sorted.files[i], error);
    }
    if (!look.options->multi_line) {
        ok = file_for_each_line(&sorted, look.options->line_separator, look_at_line, &look, error);
    }
    *out = look.inference ? csv_inference_type(look.inference) : type_struct(arena, NULL, 0);
    csv_inference_free(look.inference);
    csv_parser_finish(&look.parser);
    return ok;
}

/* --- rows --- */

/* The header's values, checked; `text` is the line, or all. */
static bool take_header(struct csv_decoder *d,
                        struct bytes text,
                        size_t *at,
                        struct sql_error *error)
{
    const struct bytes *values;
    int32_t count;
    struct sql_error why = { 0 };
    d->header = false;
    if (csv_rows_header(d->rows, text, at, &values, &count) != CSV_RECORD ||
        csv_check_header(&d->shape, values, count, &why)) {
        return true;
    }
    sql_error_add(&why, "\nCSV file: file://%.*s", BYTES_ARG(d->path));
    return file_fail_reading(error, d->path, &why);
}

static bool add_lines(struct csv_decoder *d,
                      struct builder *b,
                      const struct line_block *block,
                      struct sql_error *error)
{
    struct sql_error why = { 0 };
    builder_reserve(b, block->count);
    for (int32_t i = 0; i < block->count; i++) {
        struct bytes line = { block->text + block->starts[i],
                              (size_t)(block->ends[i] - block->starts[i]) };
        if (d->header) {
            size_t at = 0;
            if (!csv_is_void(d->options, line) && !take_header(d, line, &at, error)) {
                return false;
            }
        } else if (!csv_rows_add_line(d->rows, b, line, &why)) {
            return file_fail_reading(error, d->path, &why);
        }
    }
    return true;
}

static bool next_of_whole(struct csv_decoder *d, struct builder *b, struct sql_error *error)
{
    struct sql_error why = { 0 };
    if (!d->whole && !file_lines_all(d->lines, &d->text, error)) {
        return false;
    }
    d->whole = true;
    if (d->header && !take_header(d, d->text, &d->at, error)) {
        return false;
    }
    while (b->length < ROWS_PER_BATCH && d->at < d->text.len) {
        if (!csv_rows_add_next(d->rows, b, d->text, &d->at, &why)) {
            return file_fail_reading(error, d->path, &why);
        }
    }
    return true;
}

static bool csv_next(struct file_decoder *base, struct builder *b, struct sql_error *error)
{
    struct csv_decoder *d = (struct csv_decoder *)base;
    if (d->options->multi_line) {
        return next_of_whole(d, b, error);
    }
    struct line_block block = { .count = 1 };
    while (b->length == 0 && block.count > 0) {
        if (!file_lines_next(d->lines, ROWS_PER_BATCH, &block, error) ||
            !add_lines(d, b, &block, error)) {
            return false;
        }
    }
    return true;
}

static void csv_close(struct file_decoder *base)
{
    struct csv_decoder *d = (struct csv_decoder *)base;
    csv_rows_free(d->rows);
    file_lines_close(d->lines);
    free(d);
}

static struct file_decoder *csv_open(const struct file_plan *plan,
                                     const struct file_part *part,
                                     struct sql_error *error)
{
    const struct csv_options *o = plan->options;
    if (!file_check_wanted(plan, o->corrupt_column, error)) {
        return NULL;
    }
    struct sql_error why = { 0 };
    if (o->separator.len == 0) {
        (void)sql_fail(&why, &file_illegal_argument, "Delimiter cannot be empty");
        (void)file_fail_reading(error, part->path, &why);
        return NULL;
    }
    struct file_lines *lines = file_lines_open(part, o->line_separator, error);
    if (!lines) {
        return NULL;
    }
    struct csv_decoder *d = MEM_NEW(struct csv_decoder);
    *d = (struct csv_decoder){ .base = { csv_next, csv_close },
                               .options = o,
                               .lines = lines,
                               .path = part->path,
                               .header = o->header && part->from == 0 };
    d->shape = (struct csv_shape){ .options = o,
                                   .settings = &plan->request->settings,
                                   .schema = plan->data,
                                   .columns = plan->columns,
                                   .column_count = plan->column_count };
    d->rows = csv_rows_new(&d->shape);
    return &d->base;
}

const struct file_format file_format_csv = {
    .label = "CSV",
    .options = csv_file_options,
    .check = csv_check,
    .infer = csv_infer,
    .splits = csv_splits,
    .open = csv_open,
};

/* --- the entry in the table of sources --- */

static bool csv_schema(const struct source_request *r,
                       bool streaming,
                       struct arena *arena,
                       const struct type **out,
                       struct sql_error *error)
{
    return file_source_schema(&file_format_csv, r, streaming, arena, out, error);
}

static struct source *csv_stream(const struct source_request *r,
                                 const struct type *schema,
                                 struct sql_error *error)
{
    return file_stream_open(&file_format_csv, r, schema, error);
}

static struct scan *csv_read(const struct source_request *r,
                             const struct type *schema,
                             const int32_t *columns,
                             int32_t column_count,
                             struct sql_error *error)
{
    return file_source_read(&file_format_csv, r, schema, columns, column_count, error);
}

const struct source_format source_csv = {
    .name = "csv",
    .streams = true,
    .batches = true,
    .schema = csv_schema,
    .open = csv_stream,
    .read = csv_read,
};
