/*
 * Compaction: see log_cleaner.h.
 */
#include "storage/log_cleaner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/mem.h"
#include "protocol/batch_filter.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"

static const char cleaner_file[] = "weir.cleaner";
static const char new_folder[] = "new.cleaned";
enum { CLEANER_FILE_MAX = 64 };

/* A complete segment as it was when the cleaning began. */
struct part {
    struct log_file *file; /* owned reference */
    int64_t base_offset;
    int64_t next_offset;
    int64_t size;
    int64_t first_timestamp; /* -1: not known */
};

struct cleaning {
    struct partition_log *log;
    struct log_config config; /* as it was */
    int64_t now_ms;
    struct part *parts; /* owned */
    size_t part_count;
    int64_t from;                /* where the unclean part begins */
    int64_t end;                 /* where the first segment begins that is left alone */
    struct aborted_txn *aborted; /* owned copy */
    size_t aborted_count;
    struct map latest;    /* key -> int64_t *, owned: offset of its newest record */
    struct map producers; /* id -> int64_t *, owned: last offset of its newest batch */
    int64_t horizon;      /* of the batch in hand; -1: none */
};

/* --- maps of offsets --- */

static void put_offset(struct map *m, struct bytes key, int64_t offset)
{
    int64_t *there = map_get(m, key);
    if (!there) {
        there = MEM_NEW(int64_t);
        (void)map_put(m, key, there);
    }
    *there = offset;
}

static void finish_offsets(struct map *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->entries[i].value);
    }
    map_finish(m);
}

/* --- what is clean --- */

void log_read_cleaned(struct partition_log *log)
{
    char path[LOG_PATH_MAX];
    struct buffer text;
    struct bytes clean;
    buffer_init(&text, CLEANER_FILE_MAX);
    log_path(log, cleaner_file, path);
    enum weir_status rc = file_read(log->root_fd, path, &text, NULL);
    struct bytes rest = bytes_trim(buffer_bytes(&text));
    int64_t clean_to = 0;
    int64_t holes_to = 0;
    if (rc == WEIR_OK && bytes_cut(&rest, ' ', &clean) && bytes_parse_i64(clean, &clean_to) &&
        bytes_parse_i64(rest, &holes_to)) {
        log->clean_to = clean_to;
        log->holes_to = holes_to;
    }
    buffer_finish(&text);
}

enum weir_status log_write_cleaned(
    int root_fd, const char *folder, int64_t clean_to, int64_t holes_to, struct weir_error *err)
{
    char path[LOG_PATH_MAX];
    char text[CLEANER_FILE_MAX];
    (void)snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 "\n", clean_to, holes_to);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, cleaner_file);
    return file_replace(root_fd, path, bytes_of(text), true, err);
}

static enum weir_status write_cleaned(struct cleaning *c, int64_t clean_to, struct weir_error *err)
{
    int64_t holes_to = c->end > c->log->holes_to ? c->end : c->log->holes_to;
    enum weir_status rc = WEIR_OK;
    (void)pthread_mutex_lock(&c->log->lock);
    if (!c->log->deleted) { /* or the folder may be another topic's by now */
        rc = log_write_cleaned(c->log->root_fd, c->log->name, clean_to, holes_to, err);
    }
    if (rc == WEIR_OK) {
        c->log->clean_to = clean_to;
        c->log->holes_to = holes_to;
    }
    (void)pthread_mutex_unlock(&c->log->lock);
    return rc;
}

/* --- what is to be done --- */

static void copy_aborted(struct cleaning *c, const struct txn_index *x)
{
    if (x->count > 0) {
        c->aborted = mem_resize(c->aborted, c->aborted_count + x->count, sizeof(*c->aborted));
        memcpy(c->aborted + c->aborted_count, x->entries, x->count * sizeof(*x->entries));
        c->aborted_count += x->count;
    }
}

static void copy_producers(struct cleaning *c, const struct producer_state *producers)
{
    for (size_t i = 0; i < producers->producers.count; i++) {
        const struct producer *p = producers->producers.entries[i].value;
        int64_t storage;
        if (p->batch_count > 0) {
            put_offset(&c->producers, map_key_i64(p->producer_id, &storage),
                       p->batches[p->batch_count - 1].last_offset);
        }
    }
}

/* May this segment be cleaned? */
static bool is_settled(const struct cleaning *c, const struct segment *s, int64_t stable)
{
    bool young = c->config.min_compaction_lag_ms > 0 &&
                 s->max_timestamp > c->now_ms - c->config.min_compaction_lag_ms;
    return s->next_offset <= stable && !young;
}

