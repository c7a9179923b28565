/*
 * A stream over a folder: files that have come are rows, once each, in the order of their times.
 *
 *     latest()    finds new files, takes as many as the limits say, writes sources/0/<N>, and answers {"logOffset":N}
 *     plan(a, b)  reads the files that sources/0/<a + 1> .. <b> name
 *     commit(b)   files of sources/0/<b> are archived or deleted (cleanSource)
 *
 * Source: FileStreamSource, FileStreamOptions of Spark 4.1. Thread: one at a time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "checkpoint/file_entry.h"
#include "checkpoint/metadata_log.h"
#include "sources/file_cleaner.h"
#include "sources/file_error.h"
#include "sources/file_glob.h"
#include "sources/file_scan.h"
#include "sources/file_seen.h"
#include "sources/file_source.h"

enum { COMPACT_INTERVAL = 10 };
static const int64_t week_ms = (int64_t)7 * 24 * 3600 * 1000;
static const int64_t no_age_ms = INT64_MAX / 2;

static const struct sql_condition number_format = { "", "", "NumberFormatException" };

struct file_stream {
    struct source base;
    struct arena arena; /* what stays */
    struct file_request *request;
    const struct type *schema;
    struct bytes path; /* absolute; maybe a pattern */
    bool is_pattern;
    int64_t max_files; /* 0: any number */
    int64_t max_bytes;
    bool latest_first;
    struct seen_files seen;
    struct file_cleaner cleaner;
    struct metadata_log log;
    bool logs;       /* the log is open */
    int64_t current; /* the last number of the log; -1 */
    bool frozen;     /* only the files of `known` are there */
    struct arena known_arena;
    struct found_file *known; /* found, and not given out yet, in order */
    int32_t known_count;
};

/* --- options --- */

static bool refuse(const struct options *o,
                   const char *name,
                   const char *must,
                   struct sql_error *error)
{
    return sql_fail(error, &file_illegal_argument,
                    "Invalid value '%.*s' for option '%s', must be %s",
                    BYTES_ARG(options_get(o, name)), name, must);
}

static bool read_positive(
    const struct options *o, const char *name, int64_t most, int64_t *out, struct sql_error *error)
{
    struct bytes text = options_get(o, name);
    *out = 0;
    return bytes_is_null(text) || (bytes_parse_i64(text, out) && *out > 0 && *out <= most) ||
           refuse(o, name, "a positive integer", error);
}

static bool read_flag(const struct options *o, const char *name, bool *out, struct sql_error *error)
{
    struct bytes text = options_get(o, name);
    bool yes = text.len == 4 && strncasecmp((const char *)text.data, "true", 4) == 0;
    bool no = text.len == 5 && strncasecmp((const char *)text.data, "false", 5) == 0;
    *out = yes;
    return bytes_is_null(text) || yes || no || refuse(o, name, "'true' or 'false'", error);
}

static bool check_cache(const struct options *o, struct sql_error *error)
{
    struct bytes files = options_get(o, "maxCachedFiles");
    struct bytes ratio = options_get(o, "discardCachedInputRatio");
    int64_t count;
    if (!bytes_is_null(files) && (!bytes_parse_i64(files, &count) || count < 0)) {
        return refuse(o, "maxCachedFiles", "an integer greater than or equal to 0", error);
    }
    char text[32];
    char *end = text;
    double value = 0;
    if (!bytes_is_null(ratio) && bytes_to_text(ratio, text, sizeof(text))) {
        value = strtod(text, &end);
    }
    bool bad =
        !bytes_is_null(ratio) && (end == text || *end != '\0' || !(value >= 0 && value <= 1));
    return !bad || refuse(o, "discardCachedInputRatio", "a positive float between 0 and 1", error);
}

static bool read_age(const struct options *o, int64_t *out, struct sql_error *error)
{
    struct sql_error why = { 0 };
    if (options_time(o, "maxFileAge", week_ms, 1, out, &why)) {
        *out = *out > no_age_ms ? no_age_ms : *out;
        return true;
    }
    sql_error_finish(&why);
    return sql_fail(
        error, &number_format,
        "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), "
        "minutes (m or min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed to "
        "parse time string: %.*s",
        BYTES_ARG(options_get(o, "maxFileAge")));
}

