/*
 * File sinks: see file_sink.h.
 */
#include "sinks/file_sink.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "expressions/json_schema.h"
#include "sinks/sink_error.h"

#define ANALYSIS "AnalysisException"

static const struct sql_condition no_path = { "_LEGACY_ERROR_TEMP_2047", "",
                                              "SparkIllegalArgumentException" };
static const struct sql_condition no_stream_column = { "_LEGACY_ERROR_TEMP_1196", "", ANALYSIS };
static const struct sql_condition no_batch_column = { "_LEGACY_ERROR_TEMP_1155", "", ANALYSIS };
static const struct sql_condition all_columns = { "ALL_PARTITION_COLUMNS_NOT_ALLOWED", "KD005",
                                                  ANALYSIS };
static const struct sql_condition bad_key = { "INVALID_PARTITION_COLUMN_DATA_TYPE", "0A000",
                                              ANALYSIS };
static const struct sql_condition column_twice = { "COLUMN_ALREADY_EXISTS", "42711", ANALYSIS };
static const struct sql_condition no_codec = {
    "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "56038", "SparkIllegalArgumentException"
};
static const struct sql_condition write_failed = { "TASK_WRITE_FAILED", "58030", "SparkException" };
static const struct sql_condition no_folder = { "", "", "ParentNotDirectoryException" };
static const struct sql_condition race = { "", "", "IllegalStateException" };

enum { COMPACT_INTERVAL = 10 };

/* --- for its other files --- */

void file_sink_uuid(char out[UUID_LETTERS + 1])
{
    struct uuid id = uuid_random();
    const uint8_t *b = id.bytes;
    (void)snprintf(out, UUID_LETTERS + 1,
                   "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7], 0x80 | (b[8] & 0x3f), b[9], b[10],
                   b[11], b[12], b[13], b[14], b[15]);
}

bool file_sink_fail(const struct file_sink *s,
                    const struct weir_error *why,
                    struct sql_error *error)
{
    (void)sql_fail(error, &write_failed, "Task failed while writing rows to file:%s: %s.", s->path,
                   why->message);
    if (!s->batch) {
        sql_error_add(error,
                      "\nThe batch is not lost: remove the cause, and start the query again; "
                      "it goes on where it was.");
    }
    return false;
}

void file_sink_take(struct file_sink *s, const struct sunk_file *file)
{
    (void)pthread_mutex_lock(&s->lock);
    if (s->file_count == s->file_capacity) {
        s->file_capacity = s->file_capacity ? s->file_capacity * 2 : 16;
        s->files = mem_resize(s->files, (size_t)s->file_capacity, sizeof(*s->files));
    }
    s->files[s->file_count++] = *file;
    (void)pthread_mutex_unlock(&s->lock);
}

static void forget_files(struct file_sink *s, bool remove)
{
    for (int32_t i = 0; i < s->file_count; i++) {
        if (remove) {
            (void)unlink(s->files[i].path);
        }
        free(s->files[i].path);
        free(s->files[i].name);
    }
    s->file_count = 0;
    s->writers = 0;
}

static int by_partition(const void *a, const void *b)
{
    const struct sunk_file *x = a;
    const struct sunk_file *y = b;
    return x->partition != y->partition ? (x->partition < y->partition ? -1 : 1)
                                        : strcmp(x->name, y->name);
}

/* --- batches --- */

