/*
 * Walking the records of a batch, and writing one: see record.h for the bytes.
 */
#include "protocol/record.h"

#include "base/error.h"
#include "base/limits.h"
#include "protocol/compress.h"
#include "protocol/writer.h"

enum weir_status record_reader_init(struct record_reader *r,
                                    struct bytes batch,
                                    struct weir_error *err)
{
    *r = (struct record_reader){ 0 };
    buffer_init(&r->unpacked, LIMIT_BATCH_UNCOMPRESSED);
    batch_header_read(batch.data, &r->header);
    struct bytes packed = { batch.data + BATCH_HEADER_SIZE, batch.len - BATCH_HEADER_SIZE };
    int codec = r->header.attributes & BATCH_CODEC_MASK;
    r->left = r->header.record_count;
    reader_init(&r->rest, packed);
    if (codec == CODEC_NONE) {
        return WEIR_OK;
    }
    if (codec > CODEC_ZSTD) {
        return weir_fail(err, WEIR_EINVAL, "unknown compression codec %d", codec);
    }
    if (r->left == 0 && packed.len == 0) {
        return WEIR_OK; /* what compaction leaves of a batch may keep its codec and have no block */
    }
    enum weir_status rc = codec_decompress((enum codec)codec, packed, &r->unpacked, err);
    reader_init(&r->rest, buffer_bytes(&r->unpacked));
    return rc;
}

void record_reader_finish(struct record_reader *r)
{
    buffer_finish(&r->unpacked);
}

/* A length and as many bytes; a negative length is null. */
static inline struct bytes read_blob(struct reader *r)
{
    int32_t len = reader_varint(r);
    return len < 0 ? (struct bytes){ NULL, 0 } : reader_take(r, (size_t)len);
}

bool record_next_header(struct reader *rest, struct record_header *out_header)
{
    if (reader_left(rest) == 0) {
        return false;
    }
    out_header->key = read_blob(rest);
    if (!out_header->key.data) {
        reader_fail(rest, "a record header's key is null");
    }
    out_header->value = read_blob(rest);
    return !reader_failed(rest);
}

/* That `rest` is so many headers and nothing more. */
static bool headers_fit(struct reader rest, int32_t count)
{
    for (int32_t i = 0; i < count && !reader_failed(&rest); i++) {
        struct record_header header;
        if (!record_next_header(&rest, &header)) {
            return false;
        }
    }
    return count >= 0 && !reader_failed(&rest) && reader_left(&rest) == 0;
}

/* The fields of one record; `body` is exactly its bytes. */
static bool read_body(struct bytes body, const struct batch_header *h, struct record *out)
{
    struct reader r;
    reader_init(&r, body);
    (void)reader_i8(&r); /* attributes: none are defined */
    int64_t timestamp_delta = reader_varlong(&r);
    out->offset_delta = reader_varint(&r);
    out->key = read_blob(&r);
    out->value = read_blob(&r);
    out->header_count = reader_varint(&r);
    out->headers = (struct bytes){ r.at, reader_left(&r) };
    /* A peer chooses both terms: let them wrap instead of overflowing. */
    uint64_t created = (uint64_t)h->base_timestamp + (uint64_t)timestamp_delta;
    bool append_time = h->attributes & BATCH_LOG_APPEND_TIME;
    out->timestamp = append_time ? h->max_timestamp : (int64_t)created;
    out->offset = (int64_t)((uint64_t)h->base_offset + (uint64_t)(int64_t)out->offset_delta);
    return headers_fit(r, out->header_count);
}

int record_next(struct record_reader *r, struct record *out_record, struct weir_error *err)
{
    if (r->left <= 0) {
        if (reader_left(&r->rest) > 0) {
            return weir_fail(err, WEIR_ECORRUPT, "%zu bytes are left after the last record",
                             reader_left(&r->rest));
        }
        return 0;
    }
    int32_t number = r->header.record_count - r->left;
    struct bytes body = read_blob(&r->rest);
    if (!body.data) {
        return weir_fail(err, WEIR_ECORRUPT, "record %d of %d is cut short", number,
                         r->header.record_count);
    }
    if (!read_body(body, &r->header, out_record)) {
        return weir_fail(err, WEIR_ECORRUPT, "record %d of %d does not fill its %zu bytes", number,
                         r->header.record_count, body.len);
    }
    r->left--;
    return 1;
}

/* --- writing --- */

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

void record_write(struct buffer *out, const struct record *r, int64_t base_timestamp)
{
    int64_t delta = (int64_t)((uint64_t)r->timestamp - (uint64_t)base_timestamp);
    size_t size = 1 + varlong_size(delta) + varlong_size(r->offset_delta) + blob_size(r->key) +
                  blob_size(r->value) + varlong_size(r->header_count) + r->headers.len;
    writer_varlong(out, (int64_t)size);
    writer_i8(out, 0); /* attributes: none are defined */
    writer_varlong(out, delta);
    writer_varlong(out, r->offset_delta);
    put_blob(out, r->key);
    put_blob(out, r->value);
    writer_varlong(out, r->header_count);
    buffer_append(out, r->headers.data, r->headers.len);
}
