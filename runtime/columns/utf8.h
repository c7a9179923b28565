/*
 * UTF-8 as Java reads it: what is no UTF-8 becomes U+FFFD, one for each longest beginning of a character.
 *
 * Thread: any.
 */
#pragma once

#include "base/buffer.h"

enum { UTF8_REPLACEMENT = 0xfffd };

/* The character at *at, which is moved behind it; UTF8_REPLACEMENT where there is none. *at < text.len. */
uint32_t utf8_next(struct bytes text, size_t *at);

/* Is all of it UTF-8? */
bool utf8_is_valid(struct bytes text);

/* Appends the text, repaired. */
void utf8_repair(struct buffer *out, struct bytes text);
