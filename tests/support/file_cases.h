/*
 * Golden cases of files: a temporary folder, what is put into it, options, and rows as the JSON that the cases have.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>
#include <zlib.h>

#include "../unit/columns/golden.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/file.h"
#include "columns/zone.h"
#include "expressions/analysis.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"
#include "plan/options.h"

struct folder {
    char path[256];
};

static inline void folder_make(struct folder *f)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(f->path, sizeof(f->path), "%s/weir_files_XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(f->path)) {
        abort();
    }
}

static inline int folder_remove_one(const char *path,
                                    const struct stat *st,
                                    int flag,
                                    struct FTW *w)
{
    (void)st;
    (void)flag;
    (void)w;
    return remove(path);
}

static inline void folder_remove(struct folder *f)
{
    (void)nftw(f->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the folder; "GZ:..." is compressed. */
static inline void folder_put(const struct folder *f,
                              const char *name,
                              struct bytes text,
                              time_t time)
{
    char path[2 * PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", f->path, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    if (file_make_dirs(path, NULL) != WEIR_OK) {
        abort();
    }
    *slash = '/';
    if (bytes_starts_with(text, bytes_of("GZ:"))) {
        gzFile out = gzopen(path, "wb");
        if (gzwrite(out, text.data + 3, (unsigned)(text.len - 3)) != (int)(text.len - 3)) {
            abort();
        }
        (void)gzclose(out);
    } else {
        FILE *out = fopen(path, "wb");
        if (!out || fwrite(text.data, 1, text.len, out) != text.len || fclose(out) != 0) {
            abort();
        }
    }
    if (time > 0) {
        struct utimbuf times = { time, time };
        (void)utime(path, &times);
    }
}

static inline struct bytes json_bytes(const json_t *text)
{
    return (struct bytes){ (const uint8_t *)json_string_value(text), json_string_length(text) };
}

/* `to` in place of `from`, everywhere; to be freed. */
static inline char *text_with(const char *text, const char *from, const char *to)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    while (*text) {
        bool hit = strncmp(text, from, strlen(from)) == 0;
        buffer_append(&out, hit ? to : text, hit ? strlen(to) : 1);
        text += hit ? strlen(from) : 1;
    }
    buffer_append(&out, "", 1);
    return (char *)out.data;
}

static inline struct options options_of(struct arena *arena, json_t *object)
{
    struct options o = { 0 };
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        o = options_with(arena, o, bytes_of(name), json_bytes(value));
    }
    return o;
}

/* The one region that cases name, in winter. Time stands still on the day of their capture. */
static inline bool case_zone(void *zones, struct bytes name, const struct zone **out)
{
    *out = zones;
    return bytes_equal_text(name, "Europe/Rome");
}

static inline struct sql_settings case_settings(struct zone *rome)
{
    return (struct sql_settings){ .ansi = true,
                                  .zone_name = "UTC",
                                  .now_us = (int64_t)1795867200 * 1000000,
                                  .find_zone = case_zone,
                                  .zones = rome };
}

/* to_json(struct(all columns)), nulls too. */
static inline const struct expression *rows_as_json(struct arena *arena,
                                                    const struct sql_settings *settings,
                                                    const struct type *schema)
{
    struct sql_error error = { 0 };
    struct buffer text;
    const struct syntax *syntax;
    buffer_init(&text, SIZE_MAX);
    buffer_append_text(&text, "to_json(struct(");
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_append_text(&text, i ? ", `" : "`");
        buffer_append(&text, schema->fields[i].name.data, schema->fields[i].name.len);
        buffer_append_text(&text, "`");
    }
    buffer_append_text(&text, "), map('ignoreNullFields', 'false'))");
    struct bytes source = arena_copy(arena, buffer_bytes(&text));
    buffer_finish(&text);
    struct analysis a = {
        .arena = arena, .settings = settings, .input = schema, .source = source, .error = &error
    };
    const struct expression *e =
        parse_expression(arena, source, &syntax, &error) ? analyze(&a, syntax) : NULL;
    if (!e) {
        (void)fprintf(stderr, "%s\n", error.message);
        abort();
    }
    return e;
}

/* Each row on a line. */
static inline void print_rows(struct buffer *out, const struct batch *rows)
{
    struct sql_settings settings = { .ansi = true, .zone_name = "UTC" };
    struct sql_error error = { 0 };
    struct arena arena;
    arena_init(&arena, 0);
    struct column *texts = NULL;
    if (rows->column_count > 0) {
        struct evaluation ev = {
            .settings = &settings, .input = rows, .rows = rows->rows, .error = &error
        };
        texts = evaluate_once(&ev, rows_as_json(&arena, &settings, rows->schema));
    }
    for (int32_t i = 0; i < rows->rows; i++) {
        struct bytes text = texts ? column_text(texts, i) : bytes_of("[]");
        buffer_append(out, text.data, text.len);
        buffer_append_text(out, "\n");
    }
    column_release(texts);
    arena_finish(&arena);
}
