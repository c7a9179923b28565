/*
 * Files of JSON: an object a row and line, as to_json() writes it.
 *
 * Source: JsonFileFormat, JsonOutputWriter of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/datetime_format.h"
#include "expressions/json_writer.h"
#include "sinks/file_sink.h"
#include "sinks/sink_error.h"

static const struct sql_condition pattern_length = { "INVALID_DATETIME_PATTERN.LENGTH", "22007",
                                                     "SparkIllegalArgumentException" };

struct json_encoder {
    struct file_encoder base;
    struct arena arena;
    struct json_options options;
    struct json_writer *writer;
    struct bytes line_end;
};

static void json_row(struct file_encoder *base,
                     struct buffer *out,
                     const struct column *data,
                     int32_t row)
{
    struct json_encoder *e = (struct json_encoder *)base;
    json_writer_put(e->writer, out, data, row);
    buffer_append(out, e->line_end.data, e->line_end.len);
}

static void json_close(struct file_encoder *base)
{
    struct json_encoder *e = (struct json_encoder *)base;
    json_writer_free(e->writer);
    arena_finish(&e->arena);
    free(e);
}

static struct file_encoder *json_open(const struct file_encoding *what, struct sql_error *error)
{
    struct json_encoder *e = MEM_NEW(struct json_encoder);
    e->base = (struct file_encoder){ NULL, json_row, json_close };
    arena_init(&e->arena, 0);
    json_options_init(&e->options);
    for (int32_t i = 0; i < what->options->count; i++) {
        json_options_set(&e->options, &e->arena, what->options->entries[i].name,
                         what->options->entries[i].value);
    }
    e->writer = json_writer_new(&e->options, what->settings);
    if (!file_encoder_line_end(what->options, &e->line_end, error)) {
        json_close(&e->base);
        return NULL;
    }
    return &e->base;
}

static bool check_pattern(const struct options *o, const char *name, struct sql_error *error)
{
    struct bytes text = options_get(o, name);
    struct pattern p;
    struct pattern_fault fault;
    if (bytes_is_null(text)) {
        return true;
    }
    if (pattern_compile(text, false, &p, &fault)) {
        pattern_free(&p);
        return true;
    }
    if (fault.problem == PATTERN_LENGTH) {
        return sql_fail(error, &pattern_length,
                        "Unrecognized datetime pattern: %.*s. Too many letters in datetime "
                        "pattern: %s. Please reduce pattern length.",
                        BYTES_ARG(text), fault.style);
    }
    return sql_fail(error, &sink_illegal_argument, "Unrecognized datetime pattern: %.*s",
                    BYTES_ARG(text));
}

static bool json_check(const struct file_encoding *what, struct sql_error *error)
{
    if (!file_encoder_check(what, "JSONOptions", error) ||
        !check_pattern(what->options, "dateFormat", error) ||
        !check_pattern(what->options, "timestampFormat", error) ||
        !check_pattern(what->options, "timestampNTZFormat", error)) {
        return false;
    }
    struct file_encoder *e = json_open(what, error);
    if (e) {
        json_close(e);
    }
    return e != NULL;
}

const struct file_encoder_format file_encoder_json = { "json", json_check, json_open };

static struct sink *json_sink(const struct sink_request *r, struct sql_error *error)
{
    return file_sink_open(&file_encoder_json, r, error);
}

const struct sink_format sink_json = { .name = "json",
                                       .append = true,
                                       .batch = true,
                                       .needs_checkpoint = true,
                                       .recovers = true,
                                       .open = json_sink };
