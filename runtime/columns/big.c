/*
 * Large natural numbers: see big.h.
 */
#include "columns/big.h"

#include <assert.h>
#include <string.h>

static void trim(struct big *b)
{
    while (b->count > 0 && b->words[b->count - 1] == 0) {
        b->count--;
    }
}

void big_multiply(struct big *b, uint32_t factor)
{
    uint64_t carry = 0;
    for (int i = 0; i < b->count; i++) {
        carry += (uint64_t)b->words[i] * factor;
        b->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        assert(b->count < BIG_WORDS);
        b->words[b->count++] = (uint32_t)carry;
    }
}

static void shift_left(struct big *b, int bits)
{
    int words = bits / 32;
    int rest = bits % 32;
    if (b->count == 0) {
        return;
    }
    assert(b->count + words + 1 <= BIG_WORDS);
    memmove(b->words + words, b->words, (size_t)b->count * sizeof(b->words[0]));
    memset(b->words, 0, (size_t)words * sizeof(b->words[0]));
    b->count += words;
    if (rest > 0) {
        big_multiply(b, 1U << rest);
    }
}

void big_make(struct big *b, uint64_t value, int fives, int twos)
{
    b->words[0] = (uint32_t)value;
    b->words[1] = (uint32_t)(value >> 32);
    b->count = 2;
    trim(b);
    for (; fives >= 13; fives -= 13) {
        big_multiply(b, 1220703125); /* 5^13, the highest that fits */
    }
    for (; fives > 0; fives--) {
        big_multiply(b, 5);
    }
    shift_left(b, twos);
}

int big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count) {
        return a->count > b->count ? 1 : -1;
    }
    for (int i = a->count - 1; i >= 0; i--) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] > b->words[i] ? 1 : -1;
        }
    }
    return 0;
}

int big_compare_sum(const struct big *a, const struct big *b, const struct big *c)
{
    struct big sum = *b;
    uint64_t carry = 0;
    int count = b->count > c->count ? b->count : c->count;
    for (int i = 0; i < count; i++) {
        carry += i < b->count ? b->words[i] : 0;
        carry += i < c->count ? c->words[i] : 0;
        sum.words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    sum.count = count;
    if (carry > 0) {
        assert(count < BIG_WORDS);
        sum.words[sum.count++] = (uint32_t)carry;
    }
    return big_compare(a, &sum);
}

/* a -= b * factor, which must not be more. */
static void subtract(struct big *a, const struct big *b, uint32_t factor)
{
    uint64_t carry = 0;
    int64_t borrow = 0;
    for (int i = 0; i < a->count; i++) {
        carry += i < b->count ? (uint64_t)b->words[i] * factor : 0;
        borrow += (int64_t)a->words[i] - (int64_t)(uint32_t)carry;
        a->words[i] = (uint32_t)borrow;
        borrow >>= 32;
        carry >>= 32;
    }
    assert(borrow == 0 && carry == 0);
    trim(a);
}

int big_divide(struct big *a, const struct big *b)
{
    if (a->count < b->count) {
        return 0;
    }
    /* From the highest two words: never too much, and at most a few too little. */
    uint64_t a_high = a->words[a->count - 1];
    if (a->count > b->count) {
        a_high = a_high << 32 | a->words[a->count - 2];
    }
    int quotient = (int)(a_high / ((uint64_t)b->words[b->count - 1] + 1));
    if (quotient > 0) {
        subtract(a, b, (uint32_t)quotient);
    }
    while (big_compare(a, b) >= 0) {
        subtract(a, b, 1);
        quotient++;
    }
    assert(quotient < 10);
    return quotient;
}
