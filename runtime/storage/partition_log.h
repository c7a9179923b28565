/*
 * The log of one partition: a row of segments, appended at the end, read anywhere
 * (org.apache.kafka.storage.internals.log.UnifiedLog, LocalLog, LogLoader).
 *
 * In its folder "topic-0": the segments (storage/segment.h), `leader-epoch-checkpoint` (storage/epoch_cache.h),
 * `<offset>.snapshot` (storage/producer_state.h) and `partition.metadata` with the topic's id. The folder comes into being
 * with the first record.
 *
 * What an acknowledgement means: the batch is in the page cache, so it outlives this process (kill -9) but not a power
 * cut, unless flush.messages asks for an fsync (storage/log_flush.h). When that fails the log takes nothing more until it is opened again: a
 * second fsync might succeed although the data are lost. Opening a log always checks its tail, after a clean stop too: a batch that
 * is not whole and right is cut off, with all that follows it, and the report says so.
 *
 * Thread: any; every function takes the log's lock for as long as it needs. Open and close: one thread.
 * Errors: Kafka's codes where a client sees them, weir_status elsewhere.
 */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "protocol/batch_validate.h"
#include "storage/log_config.h"
#include "storage/log_file.h"
#include "storage/txn_index.h"

struct partition_log;

/* --- open and close --- */

/* Who is told what there is to do later: called with the log's lock held, so it may only take a note. NULL: nobody. */
struct log_listener {
    void (*rolled)(void *context);                /* a segment is complete */
    void (*dirty)(void *context, int64_t due_ms); /* records must be on disk by then (monotonic) */
    void *context;
};

struct log_open_options {
    int root_fd; /* borrowed until close: the log directory */
    struct bytes topic;
    int32_t partition;
    struct uuid topic_id; /* zero: take the one that is there */
    struct log_config config;
    int64_t
        recovery_point; /* below this offset the log was flushed by a clean stop; 0: not known */
    int64_t
        log_start_offset; /* from log-start-offset-checkpoint; 0: where the first segment begins */
    int32_t
        leader_epoch_max; /* no batch can be of a later epoch, unless leader-epoch-checkpoint has it; -1: not known */
    bool clean; /* the last stop was clean: only the tail is checked */
    struct log_listener listener;
};

struct recovery_report {
    bool checked_all;   /* every byte above the recovery point, not just the tail */
    int64_t end_offset; /* of the log as opened */
    int64_t bytes_cut;  /* 0: the log was whole */
    int32_t segments_removed;
    int32_t indexes_rebuilt;
    char reason
        [160]; /* why something was cut, or is damaged and was kept: what is wrong, in which file, at which byte */
};

WEIR_CHECKED enum weir_status partition_log_open(const struct log_open_options *options,
                                                 struct partition_log **out_log,
                                                 struct recovery_report *out_report,
                                                 struct weir_error *err);

/* Flushes, writes the producer snapshot and completes the indexes. Keep the log until partition_log_free(). */
WEIR_CHECKED enum weir_status partition_log_close(struct partition_log *log,
                                                  struct weir_error *err);

/* Whose folder this is: the topic's id in its partition.metadata, zero where that has none. WEIR_ENOTFOUND without the file. */
WEIR_CHECKED enum weir_status partition_log_folder_id(int root_fd,
                                                      const char *folder,
                                                      struct uuid *out_id,
                                                      struct weir_error *err);

/*
 * Takes over the folder of a log that another broker wrote, before it is opened: what an interrupted compaction left there is
 * finished or undone, and it is put on record that offsets may have holes, except in the last segment, and that compaction has
 * seen what lies before `clean_to`.
 */
WEIR_CHECKED enum weir_status partition_log_adopt(int root_fd,
                                                  const char *folder,
                                                  int64_t clean_to,
                                                  struct weir_error *err);

enum { LOG_FOLDER_MAX = 256 };

/* Renames the folder to "topic-0.<id>-delete", to be removed by the caller, out_folder then; empty: there is none. Reads and
 * appends fail from now on. */
WEIR_CHECKED enum weir_status partition_log_condemn(struct partition_log *log,
                                                    char out_folder[LOG_FOLDER_MAX],
                                                    struct weir_error *err);

/* The same, and removes the folder. */
WEIR_CHECKED enum weir_status partition_log_delete(struct partition_log *log,
                                                   struct weir_error *err);

/* Gives back memory and descriptors, and writes nothing: what kill -9 leaves is what this leaves. Accepts NULL. */
void partition_log_free(struct partition_log *log);

/* --- append --- */

struct append_options {
    enum batch_origin origin;
    bool zstd_allowed;    /* Produce 7 and later; true for our own */
    int32_t leader_epoch; /* written into the batch */
    int64_t now_ms;       /* real time */
    struct arena *arena;  /* for messages in the result */
};

