/*
 * Records of one partition as columns: see kafka_rows.h.
 */
#include "sources/kafka_rows.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/scalar.h"

/* --- the schema --- */

static const struct type *headers_type(struct arena *arena)
{
    struct field fields[] = {
        { .name = bytes_of("key"), .type = type_simple(TYPE_STRING), .nullable = true },
        { .name = bytes_of("value"), .type = type_simple(TYPE_BINARY), .nullable = true },
    };
    return type_array(arena, type_struct(arena, fields, 2), true);
}

const struct type *kafka_schema(struct arena *arena, bool headers)
{
    struct field fields[KAFKA_FIELD_COUNT] = {
        [KAFKA_KEY] = { .name = bytes_of("key"), .type = type_simple(TYPE_BINARY) },
        [KAFKA_VALUE] = { .name = bytes_of("value"), .type = type_simple(TYPE_BINARY) },
        [KAFKA_TOPIC] = { .name = bytes_of("topic"), .type = type_simple(TYPE_STRING) },
        [KAFKA_PARTITION] = { .name = bytes_of("partition"), .type = type_simple(TYPE_INT) },
        [KAFKA_OFFSET] = { .name = bytes_of("offset"), .type = type_simple(TYPE_BIGINT) },
        [KAFKA_TIMESTAMP] = { .name = bytes_of("timestamp"), .type = type_simple(TYPE_TIMESTAMP) },
        [KAFKA_TIMESTAMP_TYPE] = { .name = bytes_of("timestampType"),
                                   .type = type_simple(TYPE_INT) },
        [KAFKA_HEADERS] = { .name = bytes_of("headers"), .type = headers_type(arena) },
    };
    for (int32_t i = 0; i < KAFKA_FIELD_COUNT; i++) {
        fields[i].nullable = true;
    }
    return type_struct(arena, fields, headers ? KAFKA_FIELD_COUNT : KAFKA_HEADERS);
}

struct kafka_projection kafka_project(struct arena *arena,
                                      const struct type *schema,
                                      const int32_t *columns,
                                      int32_t count)
{
    struct kafka_projection p = { .count = count };
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)count);
    int32_t *copies = ARENA_NEW(arena, int32_t, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        copies[i] = columns[i];
        fields[i] = schema->fields[columns[i]];
        p.wanted[columns[i]] = true;
    }
    p.fields = copies;
    p.schema = type_struct(arena, fields, count);
    return p;
}

/* --- keys and values --- */

static void bytes_begin(struct kafka_bytes *b, int32_t capacity)
{
    *b = (struct kafka_bytes){ .ends = mem_resize(NULL, (size_t)capacity + 1, sizeof(int32_t)) };
    b->ends[0] = 0;
}

static void bytes_drop(struct kafka_bytes *b)
{
    free(b->values);
    free(b->ends);
    free(b->validity);
    *b = (struct kafka_bytes){ 0 };
}

static void bytes_reserve(struct kafka_bytes *b, size_t more)
{
    if (b->capacity - b->len < more) {
        size_t doubled = b->capacity * 2;
        b->capacity = b->len + more > doubled ? b->len + more : doubled;
        b->values = mem_resize(b->values, b->capacity, 1);
    }
}

static void bytes_null(struct kafka_bytes *b, int32_t row, int32_t capacity)
{
    if (!b->validity) {
        size_t size = ((size_t)capacity + 7) / 8;
        b->validity = mem_resize(NULL, size, 1);
        memset(b->validity, 0xff, size);
    }
    bit_clear(b->validity, row);
    b->nulls++;
}

static inline void bytes_add(struct kafka_bytes *b,
                             struct bytes value,
                             int32_t row,
                             int32_t capacity)
{
    if (value.len > 0) {
        memcpy(b->values + b->len, value.data, value.len);
        b->len += value.len;
    } else if (!value.data) {
        bytes_null(b, row, capacity);
    }
    b->ends[row + 1] = (int32_t)b->len;
}

static struct column *bytes_column(struct kafka_bytes *b, int32_t rows)
{
    if (!b->values) {
        b->values = mem_zalloc(1, 1);
    }
    struct column_buffers buffers = {
        .null_count = b->nulls, .validity = b->validity, .values = b->values, .offsets = b->ends
    };
    *b = (struct kafka_bytes){ 0 };
    return column_new(type_simple(TYPE_BINARY), rows, &buffers);
}

/* --- rows --- */

void kafka_rows_init(struct kafka_rows *rows,
                     const struct kafka_projection *projection,
                     struct bytes topic,
                     int32_t partition)
{
    struct scalar text = scalar_text(topic);
    struct scalar number = scalar_int(partition);
    *rows = (struct kafka_rows){
        .projection = projection,
        .topic = scalar_column(&text, 1),
        .partition = scalar_column(&number, 1),
    };
}

static void drop_buffers(struct kafka_rows *rows)
{
    bytes_drop(&rows->key);
    bytes_drop(&rows->value);
    free(rows->offsets);
    free(rows->times);
    free(rows->time_types);
    builder_free(rows->headers);
    rows->offsets = NULL;
    rows->times = NULL;
    rows->time_types = NULL;
    rows->headers = NULL;
}

void kafka_rows_finish(struct kafka_rows *rows)
{
    drop_buffers(rows);
    column_release(rows->topic);
    column_release(rows->partition);
    *rows = (struct kafka_rows){ 0 };
}

