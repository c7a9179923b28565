/*
 * Escaped control characters: see escape.h. Source: SparkSchemaUtils.escapeMetaCharacters.
 */
#include "columns/escape.h"

static char letter_of(uint8_t c)
{
    switch (c) {
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\f': return 'f';
    case '\b': return 'b';
    case '\v': return 'v';
    case '\a': return 'a';
    default: return 0;
    }
}

void escape_meta(struct buffer *out, struct bytes text)
{
    size_t done = 0;
    for (size_t i = 0; i < text.len; i++) {
        char letter = text.data[i] < ' ' ? letter_of(text.data[i]) : 0;
        if (letter) {
            buffer_append(out, text.data + done, i - done);
            buffer_append(out, (char[]){ '\\', letter }, 2);
            done = i + 1;
        }
    }
    if (text.len > done) {
        buffer_append(out, text.data + done, text.len - done);
    }
}
