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
#include "storage/cleaner_transactions.h"
#include "storage/log_state.h"
#include "storage/offset_map.h"

static const char new_folder[] = "new.cleaned";

/* A complete segment as it was when the cleaning began. */
struct part {
    struct log_file *file; /* owned reference */
    int64_t base_offset;
    int64_t next_offset;
    int64_t upper; /* where the segment behind it begins */
    int64_t size;
    int64_t index_size; /* of its indexes, in bytes */
    int64_t times_size;
    int64_t first_timestamp; /* -1: not known */
    bool joins;              /* it is put together with the one before */
};

struct cleaning {
    struct partition_log *log;
    struct log_config config; /* as it was */
    int64_t now_ms;
    struct part *parts; /* owned */
    size_t part_count;
    int64_t from;     /* where the unclean part begins */
    int64_t end;      /* where the first segment begins that is left alone */
    int64_t noted_to; /* what lies before is in `latest`, and will be clean */
    bool stop;        /* enough was read */
    bool full;        /* `latest` has no room for what lies behind that */
    bool missed;      /* segments went meanwhile that something was to take the place of */
    struct cleaner_transactions transactions;
    struct offset_map latest;
    int64_t horizon; /* of the batch in hand; -1: none */
};

/* --- what is clean --- */

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
        if (p->next_offset > c->from) {
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
        p->upper = log->segments[c->part_count + 1]->base_offset;
        p->size = s->size;
        p->index_size = s->offsets.count * index_entry_size(INDEX_OFFSET);
        p->times_size = s->times.count * index_entry_size(INDEX_TIME);
        p->first_timestamp = s->first_timestamp;
        c->part_count++;
    }
    c->end = log->segments[c->part_count]->base_offset;
    c->from = log->clean_to > c->end ? 0 : log->clean_to;
    for (size_t i = 0; i < log->segment_count; i++) { /* a marker may lie behind its records */
        cleaner_transactions_add(&c->transactions, &log->segments[i]->aborted);
    }
    cleaner_transactions_sort(&c->transactions);
    cleaner_transactions_keep(&c->transactions, &log->producers);
    return rc;
}

/* --- the newest of each key --- */