static bool is_named(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

static bool read_codec(struct file_sink *s, struct sql_error *error)
{
    static const char *const others[] = { "bzip2", "deflate", "snappy", "lz4" };
    struct bytes codec = options_get(&s->options, "compression");
    codec = bytes_is_null(codec) ? options_get(&s->options, "codec") : codec;
    s->zipped = is_named(codec, "gzip");
    if (bytes_is_null(codec) || s->zipped || is_named(codec, "none") ||
        is_named(codec, "uncompressed")) {
        return true;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (is_named(codec, others[i])) {
            return sql_fail(error, &sink_illegal_argument,
                            "The codec %s is not supported here: of those that compress, gzip is",
                            others[i]);
        }
    }
    return sql_fail(error, &no_codec,
                    "The codec %.*s is not available. Available codecs are bzip2, deflate, "
                    "uncompressed, snappy, none, lz4, gzip.",
                    BYTES_ARG(codec));
}

static bool read_max_rows(struct file_sink *s, struct sql_error *error)
{
    return options_integer(&s->options, "maxRecordsPerFile", s->max_rows, &s->max_rows, error);
}

static bool sink_begin(struct sink *base, int64_t batch_id, struct sql_error *error)
{
    struct file_sink *s = (struct file_sink *)base;
    forget_files(s, false);
    if (!s->batch) {
        int64_t latest;
        if (!metadata_log_latest(&s->log, &latest, error)) {
            return false;
        }
        s->skips = batch_id <= latest;
        s->base.done = s->skips;
    }
    return s->skips || (s->format->check(&s->encoding, error) && read_codec(s, error) &&
                        read_max_rows(s, error));
}

/* --- writers that write nothing --- */

static bool pass_over(struct row_writer *w, const struct batch *rows, struct sql_error *error)
{
    (void)w;
    (void)rows;
    (void)error;
    return true;
}

static bool pass_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    free(w);
    return true;
}

static void pass_drop(struct row_writer *w)
{
    free(w);
}

static struct row_writer *sink_open_writer(struct sink *base,
                                           int32_t partition,
                                           struct sql_error *error)
{
    struct file_sink *s = (struct file_sink *)base;
    if (s->skips) {
        struct row_writer *w = MEM_NEW(struct row_writer);
        *w = (struct row_writer){ pass_over, pass_finish, pass_drop };
        return w;
    }
    (void)pthread_mutex_lock(&s->lock);
    s->writers++;
    (void)pthread_mutex_unlock(&s->lock);
    return file_writer_open(s, partition, error);
}

/* --- commit --- */

/* Nothing was to be read: a stream's batch has a file all the same. */
static bool write_empty(struct file_sink *s, struct sql_error *error)
{
    if (s->writers > 0 || s->key_count > 0) {
        return true;
    }
    struct row_writer *w = file_writer_open(s, 0, error);
    return w && w->finish(w, error);
}

static bool write_log(struct file_sink *s, int64_t batch_id, struct sql_error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct bytes *lines = ARENA_NEW(&arena, struct bytes, (size_t)s->file_count + 1);
    for (int32_t i = 0; i < s->file_count; i++) {
        struct buffer line;
        struct written_file file = { bytes_of(s->files[i].path), s->files[i].size,
                                     s->files[i].modified_ms, false };
        buffer_init(&line, SIZE_MAX);
        written_file_print(&line, &file);
        lines[i] = arena_copy(&arena, buffer_bytes(&line));
        buffer_finish(&line);
    }
    enum metadata_log_written written =
        metadata_log_add(&s->log, batch_id, lines, s->file_count, error);
    arena_finish(&arena);
    return written == LOG_WRITTEN ||
           (written == LOG_EXISTS &&
            sql_fail(error, &race, "Race while writing batch %lld", (long long)batch_id));
}

static bool sink_commit(struct sink *base, int64_t batch_id, struct sql_error *error)
{
    struct file_sink *s = (struct file_sink *)base;
    if (s->skips) {
        return true;
    }
    if (!write_empty(s, error)) {
        return false;
    }
    if (s->file_count > 1) {
        qsort(s->files, (size_t)s->file_count, sizeof(*s->files), by_partition);
    }
    bool ok = s->batch ? file_batch_commit(s, error) : write_log(s, batch_id, error);
    forget_files(s, !ok);
    return ok;
}

static void sink_abort(struct sink *base, int64_t batch_id)
{
    struct file_sink *s = (struct file_sink *)base;
    (void)batch_id;
    forget_files(s, true);
    if (s->batch && !s->skips) {
        file_batch_abort(s);
    }
}

static void sink_describe(const struct sink *base, struct buffer *out)
{
    const struct file_sink *s = (const struct file_sink *)base;
    buffer_printf(out, "FileSink[file:%s]", s->path);
}

static void sink_close(struct sink *base)
{
    struct file_sink *s = (struct file_sink *)base;
    forget_files(s, false);
    free(s->files);
    free(s->staging);
    if (s->logs) {
        metadata_log_finish(&s->log);
    }
    (void)pthread_mutex_destroy(&s->lock);
    arena_finish(&s->arena);
    free(s);
}

