/*
 * Files of JSON: a record (or an array of them) a line, or a file (multiLine). Lines go through the same fast scan as from_json().
 *
 * Source: JsonFileFormat, TextInputJsonDataSource, JSONOptions of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/json_infer.h"
#include "expressions/json_rows.h"
#include "sources/file_error.h"
#include "sources/file_source.h"

struct json_file_options {
    struct json_options json;
    bool multi_line;
    struct bytes separator;
};

struct json_decoder {
    struct file_decoder base;
    const struct file_plan *plan;
    const struct json_file_options *options;
    struct file_lines *lines;
    struct bytes path;
    struct json_input *input;
    int32_t corrupt; /* of the wanted columns; -1: none */
    bool done;
};

/* --- options --- */

static bool check_flags(const struct file_request *r, struct sql_error *error)
{
    static const char *const flags[] = {
        "allowComments",
        "allowUnquotedFieldNames",
        "allowSingleQuotes",
        "allowNumericLeadingZeros",
        "allowNonNumericNumbers",
        "allowBackslashEscapingAnyCharacter",
        "allowUnquotedControlChars",
        "primitivesAsString",
        "prefersDecimal",
        "dropFieldIfAllNull",
        "inferTimestamp",
    };
    bool ignored;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (!options_bool(&r->options, flags[i], false, &ignored, error)) {
            return false;
        }
    }
    return true;
}

static bool json_file_options(const struct file_request *r,
                              struct arena *arena,
                              const void **out,
                              struct sql_error *error)
{
    struct json_file_options *o = ARENA_NEW(arena, struct json_file_options, 1);
    json_options_init(&o->json);
    o->json.exact_strings = true;
    o->json.corrupt_column =
        file_setting(r, "spark.sql.columnNameOfCorruptRecord", "_corrupt_record");
    for (int32_t i = 0; i < r->options.count; i++) {
        json_options_set(&o->json, arena, r->options.entries[i].name, r->options.entries[i].value);
    }
    *out = o;
    return check_flags(r, error) &&
           options_bool(&r->options, "multiLine", false, &o->multi_line, error) &&
           file_line_separator(r, &o->separator, error) &&
           file_check_charset(r, "JSONOptionsInRead", error) &&
           file_check_zone(r, o->json.zone, error);
}

static bool json_check(const struct file_request *r,
                       const void *options,
                       const struct type *data,
                       struct sql_error *error)
{
    const struct json_file_options *o = options;
    (void)r;
    return file_check_corrupt(data, o->json.corrupt_column, error);
}

static bool json_splits(const void *options)
{
    return !((const struct json_file_options *)options)->multi_line;
}

/* --- inference --- */

static bool infer_line(void *context, struct bytes line, struct sql_error *error)
{
    return json_inference_add(context, line, error);
}

static bool infer_file(const struct found_file *file,
                       struct json_inference *s,
                       struct sql_error *error)
{
    struct file_part part = { file->path, 0, file->size, file->size };
    struct file_lines *lines = file_lines_open(&part, (struct bytes){ 0 }, error);
    struct bytes all;
    bool ok = lines && file_lines_all(lines, &all, error) && json_inference_add(s, all, error);
    file_lines_close(lines);
    return ok;
}

static bool check_ratio(const struct file_request *r, struct sql_error *error)
{
    struct bytes ratio = options_get(&r->options, "samplingRatio");
    char text[32];
    if (bytes_is_null(ratio) || !bytes_to_text(ratio, text, sizeof(text)) ||
        strtod(text, NULL) > 0) {
        return true;
    }
    return sql_fail(error, &file_illegal_argument,
                    "requirement failed: samplingRatio (%s) should be greater than 0",
                    strcmp(text, "0") == 0 ? "0.0" : text);
}

static bool json_infer(const struct file_request *r,
                       const void *options,
                       const struct listing *files,
                       struct arena *arena,
                       const struct type **out,
                       struct sql_error *error)
{
    const struct json_file_options *o = options;
    *out = NULL;
    if (files->count == 0) {
        return true;
    }
    if (!check_ratio(r, error)) {
        return false;
    }
    struct json_inference *s = json_inference_new(arena, &o->json, &r->settings);
    bool ok = true;
    for (int32_t i = 0; ok && o->multi_line && i < files->count; i++) {
        ok = infer_file(&files->files[i], s, error);
    }
    if (!o->multi_line) {
        ok = file_for_each_line(files, o->separator, infer_line, s, error);
    }
    *out = ok ? json_inference_type(s) : NULL;
    json_inference_free(s);
    return ok;
}

