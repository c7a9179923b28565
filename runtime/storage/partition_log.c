/*
 * The log of one partition: open, append, close. See partition_log.h; reading is in log_read.c, recovery in
 * log_recovery.c.
 */
#include "storage/partition_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "protocol/batch_recompress.h"
#include "storage/log_state.h"

enum { SEGMENT_CAPACITY_FIRST = 2, CHECKPOINT_MAX = 1 << 20 };

/* --- small parts --- */

void log_path(const struct partition_log *log, const char *file, char out_path[LOG_PATH_MAX])
{
    (void)snprintf(out_path, LOG_PATH_MAX, "%s/%s", log->name, file);
}

void log_add_segment(struct partition_log *log, struct segment *s)
{
    if (log->segment_count == log->segment_capacity) {
        log->segment_capacity =
            log->segment_capacity ? log->segment_capacity * 2 : SEGMENT_CAPACITY_FIRST;
        log->segments = mem_resize(log->segments, log->segment_capacity, sizeof(struct segment *));
    }
    log->segments[log->segment_count++] = s;
}

enum weir_status log_write_epochs(struct partition_log *log, struct weir_error *err)
{
    char path[LOG_PATH_MAX];
    struct buffer text;
    buffer_init(&text, CHECKPOINT_MAX);
    epoch_cache_format(&log->epochs, &text);
    log_path(log, "leader-epoch-checkpoint", path);
    enum weir_status rc = file_replace(log->root_fd, path, buffer_bytes(&text), false, err);
    buffer_finish(&text);
    return rc;
}

enum weir_status log_write_snapshot(struct partition_log *log, struct weir_error *err)
{
    int64_t offset = atomic_load(&log->end_offset);
    struct segment *active = log_active(log);
    if (!log->has_folder || log->snapshot_offset == offset) {
        return WEIR_OK;
    }
    /* A start does not look for abort markers before the newest snapshot: their index is whole before there is one. */
    enum weir_status rc = active ? segment_save_aborted(active, err) : WEIR_OK;
    if (rc < 0) {
        return rc;
    }
    char file[64];
    char path[LOG_PATH_MAX];
    struct buffer raw;
    buffer_init(&raw, LOG_SNAPSHOT_MAX);
    producer_state_write(&log->producers, &raw);
    (void)snprintf(file, sizeof(file), "%020" PRId64 ".snapshot", offset);
    log_path(log, file, path);
    if (!raw.overflow) { /* more producers than a snapshot may hold: replay will find them */
        rc = file_replace(log->root_fd, path, buffer_bytes(&raw), false, err);
    }
    if (rc == WEIR_OK) {
        log->snapshot_offset = offset;
    }
    buffer_finish(&raw);
    return rc;
}

enum weir_status log_write_metadata(struct partition_log *log, struct weir_error *err)
{
    char id[UUID_TEXT_SIZE];
    char text[64];
    char path[LOG_PATH_MAX];
    uuid_format(&log->topic_id, id);
    (void)snprintf(text, sizeof(text), "version: 0\ntopic_id: %s", id);
    log_path(log, "partition.metadata", path);
    return file_replace(log->root_fd, path, bytes_of(text), false, err);
}

/* The folder and partition.metadata, before the first record. */
static enum weir_status make_folder(struct partition_log *log, struct weir_error *err)
{
    if (log->has_folder) {
        return WEIR_OK;
    }
    if (mkdirat(log->root_fd, log->name, LOG_DIR_MODE) != 0 && errno != EEXIST) {
        return weir_fail_errno(err, "cannot make folder %s", log->name);
    }
    enum weir_status rc = log_write_metadata(log, err);
    if (rc == WEIR_OK) {
        log->has_folder = true;
    }
    return rc;
}

/* --- open and close --- */

enum weir_status partition_log_open(const struct log_open_options *options,
                                    struct partition_log **out_log,
                                    struct recovery_report *out_report,
                                    struct weir_error *err)
{
    struct partition_log *log = MEM_NEW(struct partition_log);
    log->root_fd = options->root_fd;
    log->config = options->config;
    log->topic_id = options->topic_id;
    log->recovery_point = options->recovery_point;
    log->listener = options->listener;
    log->snapshot_offset = -1;
    log->flush_due_ms = INT64_MAX;
    (void)pthread_mutex_init(&log->lock, NULL);
    producer_state_init(&log->producers);
    atomic_init(&log->start_offset, options->log_start_offset);
    atomic_init(&log->end_offset, options->log_start_offset);
    (void)snprintf(log->name, sizeof(log->name), "%.*s-%" PRId32, BYTES_ARG(options->topic),
                   options->partition);
    *out_report = (struct recovery_report){ 0 };

