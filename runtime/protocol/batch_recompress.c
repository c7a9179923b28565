/*
 * Batches in another codec: see batch_recompress.h.
 */
#include "protocol/batch_recompress.h"

#include "base/error.h"
#include "base/limits.h"
#include "protocol/record.h"

/* The records, not compressed; times count from that of the first one, which is *out_base_timestamp. */
static enum weir_status unpack(struct bytes batch,
                               struct buffer *plain,
                               int64_t *out_base_timestamp,
                               struct weir_error *err)
{
    struct record_reader reader;
    struct record r;
    int64_t base_timestamp = NO_TIMESTAMP;
    int rc = record_reader_init(&reader, batch, err);
    /* Where the producer claims that the times are a broker's, they become that one time here, as in Kafka. */
    for (bool first = true; rc >= 0 && (rc = record_next(&reader, &r, err)) > 0; first = false) {
        base_timestamp = first ? r.timestamp : base_timestamp;
        record_write(plain, &r, base_timestamp);
    }
    record_reader_finish(&reader);
    if (rc >= 0 && plain->overflow) {
        rc = weir_fail(err, WEIR_ETOOBIG, "the records of a batch exceed %zu bytes", plain->max);
    }
    *out_base_timestamp = base_timestamp;
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

enum weir_status batch_recompress(struct bytes batch,
                                  enum codec codec,
                                  int32_t level,
                                  struct batch_header *h,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    struct buffer plain;
    int64_t base_timestamp;
    size_t at = out->len;
    buffer_init(&plain, LIMIT_BATCH_UNCOMPRESSED);
    enum weir_status rc = unpack(batch, &plain, &base_timestamp, err);
    if (rc == WEIR_OK && !buffer_extend(out, BATCH_HEADER_SIZE)) {
        rc = weir_fail(err, WEIR_ETOOBIG, "no room for a batch");
    }
    if (rc == WEIR_OK) {
        rc = codec_compress_level(codec, level, buffer_bytes(&plain), out, err);
    }
    if (rc == WEIR_OK) {
        h->attributes = (int16_t)((h->attributes & ~BATCH_CODEC_MASK) | (int)codec);
        h->base_timestamp = base_timestamp;
        h->length = (int32_t)(out->len - at - BATCH_OVERHEAD);
        batch_header_write(h, out->data + at);
        h->crc = batch_crc((struct bytes){ out->data + at, out->len - at });
        batch_header_write(h, out->data + at);
    }
    buffer_finish(&plain);
    return rc;
}
