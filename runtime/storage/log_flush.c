/*
 * Records on their way to the disk: see log_flush.h.
 */
#include "storage/log_flush.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "storage/log_state.h"

/* --- while the log waits --- */

static enum weir_status sync_file(struct log_file *file,
                                  const struct segment *s,
                                  struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (file && fdatasync(file->fd) != 0) {
        rc = weir_fail_errno(err, "cannot sync %s at offset %" PRId64, s->log_name, s->base_offset);
    }
    log_file_unref(file);
    return rc;
}

enum weir_status log_sync_segment(struct segment *s, struct weir_error *err)
{
    struct log_file *file;
    enum weir_status rc = segment_file(s, &file, err);
    rc = rc == WEIR_OK ? sync_file(file, s, err) : rc;
    rc = rc == WEIR_OK ? segment_aborted_file(s, &file, err) : rc;
    return rc == WEIR_OK ? sync_file(file, s, err) : rc;
}

enum weir_status log_sync_names(struct partition_log *log, struct weir_error *err)
{
    char path[LOG_PATH_MAX];
    if (log->names_synced || !log->has_folder) {
        return WEIR_OK;
    }
    log_path(log, "partition.metadata", path);
    enum weir_status rc = file_sync_parent(log->root_fd, path, err);
    if (rc == WEIR_OK) {
        rc = file_sync_parent(log->root_fd, log->name, err);
    }
    if (rc == WEIR_OK) {
        log->names_synced = true;
    }
    return rc;
}

enum weir_status log_flush_locked(struct partition_log *log, struct weir_error *err)
{
    if (log->flush_failed) {
        return weir_fail(err, WEIR_EIO, "%s could not be synced before", log->name);
    }
    enum weir_status rc = WEIR_OK;
    for (size_t i = log->segment_count; rc == WEIR_OK && i-- > 0;) {
        struct segment *s = log->segments[i];
        if (s->size == 0) {
            continue; /* made for a batch that then could not be written */
        }
        if (s->next_offset <= log->recovery_point) {
            break;
        }
        rc = log_sync_segment(s, err);
    }
    if (rc == WEIR_OK) {
        rc = log_sync_names(log, err);
    }
    if (rc < 0) {
        log->flush_failed = true;
        return rc;
    }
    log->recovery_point = atomic_load(&log->end_offset);
    log->flush_due_ms = INT64_MAX;
    return WEIR_OK;
}

enum weir_status partition_log_flush(struct partition_log *log, struct weir_error *err)
{
    (void)pthread_mutex_lock(&log->lock);
    enum weir_status rc = log->deleted ? WEIR_OK : log_flush_locked(log, err);
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

/* --- while others append --- */

enum { FILES_PER_SEGMENT = 2 };

struct flush_job {
    struct log_file **files; /* owned */
    size_t count;
    int64_t up_to; /* synced by this job */
};

/* The .log, and the index of aborted transactions: nothing else says what readers must skip. */
static enum weir_status collect_segment(struct segment *s,
                                        struct flush_job *job,
                                        struct weir_error *err)
{
    struct log_file *file;
    enum weir_status rc = segment_file(s, &file, err);
    if (rc == WEIR_OK) {
        job->files[job->count++] = file;
        rc = segment_aborted_file(s, &file, err);
    }
    if (rc == WEIR_OK && file) {
        job->files[job->count++] = file;
    }
    return rc;
}

/* References to the segments that have records between the recovery point and job->up_to. */
static enum weir_status collect(const struct partition_log *log,
                                struct flush_job *job,
                                struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (log->deleted || log->flush_failed || job->up_to <= log->recovery_point) {
        job->up_to = log->recovery_point;
        return rc;
    }
    job->files = mem_zalloc(log->segment_count * FILES_PER_SEGMENT, sizeof(struct log_file *));
    for (size_t i = 0; i < log->segment_count && rc == WEIR_OK; i++) {
        struct segment *s = log->segments[i];
        if (s->size > 0 && s->next_offset > log->recovery_point && s->base_offset < job->up_to) {
            rc = collect_segment(s, job, err);
        }
    }
    return rc;
}

/* Without the lock: the part that takes time. */
static enum weir_status sync_files(const struct partition_log *log,
                                   struct flush_job *job,
                                   bool *out_lost,
                                   struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < job->count; i++) {
        if (rc == WEIR_OK && fdatasync(job->files[i]->fd) != 0) {
            rc = weir_fail_errno(err, "cannot sync %s", log->name);
            *out_lost = true;
        }
        log_file_unref(job->files[i]);
    }
    free(job->files);
    return rc;
}

/* Syncs up to an offset, at which the log's lock is held when this begins and ends. *out_moved: the recovery point did. */
static enum weir_status flush_up_to(struct partition_log *log,
                                    int64_t up_to,
                                    bool *out_moved,
                                    struct weir_error *err)
{
    struct flush_job job = { .up_to = up_to };
    bool lost = false;
    enum weir_status rc = collect(log, &job, err);
    bool wanted = job.up_to > log->recovery_point;
    (void)pthread_mutex_unlock(&log->lock);
    struct weir_error why;
    enum weir_status synced = sync_files(log, &job, &lost, &why);
    (void)pthread_mutex_lock(&log->lock);
    if (rc == WEIR_OK && synced < 0) {
        rc = weir_fail(err, synced, "%s", why.message);
    }
    if (rc == WEIR_OK && wanted && !log->deleted) {
        rc = log_sync_names(log, err);
        lost = rc < 0;
    }
    *out_moved = rc == WEIR_OK && wanted && job.up_to > log->recovery_point;
    if (*out_moved) {
        log->recovery_point = job.up_to;
    }
    log->flush_failed |= lost; /* see partition_log.h: a second fsync might lie */
    return rc;
}

enum weir_status partition_log_flush_complete(struct partition_log *log,
                                              bool *out_moved,
                                              struct weir_error *err)
{
    (void)pthread_mutex_lock(&log->lock);
    const struct segment *active = log_active(log);
    enum weir_status rc = flush_up_to(log, active ? active->base_offset : 0, out_moved, err);
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

/* --- by time --- */

enum { EARLY_PART = 8 }; /* an eighth of flush.ms may be missing */

void log_note_dirty(struct partition_log *log)
{
    bool timed = log->config.flush_ms < INT64_MAX && log->flush_due_ms == INT64_MAX;
    if (!timed || atomic_load(&log->end_offset) <= log->recovery_point) {
        return;
    }
    int64_t now_ms = clock_monotonic_ms();
    int64_t delay_ms = log->config.flush_ms;
    log->flush_due_ms = delay_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + delay_ms;
    if (log->listener.dirty && log->flush_due_ms < INT64_MAX) {
        log->listener.dirty(log->listener.context, log->flush_due_ms);
    }
}

enum weir_status partition_log_flush_due(struct partition_log *log,
                                         int64_t now_ms,
                                         int64_t *out_next_ms,
                                         struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    (void)pthread_mutex_lock(&log->lock);
    if (log->flush_due_ms < INT64_MAX &&
        log->flush_due_ms - now_ms <= log->config.flush_ms / EARLY_PART) {
        bool moved;
        log->flush_due_ms = INT64_MAX; /* what comes from now on has a time of its own */
        rc = flush_up_to(log, atomic_load(&log->end_offset), &moved, err);
        if (rc < 0 && !log->flush_failed && !log->deleted) {
            log_note_dirty(log); /* a file could not be opened, say: once more then */
        }
    }
    *out_next_ms = log->deleted || log->flush_failed ? INT64_MAX : log->flush_due_ms;
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}
