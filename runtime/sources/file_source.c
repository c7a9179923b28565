/*
 * File sources: schemas and batch reads. Streams are in file_stream.c.
 *
 * Source: DataSource, FileSourceStrategy of Spark 4.1. Thread: one at a time.
 */
#include "sources/file_source.h"

#include <stdlib.h>
#include <strings.h>

#include "expressions/json_schema.h"
#include "sources/file_error.h"
#include "sources/file_glob.h"
#include "sources/file_partitions.h"
#include "sources/file_scan.h"

struct file_request file_request_of(const struct file_format *format,
                                    const struct source_request *r)
{
    struct file_request request = {
        .format = format, .options = *r->options, .schema = r->schema, .parallelism = r->parallelism
    };
    if (r->conf) {
        request.conf = *r->conf;
    }
    if (r->settings) {
        request.settings = *r->settings;
    }
    return request;
}

static bool is_true(struct bytes text)
{
    return text.len == 4 && strncasecmp((const char *)text.data, "true", 4) == 0;
}

/* --- what there is --- */

static bool list_files(const struct file_request *r,
                       bool streaming,
                       struct arena *arena,
                       struct listing *out,
                       struct sql_error *error)
{
    struct listing_query q = { .options = &r->options,
                               .settings = &r->settings,
                               .path = options_get(&r->options, "path"),
                               .must_exist = !streaming };
    if (!listing_make(&q, arena, out, error)) {
        return false;
    }
    struct bytes base = options_get(&r->options, "basePath");
    if (!bytes_is_null(base)) {
        struct bytes *bases = ARENA_NEW(arena, struct bytes, 1);
        if (!listing_qualify(arena, base, bases, error)) {
            return false;
        }
        for (int32_t i = 0; i < out->root_count; i++) {
            out->bases[i] = *bases;
        }
    }
    return true;
}

static bool find_partitions(const struct file_request *r,
                            const struct listing *files,
                            struct arena *arena,
                            struct partitions *out,
                            struct sql_error *error)
{
    struct partitions_query q = {
        .settings = &r->settings,
        .schema = r->schema,
        .infer_types = is_true(
            file_setting(r, "spark.sql.sources.partitionColumnTypeInference.enabled", "true")),
        .bases = files->bases,
        .base_count = files->root_count,
        .files = files->files,
        .file_count = files->recursive ? 0 : files->count,
    };
    return partitions_find(&q, arena, out, error);
}

/* What belongs to the table, and what its folders say. */
static bool find_files(const struct file_request *r,
                       bool streaming,
                       struct arena *arena,
                       struct listing *files,
                       struct partitions *found,
                       struct sql_error *error)
{
    if (!list_files(r, streaming, arena, files, error) ||
        !find_partitions(r, files, arena, found, error)) {
        return false;
    }
    if (found->count == 0 && !files->recursive && !files->from_log) {
        listing_drop_deeper(files);
    }
    return true;
}

/* --- schemas --- */

static bool check_stream(const struct file_request *r, struct bytes path, struct sql_error *error)
{
    struct arena arena;
    struct bytes full;
    arena_init(&arena, 0);
    bool ok = listing_qualify(&arena, path, &full, error);
    if (ok && !glob_is_pattern(path) && !listing_exists(full)) {
        ok = sql_fail(error, &file_path_not_found, "Path does not exist: %.*s.", BYTES_ARG(path));
    }
    arena_finish(&arena);
    bool infers = is_true(file_setting(r, "spark.sql.streaming.schemaInference", "false"));
    if (ok && !r->schema && !infers && r->format != &file_format_text) {
        ok =
            sql_fail(error, &file_schema_missing,
                     "Schema must be specified when creating a streaming source DataFrame. If "
                     "some files already exist in the directory, then depending on the file format "
                     "you may be able to create a static DataFrame on that directory with "
                     "'spark.read.load(directory)' and infer schema from it.");
    }
    return ok;
}