static enum weir_status note_batch(struct cleaning *c, struct bytes batch, struct weir_error *err)
{
    struct record_reader reader;
    struct record r;
    int rc = record_reader_init(&reader, batch, err);
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        if (r.key.data && r.offset >= c->from && !offset_map_put(&c->latest, r.key, r.offset)) {
            c->full = c->stop = true;
            c->noted_to = r.offset;
            break;
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

/* Takes each batch of a segment, until c->stop; one that is damaged ends the cleaning: it must not be written anew. */
static enum weir_status each_batch(struct cleaning *c,
                                   const struct part *part,
                                   batch_step step,
                                   void *context,
                                   struct weir_error *err)
{
    struct batch_scan scan;
    enum weir_status rc = WEIR_OK;
    batch_scan_init(&scan, part->file->fd, 0, part->size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && !c->stop && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
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
    if (rc == WEIR_OK && !c->stop && scan.next < part->size) {
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
    bool counts = !(scan->header.attributes & BATCH_CONTROL) &&
                  !cleaner_transactions_is_aborted(&c->transactions, &scan->header) &&
                  batch_last_offset(&scan->header) >= c->from;
    return counts ? note_batch(c, batch, err) : WEIR_OK;
}

/* Reads what is not clean, as far as there is memory for its keys; segments that begin behind that are left alone. */
static enum weir_status note_dirty(struct cleaning *c, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    int64_t offsets = 0;
    for (size_t i = 0; i < c->part_count; i++) {
        const struct part *p = &c->parts[i];
        int64_t first = p->base_offset > c->from ? p->base_offset : c->from;
        offsets += p->next_offset > first ? p->next_offset - first : 0;
    }
    offset_map_init(&c->latest, c->config.cleaner_dedupe_bytes, c->config.cleaner_load_factor,
                    offsets);
    c->noted_to = c->end;
    for (size_t i = 0; i < c->part_count && rc == WEIR_OK && !c->stop; i++) {
        if (c->parts[i].next_offset > c->from) {
            rc = each_batch(c, &c->parts[i], note_step, NULL, err);
        }
    }
    c->stop = false;
    while (c->full && c->parts[c->part_count - 1].base_offset >= c->noted_to) {
        log_file_unref(c->parts[--c->part_count].file);
    }
    c->end = c->parts[c->part_count - 1].upper;
    return rc;
}

/* --- which segments are put together --- */

/* Can the offsets of this part be told as differences to `base_offset`? One without batches has none. */
static bool is_in_range(const struct part *p, int64_t base_offset)
{
    return p->size == 0 || p->upper - 1 - base_offset <= INT32_MAX;
}

/* By their sizes as they are, so that what is left is never too large (Cleaner.groupSegmentsBySize). */
static void group_parts(struct cleaning *c)
{
    struct part sum = { 0 };
    for (size_t i = 0; i < c->part_count; i++) {
        struct part *p = &c->parts[i];
        p->joins = i > 0 && sum.size + p->size <= c->config.segment_bytes &&
                   sum.index_size + p->index_size <= c->config.segment_index_bytes &&
                   sum.times_size + p->times_size <= c->config.segment_index_bytes &&
                   is_in_range(p, sum.base_offset);
        if (!p->joins) {
            sum = (struct part){ .base_offset = p->base_offset };
        }
        sum.size += p->size;
        sum.index_size += p->index_size;
        sum.times_size += p->times_size;
    }
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
    if (r->offset >= c->noted_to) {
        return true; /* for the next cleaning */
    }
    if (!r->key.data) {
        return false; /* from before the topic was compacted: nobody can ask for it by its key */
    }
    bool expired = !r->value.data && c->horizon >= 0 && c->horizon <= c->now_ms;
    return offset_map_get(&c->latest, r->key) <= r->offset && !expired;
}

static bool keep_all(void *context, const struct record *r)
{
    (void)context;
    (void)r;
    return true;
}

/* Segments [first, last] of the plan, written anew as one. */
struct rewrite {
    size_t first;
    size_t last;
    struct segment *to; /* owned, in the folder of what is new */
    struct buffer left; /* of the batch in hand */
    bool changed;
    bool vanishes; /* nothing takes their place */
};

static int64_t new_horizon(const struct cleaning *c)
{
    int64_t delay_ms = c->config.delete_retention_ms;
    return delay_ms > INT64_MAX - c->now_ms ? INT64_MAX : c->now_ms + delay_ms;
}

/* A marker stays while its transaction has batches, and some time longer. */
static enum weir_status filter_marker(struct cleaning *c,
                                      const struct batch_header *h,
                                      struct bytes batch,
                                      struct rewrite *w,
                                      struct weir_error *err)
{
    bool alone = cleaner_transactions_end(&c->transactions, h);
    bool last = cleaner_transactions_is_last(&c->transactions, h);
    if (alone && !last && (h->record_count == 0 || (c->horizon >= 0 && c->horizon <= c->now_ms))) {
        return WEIR_OK;
    }
    const struct aborted_txn *entry = cleaner_transactions_entry(&c->transactions, h);
    if (!alone && entry) {
        char path[SEGMENT_PATH_MAX];
        segment_path(w->to, ".txnindex", path);
        enum weir_status rc = txn_index_append(&w->to->aborted, w->to->root_fd, path, entry, err);
        if (rc < 0) {
            return rc;
        }
    }
    int32_t kept;
    struct batch_filter filter = { .keep = keep_all,
                                   .delete_horizon_ms = new_horizon(c),
                                   .horizon_due = alone && h->record_count > 0,
                                   .keep_empty = true };
    return batch_filter(batch, &filter, &w->left, &kept, err);
}

static enum weir_status filter_records(struct cleaning *c,
                                       const struct batch_header *h,
                                       struct bytes batch,
                                       struct rewrite *w,
                                       struct weir_error *err)
{
    int32_t kept;
    bool aborted = cleaner_transactions_is_aborted(&c->transactions, h);
    struct batch_filter filter = {
        .keep = aborted ? keep_none : keep_newest,
        .context = c,
        .delete_horizon_ms = new_horizon(c),
        .keep_empty = cleaner_transactions_is_last(&c->transactions, h),
    };
    cleaner_transactions_pass(&c->transactions, h);
    return batch_filter(batch, &filter, &w->left, &kept, err);
}

static enum weir_status write_left(struct cleaning *c, struct rewrite *w, struct weir_error *err)
{
    struct batch_header h;
    if (w->left.len == 0) {
        return WEIR_OK;
    }
    batch_header_read(w->left.data, &h);
    struct bytes records = { w->left.data + BATCH_HEADER_SIZE, w->left.len - BATCH_HEADER_SIZE };
    return segment_append(w->to, &h, records, c->config.index_interval_bytes, err);
}

static enum weir_status rewrite_step(struct cleaning *c,
                                     const struct batch_scan *scan,
                                     struct bytes batch,
                                     void *context,
                                     struct weir_error *err)
{
    struct rewrite *w = context;
    const struct batch_header *h = &scan->header;
    bool control = h->attributes & BATCH_CONTROL;
    c->horizon = batch_delete_horizon(h);
    buffer_clear(&w->left);
    enum weir_status rc =
        control ? filter_marker(c, h, batch, w, err) : filter_records(c, h, batch, w, err);
    if (rc < 0) {
        return rc;
    }
    w->changed |= w->left.len != batch.len || memcmp(w->left.data, batch.data, batch.len) != 0;
    return write_left(c, w, err);
}

/* --- taking the place of what was there --- */

static void note_done(const struct cleaning *c, const struct rewrite *w, struct log_compacted *out)
{
    out->segments += (int32_t)(w->last - w->first + 1);
    for (size_t i = w->first; i <= w->last; i++) {
        out->bytes_before += c->parts[i].size;
    }
    out->bytes_after += w->to->size;
}

/* Puts w->to in the place of the segments that it was made from, unless one is gone. */
static enum weir_status take_place(struct cleaning *c,
                                   struct rewrite *w,
                                   struct log_compacted *out,
                                   struct weir_error *err)
{
    struct partition_log *log = c->log;
    const struct part *parts = c->parts;
    size_t count = w->last - w->first + 1;
    enum weir_status rc = WEIR_OK;
    (void)pthread_mutex_lock(&log->lock);
    size_t at = 0;
    while (at < log->segment_count &&
           log->segments[at]->base_offset != parts[w->first].base_offset) {
        at++;
    }
    bool there = at + count < log->segment_count && !log->deleted &&
                 log->segments[at + count - 1]->base_offset == parts[w->last].base_offset;
    if (there && w->vanishes) {
        rc = log_condemn_segments(log, at, count, err);
    } else if (there) {
        rc = log_replace_files(log, at, count, w->to, err);
    }
    c->missed |= !there;
    if (there && rc == WEIR_OK) {
        note_done(c, w, out);
    }
    if (there && rc == WEIR_OK && !w->vanishes) {
        struct segment *old = log->segments[at];
        w->to->log_name = log->name;
        w->to->created_ms = old->created_ms;
        w->to->next_offset = parts[w->last].next_offset;
        log->segments[at] = w->to;
        log->names_synced = false;
        w->to = old;
    }
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

/* What was written is complete: to the disk, and in its place if it is different. */
static enum weir_status finish_rewrite(struct cleaning *c,
                                       struct rewrite *w,
                                       struct log_compacted *out,
                                       struct weir_error *err)
{
    enum weir_status rc = w->changed ? log_sync_segment(w->to, err) : WEIR_OK;
    if (rc == WEIR_OK) {
        rc = segment_retire(w->to, err);
    }
    if (rc == WEIR_OK && w->changed) {
        rc = take_place(c, w, out, err);
    } else {
        segment_unlink(w->to);
    }
    segment_destroy(w->to);
    w->to = NULL;
    return rc;
}

/* Takes up the next segment. What those left that it is not put together with goes to its place; if that is nothing, they become
 * the beginning of what is behind them. */
static enum weir_status clean_part(struct cleaning *c,
                                   struct rewrite *w,
                                   const char *folder,
                                   struct log_compacted *out,
                                   struct weir_error *err)
{
    const struct part *part = &c->parts[w->last];
    enum weir_status rc = WEIR_OK;
    if (!w->to) {
        w->to = segment_create(c->log->root_fd, folder, part->base_offset);
        w->first = w->last;
        w->changed = false;
        rc = segment_activate(w->to, err);
    }
    if (rc == WEIR_OK) {
        rc = each_batch(c, part, rewrite_step, w, err);
    }
    if (rc < 0) {
        return rc;
    }
    const struct part *next = w->last + 1 < c->part_count ? part + 1 : NULL;
    if (next && (next->joins || w->to->size == 0) && is_in_range(next, w->to->base_offset)) {
        w->changed = true;
        return rc;
    }
    /* The first segment may be empty: the log begins there. Any other goes. */
    w->vanishes = w->to->size == 0 && w->first > 0;
    return finish_rewrite(c, w, out, err);
}

static enum weir_status clean_parts(struct cleaning *c,
                                    struct log_compacted *out,
                                    struct weir_error *err)
{
    char folder[LOG_PATH_MAX];
    struct rewrite w = { .to = NULL };
    log_path(c->log, new_folder, folder);
    (void)!file_remove_tree(c->log->root_fd, folder, NULL);
    if (mkdirat(c->log->root_fd, folder, LOG_DIR_MODE) != 0) {
        return weir_fail_errno(err, "cannot make folder %s", folder);
    }
    buffer_init(&w.left, LIMIT_BATCH_UNCOMPRESSED);
    enum weir_status rc = write_cleaned(c, c->from, err);
    for (w.last = 0; w.last < c->part_count && rc == WEIR_OK; w.last++) {
        rc = clean_part(c, &w, folder, out, err);
    }
    buffer_finish(&w.left);
    segment_destroy(w.to);
    (void)!file_remove_tree(c->log->root_fd, folder, NULL);
    if (rc == WEIR_OK) {
        (void)pthread_mutex_lock(&c->log->lock);
        rc = c->log->deleted ? WEIR_OK : log_sync_names(c->log, err);
        (void)pthread_mutex_unlock(&c->log->lock);
    }
    return rc == WEIR_OK ? write_cleaned(c, c->missed ? c->from : c->noted_to, err) : rc;
}

enum weir_status partition_log_compact(struct partition_log *log,
                                       int64_t now_ms,
                                       struct log_compacted *out,
                                       struct weir_error *err)
{
    struct cleaning c = { .log = log, .now_ms = now_ms };
    *out = (struct log_compacted){ 0 };
    (void)pthread_mutex_lock(&log->lock);
    enum weir_status rc = plan(&c, err);
    (void)pthread_mutex_unlock(&log->lock);
    if (rc == WEIR_OK && is_dirty_enough(&c)) {
        rc = note_dirty(&c, err);
        if (rc == WEIR_OK) {
            group_parts(&c);
            rc = clean_parts(&c, out, err);
        }
        out->more = rc == WEIR_OK && c.full && !c.missed;
    }
    for (size_t i = 0; i < c.part_count; i++) {
        log_file_unref(c.parts[i].file);
    }
    free(c.parts);
    cleaner_transactions_finish(&c.transactions);
    offset_map_finish(&c.latest);
    return rc;
}