struct append_result {
    enum kafka_error error;
    bool duplicate;      /* acknowledged before: offsets and time are those of then */
    int64_t base_offset; /* -1 on error, as last_offset */
    int64_t last_offset;
    int64_t
        log_append_time_ms; /* -1 on a CreateTime topic (but a duplicate has the first one's time) */
    int64_t log_start_offset; /* -1 where Kafka does not say */
    int64_t end_offset;       /* of the log after this append */
    struct bytes message;     /* null: the error's own text */
    const struct batch_record_error *record_errors;
    int32_t record_error_count;
};

/* Validates `records` (one batch, as in a Produce request), gives it offsets and writes it. Returns result->error. */
enum kafka_error partition_log_append(struct partition_log *log,
                                      struct bytes records,
                                      const struct append_options *options,
                                      struct append_result *out_result);

/*
 * Transactions. A transactional batch needs one that is open here or announced: that is, the coordinator has on record that
 * this partition is part of the producer's transaction. Otherwise KAFKA_INVALID_TXN_STATE; KAFKA_INVALID_PRODUCER_EPOCH from a
 * producer that is known to be fenced. A marker (a control batch of BATCH_ORIGIN_COORDINATOR) ends both.
 */
void partition_log_announce(struct partition_log *log, int64_t producer_id, int16_t producer_epoch);
/* What a transactional batch of this producer would get. */
enum kafka_error partition_log_check_transaction(struct partition_log *log,
                                                 int64_t producer_id,
                                                 int16_t producer_epoch);

/* fsync of what is not on disk yet; moves the recovery point. */
WEIR_CHECKED enum weir_status partition_log_flush(struct partition_log *log,
                                                  struct weir_error *err);

/* --- read --- */

struct log_read_options {
    int64_t offset;
    int64_t upper_offset; /* exclusive: high watermark or last stable offset */
    int64_t max_bytes;
    bool min_one; /* the first batch whole, even when it is larger than max_bytes */
};

/*
 * A range of whole batches that begins with the one that has `offset` (a client skips what lies before it), from one
 * segment, at most max_bytes long: the last batch may be cut, the first never is (then the slice is empty). Empty at the
 * end of the log. KAFKA_OFFSET_OUT_OF_RANGE below the start and above the end. Release the slice.
 */
enum kafka_error partition_log_read(struct partition_log *log,
                                    const struct log_read_options *options,
                                    struct log_slice *out_slice);

struct aborted_list {
    const struct aborted_txn *entries; /* by their markers; from the arena */
    size_t count;
};

/* The aborted transactions that have records in [from_offset, upper_offset), and maybe some that do not. */
void partition_log_aborted(struct partition_log *log,
                           int64_t from_offset,
                           int64_t upper_offset,
                           struct arena *arena,
                           struct aborted_list *out);

struct log_time_offset {
    int64_t timestamp; /* -1, as offset: there is none */
    int64_t offset;
    int32_t leader_epoch; /* -1: none */
};

/* The first record below upper_offset whose timestamp is `timestamp` or later. */
enum kafka_error partition_log_offset_for_time(struct partition_log *log,
                                               int64_t timestamp,
                                               int64_t upper_offset,
                                               struct log_time_offset *out_found);

/* The record with the largest timestamp, the first of them. */
enum kafka_error partition_log_max_timestamp(struct partition_log *log,
                                             struct log_time_offset *out_found);

/* Called with each whole batch; anything but WEIR_OK ends the walk and is returned. */
typedef enum weir_status (*log_batch_visitor)(void *context,
                                              struct bytes batch,
                                              struct weir_error *err);

/* Walks all batches from `offset` to the end the log has now. A damaged one ends the walk with WEIR_ECORRUPT. */
WEIR_CHECKED enum weir_status partition_log_iterate(struct partition_log *log,
                                                    int64_t offset,
                                                    log_batch_visitor visit,
                                                    void *context,
                                                    struct weir_error *err);

/* --- what it is --- */

int64_t partition_log_start_offset(const struct partition_log *log);
int64_t partition_log_end_offset(const struct partition_log *log); /* one past the last record */
int64_t partition_log_recovery_point(struct partition_log *log);
/* The first offset of the oldest open transaction, but not before the start of the log; the end offset when there is none. */
int64_t partition_log_stable_offset(struct partition_log *log);
int64_t partition_log_size(struct partition_log *log); /* bytes in .log files */
struct uuid partition_log_topic_id(struct partition_log *log);

/* What is remembered of one producer id (storage/producer_state.h). */
struct log_producer {
    int64_t producer_id;
    int64_t last_timestamp;           /* of its newest records, ms */
    int64_t transaction_first_offset; /* -1: no open transaction */
    int32_t last_sequence;            /* -1: none */
    int32_t coordinator_epoch;        /* -1: no marker seen */
    int16_t epoch;
};

/* All of them, by id; the caller frees the array. */
struct log_producer *partition_log_producers(struct partition_log *log, size_t *out_count);

/* Takes effect with the next append. */
void partition_log_set_config(struct partition_log *log, const struct log_config *config);

/* Leader epochs (storage/epoch_cache.h). */
int32_t partition_log_epoch_at(struct partition_log *log, int64_t offset);
void partition_log_epoch_end(struct partition_log *log,
                             int32_t epoch,
                             int32_t *out_epoch,
                             int64_t *out_end_offset);