static bool check_forbidden(const struct options *o, struct sql_error *error)
{
    static const char *const forbidden[][2] = { { "modifiedBefore", "modifiedbefore" },
                                                { "modifiedAfter", "modifiedafter" } };
    for (size_t i = 0; i < 2; i++) {
        if (options_has(o, forbidden[i][0])) {
            return sql_fail(error, &file_illegal_argument,
                            "option '%s' is not allowed in file stream sources", forbidden[i][1]);
        }
    }
    return true;
}

static bool read_options(struct file_stream *s, struct sql_error *error)
{
    const struct options *o = &s->request->options;
    bool names_only;
    int64_t age;
    if (!check_forbidden(o, error) ||
        !read_positive(o, "maxFilesPerTrigger", INT32_MAX, &s->max_files, error) ||
        !read_positive(o, "maxBytesPerTrigger", INT64_MAX, &s->max_bytes, error)) {
        return false;
    }
    if (s->max_files > 0 && s->max_bytes > 0) {
        return sql_fail(error, &file_illegal_argument,
                        "Options 'maxFilesPerTrigger' and 'maxBytesPerTrigger' can't be both set "
                        "at the same time");
    }
    if (!read_age(o, &age, error) || !read_flag(o, "latestFirst", &s->latest_first, error) ||
        !read_flag(o, "fileNameOnly", &names_only, error) || !check_cache(o, error) ||
        !file_cleaner_make(o, s->path, &s->arena, &s->cleaner, error)) {
        return false;
    }
    bool limited = s->max_files > 0 || s->max_bytes > 0;
    seen_files_finish(&s->seen);
    seen_files_init(&s->seen, s->latest_first && limited ? no_age_ms : age, names_only);
    return true;
}

/* --- the log --- */

static bool fail_line(const struct file_stream *s,
                      int64_t number,
                      struct bytes line,
                      struct sql_error *error)
{
    return sql_fail(error, &file_runtime,
                    "%s/%" PRId64 " is damaged: \"%.*s\" is no line of a file source's log",
                    s->log.folder, number, BYTES_ARG(line));
}

/* What was seen before, at a start. */
static bool load_seen(struct file_stream *s, struct sql_error *error)
{
    struct arena arena;
    const struct bytes *lines;
    const int64_t *numbers;
    int32_t count = 0;
    arena_init(&arena, 0);
    bool ok = metadata_log_latest(&s->log, &s->current, error) &&
              metadata_log_lines(&s->log, &arena, &lines, &numbers, &count, error);
    for (int32_t i = 0; ok && i < count; i++) {
        struct seen_file file;
        ok = seen_file_read(lines[i], &arena, &file) || fail_line(s, numbers[i], lines[i], error);
        if (ok) {
            seen_files_add(&s->seen, file.path, file.timestamp_ms);
        }
    }
    seen_files_purge(&s->seen);
    arena_finish(&arena);
    return ok;
}

/* The files of one number of the log, in the arena. */
static bool read_batch(struct file_stream *s,
                       int64_t number,
                       struct arena *arena,
                       struct buffer *out,
                       struct sql_error *error)
{
    struct bytes text;
    struct bytes line;
    if (!metadata_log_read(&s->log, number, arena, &text, error)) {
        return false;
    }
    if (bytes_is_null(text)) {
        return sql_fail(error, &file_runtime,
                        "%s/%" PRId64 " is missing: the files of that batch are not known. Restore "
                        "the checkpoint, or delete it to start over.",
                        s->log.folder, number);
    }
    (void)bytes_cut(&text, '\n', &line); /* v1: the log has checked it when the stream began */
    while (bytes_cut(&text, '\n', &line)) {
        struct seen_file file;
        if (line.len == 0) {
            continue;
        }
        if (!seen_file_read(line, arena, &file)) {
            return fail_line(s, number, line, error);
        }
        if (file.batch == number) { /* a compact file has those of earlier ones too */
            buffer_append(out, &file, sizeof(file));
        }
    }
    return true;
}

