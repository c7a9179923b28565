/*
 * Taking records out of a batch: see batch_filter.h, and batch.h and record.h for the bytes.
 */
#include "protocol/batch_filter.h"

#include "base/error.h"
#include "base/limits.h"
#include "protocol/compress.h"

int64_t batch_delete_horizon(const struct batch_header *h)
{
    return h->attributes & BATCH_DELETE_HORIZON ? h->base_timestamp : NO_TIMESTAMP;
}

/* What a first walk found. */
struct survey {
    int32_t kept;
    int32_t tombstones; /* among the kept */
    int64_t first_timestamp;
    int64_t max_timestamp;
};

static enum weir_status look(struct bytes batch,
                             const struct batch_filter *filter,
                             struct survey *out,
                             struct weir_error *err)
{
    struct record_reader reader;
    struct record r;
    *out = (struct survey){ .max_timestamp = NO_TIMESTAMP };
    int rc = record_reader_init(&reader, batch, err);
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        if (!filter->keep(filter->context, &r)) {
            continue;
        }
        if (out->kept++ == 0) {
            out->first_timestamp = r.timestamp;
        }
        out->tombstones += r.value.data == NULL;
        out->max_timestamp = r.timestamp > out->max_timestamp ? r.timestamp : out->max_timestamp;
    }
    record_reader_finish(&reader);
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

/* The records that stay, encoded anew, not compressed. */
static enum weir_status copy_kept(struct bytes batch,
                                  const struct batch_filter *filter,
                                  int64_t base_timestamp,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    struct record_reader reader;
    struct record r;
    int rc = record_reader_init(&reader, batch, err);
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        if (filter->keep(filter->context, &r)) {
            record_write(out, &r, base_timestamp);
        }
    }
    record_reader_finish(&reader);
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

/* Header, then records in the batch's own codec. */
static enum weir_status put_batch(struct batch_header *h,
                                  struct bytes records,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    size_t at = out->len;
    if (!buffer_extend(out, BATCH_HEADER_SIZE)) {
        return weir_fail(err, WEIR_ETOOBIG, "no room for a batch");
    }
    enum weir_status rc = WEIR_OK;
    if (records.len > 0) {
        rc = codec_compress((enum codec)(h->attributes & BATCH_CODEC_MASK), records, out, err);
    }
    if (rc == WEIR_OK) {
        h->length = (int32_t)(out->len - at - BATCH_OVERHEAD);
        batch_header_write(h, out->data + at);
        h->crc = batch_crc((struct bytes){ out->data + at, out->len - at });
        batch_header_write(h, out->data + at);
    }
    return rc;
}

static enum weir_status put_empty(const struct batch_header *before,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    struct batch_header h = *before;
    h.attributes &= (int16_t) ~(BATCH_CODEC_MASK | BATCH_DELETE_HORIZON);
    h.base_timestamp = NO_TIMESTAMP;
    h.record_count = 0;
    return put_batch(&h, (struct bytes){ NULL, 0 }, out, err);
}

static enum weir_status put_kept(struct bytes batch,
                                 const struct batch_filter *filter,
                                 const struct survey *survey,
                                 struct buffer *out,
                                 struct weir_error *err)
{
    struct batch_header h;
    struct buffer records;
    batch_header_read(batch.data, &h);
    int64_t horizon = batch_delete_horizon(&h);
    if (horizon < 0 && (survey->tombstones > 0 || filter->horizon_due)) {
        horizon = filter->delete_horizon_ms;
    }
    h.base_timestamp = horizon >= 0 ? horizon : survey->first_timestamp;
    h.attributes &= (int16_t)~BATCH_DELETE_HORIZON;
    h.attributes |= (int16_t)(horizon >= 0 ? BATCH_DELETE_HORIZON : 0);
    if (!(h.attributes & BATCH_LOG_APPEND_TIME)) {
        h.max_timestamp = survey->max_timestamp;
    }
    h.record_count = survey->kept;
    buffer_init(&records, LIMIT_BATCH_UNCOMPRESSED);
    enum weir_status rc = copy_kept(batch, filter, h.base_timestamp, &records, err);
    if (rc == WEIR_OK && records.overflow) {
        rc = weir_fail(err, WEIR_ETOOBIG, "a batch of %d records is too large", survey->kept);
    }
    if (rc == WEIR_OK) {
        rc = put_batch(&h, buffer_bytes(&records), out, err);
    }
    buffer_finish(&records);
    return rc;
}

enum weir_status batch_filter(struct bytes batch,
                              const struct batch_filter *filter,
                              struct buffer *out,
                              int32_t *out_kept,
                              struct weir_error *err)
{
    struct batch_header h;
    struct survey survey;
    batch_header_read(batch.data, &h);
    enum weir_status rc = look(batch, filter, &survey, err);
    *out_kept = survey.kept;
    if (rc < 0) {
        return rc;
    }
    bool horizon_due =
        (survey.tombstones > 0 || filter->horizon_due) && batch_delete_horizon(&h) < 0;
    if (survey.kept == 0) {
        return filter->keep_empty ? put_empty(&h, out, err) : WEIR_OK;
    }
    if (survey.kept < h.record_count || horizon_due) {
        return put_kept(batch, filter, &survey, out, err);
    }
    buffer_append(out, batch.data, batch.len); /* as it came, checksum and all */
    return out->overflow ? weir_fail(err, WEIR_ETOOBIG, "no room for a batch") : WEIR_OK;
}
