/*
 * Making record batches: for records of our own (group offsets, transaction markers), our own client and the tests.
 * What producers send is stored as it came and never built again.
 *
 * Usage: init, add records, finish once; then init again. Pure. Thread: one at a time.
 */
#pragma once

#include "base/buffer.h"
#include "protocol/batch.h"
#include "protocol/compress.h"
#include "protocol/record.h"

struct batch_builder {
    struct batch_header
        header; /* fill in what is not the default before finish: producer, control bit, ... */
    struct buffer records; /* owned; encoded, not yet compressed */
    struct buffer batch;   /* owned; the result */
};

/* The batch as a whole may take `bytes_max`; more sets an overflow that finish reports. */
void batch_builder_init(struct batch_builder *b, size_t bytes_max);
void batch_builder_release(struct batch_builder *b);

/* Adds a record with the next offset. `headers` may be NULL with count 0. */
void batch_builder_add(struct batch_builder *b,
                       int64_t timestamp,
                       struct bytes key,
                       struct bytes value,
                       const struct record_header *headers,
                       int32_t header_count);

/*
 * *out_batch is the whole batch, base offset 0 and leader epoch -1 as a producer sends them; it lives in the builder. With at
 * least one record added. WEIR_ETOOBIG beyond bytes_max.
 */
WEIR_CHECKED enum weir_status batch_builder_finish(struct batch_builder *b,
                                                   enum codec codec,
                                                   struct bytes *out_batch,
                                                   struct weir_error *err);