/* max.compaction.lag.ms */
static bool waited_long(const struct cleaning *c, const struct part *p)
{
    return p->first_timestamp > 0 &&
           c->now_ms - p->first_timestamp > c->config.max_compaction_lag_ms;
}

static bool is_dirty_enough(const struct cleaning *c)
{
    int64_t dirty = 0;
    int64_t all = 0;
    bool overdue = false;
    for (size_t i = 0; i < c->part_count; i++) {
        const struct part *p = &c->parts[i];
        all += p->size;
        if (p->base_offset >= c->from) {
            dirty += p->size;
            overdue |= waited_long(c, p);
        }
    }
    return dirty > 0 &&
           (overdue || (double)dirty >= c->config.min_cleanable_dirty_ratio * (double)all);
}

/* With the lock held. */
static enum weir_status plan(struct cleaning *c, struct weir_error *err)
{
    struct partition_log *log = c->log;
    enum weir_status rc = WEIR_OK;
    c->config = log->config;
    if (!log->config.compacted || log->deleted || log->flush_failed || log->segment_count < 2) {
        return rc;
    }
    int64_t stable = producer_state_first_open(&log->producers, atomic_load(&log->end_offset));
    size_t complete = log->segment_count - 1;
    c->parts = mem_zalloc(complete, sizeof(*c->parts));
    while (c->part_count < complete && is_settled(c, log->segments[c->part_count], stable)) {
        const struct segment *s = log->segments[c->part_count];
        struct part *p = &c->parts[c->part_count];
        rc = segment_file(s, &p->file, err);
        if (rc < 0) {
            return rc;
        }
        p->base_offset = s->base_offset;
        p->next_offset = s->next_offset;
        p->size = s->size;
        p->first_timestamp = s->first_timestamp;
        c->part_count++;
    }
    c->end = log->segments[c->part_count]->base_offset;
    c->from = log->clean_to > c->end ? 0 : log->clean_to;
    for (size_t i = 0; i < log->segment_count; i++) { /* a marker may lie behind its records */
        copy_aborted(c, &log->segments[i]->aborted);
    }
    copy_producers(c, &log->producers);
    return rc;
}

/* --- the newest of each key --- */

static bool is_aborted(const struct cleaning *c, const struct batch_header *h)
{
    for (size_t i = 0; i < c->aborted_count && (h->attributes & BATCH_TRANSACTIONAL); i++) {
        const struct aborted_txn *a = &c->aborted[i];
        if (a->producer_id == h->producer_id && a->first_offset <= h->base_offset &&
            h->base_offset <= a->last_offset) {
            return true;
        }
    }
    return false;
}

static enum weir_status note_batch(struct cleaning *c, struct bytes batch, struct weir_error *err)
{
    struct record_reader reader;
    struct record r;
    int rc = record_reader_init(&reader, batch, err);
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        if (r.key.data) {
            put_offset(&c->latest, r.key, r.offset);
        }
    }
    record_reader_finish(&reader);
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

typedef enum weir_status (*batch_step)(struct cleaning *c,
                                       const struct batch_scan *scan,
                                       struct bytes batch,
                                       void *context,
                                       struct weir_error *err);

/* Takes each batch of a segment; one that is damaged ends the cleaning: it must not be written anew. */
static enum weir_status each_batch(struct cleaning *c,
                                   const struct part *part,
                                   batch_step step,
                                   void *context,
                                   struct weir_error *err)
{
    struct batch_scan scan;
    enum weir_status rc = WEIR_OK;
    batch_scan_init(&scan, part->file->fd, 0, part->size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
        struct bytes batch;
        if (!batch_scan_load(&scan, &batch)) {
            rc = weir_fail_errno(err, "cannot read segment %" PRId64, part->base_offset);
        } else if (scan.header.crc != batch_crc(batch)) {
            rc = weir_fail(err, WEIR_ECORRUPT,
                           "segment %" PRId64 ", byte %" PRId64 ": wrong checksum",
                           part->base_offset, scan.position);
        } else {
            rc = step(c, &scan, batch, context, err);
        }
    }
    if (rc == WEIR_OK && scan.next < part->size) {
        rc = weir_fail(err, WEIR_ECORRUPT, "segment %" PRId64 ", byte %" PRId64 ": no record batch",
                       part->base_offset, scan.next);
    }
    batch_scan_finish(&scan);
    return rc;
}

