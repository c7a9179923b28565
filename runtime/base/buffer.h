/*
 * A growable byte buffer with an upper bound.
 *
 * The limit is part of the type: an append that would exceed it sets `overflow` and changes nothing, later appends
 * are ignored, and the writer asks once, at the end.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/bytes.h"

struct buffer {
    uint8_t *data; /* owned; may be NULL while empty */
    size_t len;
    size_t capacity;
    size_t max;
    bool overflow; /* sticky until buffer_clear() */
};

void buffer_init(struct buffer *b, size_t max);
void buffer_finish(struct buffer *b);

/* Forgets the content and keeps the memory. */
void buffer_clear(struct buffer *b);

/* Room for `len` more bytes at the end, counted as used; NULL on overflow. Not zeroed. */
uint8_t *buffer_extend(struct buffer *b, size_t len);

void buffer_append(struct buffer *b, const void *data, size_t len);
void buffer_append_text(struct buffer *b, const char *text);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops `len` bytes from the front. */
void buffer_consume(struct buffer *b, size_t len);

static inline struct bytes buffer_bytes(const struct buffer *b)
{
    return (struct bytes){ b->data ? b->data : (const uint8_t *)"", b->len };
}
