/*
 * Whole-file operations that finish or fail: no short reads or writes, no half-written replacement.
 *
 * Paths are relative to `dir_fd`; AT_FDCWD is the working directory. Every descriptor is close-on-exec.
 * Thread: any.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "weir/status.h"

/* All of `len` bytes, at the file's position or at `offset`; retried when interrupted. */
WEIR_CHECKED enum weir_status file_write_all(int fd,
                                             const void *data,
                                             size_t len,
                                             struct weir_error *err);
WEIR_CHECKED enum weir_status file_pwrite_all(
    int fd, const void *data, size_t len, int64_t offset, struct weir_error *err);

/* Up to `len` bytes at `offset`; less only at the end of the file. Returns the count, or -1 with errno. */
ssize_t file_pread(int fd, void *data, size_t len, int64_t offset);

/* Appends the whole file to `out`. WEIR_ENOTFOUND when there is none, WEIR_ETOOBIG beyond out->max. */
WEIR_CHECKED enum weir_status file_read(int dir_fd,
                                        const char *path,
                                        struct buffer *out,
                                        struct weir_error *err);

/* Replaces the file in one step (temporary file, rename); with `sync` also on disk before it returns. */
WEIR_CHECKED enum weir_status file_replace(
    int dir_fd, const char *path, struct bytes content, bool sync, struct weir_error *err);

struct file_copy {
    int from_dir;
    const char *from;
    int64_t max; /* bytes */
    int to_dir;
    const char *to;
    mode_t mode; /* of `to`, whatever the umask is */
};

/* A file that somebody else may have put there, and may be changing, copied to a new one. Never through a link, and never
 * blocking. WEIR_ENOTFOUND: there is none. WEIR_EINVAL: a link, or no regular file. WEIR_ETOOBIG: larger than `max`. */
WEIR_CHECKED enum weir_status file_copy_untrusted(const struct file_copy *copy,
                                                  struct weir_error *err);

/* Puts the names in the file's folder on disk: without them a new or renamed file may be lost in a power cut. */
WEIR_CHECKED enum weir_status file_sync_parent(int dir_fd,
                                               const char *path,
                                               struct weir_error *err);

/* Makes the directory and its parents; fine when it exists. */
WEIR_CHECKED enum weir_status file_make_dirs(const char *path, struct weir_error *err);

/* Removes a tree without following symbolic links; fine when it is not there. */
WEIR_CHECKED enum weir_status file_remove_tree(int dir_fd,
                                               const char *path,
                                               struct weir_error *err);
