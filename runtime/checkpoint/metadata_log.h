/*
 * A folder of numbered text files, each written once: what checkpoints, file sources and file sinks keep their logs in.
 *
 *     <folder>/0   v1 \n line \n line ...
 *     <folder>/9.compact   all lines of 0..9, where the log is compacted (file sources and sinks: every 10th)
 *
 * Names that are no numbers are ignored, as Spark does. A file is written as <folder>/.<name>.<random>.tmp and renamed.
 * What a compaction has made superfluous is removed by later ones, as Spark does: 10 minutes later at the earliest, and
 * not before 100 batches have come after it.
 *
 * Source: HDFSMetadataLog, CompactibleFileStreamLog. Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "columns/sql_error.h"

struct metadata_log {
    char *folder; /* owned */
    bool sync;
    int32_t compact_interval; /* 0: never compacted */
};

/* Makes the folder. */
bool metadata_log_open(struct metadata_log *log,
                       const char *folder,
                       bool sync,
                       int32_t compact_interval,
                       struct sql_error *error);
void metadata_log_finish(struct metadata_log *log);

/* All numbers, ascending; to be freed. */
bool metadata_log_numbers(struct metadata_log *log,
                          int64_t **out,
                          int32_t *out_count,
                          struct sql_error *error);

/* The highest number; -1: none. */
bool metadata_log_latest(struct metadata_log *log, int64_t *out, struct sql_error *error);

/* The file's whole text, in the arena; out->data NULL: there is none. Compacted logs: of <number> or <number>.compact. */
bool metadata_log_read(struct metadata_log *log,
                       int64_t number,
                       struct arena *arena,
                       struct bytes *out,
                       struct sql_error *error);

enum metadata_log_written { LOG_WRITTEN, LOG_EXISTS, LOG_FAILED };

/* Never overwrites. LOG_FAILED: the error is set. */
enum metadata_log_written metadata_log_write(struct metadata_log *log,
                                             int64_t number,
                                             struct bytes text,
                                             struct sql_error *error);

/* Removes the files of lower numbers; of a compacted log, only those that a compact file has replaced. Errors are skipped. */
void metadata_log_purge(struct metadata_log *log, int64_t below);

/*
 * One batch more in a compactible log: writes <number>, or <number>.compact with everything so far where it is due; what is damaged is not
 * taken over, but named. Lines are JSON objects without line ends.
 */
enum metadata_log_written metadata_log_add(struct metadata_log *log,
                                           int64_t number,
                                           const struct bytes *lines,
                                           int32_t count,
                                           struct sql_error *error);

/*
 * All lines of all files, the oldest first; in the arena. A file that is torn, of another version, or missing between others: the error names
 * it. `out_numbers`: of the file that each line was read from; where that is compact, the line may be of any batch before.
 */
bool metadata_log_lines(struct metadata_log *log,
                        struct arena *arena,
                        const struct bytes **out_lines,
                        const int64_t **out_numbers,
                        int32_t *out_count,
                        struct sql_error *error);
