/*
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a hash that nobody can find collisions of who does not know its
 * key. Where hashes of bytes that an outsider chose stand for the bytes themselves.
 *
 * Thread: any; pure.
 */
#pragma once

#include "base/bytes.h"

enum { SIPHASH_KEY_SIZE = 16 };

struct siphash {
    uint64_t low; /* the first eight bytes, little-endian */
    uint64_t high;
};

struct siphash siphash128(const uint8_t key[SIPHASH_KEY_SIZE], struct bytes data);
