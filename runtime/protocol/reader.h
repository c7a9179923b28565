/*
 * A bounds-checked reader of Kafka's wire format, with a sticky error.
 *
 * Every read either fits into what is left or fails; after the first failure each read returns zero and moves
 * nothing, so a decoder reads a whole struct and asks once, at the end:
 *
 *     struct reader r;
 *     reader_init(&r, frame);
 *     int32_t partition = reader_i32(&r);
 *     struct bytes name = reader_take(&r, reader_uvarint(&r));
 *     if (reader_failed(&r)) {
 *         return reader_error(&r, "partition header", err);
 *     }
 *
 * The bytes on the wire:
 *
 *     integers   big-endian, two's complement, 1, 2, 4 or 8 bytes
 *     float64    IEEE 754 binary64, big-endian
 *     uvarint    7 bits a byte, the low ones first; the top bit says that another byte follows; at most 5 bytes
 *     varint     int32 in zigzag (0, -1, 1, -2 ... become 0, 1, 2, 3 ...), then as uvarint
 *     varlong    int64 in zigzag, at most 10 bytes
 *
 * Varints are those of org.apache.kafka.common.utils.ByteUtils: an encoding longer than needed is accepted, bits
 * beyond the type are not.
 *
 * The reader borrows the bytes; what reader_take() returns points into them. Thread: one at a time.
 */
#pragma once

#include "base/bytes.h"
#include "base/uuid.h"
#include "weir/status.h"

struct reader {
    const uint8_t *start;
    const uint8_t *at;
    const uint8_t *end;
    const char
        *failure; /* static text: why the first failing read failed; NULL while all is well */
};

void reader_init(struct reader *r, struct bytes input);

static inline bool reader_failed(const struct reader *r);
/* Bytes not read yet. */
static inline size_t reader_left(const struct reader *r);
/* Bytes read so far: after a failure, where it happened. */
static inline size_t reader_offset(const struct reader *r);

/* Makes the reader fail, for the caller's own checks; the first failure stays. `why` is static text. */
static inline void reader_fail(struct reader *r, const char *why);

/* WEIR_EPROTO and "<what>: <why> at byte N". Only after a failure. */
enum weir_status reader_error(const struct reader *r, const char *what, struct weir_error *err);

/* --- fixed size --- */

static inline int8_t reader_i8(struct reader *r);
int16_t reader_i16(struct reader *r);
uint16_t reader_u16(struct reader *r);
int32_t reader_i32(struct reader *r);
uint32_t reader_u32(struct reader *r);
int64_t reader_i64(struct reader *r);
double reader_f64(struct reader *r);
struct uuid reader_uuid(struct reader *r);

/* --- variable size --- */

uint32_t reader_uvarint(struct reader *r);
static inline int32_t reader_varint(struct reader *r);
static inline int64_t reader_varlong(struct reader *r);

/* The next `len` bytes, borrowed; the null range on failure. */
static inline struct bytes reader_take(struct reader *r, size_t len);

/* --- inline bodies: what is read once or more for every record, so that a reader of one stays in registers --- */

static inline bool reader_failed(const struct reader *r)
{
    return r->failure != NULL;
}

static inline size_t reader_left(const struct reader *r)
{
    return r->failure ? 0 : (size_t)(r->end - r->at);
}

static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->at - r->start);
}

static inline void reader_fail(struct reader *r, const char *why)
{
    if (!r->failure) {
        r->failure = why;
    }
}

/* LESSON: sticky-error
 * Every read but a varint's comes through here: the one place that compares with the end. */
static inline struct bytes reader_take(struct reader *r, size_t len)
{
    if (len > reader_left(r)) {
        reader_fail(r, "cut short");
    }
    if (r->failure) {
        return (struct bytes){ NULL, 0 };
    }
    struct bytes taken = { r->at, len };
    r->at += len;
    return taken;
}

static inline int8_t reader_i8(struct reader *r)
{
    struct bytes raw = reader_take(r, sizeof(int8_t));
    return raw.len > 0 ? (int8_t)raw.data[0] : 0;
}

enum { READER_VARINT_MORE = 0x80 /* another byte follows */ };

/* A number that was found, or why there is none. */
struct reader_number {
    uint64_t value;
    const uint8_t *behind;
    const char *failure;
};

/* The unsigned varint of at most `bits` bits at `p`. */
struct reader_number reader_varint_any(const uint8_t *p, const uint8_t *end, unsigned bits);

/* On failure nothing is consumed and the value is 0. Most are of one byte. */
static inline uint64_t reader_varint_bits(struct reader *r, unsigned bits)
{
    size_t left = reader_left(r);
    if (left > 0 && *r->at < READER_VARINT_MORE) {
        return *r->at++;
    }
    struct reader_number number = reader_varint_any(r->at, r->at + left, bits);
    if (number.failure) {
        reader_fail(r, number.failure);
    } else {
        r->at = number.behind;
    }
    return number.value;
}

static inline int32_t reader_varint(struct reader *r)
{
    uint32_t zigzag = (uint32_t)reader_varint_bits(r, 32);
    return (int32_t)(zigzag >> 1 ^ (0U - (zigzag & 1U)));
}

static inline int64_t reader_varlong(struct reader *r)
{
    uint64_t zigzag = reader_varint_bits(r, 64);
    return (int64_t)(zigzag >> 1 ^ (UINT64_C(0) - (zigzag & 1U)));
}
