/*
 * Which files a stream has seen, by their paths (or names, under fileNameOnly), so that none is read twice.
 *
 * Files that are older than maxFileAge, counted from the newest one, are forgotten, and files as old are never new.
 *
 * Source: FileStreamSource.SeenFilesMap. Thread: one at a time.
 */
#pragma once

#include "base/bytes.h"
#include "base/map.h"

struct seen_files {
    struct map times; /* of each path: its time, in milliseconds, behind a pointer */
    bool names_only;
    int64_t max_age_ms;
    int64_t latest_ms;
    int64_t purged_ms;
};

void seen_files_init(struct seen_files *s, int64_t max_age_ms, bool names_only);
void seen_files_finish(struct seen_files *s);
void seen_files_add(struct seen_files *s, struct bytes path, int64_t time_ms);
bool seen_files_is_new(const struct seen_files *s, struct bytes path, int64_t time_ms);

/* Forgets files that are too old. */
void seen_files_purge(struct seen_files *s);
