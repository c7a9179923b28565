/*
 * Files below a path: see file_listing.h.
 *
 * Source: InMemoryFileIndex, PartitioningAwareFileIndex, MetadataLogFileIndex, HadoopFSUtils of Spark 4.1.
 */
#include "sources/file_listing.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "checkpoint/file_entry.h"
#include "checkpoint/metadata_log.h"
#include "expressions/datetime_text.h"
#include "sources/file_error.h"
#include "sources/file_glob.h"

#define LOG_FOLDER "_spark_metadata"

struct walk {
    const struct listing_query *q;
    struct arena *arena;
    struct sql_error *error;
    const struct bytes *name_filters; /* one of them must fit; none: all do */
    int32_t name_filter_count;
    int64_t before_us;
    int64_t after_us;
    struct buffer files; /* struct found_file */
};

/* --- paths --- */

struct bytes listing_name(struct bytes path)
{
    size_t i = path.len;
    while (i > 0 && path.data[i - 1] != '/') {
        i--;
    }
    return (struct bytes){ path.data + i, path.len - i };
}

struct bytes listing_folder(struct bytes path)
{
    size_t len = path.len - listing_name(path).len;
    return (struct bytes){ path.data, len > 1 ? len - 1 : len };
}

bool listing_qualify(struct arena *arena,
                     struct bytes path,
                     struct bytes *out,
                     struct sql_error *error)
{
    if (path.len == 0 || memchr(path.data, '\0', path.len)) {
        return sql_fail(error, &file_illegal_argument,
                        "Can not create a Path from an empty string");
    }
    if (bytes_starts_with(path, bytes_of("file:/"))) {
        path = (struct bytes){ path.data + 5, path.len - 5 };
    }
    char here[PATH_MAX] = "";
    bool relative = path.data[0] != '/';
    if (relative && !getcwd(here, sizeof(here))) {
        return file_fail_system(error, path);
    }
    uint8_t *text = ARENA_NEW(arena, uint8_t, strlen(here) + path.len + 2);
    size_t len = strlen(here);
    memcpy(text, here, len);
    struct bytes rest = path;
    struct bytes part;
    while (bytes_cut(&rest, '/', &part)) {
        if (part.len > 0 && !bytes_equal_text(part, ".")) {
            text[len++] = '/';
            memcpy(text + len, part.data, part.len);
            len += part.len;
        }
    }
    if (len == 0) {
        text[len++] = '/';
    }
    *out = (struct bytes){ text, len };
    return true;
}

static struct bytes join(struct arena *arena, struct bytes folder, struct bytes name)
{
    bool root = folder.len == 1;
    return arena_printf(arena, "%.*s%s%.*s", BYTES_ARG(folder), root ? "" : "/", BYTES_ARG(name));
}

static bool is_hidden(struct bytes name)
{
    bool exclude = (bytes_starts_with(name, bytes_of("_")) && !memchr(name.data, '=', name.len)) ||
                   bytes_starts_with(name, bytes_of(".")) ||
                   bytes_ends_with(name, bytes_of("._COPYING_"));
    bool include = bytes_starts_with(name, bytes_of("_common_metadata")) ||
                   bytes_starts_with(name, bytes_of("_metadata"));
    return exclude && !include;
}

static bool stat_path(struct bytes path, struct stat *st)
{
    char text[PATH_MAX];
    return bytes_to_text(path, text, sizeof(text)) && stat(text, st) == 0;
}

static int64_t modified_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

bool listing_exists(struct bytes path)
{
    struct stat st;
    return stat_path(path, &st);
}

bool listing_stat(struct bytes path, struct found_file *out)
{
    struct stat st;
    if (!stat_path(path, &st) || !S_ISREG(st.st_mode)) {
        return false;
    }
    *out = (struct found_file){ path, st.st_size, modified_ms(&st) };
    return true;
}

