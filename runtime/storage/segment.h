/*
 * A segment: a stretch of one partition's log, in three files named for its first offset, twenty digits
 * (org.apache.kafka.storage.internals.log.LogSegment).
 *
 *     00000000000000000045.log        record batches, one after the other (protocol/batch.h), nothing else
 *     00000000000000000045.index      where to find an offset    (storage/index.h)
 *     00000000000000000045.timeindex  where to find a time
 *     00000000000000000045.txnindex   aborted transactions   (storage/txn_index.h), if there are any
 *
 * The last segment of a log is the active one: it alone is written, and its files stay open. Files come into being
 * with the first record; a partition that was never written costs neither files nor descriptors.
 *
 * Thread: whoever holds the log's lock, except segment_find(), which works on what it is given.
 */
#pragma once

#include "protocol/batch.h"
#include "storage/index.h"
#include "storage/log_config.h"
#include "storage/log_file.h"
#include "storage/recent_batches.h"
#include "storage/txn_index.h"
#include "weir/status.h"

enum { SEGMENT_PATH_MAX = 384 };

struct segment {
    int root_fd;          /* borrowed: the log directory */
    const char *log_name; /* borrowed: "topic-0", the folder in it */
    int64_t base_offset;
    int64_t size;                 /* bytes of the .log */
    int64_t next_offset;          /* one past the last record */
    int64_t max_timestamp;        /* ms; -1: none */
    int64_t max_timestamp_offset; /* last offset of the batch that has it */
    int64_t first_timestamp; /* of the first batch, ms; -1: not known: counts from created_ms */
    int64_t created_ms;
    int64_t bytes_since_index;
    bool
        reserved; /* disk room beyond the end was taken; it is given back when the segment is complete */
    struct log_file *file; /* open while active; NULL otherwise */
    struct recent_batches
        *recent; /* owned; NULL until something is appended, and again when not active */
    struct index offsets;
    struct index times;
    struct txn_index aborted;
};

/* A segment in memory; no file is touched. */
struct segment *segment_create(int root_fd, const char *log_name, int64_t base_offset);
/* Closes what is open. Accepts NULL. */
void segment_destroy(struct segment *s);

/* "topic-0/00000000000000000045.log"; `suffix` with its dot. */
void segment_path(const struct segment *s, const char *suffix, char out_path[SEGMENT_PATH_MAX]);

/* Opens (makes) the files for appending. */
WEIR_CHECKED enum weir_status segment_activate(struct segment *s, struct weir_error *err);

/* Takes the disk's room for `bytes` of the .log, which must be active, so that it cannot be wanting later (preallocate). The
 * file's size stays as it is. Disks that cannot do that are left alone. */
WEIR_CHECKED enum weir_status segment_reserve(struct segment *s,
                                              int64_t bytes,
                                              struct weir_error *err);

/* Before batches are taken into account from the first on, with segment_note(), and after it. The index files are compared with
 * what belongs there, and changed only where they differ. */
void segment_rewind(struct segment *s);
WEIR_CHECKED enum weir_status segment_settle(struct segment *s, struct weir_error *err);

/* It will not be written again: completes the time index and closes the files. */
WEIR_CHECKED enum weir_status segment_retire(struct segment *s, struct weir_error *err);

/* Must a new segment begin before `h` is appended? (LogSegment.shouldRoll) */
bool segment_is_full(const struct segment *s,
                     const struct batch_header *h,
                     const struct log_config *config,
                     int64_t now_ms);

/* Appends one batch with one write; all of it or, when that fails, nothing. The segment must be active. */
WEIR_CHECKED enum weir_status segment_append(struct segment *s,
                                             const struct batch_header *h,
                                             struct bytes records,
                                             int32_t index_interval_bytes,
                                             struct weir_error *err);

/* Takes a batch at `position` into account that is in the file already, and adds its index entries. */
WEIR_CHECKED enum weir_status segment_note(struct segment *s,
                                           const struct batch_header *h,
                                           int64_t position,
                                           int32_t index_interval_bytes,
                                           struct weir_error *err);

/* A reference to the .log for reading. */
WEIR_CHECKED enum weir_status segment_file(const struct segment *s,
                                           struct log_file **out_file,
                                           struct weir_error *err);

/* What the .txnindex does not have yet is written to it. */
WEIR_CHECKED enum weir_status segment_save_aborted(struct segment *s, struct weir_error *err);
/* The same, and a reference to it; NULL: there are no aborted transactions. */
WEIR_CHECKED enum weir_status segment_aborted_file(struct segment *s,
                                                   struct log_file **out_file,
                                                   struct weir_error *err);

/* Where reading for `offset` may start: the position of a batch that is not after it. */
int64_t segment_hint(const struct segment *s, int64_t offset);

/* The same without reading anything, for the last batches that were appended. False: it is not one of them. */
bool segment_recall(const struct segment *s, int64_t offset, struct batch_place *out_place);

/*
 * The first batch in [hint, end) that reaches `offset`, starting again at the front when the hint was wrong. 1: found,
 * 0: the range has none, WEIR_ECORRUPT, WEIR_EIO. Needs no lock.
 */
WEIR_CHECKED int segment_find(const struct log_file *file,
                              int64_t hint,
                              int64_t end,
                              int64_t offset,
                              struct batch_place *out_place,
                              struct weir_error *err);

/* Removes the files; they may be gone already. */
void segment_unlink(const struct segment *s);