/* Writes the files of the next number. */
static bool write_batch(struct file_stream *s,
                        const struct found_file *files,
                        int32_t count,
                        struct sql_error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct bytes *lines = ARENA_NEW(&arena, struct bytes, (size_t)count + 1);
    int64_t number = s->current + 1;
    for (int32_t i = 0; i < count; i++) {
        struct buffer line;
        struct seen_file file = { files[i].path, files[i].modified_ms, number };
        buffer_init(&line, SIZE_MAX);
        seen_file_print(&line, &file);
        lines[i] = arena_copy(&arena, buffer_bytes(&line));
        buffer_finish(&line);
    }
    enum metadata_log_written written = metadata_log_add(&s->log, number, lines, count, error);
    arena_finish(&arena);
    if (written == LOG_EXISTS) {
        return sql_fail(
            error, &file_runtime,
            "Concurrent update to the log. Multiple streaming jobs detected for %" PRId64 ".",
            number);
    }
    s->current = written == LOG_WRITTEN ? number : s->current;
    return written == LOG_WRITTEN;
}

/* --- offsets --- */

static void print_offset(struct buffer *out, int64_t number)
{
    buffer_clear(out);
    if (number >= 0) {
        buffer_printf(out, "{\"logOffset\":%" PRId64 "}", number);
    }
}

/* {"logOffset":3}, or the number alone, as old checkpoints have it; nothing: -1. */
static bool read_offset(struct bytes text, int64_t *out, struct sql_error *error)
{
    *out = -1;
    struct bytes t = bytes_trim(text);
    if (t.len == 0) {
        return true;
    }
    const uint8_t *colon = memchr(t.data, ':', t.len);
    struct bytes digits = t;
    if (colon && t.data[0] == '{' && t.data[t.len - 1] == '}') {
        digits =
            bytes_trim((struct bytes){ colon + 1, (size_t)(t.data + t.len - 1 - (colon + 1)) });
    }
    return (bytes_parse_i64(digits, out) && *out >= 0) ||
           sql_fail(error, &file_runtime, "%.*s is no offset of a file source", BYTES_ARG(text));
}

static bool stream_initial(struct source *base, struct buffer *out, struct sql_error *error)
{
    (void)base;
    (void)error;
    buffer_clear(out);
    return true;
}

/* --- finding files --- */

static int by_time(const void *a, const void *b)
{
    const struct found_file *x = a;
    const struct found_file *y = b;
    return x->modified_ms != y->modified_ms ? (x->modified_ms < y->modified_ms ? -1 : 1)
                                            : found_file_by_path(a, b);
}

static int by_time_descending(const void *a, const void *b)
{
    const struct found_file *x = a;
    const struct found_file *y = b;
    return x->modified_ms != y->modified_ms ? (x->modified_ms < y->modified_ms ? 1 : -1)
                                            : found_file_by_path(a, b);
}

/* Without folders that name partitions only the files right in the roots are read. */
static bool keep_table(struct file_stream *s, struct listing *l, struct sql_error *error)
{
    struct partitions found = { 0 };
    struct partitions_query q = { .settings = &s->request->settings,
                                  .schema = s->schema,
                                  .infer_types = true,
                                  .bases = l->bases,
                                  .base_count = l->root_count,
                                  .files = l->files,
                                  .file_count = l->recursive ? 0 : l->count };
    if (!partitions_find(&q, &s->known_arena, &found, error)) {
        return false;
    }
    if (found.count == 0 && !l->recursive && !l->from_log) {
        listing_drop_deeper(l);
    }
    return true;
}

/* New files, in the order in which they will be read. */
static bool find_new(struct file_stream *s, struct sql_error *error)
{
    struct listing found;
    struct listing_query q = { .options = &s->request->options,
                               .settings = &s->request->settings,
                               .path = s->path,
                               .ignore_log = s->is_pattern };
    arena_reset(&s->known_arena);
    s->known_count = 0;
    if (!listing_make(&q, &s->known_arena, &found, error) || !keep_table(s, &found, error)) {
        return false;
    }
    s->known = found.files;
    for (int32_t i = 0; i < found.count; i++) {
        const struct found_file *file = &found.files[i];
        if (seen_files_is_new(&s->seen, file->path, file->modified_ms)) {
            s->known[s->known_count++] = *file;
        }
    }
    if (s->known_count > 1) {
        qsort(s->known, (size_t)s->known_count, sizeof(*s->known),
              s->latest_first ? by_time_descending : by_time);
    }
    return true;
}

