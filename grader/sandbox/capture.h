/*
 * What a program prints, kept within bounds: the start and the end, with a count of what was left out between.
 *
 * Thread: one.
 */
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"

struct capture {
    struct buffer head; /* the first half of what is kept */
    uint8_t *ring;      /* the last half, round and round */
    size_t half;        /* bytes of each */
    size_t ring_start;
    size_t ring_len;
    uint64_t total; /* bytes seen */
};

void capture_init(struct capture *c, size_t keep);
void capture_finish(struct capture *c);
void capture_add(struct capture *c, const void *data, size_t len);

/* How many bytes of the middle are missing. */
uint64_t capture_dropped(const struct capture *c);

/* Appends what was kept, with a line that says what is missing between the two halves. */
void capture_text(const struct capture *c, struct buffer *out);