static const struct sink_functions functions = { sink_begin, sink_open_writer, sink_commit,
                                                 sink_abort, sink_describe,    sink_close };

/* --- opening --- */

static bool read_path(struct file_sink *s, struct sql_error *error)
{
    struct bytes path = options_get(&s->options, "path");
    char here[PATH_MAX] = "";
    if (bytes_is_null(path)) {
        return sql_fail(error, &no_path, "'path' is not specified.");
    }
    if (path.len == 0 || memchr(path.data, '\0', path.len)) {
        return sql_fail(error, &sink_illegal_argument,
                        "Can not create a Path from an empty string");
    }
    if (bytes_starts_with(path, bytes_of("file:/"))) {
        path = (struct bytes){ path.data + 5, path.len - 5 };
    }
    if (path.data[0] != '/' && !getcwd(here, sizeof(here))) {
        return sql_fail(error, &sink_io, "the working directory cannot be found out");
    }
    struct buffer text;
    buffer_init(&text, PATH_MAX);
    buffer_append_text(&text, here);
    struct bytes part;
    while (bytes_cut(&path, '/', &part)) {
        if (part.len > 0 && !bytes_equal_text(part, ".")) {
            buffer_printf(&text, "/%.*s", BYTES_ARG(part));
        }
    }
    bool ok = text.len > 0 && !text.overflow;
    s->path = arena_text(&s->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return ok || sql_fail(error, &sink_illegal_argument,
                          "The path is the root folder, or too long: nothing is written there");
}

static bool refuse_column(struct file_sink *s, struct bytes name, struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    if (s->batch) {
        type_print(&text, s->schema);
    }
    for (int32_t i = 0; !s->batch && i < s->schema->field_count; i++) {
        buffer_printf(&text, "%s%.*s", i ? ", " : "", BYTES_ARG(s->schema->fields[i].name));
    }
    (void)sql_fail(error, s->batch ? &no_batch_column : &no_stream_column,
                   s->batch ? "Partition column `%.*s` not found in schema %.*s."
                            : "Partition column %.*s not found in existing columns (%.*s).",
                   BYTES_ARG(name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

static bool check_key(struct file_sink *s, int32_t column, struct sql_error *error)
{
    const struct field *f = &s->schema->fields[column];
    for (int32_t i = 0; i < s->key_count; i++) {
        if (s->keys[i] == column) {
            return sql_fail(error, &column_twice,
                            "The column `%.*s` already exists. Choose another name or rename the "
                            "existing column.",
                            BYTES_ARG(f->name));
        }
    }
    if (!type_is_nested(f->type)) {
        return true;
    }
    struct buffer type;
    buffer_init(&type, SQL_ERROR_MAX);
    type_print_sql(&type, json_schema_nullable(&s->arena, f->type));
    (void)sql_fail(error, &bad_key, "Cannot use \"%.*s\" for partition column.",
                   BYTES_ARG(buffer_bytes(&type)));
    buffer_finish(&type);
    return false;
}

static bool read_keys(struct file_sink *s, const char *const *names, struct sql_error *error)
{
    size_t count = (size_t)s->schema->field_count;
    struct bytes *given = ARENA_NEW(&s->arena, struct bytes, count + 1);
    s->keys = ARENA_NEW(&s->arena, int32_t, count + 1);
    s->key_names = given;
    for (; names && *names; names++) {
        struct bytes name = arena_copy(&s->arena, bytes_of(*names));
        int32_t i = type_field_index(s->schema, name, s->settings.case_sensitive);
        if (i < 0) {
            return refuse_column(s, name, error);
        }
        if (!check_key(s, i, error)) {
            return false;
        }
        given[s->key_count] = name;
        s->keys[s->key_count++] = i;
    }
    return !s->batch || s->key_count == 0 || s->key_count < s->schema->field_count ||
           sql_fail(error, &all_columns, "Cannot use all columns for partition columns.");
}

/* What files have: everything that folders do not say. */
static void split_columns(struct file_sink *s)
{
    size_t count = (size_t)s->schema->field_count + 1;
    struct field *fields = ARENA_NEW(&s->arena, struct field, count);
    s->data = ARENA_NEW(&s->arena, int32_t, count);
    for (int32_t i = 0; i < s->schema->field_count; i++) {
        bool key = false;
        for (int32_t k = 0; k < s->key_count; k++) {
            key = key || s->keys[k] == i;
        }
        if (!key) {
            fields[s->data_count] = s->schema->fields[i];
            s->data[s->data_count++] = i;
        }
    }
    s->encoding = (struct file_encoding){ &s->options, &s->settings,
                                          type_struct(&s->arena, fields, s->data_count) };
}

/* A stream's folder, and the log in it. */
static bool open_log(struct file_sink *s, const struct sink_request *r, struct sql_error *error)
{
    struct stat st;
    int64_t ignored;
    struct bytes interval = { 0 };
    int64_t every = COMPACT_INTERVAL;
    if (stat(s->path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        return sql_fail(error, &no_folder, "Parent path is not a directory: file:%s", s->path);
    }
    if (options_has(&s->options, "retention")) {
        struct sql_error why = { 0 };
        if (!options_time(&s->options, "retention", 0, 1, &ignored, &why)) {
            sql_error_finish(&why);
            return sql_fail(
                error, &sink_number_format,
                "Time must be specified as seconds (s), milliseconds (ms), "
                "microseconds (us), minutes (m or min), hour (h), or day (d). E.g. 50s, "
                "100ms, or 250us.\nFailed to parse time string: %.*s",
                BYTES_ARG(options_get(&s->options, "retention")));
        }
    }
    if (r->conf) {
        interval = options_get(r->conf, "spark.sql.streaming.fileSink.log.compactInterval");
    }
    if (bytes_is_null(interval) || !bytes_parse_i64(interval, &every) || every < 1 ||
        every > INT32_MAX) {
        every = COMPACT_INTERVAL;
    }
    struct bytes folder = arena_printf(&s->arena, "%s/_spark_metadata", s->path);
    s->logs =
        metadata_log_open(&s->log, arena_text(&s->arena, folder), s->sync, (int32_t)every, error);
    return s->logs;
}

static void copy_request(struct file_sink *s, const struct sink_request *r)
{
    for (int32_t i = 0; i < r->options->count; i++) {
        s->options = options_with(&s->arena, s->options, r->options->entries[i].name,
                                  r->options->entries[i].value);
    }
    struct bytes max = { 0 };
    if (r->conf) {
        max = options_get(r->conf, "spark.sql.files.maxRecordsPerFile");
    }
    if (bytes_is_null(max) || !bytes_parse_i64(max, &s->max_rows) || s->max_rows < 0) {
        s->max_rows = 0;
    }
    s->settings = *r->settings;
    s->schema = type_copy(&s->arena, r->schema);
    s->batch = r->mode == OUTPUT_BATCH;
    s->sync = r->sync;
}

static bool open_batch(struct file_sink *s, const struct sink_request *r, struct sql_error *error)
{
    struct buffer staging;
    file_sink_uuid(s->uuid);
    buffer_init(&staging, SIZE_MAX);
    buffer_printf(&staging, "%s/_temporary/%s", s->path, s->uuid);
    s->staging = mem_text(staging.data, staging.len);
    buffer_finish(&staging);
    bool ok = file_batch_begin(s, bytes_of(r->save_mode), error);
    s->base.done = s->skips;
    return ok;
}

struct sink *file_sink_open(const struct file_encoder_format *format,
                            const struct sink_request *r,
                            struct sql_error *error)
{
    struct file_sink *s = MEM_NEW(struct file_sink);
    s->base.functions = &functions;
    s->format = format;
    arena_init(&s->arena, 0);
    (void)pthread_mutex_init(&s->lock, NULL);
    copy_request(s, r);
    bool ok = read_path(s, error) && read_keys(s, r->partition_by, error);
    if (ok) {
        split_columns(s);
        ok = s->batch ? open_batch(s, r, error) : open_log(s, r, error);
    }
    if (!ok) {
        sink_close(&s->base);
        return NULL;
    }
    return &s->base;
}