void kafka_rows_begin(struct kafka_rows *rows, int32_t capacity)
{
    const bool *wanted = rows->projection->wanted;
    size_t n = (size_t)capacity;
    drop_buffers(rows);
    rows->count = 0;
    rows->bytes = 0;
    rows->capacity = capacity;
    if (wanted[KAFKA_KEY]) {
        bytes_begin(&rows->key, capacity);
    }
    if (wanted[KAFKA_VALUE]) {
        bytes_begin(&rows->value, capacity);
    }
    rows->offsets = wanted[KAFKA_OFFSET] ? mem_resize(NULL, n, sizeof(int64_t)) : NULL;
    rows->times = wanted[KAFKA_TIMESTAMP] ? mem_resize(NULL, n, sizeof(int64_t)) : NULL;
    rows->time_types = wanted[KAFKA_TIMESTAMP_TYPE] ? mem_resize(NULL, n, sizeof(int32_t)) : NULL;
    if (wanted[KAFKA_HEADERS]) {
        for (int32_t i = 0; i < rows->projection->count; i++) {
            if (rows->projection->fields[i] == KAFKA_HEADERS && !rows->headers) {
                rows->headers = builder_new(rows->projection->schema->fields[i].type);
            }
        }
    }
}

static void add_headers(struct builder *b, const struct kafka_record *record)
{
    if (record->header_count == 0) {
        builder_null(b);
        return;
    }
    struct builder *header = builder_child(b, 0);
    for (int32_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *h = &record->headers[i];
        builder_text(builder_child(header, 0), h->key);
        if (h->value.data) {
            builder_text(builder_child(header, 1), h->value);
        } else {
            builder_null(builder_child(header, 1));
        }
        builder_struct(header);
    }
    builder_list(b);
}

static void add_bytes(struct kafka_rows *rows,
                      struct kafka_bytes *b,
                      const struct kafka_record *records,
                      int32_t count,
                      bool values)
{
    size_t total = 0;
    for (int32_t i = 0; i < count; i++) {
        total += values ? records[i].value.len : records[i].key.len;
    }
    bytes_reserve(b, total);
    rows->bytes += total;
    for (int32_t i = 0; i < count; i++) {
        bytes_add(b, values ? records[i].value : records[i].key, rows->count + i, rows->capacity);
    }
}

/* Microseconds; what does not fit (no time of a record of this world) is the last that does. */
static int64_t microseconds(int64_t ms)
{
    int64_t us = 0;
    return __builtin_mul_overflow(ms, 1000, &us) ? (ms < 0 ? INT64_MIN : INT64_MAX) : us;
}

void kafka_rows_add(struct kafka_rows *rows, const struct kafka_record *records, int32_t count)
{
    int32_t at = rows->count;
    if (rows->key.ends) {
        add_bytes(rows, &rows->key, records, count, false);
    }
    if (rows->value.ends) {
        add_bytes(rows, &rows->value, records, count, true);
    }
    for (int32_t i = 0; rows->offsets && i < count; i++) {
        rows->offsets[at + i] = records[i].offset;
    }
    for (int32_t i = 0; rows->times && i < count; i++) {
        rows->times[at + i] = microseconds(records[i].timestamp_ms);
    }
    for (int32_t i = 0; rows->time_types && i < count; i++) {
        rows->time_types[at + i] = records[i].timestamp_type;
    }
    for (int32_t i = 0; rows->headers && i < count; i++) {
        add_headers(rows->headers, &records[i]);
    }
    rows->count += count;
}

static struct column *numbers_column(enum type_kind kind, void *values, int32_t rows)
{
    struct column_buffers buffers = { .values = values };
    return column_new(type_simple(kind), rows, &buffers);
}

/* The column of a field; the buffers are gone then. */
static struct column *take_column(struct kafka_rows *rows, enum kafka_field field)
{
    struct column *c = NULL;
    switch (field) {
    case KAFKA_KEY: return bytes_column(&rows->key, rows->count);
    case KAFKA_VALUE: return bytes_column(&rows->value, rows->count);
    case KAFKA_TOPIC: return column_constant(rows->topic, 0, rows->count);
    case KAFKA_PARTITION: return column_constant(rows->partition, 0, rows->count);
    case KAFKA_OFFSET:
        c = numbers_column(TYPE_BIGINT, rows->offsets, rows->count);
        rows->offsets = NULL;
        return c;
    case KAFKA_TIMESTAMP:
        c = numbers_column(TYPE_TIMESTAMP, rows->times, rows->count);
        rows->times = NULL;
        return c;
    case KAFKA_TIMESTAMP_TYPE:
        c = numbers_column(TYPE_INT, rows->time_types, rows->count);
        rows->time_types = NULL;
        return c;
    case KAFKA_HEADERS:
        c = builder_finish(rows->headers);
        rows->headers = NULL;
        return c;
    case KAFKA_FIELD_COUNT: break;
    }
    return c;
}

struct batch *kafka_rows_take(struct kafka_rows *rows)
{
    const struct kafka_projection *p = rows->projection;
    struct column *made[KAFKA_FIELD_COUNT] = { 0 };
    struct column **columns = mem_zalloc((size_t)p->count, sizeof(*columns));
    for (int32_t i = 0; i < p->count; i++) {
        enum kafka_field field = (enum kafka_field)p->fields[i];
        columns[i] = made[field] ? column_retain(made[field]) : take_column(rows, field);
        made[field] = columns[i];
    }
    struct batch *batch = batch_new(p->schema, columns, rows->count);
    free(columns);
    rows->count = 0;
    return batch;
}
