/*
 * Unsigned integers of 384 bits: the exact intermediate results of decimals (38 digits times 10^76).
 *
 * Thread: any.
 */
#pragma once

#include "columns/type.h"

enum { WIDE_WORDS = 6 };

struct wide {
    uint64_t words[WIDE_WORDS]; /* the lowest first */
};

struct wide wide_of(uint128 value);
struct wide wide_product(uint128 a, uint128 b);
struct wide wide_add(struct wide a, struct wide b);

/* a - b; a must not be less. */
struct wide wide_subtract(struct wide a, struct wide b);

/* a * 10^exponent; must fit. */
struct wide wide_scale_up(struct wide a, int exponent);

/* a / 10^exponent, cut off. */
struct wide wide_scale_down(struct wide a, int exponent);

/* a / b, cut off; the rest goes to *out_rest (may be NULL). */
struct wide wide_divide(struct wide a, struct wide b, struct wide *out_rest);

/* a / b and the rest. */
uint64_t wide_divide_word(struct wide *a, uint64_t b);

int wide_compare(struct wide a, struct wide b);
bool wide_is_zero(struct wide a);

/* False when it has more than 128 bits. */
bool wide_to_128(struct wide a, uint128 *out_value);