static enum weir_status note_step(struct cleaning *c,
                                  const struct batch_scan *scan,
                                  struct bytes batch,
                                  void *context,
                                  struct weir_error *err)
{
    (void)context;
    bool counts = !(scan->header.attributes & BATCH_CONTROL) && !is_aborted(c, &scan->header) &&
                  batch_last_offset(&scan->header) >= c->from;
    return counts ? note_batch(c, batch, err) : WEIR_OK;
}

/* --- writing anew --- */

static bool keep_none(void *context, const struct record *r)
{
    (void)context;
    (void)r;
    return false;
}

static bool keep_newest(void *context, const struct record *r)
{
    const struct cleaning *c = context;
    if (!r->key.data) {
        return false; /* from before the topic was compacted: nobody can ask for it by its key */
    }
    const int64_t *newest = map_get(&c->latest, r->key);
    bool expired = !r->value.data && c->horizon >= 0 && c->horizon <= c->now_ms;
    return (!newest || *newest <= r->offset) && !expired;
}

static bool is_last_of_producer(const struct cleaning *c, const struct batch_header *h)
{
    int64_t storage;
    const int64_t *last = map_get(&c->producers, map_key_i64(h->producer_id, &storage));
    return h->producer_id >= 0 && last && *last == batch_last_offset(h);
}

struct rewrite {
    const struct part *part;
    struct segment *to;
    struct buffer left; /* of the batch in hand */
    bool changed;
};

static enum weir_status rewrite_step(struct cleaning *c,
                                     const struct batch_scan *scan,
                                     struct bytes batch,
                                     void *context,
                                     struct weir_error *err)
{
    struct rewrite *w = context;
    const struct batch_header *h = &scan->header;
    int64_t delay_ms = c->config.delete_retention_ms;
    struct batch_filter filter = {
        .keep = is_aborted(c, h) ? keep_none : keep_newest,
        .context = c,
        .delete_horizon_ms = delay_ms > INT64_MAX - c->now_ms ? INT64_MAX : c->now_ms + delay_ms,
        .keep_empty = is_last_of_producer(c, h),
    };
    int32_t kept;
    enum weir_status rc = WEIR_OK;
    c->horizon = batch_delete_horizon(h);
    buffer_clear(&w->left);
    if (h->attributes & BATCH_CONTROL) {
        buffer_append(&w->left, batch.data, batch.len);
    } else {
        rc = batch_filter(batch, &filter, &w->left, &kept, err);
    }
    if (rc < 0) {
        return rc;
    }
    w->changed |= w->left.len != batch.len || memcmp(w->left.data, batch.data, batch.len) != 0;
    if (w->left.len == 0) {
        return WEIR_OK;
    }
    struct batch_header now;
    batch_header_read(w->left.data, &now);
    struct bytes records = { w->left.data + BATCH_HEADER_SIZE, w->left.len - BATCH_HEADER_SIZE };
    return segment_append(w->to, &now, records, c->config.index_interval_bytes, err);
}

/* A segment's files get the names of those that they replace. With the lock held. */
static enum weir_status rename_over(const struct segment *from,
                                    const struct segment *to,
                                    struct weir_error *err)
{
    static const char *const suffixes[] = { ".index", ".timeindex", ".log" };
    char old_path[SEGMENT_PATH_MAX];
    char new_path[SEGMENT_PATH_MAX];
    for (size_t i = 0; i < 2; i++) {
        segment_path(to, suffixes[i], old_path);
        (void)unlinkat(to->root_fd, old_path, 0);
    }
    for (size_t i = 3; i-- > 0;) {
        segment_path(from, suffixes[i], new_path);
        segment_path(to, suffixes[i], old_path);
        if (renameat(from->root_fd, new_path, to->root_fd, old_path) != 0 && i == 2) {
            return weir_fail_errno(err, "cannot rename %s", new_path);
        } /* without an index readers look longer */
    }
    return WEIR_OK;
}