    enum weir_status rc = log_recover(log, options, out_report, err);
    if (rc < 0) {
        partition_log_free(log);
        return rc;
    }
    out_report->end_offset = atomic_load(&log->end_offset);
    log_note_dirty(log);
    *out_log = log;
    return WEIR_OK;
}

enum weir_status partition_log_close(struct partition_log *log, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    (void)pthread_mutex_lock(&log->lock);
    if (!log->deleted && log->segment_count > 0) {
        rc = log_write_snapshot(log, err);
        if (rc == WEIR_OK) {
            rc = log_flush_locked(log, err);
        }
        if (rc == WEIR_OK) {
            rc = segment_retire(log_active(log), err);
        }
    }
    log->deleted = true; /* nothing is written behind the snapshot */
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

static void drop_segments(struct partition_log *log)
{
    for (size_t i = 0; i < log->segment_count; i++) {
        segment_destroy(log->segments[i]);
    }
    log->segment_count = 0;
}

enum weir_status partition_log_condemn(struct partition_log *log,
                                       char out_folder[LOG_FOLDER_MAX],
                                       struct weir_error *err)
{
    out_folder[0] = '\0';
    (void)pthread_mutex_lock(&log->lock);
    log->deleted = true;
    drop_segments(
        log); /* open files would keep the disk's room, for as long as anybody has the log */
    bool has_folder = log->has_folder;
    (void)pthread_mutex_unlock(&log->lock);
    if (!has_folder) {
        return WEIR_OK;
    }
    /* Kafka's way: one rename makes it gone, whatever becomes of the files; a start removes leftovers. */
    struct uuid unique = uuid_random();
    char id[UUID_TEXT_SIZE];
    uuid_format(&unique, id);
    (void)snprintf(out_folder, LOG_FOLDER_MAX, "%.200s.%s-delete", log->name, id);
    if (renameat(log->root_fd, log->name, log->root_fd, out_folder) != 0) {
        out_folder[0] = '\0';
        return weir_fail_errno(err, "cannot remove %s", log->name);
    }
    return WEIR_OK;
}

enum weir_status partition_log_delete(struct partition_log *log, struct weir_error *err)
{
    char folder[LOG_FOLDER_MAX];
    enum weir_status rc = partition_log_condemn(log, folder, err);
    return rc < 0 || folder[0] == '\0' ? rc : file_remove_tree(log->root_fd, folder, err);
}

void partition_log_free(struct partition_log *log)
{
    if (!log) {
        return;
    }
    drop_segments(log);
    free(log->segments);
    free(log->condemned);
    epoch_cache_finish(&log->epochs);
    producer_state_finish(&log->producers);
    log_forget_announcements(log);
    (void)pthread_mutex_destroy(&log->lock);
    free(log);
}

/* --- append --- */

enum weir_status log_roll(struct partition_log *log,
                          int64_t base_offset,
                          int64_t now_ms,
                          struct weir_error *err)
{
    struct segment *active = log_active(log);
    if (active) {
        enum weir_status rc = segment_retire(active, err);
        if (rc == WEIR_OK) {
            rc = log_write_snapshot(log, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    struct segment *fresh = segment_create(log->root_fd, log->name, base_offset);
    fresh->created_ms = now_ms;
    enum weir_status rc = segment_activate(fresh, err);
    if (rc < 0) {
        segment_destroy(fresh);
        return rc;
    }
    rc = log->config.preallocate ? segment_reserve(fresh, log->config.segment_bytes, err) : WEIR_OK;
    if (rc < 0) {
        segment_destroy(fresh);
        return rc;
    }
    log_add_segment(log, fresh);
    log->names_synced = false;
    if (active && log->listener.rolled) {
        log->listener.rolled(log->listener.context);
    }
    return WEIR_OK;
}

/* The active segment, ready for `h`: a new one when the log is new or the last is full. */
static enum weir_status ready_segment(struct partition_log *log,
                                      const struct batch_header *h,
                                      int64_t now_ms,
                                      struct weir_error *err)
{
    struct segment *active = log_active(log);
    enum weir_status rc = make_folder(log, err);
    if (rc < 0) {
        return rc;
    }
    bool fits = active && !segment_is_full(active, h, &log->config, now_ms);
    return fits ? segment_activate(active, err) : log_roll(log, h->base_offset, now_ms, err);
}

/* Writes a batch whose header is final. */
static enum weir_status append_locked(struct partition_log *log,
                                      const struct batch_header *h,
                                      struct bytes batch,
                                      int64_t now_ms,
                                      struct weir_error *err)
{
    enum weir_status rc = ready_segment(log, h, now_ms, err);
    /* The epoch is on record before the first batch that carries it. */
    if (rc == WEIR_OK && epoch_cache_assign(&log->epochs, h->leader_epoch, h->base_offset)) {
        rc = log_write_epochs(log, err);
    }
    if (rc == WEIR_OK) {
        struct bytes records = { batch.data + BATCH_HEADER_SIZE, batch.len - BATCH_HEADER_SIZE };
        rc = segment_append(log_active(log), h, records, log->config.index_interval_bytes, err);
    }
    if (rc < 0) {
        return rc;
    }
    /* The batch is there: an index of aborted transactions that cannot be written is made good later (log_write_snapshot). */
    (void)!log_note_producer(log, log_active(log), h, batch, now_ms, NULL);
    producer_state_expire(&log->producers, now_ms, log->config.producer_id_expiration_ms);
    atomic_store(&log->end_offset, batch_next_offset(h));
    if (batch_next_offset(h) - log->recovery_point >= log->config.flush_messages) {
        rc = log_flush_locked(log, err);
    } else {
        log_note_dirty(log);
    }
    return rc;
}

static void acknowledge(const struct partition_log *log,
                        const struct batch_header *h,
                        struct append_result *out)
{
    out->base_offset = h->base_offset;
    out->last_offset = batch_last_offset(h);
    out->log_append_time_ms = log->config.log_append_time ? h->max_timestamp : NO_TIMESTAMP;
}

static void acknowledge_duplicate(const struct producer_batch *first, struct append_result *out)
{
    out->duplicate = true;
    out->base_offset = first->last_offset - first->offset_delta;
    out->last_offset = first->last_offset;
    out->log_append_time_ms = first->timestamp;
}

/* Sequence check, offsets, write: the part that is one after the other. */
static enum kafka_error commit_batch(struct partition_log *log,
                                     const struct batch_verdict *verdict,
                                     const struct append_options *options,
                                     struct append_result *out)
{
    struct batch_header h = verdict->header;
    struct producer_batch first;
    if (log->deleted || log->flush_failed) {
        return KAFKA_STORAGE_ERROR;
    }
    if (options->origin != BATCH_ORIGIN_REPLICATION && !(h.attributes & BATCH_CONTROL)) {
        enum kafka_error error = log_check_transaction(log, &h);
        if (error != KAFKA_NONE) {
            return error;
        }
    }
    if (options->origin == BATCH_ORIGIN_CLIENT) {
        enum kafka_error error = producer_state_check(&log->producers, &h, &first);
        if (error == KAFKA_DUPLICATE_SEQUENCE_NUMBER) {
            acknowledge_duplicate(&first, out);
            return KAFKA_NONE;
        }
        if (error != KAFKA_NONE) {
            return error;
        }
    }
    if (options->origin != BATCH_ORIGIN_REPLICATION) {
        h.base_offset = atomic_load(&log->end_offset);
        h.leader_epoch = options->leader_epoch;
    } else if (h.base_offset < atomic_load(&log->end_offset)) {
        return KAFKA_OFFSET_OUT_OF_RANGE; /* a leader never sends what is there */
    }
    struct weir_error err;
    if (append_locked(log, &h, verdict->batch, options->now_ms, &err) < 0) {
        out->message = arena_copy(options->arena, bytes_of(err.message));
        return KAFKA_STORAGE_ERROR;
    }
    acknowledge(log, &h, out);
    return KAFKA_NONE;
}

/* What the topic's compression.type makes of a valid batch, in `out`; a batch that is in that codec stays as it is. */
static enum kafka_error choose_codec(const struct log_config *config,
                                     struct batch_verdict *v,
                                     struct buffer *out)
{
    struct batch_header *h = &v->header;
    bool same = (h->attributes & BATCH_CODEC_MASK) == (int)config->codec;
    if (!config->recompress || same || (h->attributes & BATCH_CONTROL)) {
        return KAFKA_NONE;
    }
    struct weir_error err;
    enum weir_status rc =
        batch_recompress(v->batch, config->codec, config->codec_level, h, out, &err);
    bool fits = rc == WEIR_OK && (int64_t)out->len <= config->max_message_bytes;
    if (!fits) {
        v->at_log = false;
        return rc == WEIR_OK || rc == WEIR_ETOOBIG ? KAFKA_MESSAGE_TOO_LARGE
                                                   : KAFKA_UNKNOWN_SERVER_ERROR;
    }
    v->batch = buffer_bytes(out);
    v->header_changed = true;
    return KAFKA_NONE;
}

enum kafka_error partition_log_append(struct partition_log *log,
                                      struct bytes records,
                                      const struct append_options *options,
                                      struct append_result *out_result)
{
    (void)pthread_mutex_lock(&log->lock);
    struct batch_rules rules = {
        .origin = options->origin,
        .compacted = log->config.compacted,
        .log_append_time = log->config.log_append_time,
        .zstd_allowed = options->zstd_allowed,
        .max_message_bytes = log->config.max_message_bytes,
        .timestamp_before_max_ms = log->config.message_timestamp_before_max_ms,
        .timestamp_after_max_ms = log->config.message_timestamp_after_max_ms,
        .now_ms = options->now_ms,
        .partition_name = bytes_of(log->name),
    };
    struct log_config config = log->config;
    (void)pthread_mutex_unlock(&log->lock);

    struct batch_verdict verdict;
    struct buffer recompressed;
    *out_result = (struct append_result){
        .base_offset = -1,
        .last_offset = -1,
        .log_append_time_ms = NO_TIMESTAMP,
    };
    enum kafka_error error = batch_validate(records, &rules, options->arena, &verdict);
    buffer_init(&recompressed, LIMIT_BATCH_UNCOMPRESSED);
    if (error == KAFKA_NONE && options->origin != BATCH_ORIGIN_REPLICATION) {
        error = choose_codec(&config, &verdict, &recompressed);
    }
    bool at_log = error == KAFKA_NONE || verdict.at_log;
    if (error == KAFKA_NONE) {
        (void)pthread_mutex_lock(&log->lock);
        error = commit_batch(log, &verdict, options, out_result);
        (void)pthread_mutex_unlock(&log->lock);
        at_log = error != KAFKA_STORAGE_ERROR && error != KAFKA_INVALID_TXN_STATE;
    } else {
        out_result->message = verdict.message;
        out_result->record_errors = verdict.record_errors;
        out_result->record_error_count = verdict.record_error_count;
    }
    buffer_finish(&recompressed);
    out_result->error = error;
    out_result->log_start_offset = at_log ? atomic_load(&log->start_offset) : -1;
    out_result->end_offset = atomic_load(&log->end_offset);
    return error;
}

/* --- what it is --- */

int64_t partition_log_start_offset(const struct partition_log *log)
{
    return atomic_load(&log->start_offset);
}

int64_t partition_log_end_offset(const struct partition_log *log)
{
    return atomic_load(&log->end_offset);
}

int64_t partition_log_recovery_point(struct partition_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    int64_t point = log->recovery_point;
    (void)pthread_mutex_unlock(&log->lock);
    return point;
}

int64_t partition_log_stable_offset(struct partition_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    int64_t end = atomic_load(&log->end_offset);
    int64_t stable = producer_state_first_open(&log->producers, end);
    int64_t start = atomic_load(&log->start_offset);
    (void)pthread_mutex_unlock(&log->lock);
    return stable < start ? start : stable;
}

int64_t partition_log_size(struct partition_log *log)
{
    int64_t size = 0;
    (void)pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->segment_count; i++) {
        size += log->segments[i]->size;
    }
    (void)pthread_mutex_unlock(&log->lock);
    return size;
}

struct uuid partition_log_topic_id(struct partition_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    struct uuid id = log->topic_id;
    (void)pthread_mutex_unlock(&log->lock);
    return id;
}

void partition_log_set_config(struct partition_log *log, const struct log_config *config)
{
    (void)pthread_mutex_lock(&log->lock);
    log->config = *config;
    log->flush_due_ms = INT64_MAX; /* from now on, as the new flush.ms has it */
    log_note_dirty(log);
    (void)pthread_mutex_unlock(&log->lock);
}

int32_t partition_log_epoch_at(struct partition_log *log, int64_t offset)
{
    (void)pthread_mutex_lock(&log->lock);
    int32_t epoch = epoch_cache_at(&log->epochs, offset);
    (void)pthread_mutex_unlock(&log->lock);
    return epoch;
}

void partition_log_epoch_end(struct partition_log *log,
                             int32_t epoch,
                             int32_t *out_epoch,
                             int64_t *out_end_offset)
{
    (void)pthread_mutex_lock(&log->lock);
    epoch_cache_end_of(&log->epochs, epoch, atomic_load(&log->end_offset), out_epoch,
                       out_end_offset);
    (void)pthread_mutex_unlock(&log->lock);
}
