/*
 * What the files of casts share. Internal: others use cast.h.
 */
#pragma once

#include "expressions/cast.h"

/* From here on: `rows` says which rows count, `from` has the operand's type, the result is of call->type. NULL: the error is set. */
typedef struct column *cast_rule(struct evaluation *ev,
                                 const struct expression *call,
                                 struct column *from,
                                 const struct rows *rows);

cast_rule cast_to_boolean;
cast_rule cast_to_integer;
cast_rule cast_to_floating;
cast_rule cast_to_decimal;
cast_rule cast_to_text; /* string, binary */
cast_rule cast_to_date;
cast_rule cast_to_timestamp; /* both kinds */
cast_rule cast_to_interval;

/* [CAST_INVALID_INPUT] for a row whose text (or number) cannot be read as call->type. Returns NULL. */
struct column *cast_invalid(struct evaluation *ev,
                            const struct expression *call,
                            const struct column *from,
                            int32_t row);

/* [CAST_OVERFLOW] for a row whose value does not fit. Returns NULL. */
struct column *cast_overflow(struct evaluation *ev,
                             const struct expression *call,
                             const struct column *from,
                             int32_t row);

/* A text without what Spark trims: blanks and control characters, on both ends. */
struct bytes cast_trim(struct bytes text);

/* A whole number as Spark reads it: sign, digits; with ansi off also a fraction, which is cut off. False: it is none, or does not fit. */
bool cast_parse_integer(struct bytes text, bool fraction, int64_t low, int64_t high, int64_t *out);

/* A double, float as Spark reads it; with the words NaN, Infinity, Inf. */
bool cast_parse_double(struct bytes text, bool single, double *out);
