/*
 * The folder that archives and repositories are unpacked to.
 */
#include "intake/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "intake/likeness.h"

enum { STAGE_DEPTH_MAX = 6, STAGE_PATH_MAX = 512 };

static bool is_plain(struct bytes name)
{
    return name.len > 0 && name.len <= 255 && !bytes_equal_text(name, ".") &&
           !bytes_equal_text(name, "..") && !memchr(name.data, 0, name.len);
}

static bool is_path(struct bytes path)
{
    struct bytes rest = path;
    struct bytes name = { 0 };
    int depth = 0;
    if (path.len == 0 || path.len > STAGE_PATH_MAX || path.data[0] == '/') {
        return false;
    }
    while (bytes_cut(&rest, '/', &name)) {
        if (!is_plain(name) || ++depth > STAGE_DEPTH_MAX) {
            return false;
        }
    }
    return true;
}

bool stage_wants(const struct intake *in, struct bytes path)
{
    char text[256];
    struct bytes rest = path;
    struct bytes name = { 0 };
    if (!is_path(path)) {
        return false;
    }
    while (bytes_cut(&rest, '/', &name)) { /* the last one */
    }
    for (size_t i = 0; bytes_to_text(name, text, sizeof(text)) && i < in->lab_count; i++) {
        if (manifest_file(&in->labs[i], text) || file_meant_by(&in->labs[i], text) ||
            strcmp(in->labs[i].id, text) == 0) {
            return true;
        }
    }
    return false;
}

/* Opens the folder of `path`, which is made, and gives the name in it. -1 when a part of the path is no folder. */
static int open_parent(int dir_fd, struct bytes path, char name[256])
{
    struct bytes rest = path;
    struct bytes part = { 0 };
    int dir = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
    while (dir >= 0 && bytes_cut(&rest, '/', &part) && bytes_to_text(part, name, 256)) {
        if (bytes_is_null(rest)) {
            return dir;
        }
        (void)mkdirat(dir, name, 0755);
        int next = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close(dir);
        dir = next;
    }
    if (dir >= 0) {
        close(dir);
    }
    return -1;
}

void stage_note_folders(const struct intake *in, int dir_fd, struct bytes path)
{
    char name[256];
    struct bytes rest = path;
    struct bytes part = { 0 };
    bool meant = false;
    if (!is_path(path)) {
        return;
    }
    while (bytes_cut(&rest, '/', &part) && !bytes_is_null(rest)) {
        for (size_t i = 0; bytes_to_text(part, name, sizeof(name)) && i < in->lab_count; i++) {
            meant |= strcmp(name, in->labs[i].id) == 0 || folder_is_meant_for(name, in->labs[i].id);
        }
    }
    int dir = meant ? open_parent(dir_fd, path, name) : -1;
    if (dir >= 0) {
        close(dir);
    }
}

static enum weir_status put_leaf(
    int dir, const char *name, bool is_file, struct bytes content, struct weir_error *err)
{
    if (!is_file) {
        return symlinkat("refused", dir, name) < 0 && errno != EEXIST
                   ? weir_fail_errno(err, "cannot note %s", name)
                   : WEIR_OK;
    }
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        return errno == EEXIST
                   ? weir_fail(err, WEIR_EPROTO, "cannot unpack %s: it is in there twice", name)
                   : weir_fail_errno(err, "cannot unpack %s", name);
    }
    enum weir_status rc = file_write_all(fd, content.data, content.len, err);
    close(fd);
    return rc;
}

enum weir_status stage_put(
    int dir_fd, struct bytes path, bool is_file, struct bytes content, struct weir_error *err)
{
    char name[256];
    int dir = open_parent(dir_fd, path, name);
    if (dir < 0) {
        return weir_fail(err, WEIR_EPROTO, "cannot unpack %.*s: a part of its path is no folder",
                         BYTES_ARG(path));
    }
    enum weir_status rc = put_leaf(dir, name, is_file, content, err);
    close(dir);
    return rc;
}
