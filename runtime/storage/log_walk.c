/*
 * Walking a log from one end to the other: see log_walk.h, and partition_log_iterate() of partition_log.h.
 *
 * Behind damage the next batch is looked for byte by byte: one counts whose offset can follow and whose checksum is right, so
 * that neither a length nor an index has to be trusted.
 */
#include "storage/log_walk.h"

#include "base/error.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"

/* --- up to the first damage --- */

static enum weir_status visit_segment(const struct partition_log *log,
                                      const struct segment_view *view,
                                      int64_t offset,
                                      log_batch_visitor visit,
                                      void *context,
                                      struct weir_error *err)
{
    struct batch_scan scan;
    enum weir_status rc = WEIR_OK;
    batch_scan_init(&scan, view->file->fd, view->hint, view->size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
        struct bytes batch;
        if (batch_last_offset(&scan.header) < offset) {
            continue;
        }
        rc = batch_scan_load(&scan, &batch) ? visit(context, batch, err)
                                            : weir_fail_errno(err, "cannot read a segment");
    }
    if (rc == WEIR_OK && scan.next < view->size) {
        rc = weir_fail(
            err, WEIR_ECORRUPT,
            "%s/%020lld.log is damaged at byte %lld, where a batch should be; restore the "
            "file, or cut it off there",
            log->name, (long long)view->base_offset, (long long)scan.next);
    }
    batch_scan_finish(&scan);
    return rc;
}

enum weir_status partition_log_iterate(struct partition_log *log,
                                       int64_t offset,
                                       log_batch_visitor visit,
                                       void *context,
                                       struct weir_error *err)
{
    struct segment_view view;
    enum weir_status rc = log_pick_segment(log, offset, NULL, &view, err);
    while (rc == WEIR_OK && view.file) {
        rc = visit_segment(log, &view, offset, visit, context, err);
        struct segment_view before = view;
        view.file = NULL;
        if (rc == WEIR_OK) {
            rc = log_pick_segment(log, offset, &before, &view, err);
        }
        log_file_unref(before.file);
    }
    return rc;
}

/* --- past all damage --- */

struct salvage {
    const struct partition_log *log;
    const struct segment_view *view;
    log_batch_visitor visit;
    log_damage_listener damaged;
    void *context;
    int64_t next_offset; /* what the next batch must begin at, or after */
};

enum batch_worth { BATCH_GOOD, BATCH_DAMAGED, BATCH_UNREADABLE };

/* Is the batch that the scan found a true one? *out_batch is all of it. */
static enum batch_worth weigh(const struct salvage *s,
                              struct batch_scan *scan,
                              struct bytes *out_batch)
{
    const struct batch_header *h = &scan->header;
    if (h->base_offset < s->next_offset || batch_last_offset(h) < h->base_offset ||
        batch_last_offset(h) >= s->view->next_offset) {
        return BATCH_DAMAGED;
    }
    if (!batch_scan_load(scan, out_batch)) {
        return BATCH_UNREADABLE;
    }
    return h->crc == batch_crc(*out_batch) ? BATCH_GOOD : BATCH_DAMAGED;
}

/* Where the next good batch begins behind `position`, the end of the segment when there is none; *out_offset is its first. */
static enum weir_status find_good(const struct salvage *s,
                                  int64_t position,
                                  int64_t *out_position,
                                  int64_t *out_offset,
                                  struct weir_error *err)
{
    struct batch_scan scan;
    struct bytes batch;
    bool found = false;
    bool readable = true;
    batch_scan_init(&scan, s->view->file->fd, 0, s->view->size, BATCH_SCAN_CHUNK_ALL);
    while (!found && readable && ++position + BATCH_HEADER_SIZE <= s->view->size) {
        scan.next = position;
        enum batch_scan_state state = batch_scan_next(&scan);
        enum batch_worth worth =
            state == BATCH_SCAN_FOUND ? weigh(s, &scan, &batch) : BATCH_DAMAGED;
        found = worth == BATCH_GOOD;
        readable = state != BATCH_SCAN_IO && worth != BATCH_UNREADABLE;
    }
    *out_position = found ? position : s->view->size;
    *out_offset = found ? scan.header.base_offset : s->view->next_offset;
    batch_scan_finish(&scan);
    return readable ? WEIR_OK : weir_fail_errno(err, "cannot read %s", s->log->name);
}

/* Tells of the damage at `position` and finds where it ends. */
static enum weir_status pass_damage(struct salvage *s,
                                    int64_t position,
                                    const char *reason,
                                    int64_t *out_end,
                                    struct weir_error *err)
{
    struct log_damage damage = { .segment = s->view->base_offset,
                                 .position = position,
                                 .first_offset = s->next_offset,
                                 .reason = reason };
    enum weir_status rc = find_good(s, position, out_end, &damage.next_offset, err);
    if (rc == WEIR_OK) {
        damage.bytes = *out_end - position;
        s->next_offset = damage.next_offset;
        s->damaged(s->context, &damage);
    }
    return rc;
}

/* One batch that is good, but for what its visitor finds in it. */
static enum weir_status hand_over(struct salvage *s,
                                  const struct batch_scan *scan,
                                  struct bytes batch,
                                  struct weir_error *err)
{
    struct weir_error why;
    int64_t first = scan->header.base_offset;
    enum weir_status rc = s->visit(s->context, batch, &why);
    s->next_offset = batch_next_offset(&scan->header);
    if (rc == WEIR_ECORRUPT) {
        struct log_damage damage = { s->view->base_offset, scan->position,
                                     (int64_t)batch.len,   first,
                                     s->next_offset,       why.message };
        s->damaged(s->context, &damage);
        return WEIR_OK;
    }
    return rc < 0 ? weir_fail(err, rc, "%s", why.message) : WEIR_OK;
}

static enum weir_status salvage_segment(struct salvage *s, struct weir_error *err)
{
    struct batch_scan scan;
    enum weir_status rc = WEIR_OK;
    batch_scan_init(&scan, s->view->file->fd, 0, s->view->size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && scan.next < s->view->size) {
        int64_t position = scan.next;
        struct bytes batch;
        enum batch_scan_state state = batch_scan_next(&scan);
        enum batch_worth worth =
            state == BATCH_SCAN_FOUND ? weigh(s, &scan, &batch) : BATCH_DAMAGED;
        if (state == BATCH_SCAN_IO || worth == BATCH_UNREADABLE) {
            rc = weir_fail_errno(err, "cannot read %s", s->log->name);
        } else if (worth == BATCH_GOOD) {
            rc = hand_over(s, &scan, batch, err);
        } else {
            const char *reason =
                state == BATCH_SCAN_FOUND ? "wrong checksum or offset" : "no record batch";
            rc = pass_damage(s, position, reason, &scan.next, err);
        }
    }
    batch_scan_finish(&scan);
    return rc;
}

enum weir_status partition_log_salvage(struct partition_log *log,
                                       log_batch_visitor visit,
                                       log_damage_listener damaged,
                                       void *context,
                                       struct weir_error *err)
{
    struct segment_view view;
    struct salvage s = {
        .log = log, .view = &view, .visit = visit, .damaged = damaged, .context = context
    };
    int64_t start = partition_log_start_offset(log);
    enum weir_status rc = log_pick_segment(log, start, NULL, &view, err);
    while (rc == WEIR_OK && view.file) {
        rc = salvage_segment(&s, err);
        struct segment_view before = view;
        view.file = NULL;
        if (rc == WEIR_OK) {
            rc = log_pick_segment(log, start, &before, &view, err);
        }
        log_file_unref(before.file);
    }
    return rc;
}
