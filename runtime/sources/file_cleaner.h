/*
 * What becomes of files that a stream is done with: nothing, archive (moved below another folder, with their whole path), delete.
 *
 * Source: FileStreamSource.FileStreamSourceCleaner. Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "columns/sql_error.h"
#include "plan/options.h"

enum clean_mode { CLEAN_OFF, CLEAN_ARCHIVE, CLEAN_DELETE };

struct file_cleaner {
    enum clean_mode mode;
    struct bytes archive; /* absolute */
};

/* From the options cleanSource, sourceArchiveDir; `pattern` is the source's path. Texts live in the arena. False: the error is set. */
bool file_cleaner_make(const struct options *o,
                       struct bytes pattern,
                       struct arena *arena,
                       struct file_cleaner *out,
                       struct sql_error *error);

/* One file. What fails is left where it is, as in Spark. */
void file_cleaner_clean(const struct file_cleaner *c, struct bytes path);
