/*
 * Runs of bits, the least significant of a byte first: validity and booleans.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline size_t bits_bytes(int32_t count);

/* How many of the first `count` bits are 1. */
int32_t bits_count(const uint8_t *bits, int32_t count);

/* `count` bits of `from`, from bit `from_first` on, to bit `to_first` of `to`; other bits of `to` stay. */
void bits_copy(
    uint8_t *to, int64_t to_first, const uint8_t *from, int64_t from_first, int64_t count);

/* Sets `count` bits from `first` on. */
void bits_fill(uint8_t *bits, int64_t first, int64_t count);

/* --- inline bodies --- */

static inline size_t bits_bytes(int32_t count)
{
    return ((size_t)count + 7) / 8;
}