/* Puts `fresh` in the place of the segment that it was made from, unless that is gone. Takes it. */
static enum weir_status take_place(struct cleaning *c,
                                   const struct part *part,
                                   struct segment *fresh,
                                   struct log_compacted *out,
                                   struct weir_error *err)
{
    struct partition_log *log = c->log;
    enum weir_status rc = WEIR_OK;
    (void)pthread_mutex_lock(&log->lock);
    size_t i = 0;
    while (i < log->segment_count && log->segments[i]->base_offset != part->base_offset) {
        i++;
    }
    if (i < log->segment_count && !log->deleted) {
        struct segment *old = log->segments[i];
        bool empty = fresh->size == 0;
        rc = empty ? log_condemn_segment(log, i, err) : rename_over(fresh, old, err);
        if (rc == WEIR_OK && empty) {
            out->segments++;
            out->bytes_before += part->size;
        } else if (rc == WEIR_OK) {
            struct txn_index aborted = old->aborted;
            old->aborted = fresh->aborted;
            fresh->aborted = aborted;
            fresh->log_name = log->name;
            fresh->created_ms = old->created_ms;
            fresh->next_offset = old->next_offset;
            log->segments[i] = fresh;
            log->names_synced = false;
            out->segments++;
            out->bytes_before += part->size;
            out->bytes_after += fresh->size;
            fresh = old;
        }
    }
    (void)pthread_mutex_unlock(&log->lock);
    segment_destroy(fresh);
    return rc;
}

static enum weir_status clean_part(struct cleaning *c,
                                   const struct part *part,
                                   const char *folder,
                                   struct log_compacted *out,
                                   struct weir_error *err)
{
    struct rewrite w = {
        part, segment_create(c->log->root_fd, folder, part->base_offset), { 0 }, false
    };
    buffer_init(&w.left, LIMIT_BATCH_UNCOMPRESSED);
    enum weir_status rc = segment_activate(w.to, err);
    if (rc == WEIR_OK) {
        rc = each_batch(c, part, rewrite_step, &w, err);
    }
    if (rc == WEIR_OK && fdatasync(w.to->file->fd) != 0) {
        rc = weir_fail_errno(err, "cannot sync a cleaned segment");
    }
    if (rc == WEIR_OK) {
        rc = segment_retire(w.to, err);
    }
    buffer_finish(&w.left);
    if (rc < 0 || !w.changed || (w.to->size == 0 && part == c->parts)) {
        segment_unlink(w.to);
        segment_destroy(w.to);
        return rc;
    }
    return take_place(c, part, w.to, out, err);
}

static enum weir_status clean_parts(struct cleaning *c,
                                    struct log_compacted *out,
                                    struct weir_error *err)
{
    char folder[LOG_PATH_MAX];
    log_path(c->log, new_folder, folder);
    (void)!file_remove_tree(c->log->root_fd, folder, NULL);
    if (mkdirat(c->log->root_fd, folder, LOG_DIR_MODE) != 0) {
        return weir_fail_errno(err, "cannot make folder %s", folder);
    }
    enum weir_status rc = write_cleaned(c, c->from, err);
    for (size_t i = 0; i < c->part_count && rc == WEIR_OK; i++) {
        rc = clean_part(c, &c->parts[i], folder, out, err);
    }
    (void)!file_remove_tree(c->log->root_fd, folder, NULL);
    if (rc == WEIR_OK) {
        (void)pthread_mutex_lock(&c->log->lock);
        rc = c->log->deleted ? WEIR_OK : log_sync_names(c->log, err);
        (void)pthread_mutex_unlock(&c->log->lock);
    }
    return rc == WEIR_OK ? write_cleaned(c, c->end, err) : rc;
}

enum weir_status partition_log_compact(struct partition_log *log,
                                       int64_t now_ms,
                                       struct log_compacted *out,
                                       struct weir_error *err)
{
    struct cleaning c = { .log = log, .now_ms = now_ms };
    *out = (struct log_compacted){ 0 };
    map_init(&c.latest);
    map_init(&c.producers);
    (void)pthread_mutex_lock(&log->lock);
    enum weir_status rc = plan(&c, err);
    (void)pthread_mutex_unlock(&log->lock);
    if (rc == WEIR_OK && is_dirty_enough(&c)) {
        for (size_t i = 0; i < c.part_count && rc == WEIR_OK; i++) {
            if (c.parts[i].next_offset > c.from) {
                rc = each_batch(&c, &c.parts[i], note_step, NULL, err);
            }
        }
        rc = rc == WEIR_OK ? clean_parts(&c, out, err) : rc;
    }
    for (size_t i = 0; i < c.part_count; i++) {
        log_file_unref(c.parts[i].file);
    }
    free(c.parts);
    free(c.aborted);
    finish_offsets(&c.latest);
    finish_offsets(&c.producers);
    return rc;
}
