/*
 * How a log loses its beginning: see log_retention.h.
 */
#include "storage/log_retention.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "storage/log_state.h"

/* The .log last: until it has its new name the segment is there, and a start makes its indexes anew. */
static const char *const suffixes[] = { ".timeindex", ".index", ".txnindex", ".log" };
enum { SUFFIX_COUNT = sizeof(suffixes) / sizeof(suffixes[0]) };
static const char deleted_suffix[] = ".deleted";

/* Files of a segment that have the suffix ".deleted", until their delay is over. */
struct log_condemned {
    int64_t base_offset;
    int64_t due_ms; /* monotonic */
};

/* --- what may go --- */

static int64_t total_size(const struct partition_log *log)
{
    int64_t size = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        size += log->segments[i]->size;
    }
    return size;
}

static bool is_too_old(const struct segment *s, const struct log_config *config, int64_t now_ms)
{
    int64_t newest = s->max_timestamp >= 0 ? s->max_timestamp : s->created_ms;
    return config->deletes && config->retention_ms >= 0 && now_ms - newest > config->retention_ms;
}

/* Nothing was written to the active segment yet. Others are empty when compaction left nothing of them. */
static bool is_empty_end(const struct partition_log *log, size_t n)
{
    return n + 1 == log->segment_count && log->segments[n]->size == 0;
}

/* How many segments, from the first on, are too old. The empty active one never is. */
static size_t count_old(const struct partition_log *log, int64_t now_ms)
{
    size_t n = 0;
    while (n < log->segment_count && !is_empty_end(log, n) &&
           is_too_old(log->segments[n], &log->config, now_ms)) {
        n++;
    }
    return n;
}

/* How many may go so that at least retention.bytes are left. */
static size_t count_surplus(const struct partition_log *log)
{
    size_t n = 0;
    if (!log->config.deletes || log->config.retention_bytes < 0) {
        return 0;
    }
    int64_t left = total_size(log);
    while (n < log->segment_count && !is_empty_end(log, n) &&
           left - log->segments[n]->size >= log->config.retention_bytes) {
        left -= log->segments[n]->size;
        n++;
    }
    return n;
}

/* How many lie wholly before the start of the log: never the last one. */
static size_t count_passed(const struct partition_log *log)
{
    size_t n = 0;
    while (n + 1 < log->segment_count &&
           log->segments[n + 1]->base_offset <= atomic_load(&log->start_offset)) {
        n++;
    }
    return n;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* --- letting go --- */

static enum weir_status condemn_files(const struct segment *s, struct weir_error *err)
{
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        char path[SEGMENT_PATH_MAX];
        char condemned[SEGMENT_PATH_MAX + sizeof(deleted_suffix)];
        segment_path(s, suffixes[i], path);
        (void)snprintf(condemned, sizeof(condemned), "%s%s", path, deleted_suffix);
        if (renameat(s->root_fd, path, s->root_fd, condemned) != 0 && errno != ENOENT) {
            return weir_fail_errno(err, "cannot rename %s to delete it", path);
        }
    }
    return WEIR_OK;
}

static void remember_condemned(struct partition_log *log, int64_t base_offset)
{
    size_t n = log->condemned_count;
    log->condemned = mem_resize(log->condemned, n + 1, sizeof(*log->condemned));
    int64_t now_ms = clock_monotonic_ms();
    int64_t delay_ms = log->config.file_delete_delay_ms;
    log->condemned[n] = (struct log_condemned){
        base_offset,
        delay_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + delay_ms,
    };
    log->condemned_count++;
}

/* The producers as they were at the segment's start: needed by nobody once the segment is gone, unless it is the newest. */
static void remove_snapshot(const struct partition_log *log, int64_t offset)
{
    char file[64];
    char path[LOG_PATH_MAX];
    if (offset == log->snapshot_offset) {
        return;
    }
    (void)snprintf(file, sizeof(file), "%020" PRId64 ".snapshot", offset);
    log_path(log, file, path);
    (void)unlinkat(log->root_fd, path, 0);
}

/* Moves the start of the log up; what is known of leader epochs begins there too. */
static enum weir_status raise_start(struct partition_log *log,
                                    int64_t offset,
                                    struct weir_error *err)
{
    if (offset <= atomic_load(&log->start_offset)) {
        return WEIR_OK;
    }
    atomic_store(&log->start_offset, offset);
    return epoch_cache_truncate_start(&log->epochs, offset) ? log_write_epochs(log, err) : WEIR_OK;
}

enum weir_status log_condemn_segment(struct partition_log *log,
                                     size_t index,
                                     struct weir_error *err)
{
    struct segment *s = log->segments[index];
    enum weir_status rc = condemn_files(s, err);
    if (rc < 0) {
        return rc;
    }
    remember_condemned(log, s->base_offset);
    remove_snapshot(log, s->base_offset);
    segment_destroy(s);
    log->segment_count--;
    memmove(log->segments + index, log->segments + index + 1,
            (log->segment_count - index) * sizeof(struct segment *));
    return WEIR_OK;
}