/* --- rows --- */

static bool fail(struct json_decoder *d, struct sql_error *why, struct sql_error *error)
{
    return file_fail_reading(error, d->path, why);
}

/* A column that is nothing but the bytes that lines are in: what the scan asks for. */
static struct column texts_of(const struct line_block *block)
{
    return (struct column){ .type = type_simple(TYPE_STRING),
                            .length = block->count,
                            .values = block->text,
                            .offsets = block->starts };
}

static bool add_lines(struct json_decoder *d,
                      struct builder *b,
                      const struct line_block *block,
                      struct sql_error *error)
{
    struct sql_error why = { 0 };
    struct column texts = texts_of(block);
    struct json_scan *scan = json_scan_new(d->input, b, d->corrupt, &texts);
    bool ok = true;
    builder_reserve(b, block->count);
    for (int32_t i = 0; ok && i < block->count; i++) {
        struct bytes line = { block->text + block->starts[i],
                              (size_t)(block->ends[i] - block->starts[i]) };
        ok = json_add_rows(d->input, scan, b, d->corrupt, line, &why);
    }
    json_scan_free(scan);
    return ok || fail(d, &why, error);
}

static bool json_next_rows(struct file_decoder *base, struct builder *b, struct sql_error *error)
{
    struct json_decoder *d = (struct json_decoder *)base;
    struct line_block block = { 0 };
    while (b->length == 0 && !d->done) { /* blank lines are no rows */
        if (d->options->multi_line) {
            struct bytes all;
            struct sql_error why = { 0 };
            d->done = true;
            if (!file_lines_all(d->lines, &all, error)) {
                return false;
            }
            return json_add_rows(d->input, NULL, b, d->corrupt, all, &why) || fail(d, &why, error);
        }
        if (!file_lines_next(d->lines, ROWS_PER_BATCH, &block, error)) {
            return false;
        }
        d->done = block.count == 0;
        if (!add_lines(d, b, &block, error)) {
            return false;
        }
    }
    return true;
}

static void json_close(struct file_decoder *base)
{
    struct json_decoder *d = (struct json_decoder *)base;
    file_lines_close(d->lines);
    json_input_free(d->input);
    free(d);
}

static struct file_decoder *json_open(const struct file_plan *plan,
                                      const struct file_part *part,
                                      struct sql_error *error)
{
    const struct json_file_options *o = plan->options;
    if (!file_check_wanted(plan, o->json.corrupt_column, error)) {
        return NULL;
    }
    struct file_lines *lines = file_lines_open(part, o->separator, error);
    if (!lines) {
        return NULL;
    }
    struct json_decoder *d = MEM_NEW(struct json_decoder);
    *d = (struct json_decoder){ .base = { json_next_rows, json_close },
                                .plan = plan,
                                .options = o,
                                .lines = lines,
                                .path = part->path,
                                .input = json_input_new(&o->json, &plan->request->settings),
                                .corrupt =
                                    type_field_index(plan->wanted, o->json.corrupt_column, true) };
    return &d->base;
}

const struct file_format file_format_json = {
    .label = "JSON",
    .options = json_file_options,
    .check = json_check,
    .infer = json_infer,
    .splits = json_splits,
    .open = json_open,
};

/* --- the entry in the table of sources --- */

static bool json_schema(const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    return file_source_schema(&file_format_json, r, streaming, arena, out, error);
}

static struct source *json_stream(const struct source_request *r,
                                  const struct type *schema,
                                  struct sql_error *error)
{
    return file_stream_open(&file_format_json, r, schema, error);
}

static struct scan *json_read(const struct source_request *r,
                              const struct type *schema,
                              const int32_t *columns,
                              int32_t column_count,
                              struct sql_error *error)
{
    return file_source_read(&file_format_json, r, schema, columns, column_count, error);
}

const struct source_format source_json = {
    .name = "json",
    .streams = true,
    .batches = true,
    .schema = json_schema,
    .open = json_stream,
    .read = json_read,
};
