/*
 * Runs of bits: see bits.h. By whole bytes where both sides are aligned, and byte by byte with a shift where they are not.
 */
#include "columns/bits.h"

#include <string.h>

int32_t bits_count(const uint8_t *bits, int32_t count)
{
    int32_t ones = 0;
    int32_t i = 0;
    for (; i + 64 <= count; i += 64) {
        uint64_t word = 0;
        memcpy(&word, bits + i / 8, sizeof(word));
        ones += __builtin_popcountll(word);
    }
    for (; i < count; i++) {
        ones += (bits[i >> 3] >> (i & 7)) & 1;
    }
    return ones;
}

static void copy_bit(uint8_t *to, int64_t to_bit, const uint8_t *from, int64_t from_bit)
{
    unsigned mask = 1U << (to_bit & 7);
    bool one = (from[from_bit >> 3] >> (from_bit & 7)) & 1;
    to[to_bit >> 3] = (uint8_t)(one ? to[to_bit >> 3] | mask : to[to_bit >> 3] & ~mask);
}

void bits_copy(
    uint8_t *to, int64_t to_first, const uint8_t *from, int64_t from_first, int64_t count)
{
    int64_t i = 0;
    while (i < count && ((to_first + i) & 7) != 0) {
        copy_bit(to, to_first + i, from, from_first + i);
        i++;
    }
    int64_t whole = (count - i) / 8;
    uint8_t *out = to + (to_first + i) / 8;
    const uint8_t *in = from + (from_first + i) / 8;
    int shift = (int)((from_first + i) & 7);
    if (shift == 0 && whole > 0) {
        memcpy(out, in, (size_t)whole);
    } else {
        for (int64_t k = 0; k < whole;
             k++) { /* eight bits that are asked for reach into in[k + 1] */
            out[k] = (uint8_t)(in[k] >> shift | in[k + 1] << (8 - shift));
        }
    }
    for (i += whole * 8; i < count; i++) {
        copy_bit(to, to_first + i, from, from_first + i);
    }
}

void bits_fill(uint8_t *bits, int64_t first, int64_t count)
{
    int64_t i = first;
    int64_t end = first + count;
    for (; i < end && (i & 7) != 0; i++) {
        bits[i >> 3] = (uint8_t)(bits[i >> 3] | (1U << (i & 7)));
    }
    if (end - i >= 8) {
        memset(bits + i / 8, 0xff, (size_t)((end - i) / 8));
        i += (end - i) / 8 * 8;
    }
    for (; i < end; i++) {
        bits[i >> 3] = (uint8_t)(bits[i >> 3] | (1U << (i & 7)));
    }
}