/* Removes the first `count` segments, as far as that works. */
static enum weir_status drop_first(struct partition_log *log,
                                   size_t count,
                                   struct log_retained *out,
                                   struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    size_t done = 0;
    /* Readers go by the start: it moves before the first file has another name. */
    if (count > 0) {
        rc = raise_start(log, log->segments[count]->base_offset, err);
    }
    while (rc == WEIR_OK && done < count) {
        struct segment *s = log->segments[done];
        rc = condemn_files(s, err);
        if (rc == WEIR_OK) {
            remember_condemned(log, s->base_offset);
            remove_snapshot(log, s->base_offset);
            out->segments++;
            out->bytes += s->size;
            segment_destroy(s);
            done++;
        }
    }
    if (done > 0) {
        log->segment_count -= done;
        memmove(log->segments, log->segments + done, log->segment_count * sizeof(struct segment *));
    }
    return rc;
}

enum weir_status partition_log_retain(struct partition_log *log,
                                      int64_t now_ms,
                                      struct log_retained *out,
                                      struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    *out = (struct log_retained){ 0 };
    (void)pthread_mutex_lock(&log->lock);
    if (!log->deleted && !log->flush_failed) {
        size_t count =
            larger(larger(count_old(log, now_ms), count_surplus(log)), count_passed(log));
        if (count > 0 && count == log->segment_count) {
            rc = log_roll(log, atomic_load(&log->end_offset), now_ms, err);
            /* On disk before the old names go: a power cut between would take the log back to offset 0. */
            rc = rc == WEIR_OK ? log_sync_names(log, err) : rc;
        }
        rc = rc == WEIR_OK ? drop_first(log, count, out, err) : rc;
    }
    out->start_offset = atomic_load(&log->start_offset);
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

static enum kafka_error delete_before_locked(struct partition_log *log, int64_t offset)
{
    struct log_retained retained = { 0 };
    struct weir_error err;
    if (log->deleted) {
        return KAFKA_STORAGE_ERROR;
    }
    if (!log->config.deletes) {
        return KAFKA_POLICY_VIOLATION;
    }
    if (offset < 0 || offset > atomic_load(&log->end_offset)) {
        return KAFKA_OFFSET_OUT_OF_RANGE;
    }
    if (raise_start(log, offset, &err) < 0) {
        return KAFKA_STORAGE_ERROR;
    }
    /* A file that cannot be renamed is tried again by partition_log_retain(), which says so. */
    (void)drop_first(log, count_passed(log), &retained, &err);
    return KAFKA_NONE;
}

enum kafka_error partition_log_delete_before(struct partition_log *log,
                                             int64_t offset,
                                             int64_t *out_start_offset)
{
    (void)pthread_mutex_lock(&log->lock);
    enum kafka_error error = delete_before_locked(log, offset);
    *out_start_offset = atomic_load(&log->start_offset);
    (void)pthread_mutex_unlock(&log->lock);
    return error;
}

/* --- later --- */

static void unlink_condemned(const struct partition_log *log, int64_t base_offset)
{
    for (size_t i = 0; i < SUFFIX_COUNT; i++) {
        char file[64];
        char path[LOG_PATH_MAX];
        (void)snprintf(file, sizeof(file), "%020" PRId64 "%s%s", base_offset, suffixes[i],
                       deleted_suffix);
        log_path(log, file, path);
        (void)unlinkat(log->root_fd, path, 0);
    }
}

/* Takes one that is due off the list; false when there is none, then *out_next_ms is when there will be. */
static bool take_due(struct partition_log *log,
                     int64_t now_ms,
                     int64_t *out_base_offset,
                     int64_t *out_next_ms)
{
    bool found = false;
    *out_next_ms = INT64_MAX;
    (void)pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->condemned_count && !log->deleted && !found; i++) {
        if (log->condemned[i].due_ms <= now_ms) {
            found = true;
            *out_base_offset = log->condemned[i].base_offset;
            log->condemned[i] = log->condemned[--log->condemned_count];
        } else if (log->condemned[i].due_ms < *out_next_ms) {
            *out_next_ms = log->condemned[i].due_ms;
        }
    }
    (void)pthread_mutex_unlock(&log->lock);
    return found;
}

int64_t partition_log_reap(struct partition_log *log, int64_t now_monotonic_ms)
{
    int64_t base_offset;
    int64_t next_ms;
    while (take_due(log, now_monotonic_ms, &base_offset, &next_ms)) {
        unlink_condemned(log, base_offset);
    }
    return next_ms;
}
