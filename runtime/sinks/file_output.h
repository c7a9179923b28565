/*
 * One file that is being written: a buffer before it, gzip between, fsync at its end. Internal to file sinks.
 *
 * An output may be parked: then it has no open descriptor, and goes on where it was when more comes. So there may be more outputs than a
 * process may have open files.
 *
 * Thread: one at a time.
 */
#pragma once

#include <zlib.h>

#include "base/buffer.h"
#include "columns/sql_error.h"
#include "weir/status.h"

enum { OUTPUT_BUFFER = 256 << 10 };

struct file_output {
    char *path; /* owned */
    int fd;     /* -1: parked */
    bool zipped;
    bool made; /* the file is there */
    z_stream zip;
    struct buffer text; /* to be written; encoders append to it */
    int64_t rows;
    int64_t size;        /* bytes in the file */
    int64_t modified_ms; /* set when it is finished */
};

/* Makes the file and the folders it is in; there must be none of that name. `path` is taken over. False: `err` says why. */
bool file_output_open(struct file_output *o, char *path, bool zipped, struct weir_error *err);

/* Writes what is in the buffer if that is much, or (all) in any case. */
bool file_output_flush(struct file_output *o, bool all, struct weir_error *err);

/* Flushes and closes the descriptor; the next flush opens it again. */
bool file_output_park(struct file_output *o, struct weir_error *err);

/* All of it is in the file; with `sync` on disk. Frees nothing. */
bool file_output_finish(struct file_output *o, bool sync, struct weir_error *err);

/* Frees it; `remove` takes the file away too. */
void file_output_drop(struct file_output *o, bool remove);
