/*
 * Fuzz target: whatever bytes a producer sends as its batch, the broker's checks end, and what they accept can be read
 * to its end and carries the right checksum as it is stored. The first byte chooses the topic's settings.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/batch_validate.h"
#include "protocol/be.h"
#include "protocol/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000 };

static void read_stored(const struct batch_verdict *v, struct arena *a)
{
    struct record_reader reader;
    struct record r;
    uint8_t *stored = arena_alloc(a, 1, v->batch.len);
    memcpy(stored, v->batch.data, v->batch.len);
    batch_header_write(&v->header, stored);
    struct bytes batch = { stored, v->batch.len };
    assert(batch_intact(batch));
    int rc = record_reader_init(&reader, batch, NULL);
    assert(rc == WEIR_OK);
    int32_t count = 0;
    while ((rc = record_next(&reader, &r, NULL)) > 0) {
        count++;
    }
    assert(rc == 0 && count == v->header.record_count);
    record_reader_finish(&reader);
}

/* Most inputs would end at the checksum: give them the right one. */
static uint8_t *with_checksum(const uint8_t *data, size_t size, struct arena *a)
{
    uint8_t *copy = arena_alloc(a, 1, size + 1);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    struct bytes rest = { copy, size };
    struct bytes batch;
    if (batch_split(&rest, &batch) == BATCH_SPLIT_FOUND && batch_is_v2(batch)) {
        be_write_i32(copy + BATCH_AT_CRC, (int32_t)batch_crc(batch));
    }
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct batch_rules rules = {
        .compacted = data[0] & 1,
        .log_append_time = data[0] & 2,
        .zstd_allowed = data[0] & 4,
        .max_message_bytes = 1 << 20,
        .timestamp_before_max_ms = data[0] & 8 ? 1000 : INT64_MAX,
        .timestamp_after_max_ms = 3600000,
        .now_ms = NOW,
        .partition_name = bytes_of("t-0"),
    };
    struct arena a;
    struct batch_verdict v;
    arena_init(&a, 0);
    struct bytes records = { with_checksum(data + 1, size - 1, &a), size - 1 };
    if (batch_validate(records, &rules, &a, &v) == KAFKA_NONE) {
        read_stored(&v, &a);
    }
    arena_finish(&a);
    return 0;
}