/* How many of the new files this batch takes. */
static int32_t take_count(const struct file_stream *s)
{
    if (s->max_files > 0) {
        return s->known_count < s->max_files ? s->known_count : (int32_t)s->max_files;
    }
    if (s->max_bytes == 0 || s->known_count == 0) {
        return s->known_count;
    }
    int64_t bytes = s->known[0].size;
    int32_t count = 1;
    while (count < s->known_count && s->known[count].size <= s->max_bytes - bytes) {
        bytes += s->known[count++].size;
    }
    return count;
}

/* Files that are left from the last look are taken first, unless newer ones go before them. */
static bool has_left(const struct file_stream *s)
{
    return s->known_count > 0 && (s->frozen || !s->latest_first);
}

static bool stream_latest(struct source *base,
                          struct bytes start,
                          struct buffer *out,
                          struct buffer *newest,
                          struct sql_error *error)
{
    struct file_stream *s = (struct file_stream *)base;
    (void)start;
    buffer_clear(newest);
    if (!has_left(s) && !s->frozen && !find_new(s, error)) {
        return false;
    }
    int32_t count = take_count(s);
    if (count > 0 && !write_batch(s, s->known, count, error)) {
        return false;
    }
    for (int32_t i = 0; i < count; i++) {
        seen_files_add(&s->seen, s->known[i].path, s->known[i].modified_ms);
    }
    seen_files_purge(&s->seen);
    s->known += count;
    s->known_count -= count;
    print_offset(out, s->current);
    return true;
}

static bool stream_freeze(struct source *base, struct sql_error *error)
{
    struct file_stream *s = (struct file_stream *)base;
    s->frozen = false;
    s->frozen = find_new(s, error);
    return s->frozen;
}

static void stream_unlimited(struct source *base)
{
    struct file_stream *s = (struct file_stream *)base;
    s->max_files = 0;
    s->max_bytes = 0;
}

/* --- reading --- */

/* What Spark asks of the files of a batch: they lie below the path, which is a folder. */
static bool check_base(const struct file_stream *s,
                       const struct found_file *files,
                       int32_t count,
                       struct sql_error *error)
{
    struct found_file file;
    if (s->is_pattern) {
        return true;
    }
    if (listing_stat(s->path, &file)) {
        return sql_fail(error, &file_illegal_argument, "Option 'basePath' must be a directory");
    }
    for (int32_t i = 0; i < count; i++) {
        struct bytes path = files[i].path;
        bool below =
            bytes_starts_with(path, s->path) && (s->path.len == 1 || path.data[s->path.len] == '/');
        if (!below) {
            return sql_fail(error, &file_illegal_argument,
                            "Wrong basePath %.*s for the root path: file:%.*s", BYTES_ARG(s->path),
                            BYTES_ARG(path));
        }
    }
    return true;
}

/* The files of the numbers in (after, to], with their sizes now; those that are gone are passed over, as in Spark. */
static bool collect(struct file_stream *s,
                    int64_t after,
                    int64_t to,
                    struct arena *arena,
                    struct listing *out,
                    struct sql_error *error)
{
    struct buffer entries;
    buffer_init(&entries, SIZE_MAX);
    bool ok = true;
    for (int64_t n = after + 1; ok && n <= to; n++) {
        ok = read_batch(s, n, arena, &entries, error);
    }
    size_t count = entries.len / sizeof(struct seen_file);
    out->files = ARENA_NEW(arena, struct found_file, count + 1);
    out->bases = ARENA_NEW(arena, struct bytes, count + 1);
    for (size_t i = 0; ok && i < count; i++) {
        struct seen_file entry;
        memcpy(&entry, entries.data + i * sizeof(entry), sizeof(entry));
        if (listing_stat(entry.path, &out->files[out->count])) {
            out->bases[out->count++] = s->is_pattern ? listing_folder(entry.path) : s->path;
        }
    }
    buffer_finish(&entries);
    if (out->count > 1) {
        qsort(out->files, (size_t)out->count, sizeof(*out->files), found_file_by_path);
    }
    out->root_count = s->is_pattern ? out->count : (out->count > 0);
    return ok && check_base(s, out->files, out->count, error);
}

