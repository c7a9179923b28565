/*
 * Files that appear whole: see file_publish.h.
 */
#include "base/file_publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/uuid.h"

static bool temporary_name(const char *path, char *out, size_t size)
{
    char id[UUID_TEXT_SIZE];
    struct uuid uuid = uuid_random();
    uuid_format(&uuid, id);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int len = snprintf(out, size, "%.*s.%s.%s.tmp", (int)(name - path), path, name, id);
    return len > 0 && (size_t)len < size;
}

/* Gives the temporary file its name. The folder may lie on a file system that cannot refuse to replace: there a second name does. */
static int name_it(const char *temporary, const char *path, bool replace)
{
    if (replace) {
        return rename(temporary, path);
    }
    int failed = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE);
    if (failed && (errno == EINVAL || errno == ENOSYS)) {
        failed = link(temporary, path);
        if (!failed) {
            (void)unlink(temporary);
        }
    }
    return failed;
}

static enum weir_status write_temporary(int fd,
                                        const struct file_publish *f,
                                        struct weir_error *err)
{
    enum weir_status rc = file_write_all(fd, f->content.data, f->content.len, NULL);
    if (rc < 0 || (f->sync && fsync(fd) != 0)) {
        rc = weir_fail_errno(err, "cannot write %s", f->path);
    }
    if (close(fd) != 0 && rc == WEIR_OK) { /* quotas and network file systems refuse here */
        rc = weir_fail_errno(err, "cannot write %s", f->path);
    }
    return rc;
}

enum weir_status file_publish(const struct file_publish *f, struct weir_error *err)
{
    char temporary[PATH_MAX];
    if (!temporary_name(f->path, temporary, sizeof(temporary))) {
        return weir_fail(err, WEIR_ETOOBIG, "path is too long: %.64s...", f->path);
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot create %s", f->path);
    }
    enum weir_status rc = write_temporary(fd, f, err);
    if (rc == WEIR_OK && name_it(temporary, f->path, f->replace) != 0) {
        bool there = errno == EEXIST && !f->replace;
        rc = weir_fail_errno(err, "cannot create %s", f->path);
        if (there) {
            rc = weir_fail(err, WEIR_EEXIST, "%s is there already", f->path);
        }
    }
    if (rc < 0) {
        (void)unlink(temporary);
        return rc;
    }
    return f->sync ? file_sync_parent(AT_FDCWD, f->path, err) : WEIR_OK;
}
