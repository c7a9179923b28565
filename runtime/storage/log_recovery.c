/*
 * Opening a log: finding its segments, checking what a crash may have torn, bringing indexes, leader epochs and
 * producers back (org.apache.kafka.storage.internals.log.LogLoader, LogSegment.recover).
 *
 * LESSON: crash-recovery
 *
 * A batch counts when it is whole, its checksum is right, its offsets follow those before it, and its leader epoch is
 * neither before that of the last batch nor one that never was. The last two matter because the checksum covers neither
 * base offset nor leader epoch: Apache Kafka does not start on a flipped bit in a base offset, and does not look at the
 * tail at all after a clean stop, so that new records land behind torn bytes. Here the tail is always checked, from the
 * last index entry on; after a crash everything above the recovery point is. At the first batch that does not count the
 * log ends; but not in a segment that was synced and has others behind it, which are worth more: that is left as it is, and
 * the report says so.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "protocol/be.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"

enum { OFFSET_DIGITS = 20, METADATA_MAX = 4096, EPOCH_FILE_MAX = 1 << 20 };

struct offset_list {
    int64_t *offsets; /* owned */
    size_t count;
    size_t capacity;
};

static void offset_list_add(struct offset_list *l, int64_t offset)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 8;
        l->offsets = mem_resize(l->offsets, l->capacity, sizeof(int64_t));
    }
    l->offsets[l->count++] = offset;
}

static int compare_offsets(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void offset_list_sort(struct offset_list *l)
{
    if (l->count > 1) {
        qsort(l->offsets, l->count, sizeof(int64_t), compare_offsets);
    }
}

/* Everything one recovery needs to pass around. */
struct recovery {
    struct partition_log *log;
    const struct log_open_options *options;
    struct recovery_report *report;
    struct offset_list segments;
    struct offset_list snapshots;
    int64_t next_offset; /* what the next batch must begin at, or after */
    int64_t next_base;   /* where the segment behind the one in hand begins */
    int32_t epoch;       /* of the batch before */
    bool epochs_known;   /* the checkpoint was there and readable */
    bool keeps;          /* the segment in hand was synced, and others follow: it is not cut */
    bool cut;            /* what follows goes */
    bool leftovers;      /* of an interrupted compaction */
};

/* --- the folder --- */

/* "00000000000000000045.log" is offset 45 of suffix ".log". */
static bool parse_offset_name(const char *name, const char *suffix, int64_t *out_offset)
{
    struct bytes digits = { (const uint8_t *)name, OFFSET_DIGITS };
    return strlen(name) == OFFSET_DIGITS + strlen(suffix) &&
           strcmp(name + OFFSET_DIGITS, suffix) == 0 && bytes_parse_i64(digits, out_offset) &&
           *out_offset >= 0;
}

static void sort_in(struct recovery *r, int folder_fd, const char *name)
{
    struct bytes text = bytes_of(name);
    int64_t offset;
    if (parse_offset_name(name, ".log", &offset)) {
        offset_list_add(&r->segments, offset);
    } else if (parse_offset_name(name, ".snapshot", &offset)) {
        offset_list_add(&r->snapshots, offset);
    } else if (bytes_ends_with(text, bytes_of(".deleted")) ||
               bytes_ends_with(text, bytes_of(".tmp"))) {
        (void)!file_remove_tree(folder_fd, name, NULL); /* unfinished, and never part of the log */
    } else {
        r->leftovers |=
            bytes_ends_with(text, bytes_of(".swap")) || bytes_ends_with(text, bytes_of(".cleaned"));
    }
}

/* WEIR_ENOTFOUND when there is no folder. */
static enum weir_status list_folder(struct recovery *r, struct weir_error *err)
{
    int fd = openat(r->log->root_fd, r->log->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        return WEIR_ENOTFOUND;
    }
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        enum weir_status rc = weir_fail_errno(err, "cannot read folder %s", r->log->name);
        if (fd >= 0) {
            (void)close(fd);
        }
        return rc;
    }
    struct dirent *entry;
    r->segments.count = r->snapshots.count = 0;
    r->leftovers = false;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        sort_in(r, dirfd(dir), entry->d_name);
    }
    (void)closedir(dir);
    offset_list_sort(&r->segments);
    offset_list_sort(&r->snapshots);
    return WEIR_OK;
}

