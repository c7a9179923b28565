/*
 * Writing Kafka's wire format into a buffer; reader.h draws the bytes.
 *
 * Appends to a `struct buffer`, whose overflow flag is sticky: write everything, then ask `out->overflow` once.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/buffer.h"
#include "base/uuid.h"

enum {
    UVARINT_SIZE_MAX = 5, /* bytes of a 32-bit varint */
    VARLONG_SIZE_MAX = 10,
};

/* --- fixed size --- */

void writer_i8(struct buffer *out, int8_t value);
void writer_i16(struct buffer *out, int16_t value);
void writer_u16(struct buffer *out, uint16_t value);
void writer_i32(struct buffer *out, int32_t value);
void writer_u32(struct buffer *out, uint32_t value);
void writer_i64(struct buffer *out, int64_t value);
void writer_f64(struct buffer *out, double value);
void writer_uuid(struct buffer *out, const struct uuid *id);

/* Overwrites four bytes written earlier (a length known only afterwards). `offset` + 4 <= out->len. */
void writer_patch_i32(struct buffer *out, size_t offset, int32_t value);

/* --- variable size, always the shortest form --- */

void writer_uvarint(struct buffer *out, uint32_t value);
void writer_varint(struct buffer *out, int32_t value);
void writer_varlong(struct buffer *out, int64_t value);

/* Bytes that the functions above write. */
size_t uvarint_size(uint32_t value);
size_t varint_size(int32_t value);
size_t varlong_size(int64_t value);
