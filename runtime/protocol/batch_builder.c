/*
 * Making record batches: see batch_builder.h, and batch.h and record.h for the bytes.
 */
#include "protocol/batch_builder.h"

#include "base/error.h"
#include "protocol/writer.h"

void batch_builder_init(struct batch_builder *b, size_t bytes_max)
{
    *b = (struct batch_builder){
        .header = { .leader_epoch = -1,
                    .magic = BATCH_MAGIC,
                    .base_timestamp = NO_TIMESTAMP,
                    .max_timestamp = NO_TIMESTAMP,
                    .producer_id = NO_PRODUCER_ID,
                    .producer_epoch = NO_PRODUCER_EPOCH,
                    .base_sequence = NO_SEQUENCE },
    };
    buffer_init(&b->records, bytes_max);
    buffer_init(&b->batch, bytes_max);
}

void batch_builder_release(struct batch_builder *b)
{
    buffer_finish(&b->records);
    buffer_finish(&b->batch);
}

static size_t blob_size(struct bytes blob)
{
    return blob.data ? varlong_size((int64_t)blob.len) + blob.len : varlong_size(-1);
}

static void put_blob(struct buffer *out, struct bytes blob)
{
    writer_varlong(out, blob.data ? (int64_t)blob.len : -1);
    if (blob.data) {
        buffer_append(out, blob.data, blob.len);
    }
}

void batch_builder_add(struct batch_builder *b,
                       int64_t timestamp,
                       struct bytes key,
                       struct bytes value,
                       const struct record_header *headers,
                       int32_t header_count)
{
    struct batch_header *h = &b->header;
    if (h->record_count == 0) {
        h->base_timestamp = timestamp;
    }
    if (timestamp > h->max_timestamp) {
        h->max_timestamp = timestamp;
    }
    int64_t timestamp_delta = timestamp - h->base_timestamp;
    int32_t offset_delta = h->record_count++;
    size_t size = 1 + varlong_size(timestamp_delta) + varlong_size(offset_delta) + blob_size(key) +
                  blob_size(value) + varlong_size(header_count);
    for (int32_t i = 0; i < header_count; i++) {
        size += blob_size(headers[i].key) + blob_size(headers[i].value);
    }
    writer_varlong(&b->records, (int64_t)size);
    buffer_append(&b->records, "", 1); /* attributes: none are defined */
    writer_varlong(&b->records, timestamp_delta);
    writer_varlong(&b->records, offset_delta);
    put_blob(&b->records, key);
    put_blob(&b->records, value);
    writer_varlong(&b->records, header_count);
    for (int32_t i = 0; i < header_count; i++) {
        put_blob(&b->records, headers[i].key);
        put_blob(&b->records, headers[i].value);
    }
}

enum weir_status batch_builder_finish(struct batch_builder *b,
                                      enum codec codec,
                                      struct bytes *out_batch,
                                      struct weir_error *err)
{
    if (b->records.overflow || !buffer_extend(&b->batch, BATCH_HEADER_SIZE)) {
        return weir_fail(err, WEIR_ETOOBIG, "a batch of %d records exceeds %zu bytes",
                         b->header.record_count, b->batch.max);
    }
    enum weir_status rc = codec_compress(codec, buffer_bytes(&b->records), &b->batch, err);
    if (rc < 0) {
        return rc;
    }
    struct batch_header *h = &b->header;
    h->length = (int32_t)(b->batch.len - BATCH_OVERHEAD);
    h->last_offset_delta = h->record_count - 1;
    h->attributes = (int16_t)((h->attributes & ~BATCH_CODEC_MASK) | (int)codec);
    batch_header_write(h, b->batch.data);
    h->crc = batch_crc(buffer_bytes(&b->batch));
    batch_header_write(h, b->batch.data);
    *out_batch = buffer_bytes(&b->batch);
    return WEIR_OK;
}
