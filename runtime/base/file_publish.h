/*
 * A file that appears whole or not at all, and of which many may be written to one folder, by rivals too.
 *
 *     <folder>/.<name>.<22 characters, random>.tmp      written, with `sync` also on disk
 *     <folder>/<name>                                   then, in one step
 *
 * Against file_replace(): the temporary name is nobody else's, and a file that is there may be left alone.
 * What a killed writer leaves is a temporary file, which nobody reads. Thread: any.
 */
#pragma once

#include "base/bytes.h"
#include "weir/status.h"

struct file_publish {
    const char *path;
    struct bytes content;
    bool replace; /* else WEIR_EEXIST, and the file that is there stays as it is */
    bool sync;    /* file and folder */
};

WEIR_CHECKED enum weir_status file_publish(const struct file_publish *f, struct weir_error *err);