static struct scan *stream_plan(struct source *base,
                                struct bytes start,
                                struct bytes end,
                                const int32_t *columns,
                                int32_t column_count,
                                struct sql_error *error)
{
    struct file_stream *s = (struct file_stream *)base;
    int64_t after;
    int64_t to;
    if (!read_offset(start, &after, error) || !read_offset(end, &to, error)) {
        return NULL;
    }
    struct arena arena;
    struct listing files = { 0 };
    struct scan *scan = NULL;
    bool flat = false;
    arena_init(&arena, 0);
    if (options_bool(&s->request->options, "recursiveFileLookup", false, &flat, error) &&
        collect(s, after, to, &arena, &files, error)) {
        struct file_scan_query q = { .request = s->request,
                                     .schema = s->schema,
                                     .columns = columns,
                                     .column_count = column_count,
                                     .files = files.files,
                                     .file_count = files.count,
                                     .bases = files.bases,
                                     .base_count = files.root_count,
                                     .flat = flat };
        scan = file_scan_new(&q, error);
    }
    arena_finish(&arena);
    return scan;
}

static void stream_commit(struct source *base, struct bytes end)
{
    struct file_stream *s = (struct file_stream *)base;
    struct sql_error ignored = { 0 };
    struct arena arena;
    struct buffer entries;
    int64_t number;
    arena_init(&arena, 0);
    buffer_init(&entries, SIZE_MAX);
    if (s->cleaner.mode != CLEAN_OFF && read_offset(end, &number, &ignored) && number >= 0 &&
        read_batch(s, number, &arena, &entries, &ignored)) {
        for (size_t i = 0; i < entries.len / sizeof(struct seen_file); i++) {
            struct seen_file entry;
            memcpy(&entry, entries.data + i * sizeof(entry), sizeof(entry));
            file_cleaner_clean(&s->cleaner, entry.path);
        }
    }
    buffer_finish(&entries);
    arena_finish(&arena);
    sql_error_finish(&ignored);
}

static void stream_describe(const struct source *base, struct buffer *out)
{
    const struct file_stream *s = (const struct file_stream *)base;
    buffer_printf(out, "FileStreamSource[file:%.*s]", BYTES_ARG(s->path));
}

static void stream_close(struct source *base)
{
    struct file_stream *s = (struct file_stream *)base;
    seen_files_finish(&s->seen);
    if (s->logs) {
        metadata_log_finish(&s->log);
    }
    arena_finish(&s->known_arena);
    arena_finish(&s->arena);
    free(s);
}

static const struct source_functions stream_functions = {
    .initial = stream_initial,
    .latest = stream_latest,
    .plan = stream_plan,
    .commit = stream_commit,
    .freeze = stream_freeze,
    .unlimited = stream_unlimited,
    .describe = stream_describe,
    .close = stream_close,
};

static bool open_log(struct file_stream *s, const struct source_request *r, struct sql_error *error)
{
    int64_t interval = COMPACT_INTERVAL;
    struct bytes given =
        file_setting(s->request, "spark.sql.streaming.fileSource.log.compactInterval", "10");
    if (!bytes_parse_i64(given, &interval) || interval < 1 || interval > INT32_MAX) {
        interval = COMPACT_INTERVAL;
    }
    s->logs = metadata_log_open(&s->log, r->checkpoint, r->sync, (int32_t)interval, error);
    return s->logs && load_seen(s, error);
}

struct source *file_stream_open(const struct file_format *format,
                                const struct source_request *r,
                                const struct type *schema,
                                struct sql_error *error)
{
    struct file_stream *s = MEM_NEW(struct file_stream);
    struct file_request request = file_request_of(format, r);
    s->base.functions = &stream_functions;
    s->current = -1;
    arena_init(&s->arena, 0);
    arena_init(&s->known_arena, 0);
    seen_files_init(&s->seen, week_ms, false);
    s->request = file_request_copy(&s->arena, &request);
    s->schema = type_copy(&s->arena, schema);
    struct bytes path = options_get(&s->request->options, "path");
    s->is_pattern = glob_is_pattern(path);
    if (!listing_qualify(&s->arena, path, &s->path, error) || !read_options(s, error) ||
        !open_log(s, r, error)) {
        stream_close(&s->base);
        return NULL;
    }
    return &s->base;
}
