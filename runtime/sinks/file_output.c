/*
 * A file that is being written: see file_output.h.
 */
#include "sinks/file_output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"

enum { GZIP_WINDOW = 15 + 16, GZIP_STEP = 64 << 10 };

static bool make_folder(const char *path, struct weir_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path) {
        return true;
    }
    char *folder = mem_text(path, (size_t)(slash - path));
    bool ok = file_make_dirs(folder, err) == WEIR_OK;
    free(folder);
    return ok;
}

bool file_output_open(struct file_output *o, char *path, bool zipped, struct weir_error *err)
{
    *o = (struct file_output){ .path = path, .fd = -1 };
    buffer_init(&o->text, SIZE_MAX);
    if (!make_folder(path, err)) {
        return false;
    }
    o->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (o->fd < 0) {
        (void)weir_fail_errno(err, "cannot create %s", path);
        return false;
    }
    o->made = true;
    if (zipped) {
        if (deflateInit2(&o->zip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                         Z_DEFAULT_STRATEGY) != Z_OK) {
            (void)weir_fail(err, WEIR_EIO, "zlib cannot be set up");
            return false;
        }
        o->zipped = true;
    }
    return true;
}

static bool write_bytes(struct file_output *o, const void *data, size_t len, struct weir_error *err)
{
    if (o->fd < 0) {
        o->fd = open(o->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (o->fd < 0) {
            (void)weir_fail_errno(err, "cannot open %s", o->path);
            return false;
        }
    }
    o->size += (int64_t)len;
    if (file_write_all(o->fd, data, len, NULL) != WEIR_OK) {
        (void)weir_fail_errno(err, "cannot write %s", o->path);
        return false;
    }
    return true;
}

static bool write_zipped(struct file_output *o, int flush, struct weir_error *err)
{
    uint8_t *out = mem_zalloc(GZIP_STEP, 1);
    bool ok = true;
    bool more = true;
    o->zip.next_in = o->text.data;
    o->zip.avail_in = (uInt)o->text.len;
    while (ok && more) {
        o->zip.next_out = out;
        o->zip.avail_out = GZIP_STEP;
        int rc = deflate(&o->zip, flush);
        more = o->zip.avail_out == 0 || (flush == Z_FINISH && rc != Z_STREAM_END);
        ok = write_bytes(o, out, GZIP_STEP - o->zip.avail_out, err);
    }
    free(out);
    return ok;
}

bool file_output_flush(struct file_output *o, bool all, struct weir_error *err)
{
    if (o->text.len == 0 || (!all && o->text.len < OUTPUT_BUFFER)) {
        return true;
    }
    bool ok = o->zipped ? write_zipped(o, Z_NO_FLUSH, err)
                        : write_bytes(o, o->text.data, o->text.len, err);
    buffer_clear(&o->text);
    return ok;
}

static bool close_file(struct file_output *o, struct weir_error *err)
{
    int fd = o->fd;
    o->fd = -1;
    if (fd >= 0 && close(fd) != 0) {
        (void)weir_fail_errno(err, "cannot close %s", o->path);
        return false;
    }
    return true;
}

bool file_output_park(struct file_output *o, struct weir_error *err)
{
    return file_output_flush(o, true, err) && close_file(o, err);
}

bool file_output_finish(struct file_output *o, bool sync, struct weir_error *err)
{
    struct stat st;
    if (!file_output_flush(o, true, err) || (o->zipped && !write_zipped(o, Z_FINISH, err)) ||
        (o->fd < 0 && !write_bytes(o, "", 0, err))) {
        return false;
    }
    if (sync && fsync(o->fd) != 0) {
        (void)weir_fail_errno(err, "cannot write %s to disk", o->path);
        return false;
    }
    if (fstat(o->fd, &st) != 0) {
        (void)weir_fail_errno(err, "cannot look at %s", o->path);
        return false;
    }
    o->size = st.st_size;
    o->modified_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    return close_file(o, err) && (!sync || file_sync_parent(AT_FDCWD, o->path, err) == WEIR_OK);
}

void file_output_drop(struct file_output *o, bool remove)
{
    (void)close_file(o, NULL);
    if (o->zipped) {
        (void)deflateEnd(&o->zip);
    }
    if (remove && o->made) {
        (void)unlink(o->path);
    }
    buffer_finish(&o->text);
    free(o->path);
    *o = (struct file_output){ .fd = -1 };
}
