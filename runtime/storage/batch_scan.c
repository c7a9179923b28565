/*
 * Walking .log files: see batch_scan.h.
 */
#include "storage/batch_scan.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"

void batch_scan_init(struct batch_scan *s, int fd, int64_t position, int64_t end, size_t chunk_size)
{
    *s = (struct batch_scan){
        .fd = fd,
        .position = position,
        .next = position,
        .end = end,
        .chunk = mem_resize(NULL, chunk_size, 1),
        .chunk_size = chunk_size,
    };
}

void batch_scan_finish(struct batch_scan *s)
{
    free(s->chunk);
    s->chunk = NULL;
}

/* The bytes [at, at + len) of the file; NULL when they cannot be read. */
static const uint8_t *look_at(struct batch_scan *s, int64_t at, size_t len)
{
    bool there = at >= s->chunk_at && at + (int64_t)len <= s->chunk_at + (int64_t)s->chunk_len;
    if (there) {
        return s->chunk + (at - s->chunk_at);
    }
    if (len > s->chunk_size) {
        s->chunk = mem_resize(s->chunk, len, 1);
        s->chunk_size = len;
    }
    int64_t left = s->end - at;
    size_t step = left < (int64_t)s->chunk_size ? (size_t)left : s->chunk_size;
    ssize_t n = file_pread(s->fd, s->chunk, step, at);
    s->chunk_at = at;
    s->chunk_len = n < 0 ? 0 : (size_t)n;
    return s->chunk_len >= len ? s->chunk : NULL;
}

enum batch_scan_state batch_scan_next(struct batch_scan *s)
{
    int64_t left = s->end - s->next;
    if (left <= 0) {
        return BATCH_SCAN_END;
    }
    if (left < BATCH_HEADER_SIZE) {
        return BATCH_SCAN_TORN;
    }
    const uint8_t *raw = look_at(s, s->next, BATCH_HEADER_SIZE);
    if (!raw) {
        return BATCH_SCAN_IO;
    }
    struct batch_header h;
    batch_header_read(raw, &h);
    if (h.magic != BATCH_MAGIC || batch_size(&h) < BATCH_HEADER_SIZE || h.last_offset_delta < 0) {
        return BATCH_SCAN_CORRUPT;
    }
    if (batch_size(&h) > left) {
        return BATCH_SCAN_TORN;
    }
    s->header = h;
    s->position = s->next;
    s->next += batch_size(&h);
    return BATCH_SCAN_FOUND;
}

bool batch_scan_load(struct batch_scan *s, struct bytes *out_batch)
{
    size_t size = (size_t)batch_size(&s->header);
    const uint8_t *raw = look_at(s, s->position, size);
    *out_batch = (struct bytes){ raw, raw ? size : 0 };
    return raw != NULL;
}
