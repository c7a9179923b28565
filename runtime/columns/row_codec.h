/*
 * Values as bytes, and back: the keys and values of state stores, and states of aggregates that hold values.
 *
 *     value     null: 0.   Otherwise 1 and then, by type:
 *     boolean   a byte        integers, dates, times   as wide as they are, little end first
 *     float, double   as they are (NaN in its one form)    decimal   16 bytes
 *     string, binary  length (varint), bytes
 *     struct    its fields, one after the other
 *     array     count (varint), elements       map   count, then key and value, key and value, ...
 *
 * Equal values of one type have equal bytes, but for maps, and -0.0 beside 0.0: row_encode_key() makes these equal too.
 * The format is part of checkpoints: a change needs another version of the files that hold it.
 * Thread: any.
 */
#pragma once

#include "columns/builder.h"

void row_encode(struct buffer *out, const struct column *c, int32_t row);
void row_encode_key(struct buffer *out, const struct column *c, int32_t row);

/* Takes one value of the builder's type off the front of *rest. False: these are no such bytes; then the builder is to be dropped. */
bool row_decode(struct bytes *rest, struct builder *into);
