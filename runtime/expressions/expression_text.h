/*
 * Pieces that printers of expressions are made of. Internal to expressions.
 */
#pragma once

#include "expressions/function.h"

/* "a, b, c". */
void print_arguments(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument);

/* A literal: as SQL with quotes and suffixes, or as in a name without them. */
void print_literal(struct buffer *out,
                   const struct scalar *value,
                   const struct zone *zone,
                   bool sql);

/* Java's BigDecimal.toString() where it has an exponent, "1.5E-9": of very small numbers. False: this one has none. */
bool print_small_decimal(struct buffer *out, int128 value, int scale);
