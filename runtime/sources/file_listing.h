/*
 * The files below a path: what a file source reads.
 *
 *     in/a.json, in/b.json           direct children of the folder (or of each folder that a pattern names)
 *     in/k=1/a.json                  folders that name partitions are gone into (file_partitions.h says which)
 *     in/sub/a.json                  others only under recursiveFileLookup
 *     in/_x.json in/.x in/x._COPYING_       hidden: never
 *     in/_spark_metadata/            what a file sink has written: then exactly what its log names
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "columns/settings.h"
#include "columns/sql_error.h"
#include "plan/options.h"

enum { LISTING_MAX_DEPTH = 100 }; /* of folders below a path */

struct found_file {
    struct bytes path; /* absolute */
    int64_t size;
    int64_t modified_ms;
};

/* What is asked. */
struct listing_query {
    const struct options
        *options; /* recursiveFileLookup, pathGlobFilter, modifiedBefore, modifiedAfter */
    const struct sql_settings *settings;
    struct bytes path;
    bool must_exist;
    bool ignore_log; /* files of a sink are read one by one, without its log */
};

struct listing {
    int32_t root_count;
    struct bytes *roots; /* what the path stands for: files and folders, absolute */
    struct bytes *
        bases; /* where partitions begin: the roots that are folders, the folders of those that are files */
    bool from_log; /* there is a log of a sink */
    bool recursive;
    int32_t count;
    struct found_file *files; /* all of them, in the order of their names; hidden ones are not */
};

/* Everything lives in the arena. False: the error is set. */
bool listing_make(const struct listing_query *q,
                  struct arena *arena,
                  struct listing *out,
                  struct sql_error *error);

/* Leaves only the files right in the roots, and roots that are files: what counts where no folder names a partition. */
void listing_drop_deeper(struct listing *l);

/* The path, absolute and without what stands for nothing ("//", "/./", a slash at the end). False: it is empty. */
bool listing_qualify(struct arena *arena,
                     struct bytes path,
                     struct bytes *out,
                     struct sql_error *error);

/* Is there a log of a file sink at this path? */
bool listing_has_log(struct bytes path);

/* The folder that a path is in. */
struct bytes listing_folder(struct bytes path);

/* The part behind the last slash. */
struct bytes listing_name(struct bytes path);

bool listing_exists(struct bytes path);

/* A file's state now. False: there is none. */
bool listing_stat(struct bytes path, struct found_file *out);

/* Orders of files: by name; as scans read them, the largest first. */
int found_file_by_path(const void *a, const void *b);