bool listing_has_log(struct bytes path)
{
    char text[PATH_MAX];
    struct stat st;
    if (path.len + sizeof("/" LOG_FOLDER) > sizeof(text)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%.*s/" LOG_FOLDER, BYTES_ARG(path));
    return stat(text, &st) == 0 && S_ISDIR(st.st_mode);
}

int found_file_by_path(const void *a, const void *b)
{
    return bytes_compare(((const struct found_file *)a)->path,
                         ((const struct found_file *)b)->path);
}

/* --- folders --- */

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Names in a folder, in order, in the arena. A folder that is gone has none. */
static bool read_folder(struct walk *w, struct bytes folder, struct bytes **out, size_t *out_count)
{
    char text[PATH_MAX];
    DIR *dir = bytes_to_text(folder, text, sizeof(text)) ? opendir(text) : NULL;
    *out = NULL;
    *out_count = 0;
    if (!dir) {
        return errno == ENOENT || errno == ENOTDIR || file_fail_system(w->error, folder);
    }
    struct buffer names;
    buffer_init(&names, SIZE_MAX);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            struct bytes name = arena_copy(w->arena, bytes_of(entry->d_name));
            buffer_append(&names, &name, sizeof(name));
        }
    }
    (void)closedir(dir);
    *out_count = names.len / sizeof(struct bytes);
    *out = ARENA_NEW(w->arena, struct bytes, *out_count + 1);
    if (*out_count > 0) {
        memcpy(*out, names.data, names.len);
        qsort(*out, *out_count, sizeof(**out), compare_names);
    }
    buffer_finish(&names);
    return true;
}

static void add_file(struct walk *w, const struct found_file *file)
{
    bool named = w->name_filter_count == 0;
    for (int32_t i = 0; !named && i < w->name_filter_count; i++) {
        named = glob_match(w->name_filters[i], listing_name(file->path));
    }
    bool fits =
        named && file->modified_ms * 1000 < w->before_us && file->modified_ms * 1000 > w->after_us;
    if (fits) {
        buffer_append(&w->files, file, sizeof(*file));
    }
}

/* A path that is there, and what is below it. */
static bool add_path(struct walk *w, struct bytes path, int depth)
{
    struct stat st;
    if (!stat_path(path, &st)) {
        return true; /* gone meanwhile */
    }
    if (S_ISREG(st.st_mode)) {
        struct found_file file = { path, st.st_size, modified_ms(&st) };
        add_file(w, &file);
        return true;
    }
    if (!S_ISDIR(st.st_mode)) {
        return true;
    }
    if (depth == LISTING_MAX_DEPTH) {
        return sql_fail(w->error, &file_runtime, "%.*s: folders are nested more than %d deep",
                        BYTES_ARG(path), LISTING_MAX_DEPTH);
    }
    struct bytes *names;
    size_t count;
    bool ok = read_folder(w, path, &names, &count);
    for (size_t i = 0; ok && i < count; i++) {
        ok = is_hidden(names[i]) || add_path(w, join(w->arena, path, names[i]), depth + 1);
    }
    return ok;
}

/* --- patterns --- */

/* Paths that fit what is left of a pattern, below `folder`. */
static bool expand_below(struct walk *w, struct bytes folder, struct bytes rest, struct buffer *out)
{
    struct bytes part;
    struct stat st;
    do {
        if (!bytes_cut(&rest, '/', &part)) {
            if (stat_path(folder, &st)) {
                buffer_append(out, &folder, sizeof(folder));
            }
            return true;
        }
    } while (part.len == 0);
    if (!glob_has_wildcard(part)) {
        return expand_below(w, join(w->arena, folder, glob_plain(w->arena, part)), rest, out);
    }
    struct bytes *names;
    size_t count;
    bool ok = read_folder(w, folder, &names, &count);
    for (size_t i = 0; ok && i < count; i++) {
        if (glob_match(part, names[i])) {
            ok = expand_below(w, join(w->arena, folder, names[i]), rest, out);
        }
    }
    return ok;
}

static bool find_roots(struct walk *w, struct bytes path, struct listing *out)
{
    struct buffer roots;
    buffer_init(&roots, SIZE_MAX);
    struct stat st;
    bool ok = true;
    if (glob_is_pattern(path)) {
        const struct bytes *patterns = NULL;
        int32_t count = 0;
        ok = glob_expand(path, w->arena, &patterns, &count, w->error);
        for (int32_t i = 0; ok && i < count; i++) {
            ok = expand_below(w, bytes_of("/"), patterns[i], &roots);
        }
    } else if (stat_path(path, &st)) {
        buffer_append(&roots, &path, sizeof(path));
    }
    size_t count = roots.len / sizeof(struct bytes);
    if (ok && count == 0 && w->q->must_exist) {
        ok = sql_fail(w->error, &file_path_not_found, "Path does not exist: file:%.*s.",
                      BYTES_ARG(path));
    }
    out->roots = ARENA_NEW(w->arena, struct bytes, count + 1);
    out->bases = ARENA_NEW(w->arena, struct bytes, count + 1);
    if (count > 0) {
        memcpy(out->roots, roots.data, roots.len);
        qsort(out->roots, count, sizeof(*out->roots), compare_names);
    }
    buffer_finish(&roots);
    for (size_t i = 0; i < count; i++) { /* each once */
        if (i == 0 || !bytes_equal(out->roots[i], out->roots[i - 1])) {
            struct bytes root = out->roots[i];
            bool folder = stat_path(root, &st) && S_ISDIR(st.st_mode);
            out->bases[out->root_count] = folder ? root : listing_folder(root);
            out->roots[out->root_count++] = root;
        }
    }
    return ok;
}

