/*
 * Inside a partition log: shared by partition_log.c (append), log_read.c (read) and log_recovery.c (open). Nobody else
 * includes this.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/limits.h"
#include "storage/epoch_cache.h"
#include "storage/partition_log.h"
#include "storage/producer_state.h"
#include "storage/segment.h"

enum { LOG_NAME_MAX = LIMIT_TOPIC_NAME + 12 /* "-2147483647" and the terminator */ };
enum { LOG_PATH_MAX = LOG_NAME_MAX + 64, LOG_DIR_MODE = 0755, LOG_SNAPSHOT_MAX = 64 << 20 };

struct partition_log {
    int root_fd;
    char name[LOG_NAME_MAX]; /* the folder, "topic-0" */

    /* Any thread may read; stored with the lock held. */
    _Atomic int64_t start_offset;
    _Atomic int64_t end_offset;

    pthread_mutex_t lock;
    /* The lock must be held for these: */
    struct log_config config;
    struct uuid topic_id;
    struct segment **segments; /* owned, by offset; none while the log was never written */
    size_t segment_count;
    size_t segment_capacity;
    struct epoch_cache epochs;
    struct producer_state producers;
    struct map
        announced; /* producer id -> int16_t *, owned: the epoch of a transaction that may begin here */
    int64_t recovery_point;
    int64_t snapshot_offset;         /* of the newest snapshot file; -1: none */
    struct log_condemned *condemned; /* owned; log_retention.c's */
    size_t condemned_count;
    int64_t clean_to;     /* compaction has seen what lies before; log_cleaner.c */
    int64_t holes_to;     /* offsets may have holes before this */
    int64_t flush_due_ms; /* monotonic; INT64_MAX: flush.ms asks for nothing; log_flush.c */
    struct log_listener listener;
    bool has_folder;
    bool names_synced; /* the folder's own name and those in it are on disk as of the last flush */
    bool
        flush_failed; /* for good: the kernel may have dropped what it could not write, and says so only once */
    bool deleted;
};

/* The last segment; NULL while there is none. */
static inline struct segment *log_active(const struct partition_log *log)
{
    return log->segment_count > 0 ? log->segments[log->segment_count - 1] : NULL;
}

void log_add_segment(struct partition_log *log, struct segment *s);

/* Completes the active segment, if there is one, and begins a new one at `base_offset`. */
WEIR_CHECKED enum weir_status log_roll(struct partition_log *log,
                                       int64_t base_offset,
                                       int64_t now_ms,
                                       struct weir_error *err);

/* Syncs what is not on disk yet, and moves the recovery point (log_flush.c). */
WEIR_CHECKED enum weir_status log_flush_locked(struct partition_log *log, struct weir_error *err);

/* The .log and its index of aborted transactions (log_flush.c). */
WEIR_CHECKED enum weir_status log_sync_segment(struct segment *s, struct weir_error *err);

/* There may be records that are not on disk: when must they be, by flush.ms? (log_flush.c) */
void log_note_dirty(struct partition_log *log);

/* The names of files that came into being since the last flush: without them their bytes may be lost. */
WEIR_CHECKED enum weir_status log_sync_names(struct partition_log *log, struct weir_error *err);

/* "topic-0/<file>" */
void log_path(const struct partition_log *log, const char *file, char out_path[LOG_PATH_MAX]);

/* partition.metadata: whose folder it is. */
WEIR_CHECKED enum weir_status log_write_metadata(struct partition_log *log, struct weir_error *err);
WEIR_CHECKED enum weir_status log_write_epochs(struct partition_log *log, struct weir_error *err);
WEIR_CHECKED enum weir_status log_write_snapshot(struct partition_log *log, struct weir_error *err);

/* Takes a segment out of the log; its files go after their delay (log_retention.c). */
WEIR_CHECKED enum weir_status log_condemn_segment(struct partition_log *log,
                                                  size_t index,
                                                  struct weir_error *err);

/* clean_to and holes_to, from the log's folder and into it (log_replace.c). */
void log_read_cleaned(struct partition_log *log);
WEIR_CHECKED enum weir_status log_write_cleaned(
    int root_fd, const char *folder, int64_t clean_to, int64_t holes_to, struct weir_error *err);

/* `count` segments go, from the one `at` on (log_replace.c). */
WEIR_CHECKED enum weir_status log_condemn_segments(struct partition_log *log,
                                                   size_t at,
                                                   size_t count,
                                                   struct weir_error *err);

/*
 * The files of `count` segments are replaced by those of `fresh`, which are on disk; in memory the first stays, for the caller
 * (log_replace.c). Once there is "<offset>.log.swap" it counts: a start that finds that name finishes what was begun.
 */
WEIR_CHECKED enum weir_status log_replace_files(struct partition_log *log,
                                                size_t at,
                                                size_t count,
                                                const struct segment *fresh,
                                                struct weir_error *err);

/* A segment as one reader sees it. */
struct segment_view {
    struct log_file *file; /* owned; NULL: there is no such segment */
    int64_t hint;
    int64_t size;
    int64_t next_offset;
    int64_t base_offset;
    bool
        recalls; /* `first` is the first batch that reaches the offset; otherwise look from `hint` on */
    struct batch_place first;
};

/* The segment that `offset` falls into, or with `after` not NULL the one that follows *after (log_read.c). */
WEIR_CHECKED enum weir_status log_pick_segment(struct partition_log *log,
                                               int64_t offset,
                                               const struct segment_view *after,
                                               struct segment_view *out,
                                               struct weir_error *err);

/* Finishes or undoes a compaction that was interrupted (log_leftovers.c). WEIR_ECORRUPT with the file that is in the way. */
WEIR_CHECKED enum weir_status log_clear_leftovers(int root_fd,
                                                  const char *folder,
                                                  struct weir_error *err);

/* Fills an empty log from its folder (log_recovery.c). */
WEIR_CHECKED enum weir_status log_recover(struct partition_log *log,
                                          const struct log_open_options *options,
                                          struct recovery_report *report,
                                          struct weir_error *err);

/* Producers and leader epochs, once the segments are open; `snapshots` by offset (log_replay.c). */
WEIR_CHECKED enum weir_status log_restore_state(struct partition_log *log,
                                                const int64_t *snapshots,
                                                size_t snapshot_count,
                                                bool epochs_known,
                                                struct weir_error *err);

/* Brings the producers and the index of aborted transactions up to date with a batch of the segment; `batch` all of it, looked
 * at for markers; `now_ms` as in producer_state_add() (log_transactions.c). */
WEIR_CHECKED enum weir_status log_note_producer(struct partition_log *log,
                                                struct segment *s,
                                                const struct batch_header *h,
                                                struct bytes batch,
                                                int64_t now_ms,
                                                struct weir_error *err);

/* May the batch be appended, as far as transactions go? KAFKA_NONE, KAFKA_INVALID_TXN_STATE, KAFKA_INVALID_PRODUCER_EPOCH
 * (log_transactions.c). */
enum kafka_error log_check_transaction(const struct partition_log *log,
                                       const struct batch_header *h);

void log_forget_announcements(struct partition_log *log);
