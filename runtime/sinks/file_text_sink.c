/*
 * Files of text: one string column, a line a row. Null is an empty line.
 *
 * Source: TextFileFormat, TextOutputWriter of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sinks/file_sink.h"

static const struct sql_condition one_column = { "_LEGACY_ERROR_TEMP_1290", "",
                                                 "AnalysisException" };

struct text_encoder {
    struct file_encoder base;
    struct bytes line_end;
};

static bool text_check(const struct file_encoding *what, struct sql_error *error)
{
    struct bytes ignored;
    for (int32_t i = 0; i < what->data->field_count; i++) {
        if (what->data->fields[i].type->kind != TYPE_STRING) {
            return file_encoder_refuse("Text", &what->data->fields[i], error);
        }
    }
    if (what->data->field_count != 1) {
        return sql_fail(error, &one_column,
                        "Text data source supports only a single column, and you have %d columns.",
                        what->data->field_count);
    }
    return file_encoder_line_end(what->options, &ignored, error);
}

static void text_row(struct file_encoder *base,
                     struct buffer *out,
                     const struct column *data,
                     int32_t row)
{
    const struct text_encoder *e = (const struct text_encoder *)base;
    const struct column *c = data->children[0];
    if (!column_is_null(c, row)) {
        struct bytes text = column_text(c, row);
        buffer_append(out, text.data, text.len);
    }
    buffer_append(out, e->line_end.data, e->line_end.len);
}

static void text_close(struct file_encoder *base)
{
    free((struct text_encoder *)base);
}

static struct file_encoder *text_open(const struct file_encoding *what, struct sql_error *error)
{
    struct text_encoder *e = MEM_NEW(struct text_encoder);
    e->base = (struct file_encoder){ NULL, text_row, text_close };
    if (!file_encoder_line_end(what->options, &e->line_end, error)) {
        free(e);
        return NULL;
    }
    return &e->base;
}

const struct file_encoder_format file_encoder_text = { "txt", text_check, text_open };

static struct sink *text_sink(const struct sink_request *r, struct sql_error *error)
{
    return file_sink_open(&file_encoder_text, r, error);
}

const struct sink_format sink_text = { .name = "text",
                                       .append = true,
                                       .batch = true,
                                       .needs_checkpoint = true,
                                       .recovers = true,
                                       .open = text_sink };
