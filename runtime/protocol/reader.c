/*
 * The bounds-checked reader: see reader.h for the format.
 */
#include "protocol/reader.h"

#include <assert.h>

#include "base/error.h"

enum { VARINT_BITS = 7 };

void reader_init(struct reader *r, struct bytes input)
{
    /* A null range still gets pointers that may be compared and subtracted. */
    const uint8_t *start = input.data ? input.data : (const uint8_t *)"";
    *r = (struct reader){ .start = start, .at = start, .end = start + input.len };
}

enum weir_status reader_error(const struct reader *r, const char *what, struct weir_error *err)
{
    assert(reader_failed(r));
    return weir_fail(err, WEIR_EPROTO, "%s: %s at byte %zu", what, r->failure, reader_offset(r));
}

/* The next `size` (at most 8) bytes as one big-endian number. */
static uint64_t read_big_endian(struct reader *r, size_t size)
{
    struct bytes raw = reader_take(r, size);
    uint64_t value = 0;
    for (size_t i = 0; i < raw.len; i++) {
        value = value << 8 | raw.data[i];
    }
    return value;
}

int16_t reader_i16(struct reader *r)
{
    return (int16_t)read_big_endian(r, sizeof(int16_t));
}

uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)read_big_endian(r, sizeof(uint16_t));
}

int32_t reader_i32(struct reader *r)
{
    return (int32_t)read_big_endian(r, sizeof(int32_t));
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)read_big_endian(r, sizeof(uint32_t));
}

int64_t reader_i64(struct reader *r)
{
    return (int64_t)read_big_endian(r, sizeof(int64_t));
}

double reader_f64(struct reader *r)
{
    uint64_t bits = read_big_endian(r, sizeof(bits));
    double value;
    static_assert(sizeof(value) == sizeof(bits), "a double is IEEE 754 binary64");
    memcpy(&value, &bits, sizeof(value));
    return value;
}

struct uuid reader_uuid(struct reader *r)
{
    struct uuid id = { { 0 } };
    struct bytes raw = reader_take(r, UUID_SIZE);
    if (raw.len == UUID_SIZE) {
        memcpy(id.bytes, raw.data, UUID_SIZE);
    }
    return id;
}

struct reader_number reader_varint_any(const uint8_t *p, const uint8_t *end, unsigned bits)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += VARINT_BITS) {
        if (p == end) {
            return (struct reader_number){ .failure = "cut short" };
        }
        uint64_t low = *p & (READER_VARINT_MORE - 1U);
        if (bits - shift < VARINT_BITS && low >> (bits - shift) != 0) {
            break; /* the last byte has room for fewer than 7 bits */
        }
        value |= low << shift;
        if (!(*p++ & READER_VARINT_MORE)) {
            return (struct reader_number){ .value = value, .behind = p };
        }
    }
    return (struct reader_number){ .failure = "variable-length number too long" };
}

uint32_t reader_uvarint(struct reader *r)
{
    return (uint32_t)reader_varint_bits(r, 32);
}
