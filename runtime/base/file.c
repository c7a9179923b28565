/*
 * Whole-file operations: see file.h.
 */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { READ_STEP = 64 << 10, DIRECTORY_DEPTH_MAX = 64 };

enum weir_status file_write_all(int fd, const void *data, size_t len, struct weir_error *err)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_fail_errno(err, "cannot write %zu bytes", len);
        }
        p += n;
        len -= (size_t)n;
    }
    return WEIR_OK;
}

enum weir_status file_pwrite_all(
    int fd, const void *data, size_t len, int64_t offset, struct weir_error *err)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = pwrite(fd, p, len, offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_fail_errno(err, "cannot write %zu bytes at %lld", len, (long long)offset);
        }
        p += n;
        offset += n;
        len -= (size_t)n;
    }
    return WEIR_OK;
}

ssize_t file_pread(int fd, void *data, size_t len, int64_t offset)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)data + done, len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

static enum weir_status read_to_end(int fd,
                                    const char *path,
                                    struct buffer *out,
                                    struct weir_error *err)
{
    for (;;) {
        size_t room = out->max - out->len;
        size_t step =
            room < READ_STEP ? room + 1 : READ_STEP; /* one too many tells "full" from "too long" */
        char chunk[READ_STEP];
        ssize_t n = read(fd, chunk, step < sizeof(chunk) ? step : sizeof(chunk));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_fail_errno(err, "cannot read %s", path);
        }
        if (n == 0) {
            return WEIR_OK;
        }
        buffer_append(out, chunk, (size_t)n);
        if (out->overflow) {
            return weir_fail(err, WEIR_ETOOBIG, "%s is larger than %zu bytes", path, out->max);
        }
    }
}

enum weir_status file_read(int dir_fd, const char *path, struct buffer *out, struct weir_error *err)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int code = errno;
        enum weir_status rc = weir_fail_errno(err, "cannot open %s", path);
        if (code != ENOENT) {
            return rc;
        }
        if (err) {
            err->status = WEIR_ENOTFOUND;
        }
        return WEIR_ENOTFOUND;
    }
    enum weir_status rc = read_to_end(fd, path, out, err);
    (void)close(fd);
    return rc;
}

/* -1 with the reason in `rc`. */
static int open_untrusted(const struct file_copy *c,
                          off_t *out_size,
                          enum weir_status *rc,
                          struct weir_error *err)
{
    struct stat st;
    int fd = openat(c->from_dir, c->from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        *rc = weir_fail(err, WEIR_ENOTFOUND, "there is no %s", c->from);
    } else if (fd < 0 && errno != ELOOP && errno != ENXIO) {
        *rc = weir_fail_errno(err, "cannot read %s", c->from);
    } else if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *rc = weir_fail(err, WEIR_EINVAL, "%s is a link or no regular file", c->from);
    } else if (st.st_size > c->max) {
        *rc = weir_fail(err, WEIR_ETOOBIG, "%s is larger than %" PRId64 " bytes", c->from, c->max);
    } else {
        *out_size = st.st_size;
        *rc = WEIR_OK;
        return fd;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return -1;
}

enum weir_status file_copy_untrusted(const struct file_copy *c, struct weir_error *err)
{
    struct buffer content;
    off_t size = 0;
    uint8_t *data = NULL;
    int out = -1;
    enum weir_status rc = WEIR_OK;
    buffer_init(&content, (size_t)c->max);
    int in = open_untrusted(c, &size, &rc, err);
    if (in < 0) {
        goto out;
    }
    data = buffer_extend(&content, (size_t)size);
    if (!data || file_pread(in, data, (size_t)size, 0) != size) {
        rc = weir_fail(err, WEIR_EIO, "%s changed while it was read", c->from);
        goto out;
    }
    out = openat(c->to_dir, c->to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, c->mode);
    if (out < 0 || fchmod(out, c->mode) < 0) { /* the umask cuts what openat() gives */
        rc = weir_fail_errno(err, "cannot make %s", c->to);
        goto out;
    }
    rc = file_write_all(out, data, (size_t)size, err);
out:
    if (in >= 0) {
        (void)close(in);
    }
    if (out >= 0) {
        (void)close(out);
    }
    buffer_finish(&content);
    return rc;
}

