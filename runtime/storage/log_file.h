/*
 * A .log file that several threads read while one writes: the descriptor stays open until the last of them is done,
 * also when the segment was rolled, cut or deleted meanwhile.
 *
 * Thread: any.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "weir/status.h"

struct log_file {
    int fd;
    atomic_int refs;
};

/* Opens for reading, or with `writable` for both (made if missing). The caller has the one reference. */
WEIR_CHECKED enum weir_status log_file_open(
    int dir_fd, const char *path, int writable, struct log_file **out_file, struct weir_error *err);

struct log_file *log_file_ref(struct log_file *f);
/* Accepts NULL. */
void log_file_unref(struct log_file *f);

/*
 * A range of whole batches (the last one may be cut, as Kafka's fetch answers may be) in a .log file, to be sent with
 * sendfile(2). Holds a reference on the file.
 */
struct log_slice {
    struct log_file *file; /* NULL: empty */
    int64_t position;
    int64_t length;       /* bytes */
    int64_t upper_offset; /* no record of it is at this offset or later */
};

/* Gives the reference back and empties the slice. */
void log_slice_release(struct log_slice *s);
