/*
 * What has arrived on one connection, cut into frames: a 32-bit big-endian length, then that many bytes.
 *
 *     current   |  taken  | length | frame ........ |          one frame that is not whole yet, or several small ones
 *                         ^ at
 *     rest                                           | ... |   what came with the end of a large frame, behind it
 *
 * However a peer cuts and joins its frames, the work is proportional to their bytes: small frames are copied out of the
 * read that brought many of them; a large one is read where it will stay, and given away with that memory. A peer that announces 100 MB gets memory as its bytes arrive, not before. Nothing is held once
 * everything was taken.
 *
 * Thread: one at a time.
 */
#pragma once

#include <sys/types.h>

#include "base/bytes.h"

enum { INBOUND_INCOMPLETE = -1, INBOUND_NO_LENGTH = -2 };

struct inbound {
    uint8_t *data; /* owned; NULL while there is nothing */
    size_t at;
    size_t len;
    size_t capacity;
    uint8_t *rest; /* owned; only while `data` ends with a whole frame */
    size_t rest_len;
    size_t frame_max;
};

void inbound_init(struct inbound *in, size_t frame_max);
void inbound_finish(struct inbound *in);

/* Reads once from a non-blocking socket; no whole frame may be waiting. As read(2), and whether there may be more. */
ssize_t inbound_read(struct inbound *in, int fd, bool *out_more);

/* The next frame, with the memory (from malloc) that it lies in, which is then the caller's. 1, or INBOUND_INCOMPLETE, or
 * INBOUND_NO_LENGTH when the length is negative or over the limit. */
int inbound_take(struct inbound *in, struct bytes *out_frame, void **out_memory);

static inline bool inbound_is_empty(const struct inbound *in)
{
    return in->at == in->len;
}