enum weir_status partition_log_folder_id(int root_fd,
                                         const char *folder,
                                         struct uuid *out_id,
                                         struct weir_error *err)
{
    char path[LOG_PATH_MAX];
    struct buffer text;
    struct uuid id = { { 0 } };
    buffer_init(&text, METADATA_MAX);
    (void)snprintf(path, sizeof(path), "%s/partition.metadata", folder);
    enum weir_status rc = file_read(root_fd, path, &text, err);
    struct bytes rest = buffer_bytes(&text);
    struct bytes line;
    while (rc == WEIR_OK && bytes_cut(&rest, '\n', &line)) {
        struct bytes value = line;
        struct bytes name;
        if (bytes_cut(&value, ':', &name) && bytes_equal_text(name, "topic_id")) {
            (void)uuid_parse(bytes_trim(value), &id);
        }
    }
    buffer_finish(&text);
    if (rc == WEIR_OK) {
        *out_id = id;
    }
    return rc;
}

/* Is this the folder of our topic? */
static enum weir_status check_topic_id(struct recovery *r, struct weir_error *err)
{
    struct uuid id = { { 0 } };
    enum weir_status rc = partition_log_folder_id(r->log->root_fd, r->log->name, &id, err);
    if ((rc == WEIR_OK || rc == WEIR_ENOTFOUND) && uuid_is_zero(&id)) { /* a crash came between */
        return uuid_is_zero(&r->log->topic_id) ? WEIR_OK : log_write_metadata(r->log, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (uuid_is_zero(&r->log->topic_id)) {
        r->log->topic_id = id;
    }
    if (!uuid_equal(&id, &r->log->topic_id)) {
        char have[UUID_TEXT_SIZE];
        char want[UUID_TEXT_SIZE];
        uuid_format(&id, have);
        uuid_format(&r->log->topic_id, want);
        return weir_fail(
            err, WEIR_EEXIST,
            "%s holds the log of another topic (id %s, expected %s); move the folder away",
            r->log->name, have, want);
    }
    return WEIR_OK;
}

static void load_epochs(struct recovery *r)
{
    char path[LOG_PATH_MAX];
    struct buffer text;
    buffer_init(&text, EPOCH_FILE_MAX);
    log_path(r->log, "leader-epoch-checkpoint", path);
    r->epochs_known = file_read(r->log->root_fd, path, &text, NULL) == WEIR_OK &&
                      epoch_cache_parse(&r->log->epochs, buffer_bytes(&text), NULL) == WEIR_OK;
    buffer_finish(&text);
}

/* --- does a batch count? --- */

/*
 * The epoch is outside the checksum: it must not go back, nor be later than all that there were. leader-epoch-checkpoint
 * has no say in it: one bit of that little file, which nothing guards, would cost every record of the partition.
 */
static bool epoch_fits(const struct recovery *r, const struct batch_header *h)
{
    const struct epoch_cache *epochs = &r->log->epochs;
    if (h->leader_epoch < r->epoch) {
        return false;
    }
    bool later = h->leader_epoch > r->options->leader_epoch_max &&
                 h->leader_epoch > epoch_cache_latest(epochs); /* another broker's, since ours */
    return r->options->leader_epoch_max < 0 || !later;
}

/* NULL, or what is wrong. */
static const char *judge_batch(const struct recovery *r,
                               const struct segment *s,
                               const struct batch_header *h,
                               struct bytes batch)
{
    if (h->crc != batch_crc(batch)) {
        return "wrong checksum";
    }
    /* Only compaction leaves gaps between batches. */
    bool holes = r->log->config.compacted || h->base_offset <= r->log->holes_to;
    bool follows = holes ? h->base_offset >= r->next_offset : h->base_offset == r->next_offset;
    if (!follows || batch_last_offset(h) < h->base_offset ||
        batch_last_offset(h) - s->base_offset > INT32_MAX) {
        return "its offset does not follow the one before";
    }
    return epoch_fits(r, h) ? NULL : "no such leader epoch at this offset";
}

/* Of a segment that is kept: the batch may be no more than the segment is. */
static bool lies_within(const struct recovery *r, const struct batch_header *h)
{
    return !r->keeps ||
           (h->base_offset >= r->next_offset && batch_last_offset(h) >= h->base_offset &&
            batch_last_offset(h) < r->next_base);
}

static const char *judge_state(enum batch_scan_state state)
{
    switch (state) {
    case BATCH_SCAN_FOUND:
    case BATCH_SCAN_END: return NULL;
    case BATCH_SCAN_TORN: return "a batch is cut short";
    case BATCH_SCAN_CORRUPT: return "no record batch";
    case BATCH_SCAN_IO: break;
    }
    return "cannot be read";
}

/* --- one segment --- */

/* A log in Kafka's formats of before 0.11 is not damaged: it must not be cut, and we cannot read it. */
static enum weir_status refuse_old_format(const struct segment *s,
                                          int fd,
                                          int64_t size,
                                          struct weir_error *err)
{
    uint8_t head[BATCH_HEADER_SIZE];
    ssize_t n = file_pread(fd, head, sizeof(head), 0);
    if (n < BATCH_UP_TO_MAGIC || head[BATCH_AT_MAGIC] >= BATCH_MAGIC) {
        return WEIR_OK;
    }
    int32_t length = be_read_i32(head + BATCH_AT_LENGTH);
    bool plausible = be_read_i64(head) >= s->base_offset && length >= BATCH_LENGTH_MIN_ANY &&
                     length <= size - BATCH_OVERHEAD;
    if (!plausible) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_EINVAL,
                     "%s, segment %" PRId64
                     ": record format %d of before Kafka 0.11 is not supported",
                     s->log_name, s->base_offset, head[BATCH_AT_MAGIC]);
}

/*
 * Does the last index entry lead to the batch that it names? Then *out_position is where, and everything before it is
 * covered by the indexes.
 */
static bool tail_of_index(const struct segment *s, int fd, int64_t size, int64_t *out_position)
{
    uint8_t head[BATCH_HEADER_SIZE];
    struct batch_header h;
    if (s->offsets.count == 0 || s->offsets.last.value > size - BATCH_HEADER_SIZE ||
        file_pread(fd, head, sizeof(head), s->offsets.last.value) != BATCH_HEADER_SIZE) {
        return false;
    }
    batch_header_read(head, &h);
    *out_position = s->offsets.last.value;
    return h.magic == BATCH_MAGIC && h.base_offset >= s->base_offset &&
           batch_last_offset(&h) - s->base_offset == s->offsets.last.key &&
           h.base_offset <= batch_last_offset(&h);
}

/* Reads both indexes; false when they must be made anew. */
static bool load_indexes(struct segment *s)
{
    char path[SEGMENT_PATH_MAX];
    segment_path(s, ".index", path);
    bool fine = index_load(&s->offsets, s->root_fd, path, NULL) == WEIR_OK;
    segment_path(s, ".timeindex", path);
    return index_load(&s->times, s->root_fd, path, NULL) == WEIR_OK && fine;
}

/* Starts a scan in the middle: what is before `position` is known from the indexes. */
static void resume_at(struct segment *s, const uint8_t head[BATCH_HEADER_SIZE], int64_t position)
{
    struct batch_header h;
    batch_header_read(head, &h);
    s->size = position;
    s->next_offset = h.base_offset;
    s->bytes_since_index = 0;
    if (s->times.count > 0) {
        s->max_timestamp = s->times.last.key;
        s->max_timestamp_offset = s->base_offset + s->times.last.value;
    }
}

static void note_first_timestamp(struct segment *s, int fd)
{
    uint8_t head[BATCH_HEADER_SIZE];
    if (file_pread(fd, head, sizeof(head), 0) == BATCH_HEADER_SIZE) {
        struct batch_header h;
        batch_header_read(head, &h);
        s->first_timestamp = h.max_timestamp;
    }
}

/* Ends the segment, and the log, at scan->next. */
static void cut_here(struct recovery *r, const struct segment *s, int64_t size, const char *why)
{
    r->cut = true;
    r->report->bytes_cut += size - s->size;
    (void)snprintf(r->report->reason, sizeof(r->report->reason),
                   "%020" PRId64 ".log, byte %" PRId64 ": %s", s->base_offset, s->size, why);
}

/* What was synced and has rotted since is no end of the log: readers are told when they get there. */
static void keep_damaged(struct recovery *r, struct segment *s, int64_t size, const char *why)
{
    (void)snprintf(r->report->reason, sizeof(r->report->reason),
                   "%020" PRId64 ".log, byte %" PRId64 ": %s", s->base_offset, s->size, why);
    s->size = size;
    s->next_offset = r->next_base;
}

/* Checks the batches from s->size to the end of the file, with their bytes or (`trusted`) just their headers. */
static enum weir_status check_batches(
    struct recovery *r, struct segment *s, int64_t size, bool trusted, struct weir_error *err)
{
    struct batch_scan scan;
    const char *why = NULL;
    enum weir_status rc = WEIR_OK;
    enum batch_scan_state state;
    batch_scan_init(&scan, s->file->fd, s->size, size, BATCH_SCAN_CHUNK_ALL);
    while (rc == WEIR_OK && !why && (state = batch_scan_next(&scan)) == BATCH_SCAN_FOUND) {
        struct bytes batch;
        if (!trusted) {
            why = batch_scan_load(&scan, &batch) ? judge_batch(r, s, &scan.header, batch)
                                                 : judge_state(BATCH_SCAN_IO);
        }
        if (!why && !lies_within(r, &scan.header)) {
            why = "its offset does not fit the segment";
        }
        if (!why) {
            rc = segment_note(s, &scan.header, scan.position, r->log->config.index_interval_bytes,
                              err);
            r->next_offset = s->next_offset;
            r->epoch = scan.header.leader_epoch;
        }
    }
    if (rc == WEIR_OK && !why && s->size < size) {
        why = judge_state(state);
    }
    if (rc == WEIR_OK && why && r->keeps) {
        keep_damaged(r, s, size, why);
    } else if (rc == WEIR_OK && why) {
        cut_here(r, s, size, why);
        if (ftruncate(s->file->fd, s->size) != 0) {
            rc = weir_fail_errno(err, "cannot cut %s, segment %" PRId64, s->log_name,
                                 s->base_offset);
        }
    }
    batch_scan_finish(&scan);
    return rc;
}

/* Reads all of a segment and makes its indexes anew, which leaves alone those that are right. */
static enum weir_status check_whole(
    struct recovery *r, struct segment *s, int64_t size, bool trusted, struct weir_error *err)
{
    segment_rewind(s);
    r->next_offset = s->base_offset;
    r->epoch = -1;
    enum weir_status rc = segment_activate(s, err);
    if (rc == WEIR_OK) {
        rc = check_batches(r, s, size, trusted, err);
    }
    return rc < 0 ? rc : segment_settle(s, err);
}

/* Reads a segment's end, from the last index entry on. */
static enum weir_status check_tail(
    struct recovery *r, struct segment *s, int64_t size, int64_t position, struct weir_error *err)
{
    uint8_t head[BATCH_HEADER_SIZE];
    enum weir_status rc = segment_activate(s, err);
    if (rc < 0) {
        return rc;
    }
    if (file_pread(s->file->fd, head, sizeof(head), position) != BATCH_HEADER_SIZE) {
        return weir_fail_errno(err, "cannot read %s", s->log_name);
    }
    resume_at(s, head, position);
    note_first_timestamp(s, s->file->fd);
    r->next_offset = s->next_offset;
    r->epoch = -1;
    rc = check_batches(r, s, size, false, err);
    if (rc == WEIR_OK && r->cut) {
        /* Index entries may speak of what is gone, the time index does after a clean stop: make both anew. */
        rc = check_whole(r, s, s->size, false, err);
    }
    return rc;
}

/* Once it is known where the segment ends. What is missing comes from the markers, when the producers are restored. */
static enum weir_status load_aborted(struct segment *s, struct weir_error *err)
{
    char path[SEGMENT_PATH_MAX];
    segment_path(s, ".txnindex", path);
    return txn_index_load(&s->aborted, s->root_fd, path, s->base_offset, s->next_offset, err);
}

/* How much of a segment must be read. */
enum segment_check { CHECK_NOTHING, CHECK_TAIL, CHECK_ALL };

static enum weir_status open_segment(struct recovery *r,
                                     struct segment *s,
                                     enum segment_check check,
                                     struct weir_error *err)
{
    struct log_file *file;
    struct stat st;
    enum weir_status rc = segment_file(s, &file, err);
    if (rc < 0) {
        return rc;
    }
    if (fstat(file->fd, &st) != 0) {
        rc = weir_fail_errno(err, "cannot look at %s", s->log_name);
    } else {
        rc = refuse_old_format(s, file->fd, st.st_size, err);
    }
    int64_t position = 0;
    bool indexed = rc == WEIR_OK && load_indexes(s);
    bool anchored = indexed && tail_of_index(s, file->fd, st.st_size, &position);
    if (rc == WEIR_OK) {
        s->created_ms = (int64_t)st.st_ctim.tv_sec * 1000;
    }
    log_file_unref(file);
    if (rc < 0) {
        return rc;
    }
    if (!indexed || (s->offsets.count > 0 && !anchored)) {
        r->report->indexes_rebuilt++;
    }
    if (check != CHECK_ALL && anchored) {
        rc = check_tail(r, s, st.st_size, position, err);
    } else {
        rc = check_whole(r, s, st.st_size, check == CHECK_NOTHING, err);
    }
    return rc < 0 ? rc : load_aborted(s, err);
}

/* --- all segments --- */

/* A segment behind the place where the log was cut. */
static void drop_segment(struct recovery *r, struct segment *s)
{
    char path[SEGMENT_PATH_MAX];
    struct stat st;
    segment_path(s, ".log", path);
    if (fstatat(s->root_fd, path, &st, 0) == 0) {
        r->report->bytes_cut += st.st_size;
    }
    r->report->segments_removed++;
    segment_unlink(s);
    segment_destroy(s);
}

static enum weir_status open_segments(struct recovery *r, struct weir_error *err)
{
    struct partition_log *log = r->log;
    size_t count = r->segments.count;
    r->report->checked_all = !r->options->clean;
    for (size_t i = 0; i < count; i++) {
        struct segment *s = segment_create(log->root_fd, log->name, r->segments.offsets[i]);
        bool last = i + 1 == count;
        if (r->cut) {
            drop_segment(r, s);
            continue;
        }
        const struct segment *before = log_active(log);
        log_add_segment(log, s);
        if (before && s->base_offset < before->next_offset) {
            return weir_fail(err, WEIR_ECORRUPT,
                             "%s: segments %" PRId64 " and %" PRId64 " overlap; move one away",
                             log->name, before->base_offset, s->base_offset);
        }
        bool flushed = !last && r->segments.offsets[i + 1] <= r->options->recovery_point;
        enum segment_check check = flushed ? CHECK_NOTHING : CHECK_ALL;
        if (r->options->clean) {
            check = last ? CHECK_TAIL : CHECK_NOTHING;
        }
        r->keeps = check == CHECK_NOTHING;
        r->next_base = last ? 0 : r->segments.offsets[i + 1];
        enum weir_status rc = open_segment(r, s, check, err);
        if (rc == WEIR_OK && !last && !r->cut) {
            rc = segment_retire(s, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return WEIR_OK;
}

enum weir_status log_recover(struct partition_log *log,
                             const struct log_open_options *options,
                             struct recovery_report *report,
                             struct weir_error *err)
{
    struct recovery r = { .log = log, .options = options, .report = report, .epoch = -1 };
    enum weir_status rc = list_folder(&r, err);
    if (rc == WEIR_ENOTFOUND) {
        rc = WEIR_OK; /* never written */
        goto out;
    }
    log->names_synced = options->clean && !r.leftovers; /* the stop did that */
    if (rc == WEIR_OK && r.leftovers) {
        rc = log_clear_leftovers(log->root_fd, log->name, err);
        rc = rc == WEIR_OK ? list_folder(&r, err) : rc;
    }
    if (rc == WEIR_OK) {
        rc = check_topic_id(&r, err);
    }
    if (rc < 0) {
        goto out;
    }
    log->has_folder = true;
    load_epochs(&r);
    log_read_cleaned(log);
    rc = open_segments(&r, err);
    if (rc < 0) {
        goto out;
    }
    if (log->segment_count > 0) {
        int64_t first = log->segments[0]->base_offset;
        int64_t start = options->log_start_offset > first ? options->log_start_offset : first;
        int64_t end = log_active(log)->next_offset;
        atomic_store(&log->end_offset, end);
        atomic_store(&log->start_offset, start > end ? end : start);
    }
    if (log->recovery_point > atomic_load(&log->end_offset)) {
        log->recovery_point = atomic_load(&log->end_offset);
    }
    rc = log_restore_state(log, r.snapshots.offsets, r.snapshots.count, r.epochs_known, err);
out:
    free(r.segments.offsets);
    free(r.snapshots.offsets);
    return rc;
}
