/*
 * Writing the wire format: see writer.h.
 */
#include "protocol/writer.h"

#include <assert.h>

enum {
    VARINT_BITS = 7,
    VARINT_MORE = 0x80, /* another byte follows */
};

static void put_big_endian(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = size; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_big_endian(struct buffer *out, uint64_t value, size_t size)
{
    uint8_t *at = buffer_extend(out, size);
    if (at) {
        put_big_endian(at, value, size);
    }
}

void writer_i8(struct buffer *out, int8_t value)
{
    write_big_endian(out, (uint64_t)value, sizeof(value));
}

void writer_i16(struct buffer *out, int16_t value)
{
    write_big_endian(out, (uint64_t)value, sizeof(value));
}

void writer_u16(struct buffer *out, uint16_t value)
{
    write_big_endian(out, value, sizeof(value));
}

void writer_i32(struct buffer *out, int32_t value)
{
    write_big_endian(out, (uint64_t)value, sizeof(value));
}

void writer_u32(struct buffer *out, uint32_t value)
{
    write_big_endian(out, value, sizeof(value));
}

void writer_i64(struct buffer *out, int64_t value)
{
    write_big_endian(out, (uint64_t)value, sizeof(value));
}

void writer_f64(struct buffer *out, double value)
{
    uint64_t bits;
    static_assert(sizeof(value) == sizeof(bits), "a double is IEEE 754 binary64");
    memcpy(&bits, &value, sizeof(bits));
    write_big_endian(out, bits, sizeof(bits));
}

void writer_uuid(struct buffer *out, const struct uuid *id)
{
    buffer_append(out, id->bytes, UUID_SIZE);
}

void writer_patch_i32(struct buffer *out, size_t offset, int32_t value)
{
    if (out->overflow) {
        return; /* what should be patched may not have been written */
    }
    assert(offset <= out->len && out->len - offset >= sizeof(value));
    put_big_endian(out->data + offset, (uint64_t)value, sizeof(value));
}

static size_t encode_varint(uint8_t out[static VARLONG_SIZE_MAX], uint64_t value)
{
    size_t len = 0;
    while (value >= VARINT_MORE) {
        out[len++] = (uint8_t)(value | VARINT_MORE);
        value >>= VARINT_BITS;
    }
    out[len++] = (uint8_t)value;
    return len;
}

/* Small magnitudes become small numbers whatever their sign: 0, -1, 1, -2 -> 0, 1, 2, 3. */
static uint32_t zigzag32(int32_t value)
{
    return (uint32_t)value << 1 ^ (value < 0 ? UINT32_MAX : 0);
}

static uint64_t zigzag64(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static void write_varint(struct buffer *out, uint64_t value)
{
    uint8_t encoded[VARLONG_SIZE_MAX];
    buffer_append(out, encoded, encode_varint(encoded, value));
}

void writer_uvarint(struct buffer *out, uint32_t value)
{
    write_varint(out, value);
}

void writer_varint(struct buffer *out, int32_t value)
{
    write_varint(out, zigzag32(value));
}

void writer_varlong(struct buffer *out, int64_t value)
{
    write_varint(out, zigzag64(value));
}

static size_t encoded_size(uint64_t value)
{
    size_t size = 1;
    for (; value >= VARINT_MORE; value >>= VARINT_BITS) {
        size++;
    }
    return size;
}

size_t uvarint_size(uint32_t value)
{
    return encoded_size(value);
}

size_t varint_size(int32_t value)
{
    return encoded_size(zigzag32(value));
}

size_t varlong_size(int64_t value)
{
    return encoded_size(zigzag64(value));
}
