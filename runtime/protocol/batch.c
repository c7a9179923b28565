/*
 * Record batch headers: see batch.h for the bytes.
 */
#include "protocol/batch.h"

#include <limits.h>

#include "base/crc32c.h"
#include "protocol/be.h"

void batch_header_read(const uint8_t *b, struct batch_header *out_header)
{
    *out_header = (struct batch_header){
        .base_offset = be_read_i64(b + BATCH_AT_BASE_OFFSET),
        .length = be_read_i32(b + BATCH_AT_LENGTH),
        .leader_epoch = be_read_i32(b + BATCH_AT_LEADER_EPOCH),
        .magic = (int8_t)b[BATCH_AT_MAGIC],
        .crc = (uint32_t)be_read_i32(b + BATCH_AT_CRC),
        .attributes = be_read_i16(b + BATCH_AT_ATTRIBUTES),
        .last_offset_delta = be_read_i32(b + BATCH_AT_LAST_OFFSET_DELTA),
        .base_timestamp = be_read_i64(b + BATCH_AT_BASE_TIMESTAMP),
        .max_timestamp = be_read_i64(b + BATCH_AT_MAX_TIMESTAMP),
        .producer_id = be_read_i64(b + BATCH_AT_PRODUCER_ID),
        .producer_epoch = be_read_i16(b + BATCH_AT_PRODUCER_EPOCH),
        .base_sequence = be_read_i32(b + BATCH_AT_BASE_SEQUENCE),
        .record_count = be_read_i32(b + BATCH_AT_RECORD_COUNT),
    };
}

void batch_header_write(const struct batch_header *h, uint8_t *out)
{
    be_write_i64(out + BATCH_AT_BASE_OFFSET, h->base_offset);
    be_write_i32(out + BATCH_AT_LENGTH, h->length);
    be_write_i32(out + BATCH_AT_LEADER_EPOCH, h->leader_epoch);
    out[BATCH_AT_MAGIC] = (uint8_t)h->magic;
    be_write_i32(out + BATCH_AT_CRC, (int32_t)h->crc);
    be_write_i16(out + BATCH_AT_ATTRIBUTES, h->attributes);
    be_write_i32(out + BATCH_AT_LAST_OFFSET_DELTA, h->last_offset_delta);
    be_write_i64(out + BATCH_AT_BASE_TIMESTAMP, h->base_timestamp);
    be_write_i64(out + BATCH_AT_MAX_TIMESTAMP, h->max_timestamp);
    be_write_i64(out + BATCH_AT_PRODUCER_ID, h->producer_id);
    be_write_i16(out + BATCH_AT_PRODUCER_EPOCH, h->producer_epoch);
    be_write_i32(out + BATCH_AT_BASE_SEQUENCE, h->base_sequence);
    be_write_i32(out + BATCH_AT_RECORD_COUNT, h->record_count);
}

int32_t sequence_add(int32_t sequence, int32_t count)
{
    if (sequence > INT32_MAX - count) {
        return count - (INT32_MAX - sequence) - 1;
    }
    return sequence + count;
}

uint32_t batch_crc(struct bytes batch)
{
    return crc32c(0, batch.data + BATCH_AT_ATTRIBUTES, batch.len - BATCH_AT_ATTRIBUTES);
}

uint32_t batch_crc_parts(const uint8_t header[BATCH_HEADER_SIZE], struct bytes records)
{
    uint32_t crc = crc32c(0, header + BATCH_AT_ATTRIBUTES, BATCH_HEADER_SIZE - BATCH_AT_ATTRIBUTES);
    return crc32c(crc, records.data, records.len);
}

enum batch_split batch_split(struct bytes *rest, struct bytes *out_batch)
{
    if (rest->len < BATCH_OVERHEAD) {
        return BATCH_SPLIT_END;
    }
    int32_t length = be_read_i32(rest->data + BATCH_AT_LENGTH);
    if (length < BATCH_LENGTH_MIN_ANY) {
        return BATCH_SPLIT_BAD_SIZE;
    }
    if (rest->len < BATCH_UP_TO_MAGIC) {
        return BATCH_SPLIT_END;
    }
    if (rest->data[BATCH_AT_MAGIC] > BATCH_MAGIC) {
        return BATCH_SPLIT_BAD_MAGIC;
    }
    size_t size = (size_t)length + BATCH_OVERHEAD;
    if (rest->len < size) {
        return BATCH_SPLIT_END;
    }
    *out_batch = (struct bytes){ rest->data, size };
    rest->data += size;
    rest->len -= size;
    return BATCH_SPLIT_FOUND;
}

bool batch_is_v2(struct bytes batch)
{
    return batch.len >= BATCH_HEADER_SIZE && batch.data[BATCH_AT_MAGIC] == BATCH_MAGIC;
}

bool batch_intact(struct bytes batch)
{
    if (!batch_is_v2(batch)) {
        return false;
    }
    struct batch_header h;
    batch_header_read(batch.data, &h);
    return batch_size(&h) == (int64_t)batch.len && h.crc == batch_crc(batch);
}
