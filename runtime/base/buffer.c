/*
 * Growable buffers: see buffer.h. Capacity doubles, so n appends cost O(n).
 */
#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { CAPACITY_FIRST = 256 };

void buffer_init(struct buffer *b, size_t max)
{
    *b = (struct buffer){ .max = max };
}

void buffer_finish(struct buffer *b)
{
    free(b->data);
    *b = (struct buffer){ .max = b->max };
}

void buffer_clear(struct buffer *b)
{
    b->len = 0;
    b->overflow = false;
}

/* True, and memory for `len` more bytes and `extra` behind them, when the limit allows `len`. */
static bool reserve(struct buffer *b, size_t len, size_t extra)
{
    if (b->overflow || len > b->max - b->len) {
        b->overflow = true;
        return false;
    }
    size_t needed = b->len + len + extra;
    if (needed > b->capacity || !b->data) {
        size_t capacity = b->capacity ? b->capacity : CAPACITY_FIRST;
        while (capacity < needed) {
            capacity *= 2;
        }
        b->data = mem_resize(b->data, capacity, 1);
        b->capacity = capacity;
    }
    return true;
}

uint8_t *buffer_extend(struct buffer *b, size_t len)
{
    if (!reserve(b, len, 0)) {
        return NULL;
    }
    uint8_t *at = b->data + b->len;
    b->len += len;
    return at;
}

void buffer_append(struct buffer *b, const void *data, size_t len)
{
    uint8_t *at = buffer_extend(b, len);
    if (at && len > 0) {
        memcpy(at, data, len);
    }
}

void buffer_append_text(struct buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    if (reserve(b, (size_t)len, 1)) { /* 1: the terminator, which is not content */
        (void)vsnprintf((char *)b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buffer_consume(struct buffer *b, size_t len)
{
    assert(len <= b->len);
    b->len -= len;
    if (b->len > 0) {
        memmove(b->data, b->data + len, b->len);
    }
}
