/*
 * Bytes of a student's program made fit to be shown: whatever was printed, the result is valid UTF-8 in which nothing
 * steers a terminal, a TAP reader, an XML or a JSON file.
 *
 * Printable characters, tabs and line ends stay. Control bytes and bytes that are not UTF-8 become \xNN; characters
 * that change the direction of text, or that some readers take for line ends, become \u{NNNN}.
 *
 * Thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"

struct arena;

/* Appends the printable form of `raw`. */
void text_printable(struct buffer *out, struct bytes raw);

/* The same into an arena; the result is terminated. */
struct bytes text_printable_in(struct arena *a, struct bytes raw);

/* A double-quoted scalar: valid in YAML and in JSON. Line ends and tabs become \n and \t. */
void text_quoted(struct buffer *out, struct bytes raw);

/* Where two texts part: 1-based line and column (in bytes) of the first difference; false when they are equal. */
bool text_first_difference(struct bytes a, struct bytes b, size_t *out_line, size_t *out_column);
