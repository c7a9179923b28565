/*
 * Files of text: a row a line, or (wholetext) a row a file.
 *
 * Source: TextFileFormat of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sources/file_error.h"
#include "sources/file_source.h"

struct text_options {
    bool whole;
    struct bytes separator;
};

struct text_decoder {
    struct file_decoder base;
    const struct text_options *options;
    struct file_lines *lines;
    bool done;
};

static bool text_options(const struct file_request *r,
                         struct arena *arena,
                         const void **out,
                         struct sql_error *error)
{
    struct text_options *o = ARENA_NEW(arena, struct text_options, 1);
    *out = o;
    return options_bool(&r->options, "wholetext", false, &o->whole, error) &&
           file_line_separator(r, &o->separator, error);
}

static bool text_check(const struct file_request *r,
                       const void *options,
                       const struct type *data,
                       struct sql_error *error)
{
    (void)r;
    (void)options;
    for (int32_t i = 0; i < data->field_count; i++) {
        if (data->fields[i].type->kind != TYPE_STRING) {
            return file_fail_type(error, "Text", &data->fields[i]);
        }
    }
    return data->field_count <= 1 ||
           sql_fail(error, &file_one_column,
                    "Text data source supports only a single column, and you have %d columns.",
                    data->field_count);
}

static bool text_infer(const struct file_request *r,
                       const void *options,
                       const struct listing *files,
                       struct arena *arena,
                       const struct type **out,
                       struct sql_error *error)
{
    (void)r;
    (void)options;
    (void)files;
    (void)error;
    struct field value = { bytes_of("value"), type_simple(TYPE_STRING), true, { 0 } };
    *out = type_struct(arena, &value, 1);
    return true;
}

static bool text_splits(const void *options)
{
    return !((const struct text_options *)options)->whole;
}

static void add_row(struct builder *b, struct bytes text)
{
    if (b->child_count > 0) {
        builder_text(b->children[0], text);
    }
    builder_struct(b);
}

static bool text_next(struct file_decoder *base, struct builder *b, struct sql_error *error)
{
    struct text_decoder *d = (struct text_decoder *)base;
    if (d->options->whole) {
        struct bytes all;
        if (d->done) {
            return true;
        }
        d->done = true;
        if (!file_lines_all(d->lines, &all, error)) {
            return false;
        }
        add_row(b, all);
        return true;
    }
    struct line_block block;
    if (!file_lines_next(d->lines, ROWS_PER_BATCH, &block, error)) {
        return false;
    }
    builder_reserve(b, block.count);
    for (int32_t i = 0; i < block.count; i++) {
        add_row(b, (struct bytes){ block.text + block.starts[i],
                                   (size_t)(block.ends[i] - block.starts[i]) });
    }
    return true;
}

static void text_close(struct file_decoder *base)
{
    struct text_decoder *d = (struct text_decoder *)base;
    file_lines_close(d->lines);
    free(d);
}

static struct file_decoder *text_open(const struct file_plan *plan,
                                      const struct file_part *part,
                                      struct sql_error *error)
{
    const struct text_options *o = plan->options;
    struct file_lines *lines = file_lines_open(part, o->separator, error);
    if (!lines) {
        return NULL;
    }
    struct text_decoder *d = MEM_NEW(struct text_decoder);
    *d = (struct text_decoder){ { text_next, text_close }, o, lines, false };
    return &d->base;
}

const struct file_format file_format_text = {
    .label = "Text",
    .options = text_options,
    .check = text_check,
    .infer = text_infer,
    .splits = text_splits,
    .open = text_open,
};

/* --- the entry in the table of sources --- */

static bool text_schema(const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    return file_source_schema(&file_format_text, r, streaming, arena, out, error);
}

static struct source *text_stream(const struct source_request *r,
                                  const struct type *schema,
                                  struct sql_error *error)
{
    return file_stream_open(&file_format_text, r, schema, error);
}

static struct scan *text_read(const struct source_request *r,
                              const struct type *schema,
                              const int32_t *columns,
                              int32_t column_count,
                              struct sql_error *error)
{
    return file_source_read(&file_format_text, r, schema, columns, column_count, error);
}

const struct source_format source_text = {
    .name = "text",
    .streams = true,
    .batches = true,
    .schema = text_schema,
    .open = text_stream,
    .read = text_read,
};
