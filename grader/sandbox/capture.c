/*
 * The start and the end of a program's output.
 */
#include "sandbox/capture.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"

void capture_init(struct capture *c, size_t keep)
{
    *c = (struct capture){ .half = keep / 2 };
    buffer_init(&c->head, c->half);
}

void capture_finish(struct capture *c)
{
    buffer_finish(&c->head);
    free(c->ring);
}

static void add_to_ring(struct capture *c, const uint8_t *data, size_t len)
{
    if (len == 0 || c->half == 0) {
        return;
    }
    if (!c->ring) {
        c->ring = mem_zalloc(c->half, 1);
    }
    if (len > c->half) { /* only its end will be left */
        data += len - c->half;
        len = c->half;
    }
    size_t overwritten = c->ring_len + len > c->half ? c->ring_len + len - c->half : 0;
    c->ring_start = (c->ring_start + overwritten) % c->half;
    c->ring_len -= overwritten;
    size_t at = (c->ring_start + c->ring_len) % c->half;
    size_t first = len < c->half - at ? len : c->half - at;
    memcpy(c->ring + at, data, first);
    memcpy(c->ring, data + first, len - first);
    c->ring_len += len;
}

void capture_add(struct capture *c, const void *data, size_t len)
{
    size_t room = c->half - c->head.len;
    size_t first = len < room ? len : room;
    buffer_append(&c->head, data, first);
    add_to_ring(c, (const uint8_t *)data + first, len - first);
    c->total += len;
}

uint64_t capture_dropped(const struct capture *c)
{
    return c->total - c->head.len - c->ring_len;
}

void capture_text(const struct capture *c, struct buffer *out)
{
    struct bytes head = buffer_bytes(&c->head);
    buffer_append(out, head.data, head.len);
    if (capture_dropped(c) > 0) {
        buffer_printf(out, "\n[... %" PRIu64 " bytes left out ...]\n", capture_dropped(c));
    }
    if (c->ring_len > 0) {
        size_t first =
            c->ring_len < c->half - c->ring_start ? c->ring_len : c->half - c->ring_start;
        buffer_append(out, c->ring + c->ring_start, first);
        buffer_append(out, c->ring, c->ring_len - first);
    }
}
