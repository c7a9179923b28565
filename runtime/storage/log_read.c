/*
 * Reading a partition's log: see partition_log.h.
 *
 * The lock is held only to pick a segment and to ask its index; looking for the batch in the file happens without it,
 * on a reference that keeps the file open. What an append adds meanwhile lies behind the range that was picked.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "protocol/record.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"
#include "storage/partition_log.h"

/* The last segment that begins at or before `offset`. */
static size_t floor_segment(const struct partition_log *log, int64_t offset)
{
    size_t low = 0;
    size_t high = log->segment_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (log->segments[middle]->base_offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* With the lock held. */
static enum weir_status view_segment(const struct partition_log *log,
                                     size_t index,
                                     int64_t offset,
                                     struct segment_view *out,
                                     struct weir_error *err)
{
    *out = (struct segment_view){ 0 };
    if (index >= log->segment_count || log->segments[index]->size == 0) {
        return WEIR_OK;
    }
    const struct segment *s = log->segments[index];
    enum weir_status rc = segment_file(s, &out->file, err);
    out->recalls = segment_recall(s, offset, &out->first);
    out->hint = out->recalls ? out->first.position : segment_hint(s, offset);
    out->size = s->size;
    out->next_offset = s->next_offset;
    out->base_offset = s->base_offset;
    return rc;
}

enum weir_status log_pick_segment(struct partition_log *log,
                                  int64_t offset,
                                  const struct segment_view *after,
                                  struct segment_view *out,
                                  struct weir_error *err)
{
    (void)pthread_mutex_lock(&log->lock);
    size_t index = floor_segment(log, offset);
    if (after) {
        /* That one may have been deleted meanwhile, with all before it. */
        bool gone = log->segment_count > 0 && log->segments[0]->base_offset > after->base_offset;
        index = gone ? 0 : floor_segment(log, after->base_offset) + 1;
    }
    while (index + 1 < log->segment_count && log->segments[index]->size == 0) {
        index++; /* compaction left nothing of it */
    }
    enum weir_status rc = WEIR_OK;
    if (log->deleted) {
        *out = (struct segment_view){ 0 };
        rc = weir_fail(err, WEIR_ENOTFOUND, "%s is closed", log->name);
    } else {
        rc = view_segment(log, index, offset, out, err);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

/* --- offsets --- */

/* The first batch of the segment that reaches `offset`. As segment_find(). */
static int first_batch(const struct segment_view *view, int64_t offset, struct batch_place *out)
{
    if (view->recalls) {
        *out = view->first;
        return 1;
    }
    return segment_find(view->file, view->hint, view->size, offset, out, NULL);
}

/* How far a reader may go in this segment: to the end, or to the batch that reaches `upper_offset`. */
static int end_position(const struct segment_view *view,
                        const struct batch_place *first,
                        int64_t upper_offset,
                        int64_t *out_end)
{
    if (upper_offset >= view->next_offset) {
        *out_end = view->size;
        return 1;
    }
    if (upper_offset <= first->header.base_offset) {
        *out_end = first->position;
        return 1;
    }
    struct batch_place bound;
    int found = segment_find(view->file, first->position, view->size, upper_offset, &bound, NULL);
    *out_end = found > 0 ? bound.position : view->size;
    return found;
}

static void fill_slice(const struct log_read_options *options,
                       const struct batch_place *first,
                       int64_t end,
                       struct segment_view *view,
                       struct log_slice *out)
{
    int64_t length = end - first->position;
    int64_t first_size = batch_size(&first->header);
    int64_t allowed = options->max_bytes;
    if (allowed < first_size) {
        allowed = options->min_one ? first_size : 0; /* half a first batch helps nobody */
    }
    if (length > allowed) {
        length = allowed;
    }
    if (length > 0) {
        int64_t upper =
            options->upper_offset < view->next_offset ? options->upper_offset : view->next_offset;
        *out = (struct log_slice){ view->file, first->position, length, upper };
        view->file = NULL; /* the slice has the reference */
    }
}

enum kafka_error partition_log_read(struct partition_log *log,
                                    const struct log_read_options *options,
                                    struct log_slice *out_slice)
{
    int64_t end_offset = partition_log_end_offset(log);
    *out_slice = (struct log_slice){ 0 };
    if (options->offset < partition_log_start_offset(log) || options->offset > end_offset) {
        return KAFKA_OFFSET_OUT_OF_RANGE;
    }
    if (options->offset == end_offset || options->offset >= options->upper_offset) {
        return KAFKA_NONE;
    }
    struct segment_view view;
    enum weir_status rc = log_pick_segment(log, options->offset, NULL, &view, NULL);
    int found = 0;
    struct batch_place first;
    /* A compacted segment may end in a gap: then the answer begins in the next one. */
    while (rc == WEIR_OK && view.file) {
        found = first_batch(&view, options->offset, &first);
        if (found != 0) {
            break;
        }
        struct segment_view before = view;
        rc = log_pick_segment(log, options->offset, &before, &view, NULL);
        log_file_unref(before.file);
    }
    int64_t end = 0;
    if (found > 0) {
        found = end_position(&view, &first, options->upper_offset, &end);
    }
    if (found >= 0 && end > 0) {
        fill_slice(options, &first, end, &view, out_slice);
    }
    log_file_unref(view.file);
    if (rc < 0 || found == WEIR_EIO) {
        return KAFKA_STORAGE_ERROR;
    }
    return found < 0 ? KAFKA_CORRUPT_MESSAGE : KAFKA_NONE;
}

/* --- times --- */

/* The first record of the batch that is not earlier than `timestamp` and lies in [from, upper). 1, 0, or an error. */
static int find_record(struct bytes batch,
                       int64_t timestamp,
                       int64_t from_offset,
                       int64_t upper_offset,
                       struct log_time_offset *out)
{
    struct record_reader reader;
    struct record r;
    int found = 0;
    int rc = record_reader_init(&reader, batch, NULL);
    while (rc >= 0 && !found && (rc = record_next(&reader, &r, NULL)) > 0) {
        if (r.timestamp >= timestamp && r.offset >= from_offset && r.offset < upper_offset) {
            *out = (struct log_time_offset){ r.timestamp, r.offset, reader.header.leader_epoch };
            found = 1;
        }
    }
    record_reader_finish(&reader);
    return rc < 0 ? rc : found;
}

struct time_search {
    int64_t timestamp;
    int64_t from_offset;
    int64_t upper_offset;
};

static int search_segment(const struct segment_view *view,
                          const struct time_search *search,
                          struct log_time_offset *out)
{
    struct batch_scan scan;
    int found = 0;
    batch_scan_init(&scan, view->file->fd, view->hint, view->size, BATCH_SCAN_CHUNK_LOOKUP);
    while (found == 0 && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
        if (scan.header.base_offset >= search->upper_offset) {
            break;
        }
        if (scan.header.max_timestamp < search->timestamp ||
            batch_last_offset(&scan.header) < search->from_offset) {
            continue;
        }
        struct bytes batch;
        found = batch_scan_load(&scan, &batch)
                    ? find_record(batch, search->timestamp, search->from_offset,
                                  search->upper_offset, out)
                    : WEIR_EIO;
    }
    batch_scan_finish(&scan);
    return found;
}

/* A place before the first record of `timestamp`, from the time index. */
static int64_t time_hint(const struct segment *s, int64_t timestamp)
{
    char path[SEGMENT_PATH_MAX];
    struct index_entry entry;
    segment_path(s, ".timeindex", path);
    /* One less: the entry's own batch may have that time, and earlier batches too. */
    if (!index_lookup(&s->times, s->root_fd, path, timestamp - 1, &entry)) {
        return 0;
    }
    return segment_hint(s, s->base_offset + entry.value);
}

/* The first segment that begins behind `after` and has a record of `timestamp` or later. */
static enum weir_status pick_by_time(struct partition_log *log,
                                     int64_t after,
                                     int64_t timestamp,
                                     struct segment_view *out,
                                     struct weir_error *err)
{
    *out = (struct segment_view){ 0 };
    (void)pthread_mutex_lock(&log->lock);
    size_t index = 0;
    while (index < log->segment_count && (log->segments[index]->base_offset <= after ||
                                          log->segments[index]->max_timestamp < timestamp)) {
        index++;
    }
    enum weir_status rc = WEIR_OK;
    if (index < log->segment_count && !log->deleted) {
        rc = view_segment(log, index, log->segments[index]->base_offset, out, err);
        out->hint = time_hint(log->segments[index], timestamp);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return rc;
}

enum kafka_error partition_log_offset_for_time(struct partition_log *log,
                                               int64_t timestamp,
                                               int64_t upper_offset,
                                               struct log_time_offset *out_found)
{
    struct time_search search = { timestamp, partition_log_start_offset(log), upper_offset };
    *out_found = (struct log_time_offset){ NO_TIMESTAMP, -1, -1 };
    int found = 0;
    struct segment_view view = { 0 };
    enum weir_status rc = pick_by_time(log, -1, timestamp, &view, NULL);
    while (rc == WEIR_OK && view.file) {
        found = search_segment(&view, &search, out_found);
        int64_t after = view.base_offset;
        log_file_unref(view.file);
        view.file = NULL;
        if (found != 0) {
            break;
        }
        rc = pick_by_time(log, after, timestamp, &view, NULL);
    }
    if (rc < 0 || found == WEIR_EIO) {
        return KAFKA_STORAGE_ERROR;
    }
    return found < 0 ? KAFKA_CORRUPT_MESSAGE : KAFKA_NONE;
}

enum kafka_error partition_log_max_timestamp(struct partition_log *log,
                                             struct log_time_offset *out_found)
{
    int64_t newest = NO_TIMESTAMP;
    (void)pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->segment_count; i++) {
        if (log->segments[i]->max_timestamp > newest) {
            newest = log->segments[i]->max_timestamp;
        }
    }
    (void)pthread_mutex_unlock(&log->lock);
    if (newest < 0) {
        *out_found = (struct log_time_offset){ NO_TIMESTAMP, -1, -1 };
        return KAFKA_NONE;
    }
    return partition_log_offset_for_time(log, newest, INT64_MAX, out_found);
}
