/*
 * Segments: see segment.h.
 */
#include "storage/segment.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "storage/batch_scan.h"

struct segment *segment_create(int root_fd, const char *log_name, int64_t base_offset)
{
    struct segment *s = MEM_NEW(struct segment);
    *s = (struct segment){
        .root_fd = root_fd,
        .log_name = log_name,
        .base_offset = base_offset,
        .next_offset = base_offset,
        .max_timestamp = NO_TIMESTAMP,
        .max_timestamp_offset = base_offset,
        .first_timestamp = NO_TIMESTAMP,
    };
    index_init(&s->offsets, INDEX_OFFSET);
    index_init(&s->times, INDEX_TIME);
    return s;
}

void segment_destroy(struct segment *s)
{
    if (!s) {
        return;
    }
    log_file_unref(s->file);
    free(s->recent);
    index_close(&s->offsets);
    index_close(&s->times);
    txn_index_finish(&s->aborted);
    free(s);
}

void segment_path(const struct segment *s, const char *suffix, char out_path[SEGMENT_PATH_MAX])
{
    int len = snprintf(out_path, SEGMENT_PATH_MAX, "%s/%020" PRId64 "%s", s->log_name,
                       s->base_offset, suffix);
    assert(len > 0 && len < SEGMENT_PATH_MAX);
}

enum weir_status segment_activate(struct segment *s, struct weir_error *err)
{
    char path[SEGMENT_PATH_MAX];
    if (s->file) {
        return WEIR_OK;
    }
    struct log_file *file;
    segment_path(s, ".log", path);
    enum weir_status rc = log_file_open(s->root_fd, path, 1, &file, err);
    if (rc < 0) {
        return rc;
    }
    segment_path(s, ".index", path);
    rc = index_open(&s->offsets, s->root_fd, path, err);
    if (rc == WEIR_OK) {
        segment_path(s, ".timeindex", path);
        rc = index_open(&s->times, s->root_fd, path, err);
    }
    if (rc < 0) {
        log_file_unref(file);
        index_close(&s->offsets);
        index_close(&s->times);
        return rc;
    }
    s->file = file;
    return WEIR_OK;
}

