/*
 * A file sink at work in a temporary folder, for its tests.
 */
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include "../../support/file_cases.h"
#include "expressions/inline_table.h"
#include "sinks/sink.h"

#include <cmocka.h>

struct out {
    struct folder folder;
    struct arena arena;
    struct options options;
    struct options conf;
    struct sql_settings settings;
    const char *keys[4];
    const char *format;
    struct sql_error error;
    char path[300];
    struct sink *sink;
};

static inline void out_setup(struct out *o, const char *format)
{
    *o = (struct out){ .settings = { .ansi = true, .zone_name = "UTC" }, .format = format };
    folder_make(&o->folder);
    arena_init(&o->arena, 0);
    (void)snprintf(o->path, sizeof(o->path), "%s/out", o->folder.path);
    o->options = options_with(&o->arena, o->options, bytes_of("path"), bytes_of(o->path));
}

static inline void set(struct out *o, const char *name, const char *value)
{
    o->options = options_with(&o->arena, o->options, bytes_of(name), bytes_of(value));
}

static inline void stop(struct out *o)
{
    if (o->sink) {
        o->sink->functions->close(o->sink);
        o->sink = NULL;
    }
}

static inline void out_teardown(struct out *o)
{
    stop(o);
    sql_error_finish(&o->error);
    arena_finish(&o->arena);
    folder_remove(&o->folder);
}

static inline struct batch *rows_of(struct out *o, const char *values)
{
    struct inline_table table;
    if (!inline_table_make(&o->arena, &o->settings, bytes_of(values), &table, &o->error)) {
        fail_msg("%s", o->error.message);
    }
    return table.rows;
}

static inline bool start(struct out *o, const char *values)
{
    struct batch *rows = rows_of(o, values);
    struct sink_request r = { .options = &o->options,
                              .conf = &o->conf,
                              .schema = rows->schema,
                              .settings = &o->settings,
                              .mode = OUTPUT_APPEND,
                              .query_id = "b166df60-9c75-4a67-90b0-c9b8e2e40b8d",
                              .partition_by = o->keys[0] ? o->keys : NULL };
    o->sink = sink_find(bytes_of(o->format))->open(&r, &o->error);
    batch_free(rows);
    return o->sink != NULL;
}

/* One batch of these partitions; NULL ends them. */
static inline bool write_batch(struct out *o, int64_t id, const char *const *partitions)
{
    const struct sink_functions *f = o->sink->functions;
    bool ok = f->begin(o->sink, id, &o->error);
    for (int32_t i = 0; ok && partitions[i]; i++) {
        struct batch *rows = rows_of(o, partitions[i]);
        struct row_writer *w = f->open(o->sink, i, &o->error);
        ok = w != NULL;
        if (ok && !w->write(w, rows, &o->error)) {
            w->drop(w);
            ok = false;
        } else if (ok) {
            ok = w->finish(w, &o->error);
        }
        batch_free(rows);
    }
    if (!ok) {
        f->abort(o->sink, id);
        return false;
    }
    return f->commit(o->sink, id, &o->error);
}

static inline void write_one(struct out *o, int64_t id, const char *values)
{
    const char *const partitions[] = { values, NULL };
    if (!write_batch(o, id, partitions)) {
        fail_msg("%s", o->error.message);
    }
}

/* --- what is there --- */

/* Everything that differs from run to run as one word. */
static inline char *masked(const char *text, const struct out *o)
{
    char *path = text_with(text, o->folder.path, "<TMP>");
    char *out = calloc(1, strlen(path) + 1);
    size_t len = 0;
    for (const char *p = path; *p;) {
        size_t hex = strspn(p, "0123456789abcdef");
        size_t uuid = strspn(p, "0123456789abcdef-");
        if (hex == 8 && uuid >= 36 && p[8] == '-' && p[13] == '-') {
            out[len++] = 'U';
            p += 36;
        } else if (hex >= 13 && strncmp(p, "1", 1) == 0) {
            out[len++] = 'T';
            p += 13;
        } else {
            out[len++] = *p++;
        }
    }
    free(path);
    return out;
}

static inline char *read_file(const char *path)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    if (file_read(AT_FDCWD, path, &text, NULL) != WEIR_OK) {
        fail_msg("there is no %s", path);
    }
    buffer_append(&text, "", 1);
    return (char *)text.data;
}

/* The folder's files below `path`, by name and sorted, with their texts, masked. */
static inline void list(const struct out *o, const char *path, json_t *into)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char below[PATH_MAX];
        struct stat st;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        if (e->d_name[0] == '.' || stat(below, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            list(o, below, into);
            continue;
        }
        char *name = masked(below + strlen(o->path) + 1, o);
        char *raw = read_file(below);
        char *text = masked(raw, o);
        json_t *all = json_object_get(into, name);
        if (!all) {
            all = json_array();
            (void)json_object_set_new(into, name, all);
        }
        (void)json_array_append_new(all, json_string(text));
        free(raw);
        free(text);
        free(name);
    }
    (void)closedir(dir);
}
