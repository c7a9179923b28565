/*
 * Big-endian integers at fixed places: for formats whose offsets are drawn in a header comment (record batches,
 * index files, snapshots). Messages are read and written through the codec instead.
 *
 * No bounds checks: the caller has the bytes. Pure; thread: any.
 */
#pragma once

#include <stdint.h>

static inline int16_t be_read_i16(const uint8_t *p)
{
    return (int16_t)(uint16_t)((unsigned)p[0] << 8 | p[1]);
}

static inline int32_t be_read_i32(const uint8_t *p)
{
    return (int32_t)((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]);
}

static inline int64_t be_read_i64(const uint8_t *p)
{
    return (int64_t)((uint64_t)(uint32_t)be_read_i32(p) << 32 | (uint32_t)be_read_i32(p + 4));
}

static inline void be_write_i16(uint8_t *p, int16_t value)
{
    p[0] = (uint8_t)((uint16_t)value >> 8);
    p[1] = (uint8_t)value;
}

static inline void be_write_i32(uint8_t *p, int32_t value)
{
    uint32_t v = (uint32_t)value;
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static inline void be_write_i64(uint8_t *p, int64_t value)
{
    be_write_i32(p, (int32_t)((uint64_t)value >> 32));
    be_write_i32(p + 4, (int32_t)(uint32_t)(uint64_t)value);
}
