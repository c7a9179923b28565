/*
 * Integers of 384 bits: see wide.h.
 */
#include "columns/wide.h"

#include <assert.h>

enum { WORD_DIGITS = 19 }; /* 10^19 fits a word */

static uint64_t power_of_10(int exponent)
{
    uint64_t power = 1;
    for (int i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

struct wide wide_of(uint128 value)
{
    return (struct wide){ { (uint64_t)value, (uint64_t)(value >> 64) } };
}

static struct wide times_word(struct wide a, uint64_t b)
{
    uint128 carry = 0;
    for (int i = 0; i < WIDE_WORDS; i++) {
        carry += (uint128)a.words[i] * b;
        a.words[i] = (uint64_t)carry;
        carry >>= 64;
    }
    assert(carry == 0);
    return a;
}

struct wide wide_product(uint128 a, uint128 b)
{
    struct wide low = times_word(wide_of(a), (uint64_t)b);
    struct wide high = times_word(wide_of(a), (uint64_t)(b >> 64));
    struct wide shifted = { { 0, high.words[0], high.words[1], high.words[2] } };
    return wide_add(low, shifted);
}

struct wide wide_add(struct wide a, struct wide b)
{
    uint128 carry = 0;
    for (int i = 0; i < WIDE_WORDS; i++) {
        carry += (uint128)a.words[i] + b.words[i];
        a.words[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return a;
}

struct wide wide_subtract(struct wide a, struct wide b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_WORDS; i++) {
        uint128 difference = (uint128)a.words[i] - b.words[i] - borrow;
        a.words[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
    assert(borrow == 0);
    return a;
}

struct wide wide_scale_up(struct wide a, int exponent)
{
    for (; exponent > WORD_DIGITS; exponent -= WORD_DIGITS) {
        a = times_word(a, power_of_10(WORD_DIGITS));
    }
    return times_word(a, power_of_10(exponent));
}

uint64_t wide_divide_word(struct wide *a, uint64_t b)
{
    uint64_t rest = 0;
    for (int i = WIDE_WORDS - 1; i >= 0; i--) {
        if (rest == 0 && a->words[i] < b) {
            rest = a->words[i];
            a->words[i] = 0;
            continue;
        }
        uint128 part = (uint128)rest << 64 | a->words[i];
        a->words[i] = (uint64_t)(part / b);
        rest = (uint64_t)(part % b);
    }
    return rest;
}

struct wide wide_scale_down(struct wide a, int exponent)
{
    for (; exponent > WORD_DIGITS; exponent -= WORD_DIGITS) {
        (void)wide_divide_word(&a, power_of_10(WORD_DIGITS));
    }
    (void)wide_divide_word(&a, power_of_10(exponent));
    return a;
}

static int bit_length(const struct wide *a)
{
    for (int i = WIDE_WORDS - 1; i >= 0; i--) {
        if (a->words[i] != 0) {
            return i * 64 + 64 - __builtin_clzll(a->words[i]);
        }
    }
    return 0;
}

static struct wide shift_left(struct wide a, int bits)
{
    struct wide out = { { 0 } };
    int words = bits / 64;
    int rest = bits % 64;
    for (int i = WIDE_WORDS - 1; i >= words; i--) {
        out.words[i] = a.words[i - words] << rest;
        if (rest > 0 && i - words > 0) {
            out.words[i] |= a.words[i - words - 1] >> (64 - rest);
        }
    }
    return out;
}

static void halve(struct wide *a)
{
    for (int i = 0; i < WIDE_WORDS; i++) {
        uint64_t above = i + 1 < WIDE_WORDS ? a->words[i + 1] << 63 : 0;
        a->words[i] = a->words[i] >> 1 | above;
    }
}

struct wide wide_divide(struct wide a, struct wide b, struct wide *out_rest)
{
    struct wide quotient = { { 0 } };
    uint128 a_small = 0;
    uint128 b_small = 0;
    int distance = bit_length(&a) - bit_length(&b);
    if (wide_to_128(a, &a_small) && wide_to_128(b, &b_small)) {
        quotient = wide_of(a_small / b_small);
        a = wide_of(a_small % b_small);
    } else if (bit_length(&b) <= 64) {
        quotient = a;
        a = wide_of(wide_divide_word(&quotient, b.words[0]));
    } else if (distance >= 0) {
        struct wide part = shift_left(b, distance); /* bit by bit: such numbers are rare */
        for (int i = distance; i >= 0; i--) {
            if (wide_compare(a, part) >= 0) {
                a = wide_subtract(a, part);
                quotient.words[i / 64] |= 1ULL << (i % 64);
            }
            halve(&part);
        }
    }
    if (out_rest) {
        *out_rest = a;
    }
    return quotient;
}

int wide_compare(struct wide a, struct wide b)
{
    for (int i = WIDE_WORDS - 1; i >= 0; i--) {
        if (a.words[i] != b.words[i]) {
            return a.words[i] > b.words[i] ? 1 : -1;
        }
    }
    return 0;
}

bool wide_is_zero(struct wide a)
{
    return bit_length(&a) == 0;
}

bool wide_to_128(struct wide a, uint128 *out_value)
{
    for (int i = 2; i < WIDE_WORDS; i++) {
        if (a.words[i] != 0) {
            return false;
        }
    }
    *out_value = (uint128)a.words[1] << 64 | a.words[0];
    return true;
}
