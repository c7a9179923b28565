/*
 * A number as decimal digits, rounded and written as Java's Formatter and DecimalFormat do. Internal to expressions.
 */
#pragma once

#include "expressions/string_parts.h"

enum {
    FIXED_MAX = 1200
}; /* digits; the smallest double has 1074 behind the point, of which we keep 340 at most */

struct fixed {
    bool negative;
    bool special; /* NaN or infinite: `digits` has the name */
    size_t whole; /* digits before the point, at least 1 */
    size_t fraction;
    char digits[FIXED_MAX];
};

/* By the digits that the number is printed with. */
void fixed_of_double(struct fixed *f, double value);
void fixed_of_float(struct fixed *f, float value);
void fixed_of_integer(struct fixed *f, int64_t value);
void fixed_of_decimal(struct fixed *f, int128 value, int scale);

/* The value of row `row`, of any number type. */
void fixed_of_row(struct fixed *f, const struct column *c, int32_t row);

/* To at most `places` behind the point; half up, or half to the even digit. */
void fixed_round(struct fixed *f, size_t places, bool half_up);

/* Half to even by the exact value of the double, not by its digits: 1.005 is a little less. */
void fixed_round_double(struct fixed *f, double value, size_t places);

/* Digits with a point, padded with zeros to `places`, in groups of `group` (0: none); no sign. */
void fixed_print(struct buffer *out, const struct fixed *f, size_t places, size_t group);
