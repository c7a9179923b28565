/*
 * Writing JSON as Jackson does. Internal to the JSON functions.
 *
 * Thread: any.
 */
#pragma once

#include "base/buffer.h"

enum json_charset {
    JSON_CHARACTERS, /* as they are: what Jackson writes into text */
    JSON_UTF8, /* what it writes into bytes: beyond U+FFFF two escapes each, halves of characters too */
    JSON_ASCII, /* everything beyond ASCII in escapes */
};

/* A text in quotes, escaped. Halves of characters are three bytes each, as json_reader.h leaves them. */
void json_write_text(struct buffer *out, struct bytes text, enum json_charset charset);

/* A number as Java prints it; NaN and infinite ones in quotes. */
void json_write_double(struct buffer *out, double value);
void json_write_float(struct buffer *out, float value);
