/*
 * Records of one partition as columns: only the columns that are asked for, copied once, straight into their buffers.
 *
 *     key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, timestampType int
 *     [, headers array<struct<key string, value binary>>]
 *
 * Internal to the Kafka source. Thread: one at a time.
 */
#pragma once

#include "columns/batch.h"
#include "columns/builder.h"

enum kafka_field {
    KAFKA_KEY,
    KAFKA_VALUE,
    KAFKA_TOPIC,
    KAFKA_PARTITION,
    KAFKA_OFFSET,
    KAFKA_TIMESTAMP,
    KAFKA_TIMESTAMP_TYPE,
    KAFKA_HEADERS,
    KAFKA_FIELD_COUNT,
};

/* The schema of the source; in the arena. */
const struct type *kafka_schema(struct arena *arena, bool headers);

/* Which columns are made, and under which schema. */
struct kafka_projection {
    const struct type *schema; /* of those columns */
    int32_t count;
    const int32_t *fields; /* enum kafka_field; may repeat */
    bool wanted[KAFKA_FIELD_COUNT];
};

struct kafka_projection kafka_project(struct arena *arena,
                                      const struct type *schema,
                                      const int32_t *columns,
                                      int32_t count);

enum { KAFKA_CREATE_TIME = 0, KAFKA_LOG_APPEND_TIME = 1, KAFKA_NO_TIMESTAMP_TYPE = -1 };

struct kafka_header {
    struct bytes key;
    struct bytes value; /* null: null */
};

/* One record, borrowed. */
struct kafka_record {
    struct bytes key; /* null: null */
    struct bytes value;
    int64_t offset;
    int64_t timestamp_ms;
    int32_t timestamp_type;
    int32_t header_count;
    const struct kafka_header *headers; /* only read when the headers are wanted */
};

/* The bytes of a column of keys or values. */
struct kafka_bytes {
    uint8_t *values;
    size_t len;
    size_t capacity;
    int32_t *ends; /* rows + 1: Arrow's offsets */
    uint8_t *validity;
    int32_t nulls;
};

struct kafka_rows {
    const struct kafka_projection *projection;
    struct column *topic; /* one row each */
    struct column *partition;
    int32_t count;
    int32_t capacity;
    size_t bytes; /* of keys and values */
    struct kafka_bytes key;
    struct kafka_bytes value;
    int64_t *offsets;
    int64_t *times;
    int32_t *time_types;
    struct builder *headers;
};

void kafka_rows_init(struct kafka_rows *rows,
                     const struct kafka_projection *projection,
                     struct bytes topic,
                     int32_t partition);
void kafka_rows_finish(struct kafka_rows *rows);

/* Room for `capacity` records. */
void kafka_rows_begin(struct kafka_rows *rows, int32_t capacity);

/* There must be room. */
void kafka_rows_add(struct kafka_rows *rows, const struct kafka_record *records, int32_t count);

enum {
    KAFKA_ROWS_BYTES = 16 << 20
}; /* of keys and values: a batch of rows ends when it has so many */

static inline bool kafka_rows_full(const struct kafka_rows *rows)
{
    return rows->count >= rows->capacity || rows->bytes >= KAFKA_ROWS_BYTES;
}

/* What was added since kafka_rows_begin(), as a batch. */
struct batch *kafka_rows_take(struct kafka_rows *rows);