enum weir_status file_sync_parent(int dir_fd, const char *path, struct weir_error *err)
{
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path + 1) : 1,
                   slash ? path : ".");
    int fd = openat(dir_fd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot open folder %s", parent);
    }
    int failed = fsync(fd);
    enum weir_status rc = failed ? weir_fail_errno(err, "cannot sync folder %s", parent) : WEIR_OK;
    (void)close(fd);
    return rc;
}

enum weir_status file_replace(
    int dir_fd, const char *path, struct bytes content, bool sync, struct weir_error *err)
{
    char temporary[PATH_MAX];
    int len = snprintf(temporary, sizeof(temporary), "%s.tmp", path);
    if (len < 0 || (size_t)len >= sizeof(temporary)) {
        return weir_fail(err, WEIR_ETOOBIG, "path is too long: %.64s...", path);
    }
    int fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot create %s", temporary);
    }
    enum weir_status rc = file_write_all(fd, content.data, content.len, NULL);
    if (rc < 0) {
        rc = weir_fail_errno(err, "cannot write %s", temporary);
    }
    if (rc == WEIR_OK && sync && fsync(fd) != 0) {
        rc = weir_fail_errno(err, "cannot sync %s", temporary);
    }
    (void)close(fd);
    if (rc == WEIR_OK && renameat(dir_fd, temporary, dir_fd, path) != 0) {
        rc = weir_fail_errno(err, "cannot replace %s", path);
    }
    if (rc == WEIR_OK && sync) {
        rc = file_sync_parent(dir_fd, path, err);
    }
    if (rc < 0) {
        (void)unlinkat(dir_fd, temporary, 0);
    }
    return rc;
}

enum weir_status file_make_dirs(const char *path, struct weir_error *err)
{
    char partial[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof(partial)) {
        return weir_fail(err, WEIR_EINVAL, "not a usable folder name: '%.64s'", path);
    }
    memcpy(partial, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (partial[i] != '/' && partial[i] != '\0') {
            continue;
        }
        char kept = partial[i];
        partial[i] = '\0';
        if (mkdir(partial, 0755) != 0 && errno != EEXIST) {
            return weir_fail_errno(err, "cannot make folder %s", partial);
        }
        partial[i] = kept;
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        return weir_fail_errno(err, "cannot use folder %s", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return weir_fail(err, WEIR_EIO, "%s exists and is not a folder", path);
    }
    return WEIR_OK;
}

static enum weir_status remove_entry(int dir_fd,
                                     const char *name,
                                     int depth,
                                     struct weir_error *err);

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the tree, bounded by DIRECTORY_DEPTH_MAX */
static enum weir_status remove_children(int fd, int depth, struct weir_error *err)
{
    DIR *dir = fdopendir(fd); /* takes fd */
    if (!dir) {
        (void)close(fd);
        return weir_fail_errno(err, "cannot list folder");
    }
    enum weir_status rc = WEIR_OK;
    struct dirent *entry;
    while (rc == WEIR_OK &&
           (entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            rc = remove_entry(dirfd(dir), entry->d_name, depth, err);
        }
    }
    (void)closedir(dir);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): see remove_children */
static enum weir_status remove_entry(int dir_fd,
                                     const char *name,
                                     int depth,
                                     struct weir_error *err)
{
    if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT) {
        return WEIR_OK;
    }
    if (errno != EISDIR && errno != EPERM) {
        return weir_fail_errno(err, "cannot remove %s", name);
    }
    if (depth >= DIRECTORY_DEPTH_MAX) {
        return weir_fail(err, WEIR_ETOOBIG, "folder %s is nested too deeply", name);
    }
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot open folder %s", name);
    }
    enum weir_status rc = remove_children(fd, depth + 1, err);
    if (rc == WEIR_OK && unlinkat(dir_fd, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        rc = weir_fail_errno(err, "cannot remove folder %s", name);
    }
    return rc;
}

enum weir_status file_remove_tree(int dir_fd, const char *path, struct weir_error *err)
{
    return remove_entry(dir_fd, path, 0, err);
}
