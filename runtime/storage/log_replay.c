/*
 * What an opened log remembers besides its records: the producers, from the newest snapshot and the batches after it,
 * and the leader epochs, from the checkpoint and the batches that are newer. See log_recovery.c for the rest of opening.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"

enum { RECALL_BYTES = 1 << 20 };

static bool is_begin_of_segment(const struct partition_log *log, int64_t offset)
{
    for (size_t i = 0; i < log->segment_count; i++) {
        if (log->segments[i]->base_offset == offset) {
            return true;
        }
    }
    return false;
}

static bool read_snapshot(struct partition_log *log, const char *path)
{
    struct buffer raw;
    buffer_init(&raw, LOG_SNAPSHOT_MAX);
    bool fine = file_read(log->root_fd, path, &raw, NULL) == WEIR_OK &&
                producer_state_read(&log->producers, buffer_bytes(&raw), NULL) == WEIR_OK;
    buffer_finish(&raw);
    return fine;
}

/*
 * Loads the newest usable snapshot and says up to where it is complete. Those that cannot be right are removed; so are older
 * ones, which clean stops left, but for those at the beginning of a segment: they go with it.
 */
static int64_t load_snapshot(struct partition_log *log, const int64_t *offsets, size_t count)
{
    int64_t end = atomic_load(&log->end_offset);
    int64_t complete_to = atomic_load(&log->start_offset);
    bool found = false;
    for (size_t i = count; i-- > 0;) {
        int64_t offset = offsets[i];
        char file[64];
        char path[LOG_PATH_MAX];
        (void)snprintf(file, sizeof(file), "%020" PRId64 ".snapshot", offset);
        log_path(log, file, path);
        if (found && is_begin_of_segment(log, offset)) {
            continue;
        }
        if (!found && offset <= end && read_snapshot(log, path)) {
            found = true;
            complete_to = offset > complete_to ? offset : complete_to;
            log->snapshot_offset = offset;
        } else {
            (void)unlinkat(log->root_fd, path, 0);
        }
    }
    return complete_to;
}

/* What a batch that is read back tells: its leader epoch, and... */
enum replay_kind { REPLAY_EPOCHS, REPLAY_PRODUCERS, REPLAY_BEFORE_SNAPSHOT };

struct replay {
    struct partition_log *log;
    enum replay_kind kind;
    int64_t to_offset; /* batches from here on are not looked at */
};

static enum weir_status replay_batch(const struct replay *replay,
                                     struct segment *s,
                                     const struct batch_scan *scan,
                                     struct bytes batch,
                                     struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (scan->header.base_offset >= replay->to_offset) {
        return WEIR_OK;
    }
    if (replay->kind == REPLAY_BEFORE_SNAPSHOT) {
        producer_state_recall(&replay->log->producers, &scan->header);
        return WEIR_OK;
    }
    if (replay->kind == REPLAY_PRODUCERS) {
        rc = log_note_producer(replay->log, s, &scan->header, batch, 0, err);
    }
    if (scan->header.leader_epoch > epoch_cache_latest(&replay->log->epochs)) {
        (void)epoch_cache_assign(&replay->log->epochs, scan->header.leader_epoch,
                                 scan->header.base_offset);
    }
    return rc;
}

/* Reads the headers of one segment, from the batch that has `offset` on. */
static enum weir_status replay_segment(const struct replay *replay,
                                       struct segment *s,
                                       int64_t offset,
                                       struct weir_error *err)
{
    struct log_file *file;
    struct batch_place place;
    enum weir_status rc = segment_file(s, &file, err);
    if (rc < 0) {
        return rc;
    }
    int found = segment_find(file, segment_hint(s, offset), s->size, offset, &place, err);
    if (found <= 0) {
        log_file_unref(file);
        return found < 0 ? (enum weir_status)found : WEIR_OK;
    }
    struct batch_scan scan;
    batch_scan_init(&scan, file->fd, place.position, s->size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
        struct bytes batch = { NULL, 0 };
        bool control = scan.header.attributes & BATCH_CONTROL;
        if (!control || batch_scan_load(&scan, &batch)) {
            rc = replay_batch(replay, s, &scan, batch, err);
        }
    }
    batch_scan_finish(&scan);
    log_file_unref(file);
    return rc;
}

static enum weir_status replay_from(const struct replay *replay,
                                    int64_t offset,
                                    struct weir_error *err)
{
    const struct partition_log *log = replay->log;
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < log->segment_count && rc == WEIR_OK; i++) {
        struct segment *s = log->segments[i];
        if (s->next_offset > offset && s->base_offset < replay->to_offset && s->size > 0) {
            rc = replay_segment(replay, s, offset, err);
        }
    }
    return rc;
}

/* The first offset from which on the segment has at most that many bytes before `to_offset`, to the grain of its index. */
static int64_t offset_before(const struct segment *s, int64_t to_offset, int64_t bytes)
{
    int64_t wanted = segment_hint(s, to_offset) - bytes;
    int64_t low = s->base_offset;
    int64_t high = to_offset;
    while (wanted > 0 && high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (segment_hint(s, middle) <= wanted) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/*
 * A snapshot has only the newest batch of each producer. A client that never heard of the four before it sends them again, and
 * to Apache Kafka, which goes by the snapshot alone, they then are out of order. The log still has them.
 */
static enum weir_status recall_batches(struct partition_log *log,
                                       int64_t snapshot_offset,
                                       struct weir_error *err)
{
    struct replay replay = { log, REPLAY_BEFORE_SNAPSHOT, snapshot_offset };
    int64_t from = snapshot_offset;
    int64_t left = RECALL_BYTES;
    for (size_t i = log->segment_count; i-- > 0 && left > 0;) {
        const struct segment *s = log->segments[i];
        if (s->base_offset < snapshot_offset) {
            int64_t to = s->next_offset < snapshot_offset ? s->next_offset : snapshot_offset;
            from = offset_before(s, to, left);
            left -= segment_hint(s, to) + 1;
        }
    }
    return log->producers.producers.count == 0 ? WEIR_OK : replay_from(&replay, from, err);
}

enum weir_status log_restore_state(struct partition_log *log,
                                   const int64_t *snapshots,
                                   size_t snapshot_count,
                                   bool epochs_known,
                                   struct weir_error *err)
{
    int64_t end = atomic_load(&log->end_offset);
    int64_t start = atomic_load(&log->start_offset);
    enum weir_status rc = WEIR_OK;
    /* What the checkpoint does not know yet was written after it: only the epochs of the last batches. */
    bool epochs_changed = epoch_cache_truncate_end(&log->epochs, end);
    struct replay replay = { log, REPLAY_PRODUCERS, end };
    int64_t complete_to = load_snapshot(log, snapshots, snapshot_count);
    if (complete_to > start) {
        rc = recall_batches(log, complete_to, err);
    }
    if (rc == WEIR_OK && !epochs_known && complete_to > start) {
        struct replay epochs_only = { log, REPLAY_EPOCHS, end };
        rc = replay_from(&epochs_only, start, err);
        epochs_changed = true;
    }
    int32_t latest = epoch_cache_latest(&log->epochs);
    if (rc == WEIR_OK && complete_to < end) {
        rc = replay_from(&replay, complete_to, err);
    }
    epochs_changed |= latest != epoch_cache_latest(&log->epochs);
    if (rc == WEIR_OK && epochs_changed) {
        rc = log_write_epochs(log, err);
    }
    return rc;
}