/* The columns of files, then those of folders. A column that both have is the folders'. */
static const struct type *put_together(struct arena *arena,
                                       const struct file_request *r,
                                       const struct type *data,
                                       const struct partitions *found)
{
    size_t room = (size_t)data->field_count + (size_t)found->count + 1;
    struct field *fields = ARENA_NEW(arena, struct field, room);
    struct type folders = { .kind = TYPE_STRUCT,
                            .field_count = found->count,
                            .fields = found->fields };
    int32_t count = 0;
    for (int32_t i = 0; i < data->field_count; i++) {
        if (type_field_index(&folders, data->fields[i].name, r->settings.case_sensitive) < 0) {
            fields[count++] = data->fields[i];
        }
    }
    for (int32_t i = 0; i < found->count; i++) {
        fields[count++] = found->fields[i];
    }
    return json_schema_nullable(arena, type_struct(arena, fields, count));
}

static bool data_schema(const struct file_request *r,
                        struct listing *files,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    const void *options;
    if (r->schema) {
        *out = r->schema;
        return true;
    }
    if (!r->format->options(r, arena, &options, error) ||
        !r->format->infer(r, options, files, arena, out, error)) {
        return false;
    }
    return *out || sql_fail(error, &file_schema_unknown,
                            "Unable to infer schema for %s. It must be specified manually.",
                            r->format->label);
}

/* Batches are checked here, so that a frame carries its error; streams when a batch is planned, as in Spark. */
static bool check_batch(const struct file_request *r,
                        const struct type *data,
                        const struct type *schema,
                        struct arena *arena,
                        struct sql_error *error)
{
    const void *options;
    return file_check_names(schema, r->settings.case_sensitive, error) &&
           r->format->options(r, arena, &options, error) &&
           r->format->check(r, options, data, error);
}

bool file_source_schema(const struct file_format *format,
                        const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    struct file_request request = file_request_of(format, r);
    struct bytes path = options_get(r->options, "path");
    struct listing files;
    struct partitions found;
    const struct type *data;
    if (bytes_is_null(path)) {
        return streaming ? sql_fail(error, &file_path_missing, "'path' is not specified.")
               : r->schema || format == &file_format_text
                   ? sql_fail(error, &file_path_missing, "'path' is not specified.")
                   : sql_fail(error, &file_schema_unknown,
                              "Unable to infer schema for %s. It must be specified manually.",
                              format->label);
    }
    if ((streaming && !check_stream(&request, path, error)) ||
        !find_files(&request, streaming, arena, &files, &found, error) ||
        !data_schema(&request, &files, arena, &data, error)) {
        return false;
    }
    *out = put_together(arena, &request, data, &found);
    struct type own = *data;
    if (found.count > 0) {
        own = *put_together(arena, &request, data, &(struct partitions){ 0 });
        own.field_count = (*out)->field_count - found.count;
        own.fields = (*out)->fields;
    }
    return streaming || check_batch(&request, &own, *out, arena, error);
}

/* --- batches --- */

struct scan *file_source_read(const struct file_format *format,
                              const struct source_request *r,
                              const struct type *schema,
                              const int32_t *columns,
                              int32_t column_count,
                              struct sql_error *error)
{
    struct file_request request = file_request_of(format, r);
    request.schema = schema;
    struct arena arena;
    arena_init(&arena, 0);
    struct listing files;
    struct partitions found;
    struct scan *scan = NULL;
    if (find_files(&request, false, &arena, &files, &found, error)) {
        struct file_scan_query q = { .request = &request,
                                     .schema = schema,
                                     .columns = columns,
                                     .column_count = column_count,
                                     .files = files.files,
                                     .file_count = files.count,
                                     .bases = files.bases,
                                     .base_count = files.root_count,
                                     .flat = files.recursive };
        scan = file_scan_new(&q, error);
    }
    arena_finish(&arena);
    return scan;
}
