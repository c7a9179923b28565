/*
 * Record batches, version 2: the one unit in which Kafka stores, sends and copies records
 * (org.apache.kafka.common.record.DefaultRecordBatch). All integers are big-endian.
 *
 *      0  base_offset          int64    set by the broker ........................ not covered by the CRC
 *      8  length               int32    bytes after this field: the batch is 12 + length long
 *     12  leader_epoch         int32    set by the broker ........................ not covered by the CRC
 *     16  magic                int8     2
 *     17  crc                  uint32   CRC-32C from `attributes` to the end of the batch
 *     21  attributes           int16    bits 0-2 codec, 3 LogAppendTime, 4 transactional, 5 control, 6 delete horizon
 *     23  last_offset_delta    int32    last offset = base_offset + this; survives compaction
 *     27  base_timestamp       int64    ms; what the records' deltas count from (bit 6: the delete horizon)
 *     35  max_timestamp        int64    ms; with LogAppendTime the time of every record
 *     43  producer_id          int64    -1: none
 *     51  producer_epoch       int16
 *     53  base_sequence        int32    sequence number of the first record
 *     57  record_count         int32
 *     61  records, as they are or compressed as one block (see protocol/record.h, protocol/compress.h)
 *
 * Because offset and leader epoch stand outside the CRC, a broker stores what a producer sent without touching a
 * record: it writes two fields and the bytes go to the file as they are.
 *
 * Pure; thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    BATCH_AT_BASE_OFFSET = 0,
    BATCH_AT_LENGTH = 8,
    BATCH_AT_LEADER_EPOCH = 12,
    BATCH_AT_MAGIC = 16,
    BATCH_AT_CRC = 17,
    BATCH_AT_ATTRIBUTES = 21,
    BATCH_AT_LAST_OFFSET_DELTA = 23,
    BATCH_AT_BASE_TIMESTAMP = 27,
    BATCH_AT_MAX_TIMESTAMP = 35,
    BATCH_AT_PRODUCER_ID = 43,
    BATCH_AT_PRODUCER_EPOCH = 51,
    BATCH_AT_BASE_SEQUENCE = 53,
    BATCH_AT_RECORD_COUNT = 57,
    BATCH_HEADER_SIZE = 61,
    BATCH_OVERHEAD = 12, /* base_offset and length: what `length` does not count */
    BATCH_UP_TO_MAGIC = 17,
    BATCH_MAGIC = 2,
    BATCH_LENGTH_MIN_ANY = 14, /* `length` of the smallest batch of any format */
};

enum {
    BATCH_CODEC_MASK = 0x07,
    BATCH_LOG_APPEND_TIME = 0x08,
    BATCH_TRANSACTIONAL = 0x10,
    BATCH_CONTROL = 0x20,
    BATCH_DELETE_HORIZON = 0x40,
};

enum { NO_TIMESTAMP = -1, NO_PRODUCER_ID = -1, NO_PRODUCER_EPOCH = -1, NO_SEQUENCE = -1 };

struct batch_header {
    int64_t base_offset;
    int64_t base_timestamp;
    int64_t max_timestamp;
    int64_t producer_id;
    int32_t length;
    int32_t leader_epoch;
    int32_t last_offset_delta;
    int32_t base_sequence;
    int32_t record_count;
    uint32_t crc;
    int16_t attributes;
    int16_t producer_epoch;
    int8_t magic;
};

/* Reads the first BATCH_HEADER_SIZE bytes of `b`, which must be there. Checks nothing. */
void batch_header_read(const uint8_t *b, struct batch_header *out_header);

/* Writes BATCH_HEADER_SIZE bytes. */
void batch_header_write(const struct batch_header *h, uint8_t *out);

static inline int64_t batch_size(const struct batch_header *h)
{
    return (int64_t)h->length + BATCH_OVERHEAD;
}

static inline int64_t batch_last_offset(const struct batch_header *h)
{
    return h->base_offset + h->last_offset_delta;
}

static inline int64_t batch_next_offset(const struct batch_header *h)
{
    return batch_last_offset(h) + 1;
}

/* Sequence numbers run from 0 to INT32_MAX and start again at 0. */
int32_t sequence_add(int32_t sequence, int32_t count);

static inline int32_t batch_last_sequence(const struct batch_header *h)
{
    return h->base_sequence < 0 ? NO_SEQUENCE
                                : sequence_add(h->base_sequence, h->last_offset_delta);
}

/* The checksum that `batch` (all of it) should carry. */
uint32_t batch_crc(struct bytes batch);

/* The same for a batch in two pieces: a header that was changed, and the records as they came. */
uint32_t batch_crc_parts(const uint8_t header[BATCH_HEADER_SIZE], struct bytes records);

/* --- cutting a run of batches into its pieces --- */

enum batch_split {
    BATCH_SPLIT_FOUND,
    BATCH_SPLIT_END,       /* nothing more, or less than a whole batch */
    BATCH_SPLIT_BAD_SIZE,  /* a length that no batch can have */
    BATCH_SPLIT_BAD_MAGIC, /* not 0, 1 or 2 */
};

/*
 * Takes the next batch off the front of *rest, as Kafka's ByteBufferLogInputStream does; `rest` stays as it is unless
 * one was found. A found batch may be of an old magic or too short for a header: ask batch_is_v2() first.
 */
enum batch_split batch_split(struct bytes *rest, struct bytes *out_batch);

/* Version 2 and long enough to read its header. */
bool batch_is_v2(struct bytes batch);

/* `batch` is exactly one v2 batch and its checksum is right. */
bool batch_intact(struct bytes batch);
