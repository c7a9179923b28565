/*
 * Files of CSV: a line a row, with a header if it is asked for.
 *
 * Source: CSVFileFormat, CsvOutputWriter of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/csv_write.h"
#include "sinks/file_sink.h"

struct csv_encoder {
    struct file_encoder base;
    struct arena arena;
    struct csv_options options;
    struct csv_writer *writer;
    const struct type *data;
};

static bool read_options(const struct file_encoding *what,
                         struct arena *arena,
                         struct csv_options *out,
                         struct sql_error *error)
{
    bool ok = true;
    bool sep = options_has(what->options, "sep");
    csv_options_init(out);
    for (int32_t i = 0; ok && i < what->options->count; i++) {
        struct bytes name = what->options->entries[i].name;
        bool other = sep && name.len == strlen("delimiter") && (name.data[0] | 0x20) == 'd' &&
                     (name.data[8] | 0x20) == 'r';
        ok = other || csv_options_set(out, arena, name, what->options->entries[i].value, error);
    }
    return ok;
}

static void csv_begin(struct file_encoder *base, struct buffer *out)
{
    struct csv_encoder *e = (struct csv_encoder *)base;
    if (e->options.header) {
        csv_writer_header(e->writer, out, e->data);
    }
}

static void csv_row(struct file_encoder *base,
                    struct buffer *out,
                    const struct column *data,
                    int32_t row)
{
    struct csv_encoder *e = (struct csv_encoder *)base;
    csv_writer_row(e->writer, out, data->children, data->child_count, row);
}

static void csv_close(struct file_encoder *base)
{
    struct csv_encoder *e = (struct csv_encoder *)base;
    csv_writer_free(e->writer);
    arena_finish(&e->arena);
    free(e);
}

static struct file_encoder *csv_open(const struct file_encoding *what, struct sql_error *error)
{
    struct csv_encoder *e = MEM_NEW(struct csv_encoder);
    e->base = (struct file_encoder){ csv_begin, csv_row, csv_close };
    e->data = what->data;
    arena_init(&e->arena, 0);
    if (read_options(what, &e->arena, &e->options, error)) {
        e->writer = csv_writer_new(&e->options, what->settings, error);
    }
    if (!e->writer) {
        csv_close(&e->base);
        return NULL;
    }
    return &e->base;
}

static bool csv_check(const struct file_encoding *what, struct sql_error *error)
{
    for (int32_t i = 0; i < what->data->field_count; i++) {
        if (!csv_has_type(what->data->fields[i].type)) {
            return file_encoder_refuse("CSV", &what->data->fields[i], error);
        }
    }
    if (!file_encoder_check(what, "CSVOptions", error)) {
        return false;
    }
    struct file_encoder *e = csv_open(what, error);
    if (e) {
        csv_close(e);
    }
    return e != NULL;
}

const struct file_encoder_format file_encoder_csv = { "csv", csv_check, csv_open };

static struct sink *csv_sink(const struct sink_request *r, struct sql_error *error)
{
    return file_sink_open(&file_encoder_csv, r, error);
}

const struct sink_format sink_csv = { .name = "csv",
                                      .append = true,
                                      .batch = true,
                                      .needs_checkpoint = true,
                                      .recovers = true,
                                      .open = csv_sink };