enum weir_status segment_reserve(struct segment *s, int64_t bytes, struct weir_error *err)
{
    if (fallocate(s->file->fd, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0) {
        s->reserved = true;
    } else if (errno != EOPNOTSUPP) {
        return weir_fail_errno(err, "cannot take the room for a segment of %" PRId64 " bytes",
                               bytes);
    }
    return WEIR_OK;
}

void segment_rewind(struct segment *s)
{
    index_rewind(&s->offsets);
    index_rewind(&s->times);
    s->size = 0;
    s->next_offset = s->base_offset;
    s->bytes_since_index = 0;
    s->max_timestamp = NO_TIMESTAMP;
}

/* The last entry of a complete segment's time index. */
static struct index_entry closing_entry(const struct segment *s)
{
    return (struct index_entry){ s->max_timestamp, s->max_timestamp_offset - s->base_offset };
}

enum weir_status segment_settle(struct segment *s, struct weir_error *err)
{
    struct index_entry closing = closing_entry(s);
    enum weir_status rc = index_settle(&s->offsets, NULL, err);
    return rc < 0 ? rc : index_settle(&s->times, s->max_timestamp >= 0 ? &closing : NULL, err);
}

enum weir_status segment_retire(struct segment *s, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (!s->file) {
        return rc;
    }
    if (s->max_timestamp >= 0) {
        rc = index_append(&s->times, closing_entry(s), err);
    }
    free(s->recent);
    s->recent = NULL;
    if (s->reserved) {
        (void)!ftruncate(s->file->fd, s->size);
        s->reserved = false;
    }
    index_close(&s->offsets);
    index_close(&s->times);
    log_file_unref(s->file); /* readers may hold it on */
    s->file = NULL;
    return rc;
}

static bool index_is_full(const struct segment *s, const struct log_config *config)
{
    int64_t entries_max = config->segment_index_bytes / index_entry_size(INDEX_OFFSET);
    /* One place is left for the entry that retiring adds. */
    return s->offsets.count >= entries_max || s->times.count >= entries_max - 1;
}

/*
 * How old a segment may get. Of what is compacted nothing may wait longer than max.compaction.lag.ms, and the active segment
 * is never cleaned. The jitter keeps partitions that began together from beginning new segments together: Kafka draws it by lot,
 * here it follows from the segment's name, so it is the same after a start.
 */
static int64_t age_max(const struct segment *s, const struct log_config *config)
{
    int64_t max = config->segment_ms;
    if (config->compacted && config->max_compaction_lag_ms < max) {
        max = config->max_compaction_lag_ms;
    }
    int64_t jitter_max = config->segment_jitter_ms < max ? config->segment_jitter_ms : max;
    if (jitter_max <= 0) {
        return max;
    }
    uint32_t lot = crc32c(0, (const uint8_t *)s->log_name, strlen(s->log_name));
    lot = crc32c(lot, (const uint8_t *)&s->base_offset, sizeof(s->base_offset));
    return max - (int64_t)lot % jitter_max;
}

bool segment_is_full(const struct segment *s,
                     const struct batch_header *h,
                     const struct log_config *config,
                     int64_t now_ms)
{
    if (batch_last_offset(h) - s->base_offset > INT32_MAX) {
        return true; /* the index could not say where it is */
    }
    if (s->size == 0) {
        return false;
    }
    bool by_record = s->first_timestamp >= 0 && h->max_timestamp >= 0;
    int64_t age = by_record ? h->max_timestamp - s->first_timestamp : now_ms - s->created_ms;
    return s->size > config->segment_bytes - batch_size(h) || age > age_max(s, config) ||
           index_is_full(s, config);
}

/* One write for both parts; what the kernel did not take at once follows. */
static enum weir_status write_batch(
    int fd, const uint8_t *header, struct bytes records, int64_t position, struct weir_error *err)
{
    struct iovec parts[2];
    parts[0].iov_base = (void *)(uintptr_t)header;
    parts[0].iov_len = BATCH_HEADER_SIZE;
    parts[1].iov_base = (void *)(uintptr_t)records.data;
    parts[1].iov_len = records.len;
    ssize_t n;
    do {
        n = pwritev(fd, parts, 2, position);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return weir_fail_errno(err, "cannot write %zu bytes", BATCH_HEADER_SIZE + records.len);
    }
    size_t done = (size_t)n;
    enum weir_status rc = WEIR_OK;
    if (done < BATCH_HEADER_SIZE) {
        rc = file_pwrite_all(fd, header + done, BATCH_HEADER_SIZE - done, position + n, err);
        done = BATCH_HEADER_SIZE;
    }
    size_t records_done = done - BATCH_HEADER_SIZE;
    if (rc == WEIR_OK && records_done < records.len) {
        rc = file_pwrite_all(fd, records.data + records_done, records.len - records_done,
                             position + (int64_t)done, err);
    }
    return rc;
}

enum weir_status segment_append(struct segment *s,
                                const struct batch_header *h,
                                struct bytes records,
                                int32_t index_interval_bytes,
                                struct weir_error *err)
{
    uint8_t header[BATCH_HEADER_SIZE];
    batch_header_write(h, header);
    enum weir_status rc = write_batch(s->file->fd, header, records, s->size, err);
    if (rc < 0) {
        /* No half batch stays behind; should this fail too, the next start cuts it. */
        (void)!ftruncate(s->file->fd, s->size);
        return rc;
    }
    if (!s->recent) {
        s->recent = MEM_NEW(struct recent_batches);
    }
    recent_add(s->recent, h, s->size);
    if (segment_note(s, h, s->size, index_interval_bytes, NULL) < 0) {
        return WEIR_OK; /* the batch is there; an index with a gap only makes readers look longer */
    }
    return WEIR_OK;
}

enum weir_status segment_note(struct segment *s,
                              const struct batch_header *h,
                              int64_t position,
                              int32_t index_interval_bytes,
                              struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    int64_t last_offset = batch_last_offset(h);
    if (s->size == 0) {
        s->first_timestamp = h->max_timestamp;
    }
    if (h->max_timestamp > s->max_timestamp) {
        s->max_timestamp = h->max_timestamp;
        s->max_timestamp_offset = last_offset;
    }
    if (s->bytes_since_index > index_interval_bytes && position <= INT32_MAX) {
        struct index_entry by_offset = { last_offset - s->base_offset, position };
        struct index_entry by_time = { s->max_timestamp, s->max_timestamp_offset - s->base_offset };
        rc = index_append(&s->offsets, by_offset, err);
        if (rc == WEIR_OK && s->max_timestamp >= 0) {
            rc = index_append(&s->times, by_time, err);
        }
        s->bytes_since_index = 0;
    }
    s->bytes_since_index += batch_size(h);
    s->size = position + batch_size(h);
    s->next_offset = last_offset + 1;
    return rc;
}

enum weir_status segment_file(const struct segment *s,
                              struct log_file **out_file,
                              struct weir_error *err)
{
    if (s->file) {
        *out_file = log_file_ref(s->file);
        return WEIR_OK;
    }
    char path[SEGMENT_PATH_MAX];
    segment_path(s, ".log", path);
    return log_file_open(s->root_fd, path, 0, out_file, err);
}

enum weir_status segment_save_aborted(struct segment *s, struct weir_error *err)
{
    char path[SEGMENT_PATH_MAX];
    segment_path(s, ".txnindex", path);
    return txn_index_save(&s->aborted, s->root_fd, path, err);
}

enum weir_status segment_aborted_file(struct segment *s,
                                      struct log_file **out_file,
                                      struct weir_error *err)
{
    char path[SEGMENT_PATH_MAX];
    *out_file = NULL;
    enum weir_status rc = segment_save_aborted(s, err);
    if (rc < 0 || s->aborted.count == 0) {
        return rc;
    }
    segment_path(s, ".txnindex", path);
    return log_file_open(s->root_fd, path, 0, out_file, err);
}

int64_t segment_hint(const struct segment *s, int64_t offset)
{
    char path[SEGMENT_PATH_MAX];
    struct index_entry entry = s->offsets.last;
    int64_t key = offset - s->base_offset;
    bool found = index_ends_before(&s->offsets, key);
    if (!found && s->offsets.count > 0) {
        segment_path(s, ".index", path);
        found = index_lookup(&s->offsets, s->root_fd, path, key, &entry);
    }
    return found && entry.value < s->size ? entry.value : 0;
}

bool segment_recall(const struct segment *s, int64_t offset, struct batch_place *out_place)
{
    return s->recent && recent_find(s->recent, offset, out_place);
}

/* As segment_find() from one position on. */
static int find_from(const struct log_file *file,
                     int64_t position,
                     int64_t end,
                     int64_t offset,
                     struct batch_place *out_place)
{
    struct batch_scan scan;
    batch_scan_init(&scan, file->fd, position, end, BATCH_SCAN_CHUNK_LOOKUP);
    enum batch_scan_state state;
    do {
        state = batch_scan_next(&scan);
    } while (state == BATCH_SCAN_FOUND && batch_last_offset(&scan.header) < offset);
    if (state == BATCH_SCAN_FOUND) {
        *out_place = (struct batch_place){ scan.position, scan.header };
    }
    batch_scan_finish(&scan);
    switch (state) {
    case BATCH_SCAN_FOUND: return 1;
    case BATCH_SCAN_END: return 0;
    case BATCH_SCAN_IO: return WEIR_EIO;
    case BATCH_SCAN_TORN:
    case BATCH_SCAN_CORRUPT: break;
    }
    return WEIR_ECORRUPT;
}

int segment_find(const struct log_file *file,
                 int64_t hint,
                 int64_t end,
                 int64_t offset,
                 struct batch_place *out_place,
                 struct weir_error *err)
{
    int found = find_from(file, hint, end, offset, out_place);
    /* An index entry is trusted only as far as the batch it leads to: that one must not lie beyond the offset. */
    bool astray = found < 0 || (found > 0 && out_place->position == hint &&
                                out_place->header.base_offset > offset);
    if (hint > 0 && astray) {
        found = find_from(file, 0, end, offset, out_place);
    }
    if (found == WEIR_EIO) {
        return weir_fail_errno(err, "cannot read a segment");
    }
    if (found < 0) {
        return weir_fail(err, WEIR_ECORRUPT,
                         "no batch where one should be, looking for offset %" PRId64, offset);
    }
    return found;
}

void segment_unlink(const struct segment *s)
{
    static const char *const suffixes[] = { ".log", ".index", ".timeindex", ".txnindex" };
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char path[SEGMENT_PATH_MAX];
        segment_path(s, suffixes[i], path);
        (void)unlinkat(s->root_fd, path, 0);
    }
}
