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
void reader_fail(struct reader *r, const char *why);

/* WEIR_EPROTO and "<what>: <why> at byte N". Only after a failure. */
enum weir_status reader_error(const struct reader *r, const char *what, struct weir_error *err);

/* --- fixed size --- */

int8_t reader_i8(struct reader *r);
int16_t reader_i16(struct reader *r);
uint16_t reader_u16(struct reader *r);
int32_t reader_i32(struct reader *r);
uint32_t reader_u32(struct reader *r);
int64_t reader_i64(struct reader *r);
double reader_f64(struct reader *r);
struct uuid reader_uuid(struct reader *r);

/* --- variable size --- */

uint32_t reader_uvarint(struct reader *r);
int32_t reader_varint(struct reader *r);
int64_t reader_varlong(struct reader *r);

/* The next `len` bytes, borrowed; the null range on failure. */
struct bytes reader_take(struct reader *r, size_t len);

/* --- inline bodies --- */

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
