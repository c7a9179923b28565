/*
 * UTF-8: see utf8.h.
 */
#include "columns/utf8.h"

/* How many bytes the character has that begins so; 0: none does. */
static size_t length_of(uint8_t first)
{
    return first < 0x80   ? 1
           : first < 0xc2 ? 0
           : first < 0xe0 ? 2
           : first < 0xf0 ? 3
           : first < 0xf5 ? 4
                          : 0;
}

/* Is `c` allowed in place `i` (from 1) behind `first`? Forms that are too long or too high are not. */
static bool fits(uint8_t first, size_t i, uint8_t c)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    if (i == 1) {
        low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    }
    return c >= low && c <= high;
}

/* Bytes of the character at `at`; *out_valid false: that many are none. */
static size_t measure(struct bytes text, size_t at, bool *out_valid)
{
    uint8_t first = text.data[at];
    size_t len = length_of(first);
    size_t i = 1;
    while (i < len && at + i < text.len && fits(first, i, text.data[at + i])) {
        i++;
    }
    bool surrogate = first == 0xed && i > 1 &&
                     text.data[at + 1] >= 0xa0; /* Java takes it whole before it minds */
    *out_valid = len > 0 && i == len && !surrogate;
    return i;
}

uint32_t utf8_next(struct bytes text, size_t *at)
{
    static const uint8_t MASKS[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    const uint8_t *p = text.data + *at;
    if (*p < 0x80) {
        (*at)++;
        return *p;
    }
    bool valid = false;
    size_t len = measure(text, *at, &valid);
    *at += len;
    if (!valid) {
        return UTF8_REPLACEMENT;
    }
    uint32_t c = p[0] & MASKS[len];
    for (size_t i = 1; i < len; i++) {
        c = c << 6 | (p[i] & 0x3f);
    }
    return c;
}

bool utf8_is_valid(struct bytes text)
{
    bool valid = true;
    for (size_t at = 0; at < text.len && valid;) {
        at += text.data[at] < 0x80 ? 1 : measure(text, at, &valid);
    }
    return valid;
}

void utf8_repair(struct buffer *out, struct bytes text)
{
    size_t done = 0;
    for (size_t at = 0; at < text.len;) {
        bool valid = true;
        size_t len = text.data[at] < 0x80 ? 1 : measure(text, at, &valid);
        if (!valid) {
            buffer_append(out, text.data + done, at - done);
            buffer_append_text(out, "\xef\xbf\xbd");
            done = at + len;
        }
        at += len;
    }
    buffer_append(out, text.data + done, text.len - done);
}
