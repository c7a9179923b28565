/*
 * Batches of files: what happens to a folder that is there already, and how new files come to count. See file_sink.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "sinks/file_sink.h"
#include "sinks/sink_error.h"

static const struct sql_condition already_there = { "PATH_ALREADY_EXISTS", "42K04",
                                                    "AnalysisException" };
static const struct sql_condition bad_mode = { "INVALID_SAVE_MODE", "42000", "AnalysisException" };
static const struct sql_condition no_folder = { "", "", "ParentNotDirectoryException" };

#define TEMPORARY "_temporary"

enum save_mode { SAVE_ERROR, SAVE_APPEND, SAVE_OVERWRITE, SAVE_IGNORE };

static bool is_named(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

static bool read_mode(struct bytes text, enum save_mode *out, struct sql_error *error)
{
    static const struct {
        const char *name;
        enum save_mode mode;
    } modes[] = { { "error", SAVE_ERROR },         { "errorifexists", SAVE_ERROR },
                  { "default", SAVE_ERROR },       { "append", SAVE_APPEND },
                  { "overwrite", SAVE_OVERWRITE }, { "ignore", SAVE_IGNORE } };
    *out = SAVE_ERROR;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (bytes_is_null(text) || is_named(text, modes[i].name)) {
            *out = bytes_is_null(text) ? SAVE_ERROR : modes[i].mode;
            return true;
        }
    }
    return sql_fail(error, &bad_mode,
                    "The specified save mode \"%.*s\" is invalid. Valid save modes include "
                    "\"append\", \"overwrite\", \"ignore\", \"error\", \"errorifexists\", and "
                    "\"default\".",
                    BYTES_ARG(text));
}

bool file_batch_begin(struct file_sink *s, struct bytes save_mode, struct sql_error *error)
{
    enum save_mode mode;
    struct stat st;
    if (!read_mode(save_mode, &mode, error)) {
        return false;
    }
    bool exists = stat(s->path, &st) == 0;
    if (exists && mode == SAVE_ERROR) {
        return sql_fail(error, &already_there,
                        "Path file:%s already exists. Set mode as \"overwrite\" to overwrite the "
                        "existing path.",
                        s->path);
    }
    s->skips = exists && mode == SAVE_IGNORE;
    if (exists && !S_ISDIR(st.st_mode) && !s->skips && mode != SAVE_OVERWRITE) {
        return sql_fail(error, &no_folder, "Parent path is not a directory: file:%s", s->path);
    }
    struct bytes dynamic = options_get(&s->options, "partitionOverwriteMode");
    s->replaces = mode == SAVE_OVERWRITE;
    s->replaces_folders = s->replaces && s->key_count > 0 && is_named(dynamic, "dynamic");
    return true;
}

/* --- making it so --- */

/* Everything in the folder but what this batch has written. */
static bool clear_folder(const struct file_sink *s, struct weir_error *err)
{
    DIR *dir = opendir(s->path);
    if (!dir && errno == ENOTDIR) {
        return unlink(s->path) == 0 ||
               weir_fail_errno(err, "cannot replace %s", s->path) == WEIR_OK;
    }
    if (!dir) {
        return errno == ENOENT || weir_fail_errno(err, "cannot read %s", s->path) == WEIR_OK;
    }
    bool ok = true;
    struct dirent *entry;
    while (ok && (entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        bool own = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                   strcmp(entry->d_name, TEMPORARY) == 0;
        ok = own || file_remove_tree(dirfd(dir), entry->d_name, err) == WEIR_OK;
    }
    (void)closedir(dir);
    return ok;
}

static bool make_folder_of(const char *path, struct weir_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = mem_text(path, (size_t)(slash - path));
    bool ok = file_make_dirs(folder, err) == WEIR_OK;
    free(folder);
    return ok;
}

/* The folders that get new files lose their old ones, each once. */
static bool clear_targets(const struct file_sink *s, struct weir_error *err)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < s->file_count; i++) {
        char path[PATH_MAX];
        const char *name = s->files[i].name;
        int len = (int)(strrchr(name, '/') - name);
        bool again = false;
        for (int32_t k = 0; k < i && !again; k++) {
            again = strncmp(s->files[k].name, name, (size_t)len + 1) == 0;
        }
        (void)snprintf(path, sizeof(path), "%s/%.*s", s->path, len, name);
        ok = again || file_remove_tree(AT_FDCWD, path, err) == WEIR_OK;
    }
    return ok;
}

static bool move_files(const struct file_sink *s, struct weir_error *err)
{
    for (int32_t i = 0; i < s->file_count; i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof(path), "%s/%s", s->path, s->files[i].name);
        if (len < 0 || (size_t)len >= sizeof(path)) {
            (void)weir_fail(err, WEIR_ETOOBIG, "the path of %s is too long", s->files[i].name);
            return false;
        }
        if (!make_folder_of(path, err)) {
            return false;
        }
        if (rename(s->files[i].path, path) != 0) {
            (void)weir_fail_errno(err, "cannot rename %s to %s", s->files[i].path, path);
            return false;
        }
        if (s->sync && file_sync_parent(AT_FDCWD, path, err) != WEIR_OK) {
            return false;
        }
    }
    return true;
}

static bool write_success(const struct file_sink *s, struct weir_error *err)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/_SUCCESS", s->path);
    return file_replace(AT_FDCWD, path, bytes_of(""), s->sync, err) == WEIR_OK;
}

void file_batch_abort(struct file_sink *s)
{
    char path[PATH_MAX];
    if (file_remove_tree(AT_FDCWD, s->staging, NULL) == WEIR_OK) {
        (void)snprintf(path, sizeof(path), "%s/" TEMPORARY, s->path);
        (void)rmdir(path); /* if no other batch is being written */
    }
}

bool file_batch_commit(struct file_sink *s, struct sql_error *error)
{
    struct weir_error err;
    bool ok =
        !s->replaces || (s->replaces_folders ? clear_targets(s, &err) : clear_folder(s, &err));
    ok = ok && file_make_dirs(s->path, &err) == WEIR_OK && move_files(s, &err) &&
         (s->replaces_folders || write_success(s, &err));
    file_batch_abort(s); /* what is left of the work */
    return ok || file_sink_fail(s, &err, error);
}
