/*
 * Records: what lies inside a batch (org.apache.kafka.common.record.DefaultRecord).
 *
 *     length          varint   bytes after this field
 *     attributes      int8     unused
 *     timestamp_delta varlong  from the batch's base_timestamp
 *     offset_delta    varint   from the batch's base_offset
 *     key length      varint   -1 (any negative): null;   key
 *     value length    varint   -1 (any negative): null;   value
 *     header count    varint   then for each: key length varint, key, value length varint (negative: null), value
 *
 * varint and varlong as in protocol/reader.h.
 *
 * The reader walks a batch's records without copying; the records of a compressed batch are decompressed first, into
 * a buffer with a bound (base/limits.h), so a small batch cannot become an unbounded one.
 *
 * Pure. Thread: one reader is one thread's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "protocol/batch.h"
#include "protocol/reader.h"
#include "weir/status.h"

struct record {
    int64_t offset;
    int64_t timestamp; /* ms; the batch's max_timestamp under LogAppendTime */
    struct bytes key;  /* borrowed from the reader, as are value and headers; null is null */
    struct bytes value;
    struct bytes headers; /* encoded: reader_init() on it, then record_next_header() */
    int32_t header_count;
    int32_t offset_delta;
};

struct record_header {
    struct bytes key;
    struct bytes value;
};

struct record_reader {
    struct batch_header header;
    struct reader rest;     /* of the plain records */
    struct buffer unpacked; /* owned; empty when the batch is not compressed */
    int32_t left;           /* records still to come */
};

/*
 * Starts on one whole v2 batch (borrowed until finish). WEIR_ECORRUPT: the compressed block cannot be read, WEIR_ETOOBIG: it
 * grows beyond LIMIT_BATCH_UNCOMPRESSED, WEIR_EINVAL: there is no such codec. Finish it in every case.
 */
WEIR_CHECKED enum weir_status record_reader_init(struct record_reader *r,
                                                 struct bytes batch,
                                                 struct weir_error *err);
void record_reader_finish(struct record_reader *r);

/*
 * 1: *out_record is the next one; 0: there are no more, and nothing was left over; WEIR_ECORRUPT: the bytes are no
 * record, or fewer or more of them than the batch's count says.
 */
WEIR_CHECKED int record_next(struct record_reader *r,
                             struct record *out_record,
                             struct weir_error *err);

/* Appends the record as it stands in a batch, not compressed; its time as a difference to `base_timestamp`. */
void record_write(struct buffer *out, const struct record *record, int64_t base_timestamp);

/* The next header, out of record.headers. False at the end (and when the bytes are no header). */
bool record_next_header(struct reader *rest, struct record_header *out_header);