/* --- a sink's log --- */

/* Files that the log names and that a later line does not delete. */
static bool add_logged(struct walk *w, struct bytes root)
{
    char folder[PATH_MAX];
    struct metadata_log log;
    const struct bytes *lines;
    const int64_t *numbers;
    int32_t count = 0;
    (void)snprintf(folder, sizeof(folder), "%.*s/" LOG_FOLDER, BYTES_ARG(root));
    if (!metadata_log_open(&log, folder, false, 10, w->error)) {
        return false;
    }
    bool ok = metadata_log_lines(&log, w->arena, &lines, &numbers, &count, w->error);
    for (int32_t i = 0; ok && i < count; i++) {
        struct written_file written;
        ok = written_file_read(lines[i], w->arena, &written) ||
             sql_fail(w->error, &file_runtime, "%s/%lld is damaged: %.*s is no line of its kind",
                      folder, (long long)numbers[i], BYTES_ARG(lines[i]));
        struct found_file file = { written.path, written.size, written.modified_ms };
        if (ok && !written.deleted) {
            add_file(w, &file);
        }
    }
    metadata_log_finish(&log);
    return ok;
}

/* --- all of it --- */

static bool read_time(struct walk *w, const char *name, int64_t *out)
{
    struct bytes text = options_get(w->q->options, name);
    return bytes_is_null(text) || datetime_read_timestamp(w->q->settings, text, out) ||
           sql_fail(w->error, &file_illegal_argument,
                    "The timestamp provided for the '%s' option is invalid. The expected format is "
                    "'YYYY-MM-DDTHH:mm:ss', but the provided timestamp: %.*s",
                    name, BYTES_ARG(text));
}

static bool read_options(struct walk *w, struct listing *out)
{
    const struct options *o = w->q->options;
    w->before_us = INT64_MAX;
    w->after_us = INT64_MIN;
    struct bytes filter = options_get(o, "pathGlobFilter");
    if (!bytes_is_null(filter) &&
        !glob_expand(filter, w->arena, &w->name_filters, &w->name_filter_count, w->error)) {
        return false;
    }
    return options_bool(o, "recursiveFileLookup", false, &out->recursive, w->error) &&
           read_time(w, "modifiedBefore", &w->before_us) &&
           read_time(w, "modifiedAfter", &w->after_us);
}

bool listing_make(const struct listing_query *q,
                  struct arena *arena,
                  struct listing *out,
                  struct sql_error *error)
{
    struct walk w = { .q = q, .arena = arena, .error = error };
    struct bytes path;
    *out = (struct listing){ 0 };
    buffer_init(&w.files, SIZE_MAX);
    bool ok = read_options(&w, out) && listing_qualify(arena, q->path, &path, error) &&
              find_roots(&w, path, out);
    out->from_log = ok && !q->ignore_log && out->root_count == 1 && listing_has_log(out->roots[0]);
    for (int32_t i = 0; ok && i < out->root_count; i++) {
        struct bytes root = out->roots[i];
        bool hidden_file = is_hidden(listing_name(root)) && !bytes_equal(root, out->bases[i]);
        ok = out->from_log ? add_logged(&w, root) : hidden_file || add_path(&w, root, 0);
    }
    out->count = (int32_t)(w.files.len / sizeof(struct found_file));
    out->files = ARENA_NEW(arena, struct found_file, (size_t)out->count + 1);
    if (out->count > 0) {
        memcpy(out->files, w.files.data, w.files.len);
        qsort(out->files, (size_t)out->count, sizeof(*out->files), found_file_by_path);
    }
    buffer_finish(&w.files);
    return ok;
}

void listing_drop_deeper(struct listing *l)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < l->count; i++) {
        bool direct = false;
        for (int32_t k = 0; k < l->root_count && !direct; k++) {
            direct = bytes_equal(l->roots[k], l->files[i].path) ||
                     bytes_equal(l->roots[k], listing_folder(l->files[i].path));
        }
        if (direct) {
            l->files[kept++] = l->files[i];
        }
    }
    l->count = kept;
}
