/*
 * Folders of numbered files: see metadata_log.h.
 */
#include "checkpoint/metadata_log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/file_publish.h"
#include "base/mem.h"
#include "checkpoint/log_error.h"
#include "checkpoint/log_folder.h"

enum { FILE_MAX = 256 << 20 };

bool metadata_log_open(struct metadata_log *log,
                       const char *folder,
                       bool sync,
                       int32_t compact_interval,
                       struct sql_error *error)
{
    struct weir_error err;
    *log = (struct metadata_log){ .sync = sync, .compact_interval = compact_interval };
    if (file_make_dirs(folder, &err) < 0) {
        return log_fail_reading(&err, error);
    }
    char *whole = realpath(folder, NULL); /* messages shall say where it is */
    log->folder = whole ? whole : mem_text(folder, strlen(folder));
    return true;
}

void metadata_log_finish(struct metadata_log *log)
{
    free(log->folder);
    *log = (struct metadata_log){ 0 };
}

/* --- names --- */

void log_file_path(const struct metadata_log *log, struct log_file_name name, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%" PRId64 "%s", log->folder, name.number,
                   name.compact ? ".compact" : "");
}

bool log_file_name_parse(const char *text, struct log_file_name *out)
{
    static const char compact[] = ".compact";
    struct bytes name = bytes_of(text);
    bool is_compact = bytes_ends_with(name, bytes_of(compact));
    name.len -= is_compact ? sizeof(compact) - 1 : 0;
    bool plain = name.len > 0 && name.data[0] >= '0' && name.data[0] <= '9' &&
                 (name.len == 1 || name.data[0] != '0');
    out->compact = is_compact;
    return plain && bytes_parse_i64(name, &out->number);
}

static int by_number(const void *a, const void *b)
{
    const struct log_file_name *x = a;
    const struct log_file_name *y = b;
    if (x->number != y->number) {
        return x->number < y->number ? -1 : 1;
    }
    return (int)x->compact - (int)y->compact;
}

bool log_folder_list(const struct metadata_log *log,
                     struct log_listing *out,
                     struct sql_error *error)
{
    *out = (struct log_listing){ 0 };
    DIR *dir = opendir(log->folder);
    if (!dir) {
        struct weir_error err;
        (void)weir_fail_errno(&err, "cannot list %s", log->folder);
        return log_fail_reading(&err, error);
    }
    int32_t capacity = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        struct log_file_name name;
        if (!log_file_name_parse(entry->d_name, &name) ||
            (name.compact && log->compact_interval == 0)) {
            continue;
        }
        if (out->count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            out->names = mem_resize(out->names, (size_t)capacity, sizeof(*out->names));
        }
        out->names[out->count++] = name;
    }
    (void)closedir(dir);
    if (out->count > 1) {
        qsort(out->names, (size_t)out->count, sizeof(*out->names), by_number);
    }
    return true;
}

void log_listing_finish(struct log_listing *l)
{
    free(l->names);
    *l = (struct log_listing){ 0 };
}

bool metadata_log_numbers(struct metadata_log *log,
                          int64_t **out,
                          int32_t *out_count,
                          struct sql_error *error)
{
    struct log_listing files;
    if (!log_folder_list(log, &files, error)) {
        return false;
    }
    int64_t *numbers = mem_zalloc((size_t)files.count, sizeof(*numbers));
    int32_t count = 0;
    for (int32_t i = 0; i < files.count; i++) {
        if (count == 0 || numbers[count - 1] != files.names[i].number) {
            numbers[count++] = files.names[i].number;
        }
    }
    log_listing_finish(&files);
    *out = numbers;
    *out_count = count;
    return true;
}

bool metadata_log_latest(struct metadata_log *log, int64_t *out, struct sql_error *error)
{
    struct log_listing files;
    if (!log_folder_list(log, &files, error)) {
        return false;
    }
    *out = files.count > 0 ? files.names[files.count - 1].number : -1;
    log_listing_finish(&files);
    return true;
}

/* --- files --- */

bool log_file_read(const struct metadata_log *log,
                   struct log_file_name name,
                   struct arena *arena,
                   struct bytes *out,
                   struct sql_error *error)
{
    char path[PATH_MAX];
    struct buffer text;
    struct weir_error err;
    log_file_path(log, name, path);
    buffer_init(&text, FILE_MAX);
    enum weir_status rc = file_read(AT_FDCWD, path, &text, &err);
    *out = (struct bytes){ 0 };
    if (rc == WEIR_OK) {
        *out = arena_copy(arena, buffer_bytes(&text));
    }
    buffer_finish(&text);
    return rc == WEIR_OK || rc == WEIR_ENOTFOUND || log_fail_reading(&err, error);
}

bool metadata_log_read(struct metadata_log *log,
                       int64_t number,
                       struct arena *arena,
                       struct bytes *out,
                       struct sql_error *error)
{
    struct log_file_name name = { number, false };
    bool ok = log_file_read(log, name, arena, out, error);
    if (ok && !out->data && log->compact_interval > 0) {
        name.compact = true;
        ok = log_file_read(log, name, arena, out, error);
    }
    return ok;
}

enum metadata_log_written log_file_write(const struct metadata_log *log,
                                         struct log_file_name name,
                                         struct bytes text,
                                         struct sql_error *error)
{
    char path[PATH_MAX];
    struct weir_error err;
    log_file_path(log, name, path);
    enum weir_status rc =
        file_publish(&(struct file_publish){ path, text, false, log->sync }, &err);
    if (rc == WEIR_EEXIST) {
        return LOG_EXISTS;
    }
    if (rc < 0) {
        (void)log_fail_writing(&err, error);
        return LOG_FAILED;
    }
    return LOG_WRITTEN;
}

enum metadata_log_written metadata_log_write(struct metadata_log *log,
                                             int64_t number,
                                             struct bytes text,
                                             struct sql_error *error)
{
    return log_file_write(log, (struct log_file_name){ number, false }, text, error);
}
