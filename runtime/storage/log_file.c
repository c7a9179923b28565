/*
 * Shared .log files: see log_file.h.
 */
#include "storage/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

enum { LOG_FILE_MODE = 0644 };

enum weir_status log_file_open(
    int dir_fd, const char *path, int writable, struct log_file **out_file, struct weir_error *err)
{
    int flags = writable ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
    int fd = openat(dir_fd, path, flags, LOG_FILE_MODE);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot open %s", path);
    }
    struct log_file *f = MEM_NEW(struct log_file);
    f->fd = fd;
    atomic_init(&f->refs, 1);
    *out_file = f;
    return WEIR_OK;
}

struct log_file *log_file_ref(struct log_file *f)
{
    (void)atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void log_file_unref(struct log_file *f)
{
    if (f && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1) {
        (void)close(f->fd);
        free(f);
    }
}

void log_slice_release(struct log_slice *s)
{
    log_file_unref(s->file);
    *s = (struct log_slice){ 0 };
}
