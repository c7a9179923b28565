/*
 * Natural numbers of up to 1408 bits: what printing a double exactly may need (2^1074, or 5^325 times a fraction).
 *
 * Thread: any.
 */
#pragma once

#include <stdint.h>

enum { BIG_WORDS = 44 };

struct big {
    int count;                 /* words in use; the highest is not 0 */
    uint32_t words[BIG_WORDS]; /* the lowest first */
};

/* value * 5^fives * 2^twos */
void big_make(struct big *b, uint64_t value, int fives, int twos);

void big_multiply(struct big *b, uint32_t factor);
int big_compare(const struct big *a, const struct big *b);

/* The order of a and b + c. */
int big_compare_sum(const struct big *a, const struct big *b, const struct big *c);

/* a / b, which must be less than 10; the rest stays in a. */
int big_divide(struct big *a, const struct big *b);
