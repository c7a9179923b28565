/*
 * CRC-32C: see crc32c.h. Polynomial 0x1EDC6F41, reflected 0x82F63B78, initial value and final xor 0xFFFFFFFF.
 */
#include "base/crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

/* One step for each of the four bits of a nibble: a table of 16 is small enough to be constant and read at a glance. */
static const uint32_t nibble_table[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
        crc = (crc >> 4) ^ nibble_table[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)
/*
 * The instruction takes a word every cycle, but gives its result three cycles later: one stream of words waits for itself two
 * thirds of the time. So three neighbouring blocks are gone through side by side,
 *
 *     | first block | second block | third block |        the first one continues what came before, the others begin at 0
 *
 * and joined by what a CRC is: the remainder of a polynomial, so that a block's part in the whole is its own remainder times
 * x^(8 n), n being the bytes behind it. The product of two remainders is one carry-less multiplication, and the instruction
 * itself takes the remainder of that: for a word it gives word * x^32. As bits are reflected, a product of 32 by 32 bits
 * stands one place too low in its 64, which is one more x; hence the constants: x^(8 n - 33) mod P, reflected.
 */
struct stride {
    size_t block;
    uint32_t past_two; /* x^(8 * 2 * block - 33) mod P: moves a remainder past two blocks */
    uint32_t past_one;
};

static const struct stride strides[] = {
    { 8192, 0x1dc403cc, 0x54a86326 },
    { 256, 0xdd7e3b0c, 0xb9e02b86 },
};

#define CRC_TARGET __attribute__((target("sse4.2,pclmul")))

CRC_TARGET static inline uint64_t step(uint64_t crc, const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof(word));
    return _mm_crc32_u64(crc, word);
}

CRC_TARGET static inline uint64_t multiplied(uint64_t crc, uint32_t factor)
{
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc),
                                           _mm_cvtsi64_si128((int64_t)factor), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

/* Of three blocks. */
CRC_TARGET static uint64_t three_blocks(uint64_t crc, const uint8_t *p, const struct stride *stride)
{
    size_t block = stride->block;
    uint64_t second = 0;
    uint64_t third = 0;
    for (const uint8_t *end = p + block; p < end; p += sizeof(uint64_t)) {
        crc = step(crc, p);
        second = step(second, p + block);
        third = step(third, p + 2 * block);
    }
    return multiplied(crc, stride->past_two) ^ multiplied(second, stride->past_one) ^ third;
}

CRC_TARGET static uint32_t crc32c_x86(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t wide = (uint32_t)~crc;
    for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
        size_t size = 3 * strides[i].block;
        for (; len >= size; p += size, len -= size) {
            wide = three_blocks(wide, p, &strides[i]);
        }
    }
    for (; len >= sizeof(uint64_t); p += sizeof(uint64_t), len -= sizeof(uint64_t)) {
        wide = step(wide, p);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; len > 0; p++, len--) {
        narrow = _mm_crc32_u8(narrow, *p);
    }
    return ~narrow;
}
#endif

uint32_t crc32c(uint32_t crc, const void *data, size_t len)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        return crc32c_x86(crc, data, len);
    }
#endif
    return crc32c_portable(crc, data, len);
}
