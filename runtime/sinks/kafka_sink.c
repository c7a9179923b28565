/*
 * The Kafka sink: a record a row.
 *
 * A batch is delivered when commit() has returned: every record is acknowledged by all in-sync replicas. A batch that is run again
 * is written again, with the same records in the same order within a partition: at least once.
 *
 * What is wrong with options or columns is found when the sink is opened and told when the first batch begins, as in Spark. Connecting
 * begins when it is opened, so that the first batch finds a connection.
 *
 * Thread: as sink.h says; writers of many partitions share one producer.
 */
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "columns/settings.h"
#include "sinks/kafka_layout.h"
#include "sinks/kafka_producer.h"
#include "sinks/producer_failure.h"
#include "sinks/sink_error.h"

enum {
    CHUNK = 8192,
    GROUPS_MAX = 256, /* partitions up to which a chunk is grouped */
    SETTLE_MS = 1000, /* what was sent before a batch is given up has this long to arrive */
};

struct kafka_sink {
    struct sink sink;
    uint32_t hash;
    struct sql_error fault; /* of options or columns */
    struct kafka_layout layout;
    bool configured;
    struct producer_config config;
    struct kafka_producer *producer; /* NULL: it is made when a batch begins */
    const atomic_bool *cancelled;
    char *topic; /* the option; NULL: the column */
};

/* Writes one partition of the batch. */
struct kafka_writer {
    struct row_writer writer; /* first: a row_writer is one of these */
    struct kafka_sink *sink;
    struct kafka_topic *topic; /* where the last row went; NULL: there was none */
    int32_t count;             /* of the chunk, all for `topic` */
    int32_t capacity;
    rd_kafka_message_t *chunk;
    rd_kafka_message_t *grouped; /* room for as many */
};

/* --- rows --- */

/* The columns of the rows that are being written; NULL: there is none. */
struct record_columns {
    const struct column *topic, *key, *value, *headers, *partition;
};

static const struct column *column_at(const struct batch *rows, int32_t column)
{
    return column < 0 ? NULL : rows->columns[column];
}

/* Null where the column is, or is not there; else not NULL, also when empty. */
static struct bytes text_at(const struct column *c, int32_t row)
{
    if (!c || column_is_null(c, row)) {
        return (struct bytes){ NULL, 0 };
    }
    struct bytes text = column_text(c, row);
    return text.len > 0 ? text : (struct bytes){ (const uint8_t *)"", 0 };
}

/* --- chunks --- */

static void chunk_reserve(struct kafka_writer *w, int32_t rows)
{
    int32_t wanted = rows < CHUNK ? rows : CHUNK;
    if (wanted > w->capacity) {
        w->capacity = wanted;
        w->chunk = mem_resize(w->chunk, (size_t)wanted, sizeof(*w->chunk));
        w->grouped = mem_resize(w->grouped, (size_t)wanted, sizeof(*w->grouped));
    }
}

/* Where a record will go, as far as it can be told; the producer decides. */
static int32_t group_of(const struct kafka_topic *t,
                        const rd_kafka_message_t *record,
                        int32_t partitions)
{
    if (record->partition >= 0) {
        return record->partition % partitions;
    }
    return record->key ? rd_kafka_msg_partitioner_murmur2(t->handle, record->key, record->key_len,
                                                          partitions, NULL, NULL)
                       : 0;
}

/*
 * Records of a partition next to each other, in their order: the producer then keeps them next to each other in memory, which makes it
 * twice as fast. Whatever has the same key stays in order even where the partitions have changed meanwhile.
 */
static rd_kafka_message_t *chunk_group(struct kafka_writer *w)
{
    int32_t partitions = atomic_load(&w->topic->partitions);
    int32_t starts[GROUPS_MAX + 1] = { 0 };
    if (partitions <= 1 || partitions > GROUPS_MAX || w->count <= 2) {
        return w->chunk;
    }
    for (int32_t i = 0; i < w->count; i++) {
        starts[group_of(w->topic, &w->chunk[i], partitions) + 1]++;
    }
    for (int32_t i = 0; i < partitions; i++) {
        starts[i + 1] += starts[i];
    }
    for (int32_t i = 0; i < w->count; i++) {
        w->grouped[starts[group_of(w->topic, &w->chunk[i], partitions)]++] = w->chunk[i];
    }
    return w->grouped;
}

static bool chunk_send(struct kafka_writer *w, struct sql_error *error)
{
    int32_t count = w->count;
    rd_kafka_message_t *records = count > 0 ? chunk_group(w) : NULL;
    w->count = 0;
    return count == 0 || kafka_producer_send(w->sink->producer, w->topic, records, count, error);
}

/* --- the parts of a row --- */

static bool row_topic(struct kafka_writer *w,
                      const struct record_columns *columns,
                      int32_t row,
                      struct sql_error *error)
{
    static const struct sql_condition null_topic = { "", "", "KafkaIllegalStateException" };
    if (!columns->topic && w->topic) {
        return true;
    }
    struct bytes name = columns->topic ? text_at(columns->topic, row) : bytes_of(w->sink->topic);
    if (w->topic && bytes_equal_text(name, w->topic->name)) {
        return true;
    }
    if (!chunk_send(w, error)) {
        return false;
    }
    if (bytes_is_null(name)) {
        return sql_fail(error, &null_topic,
                        "The Kafka message data sent to the producer contains a null topic. Use "
                        "the `topic` option for setting a default topic.");
    }
    w->topic = kafka_producer_topic(w->sink->producer, name, error);
    return w->topic != NULL;
}

static bool row_partition(struct kafka_writer *w,
                          const struct column *column,
                          int32_t row,
                          int32_t *out,
                          struct sql_error *error)
{
    *out = RD_KAFKA_PARTITION_UA;
    if (!column || column_is_null(column, row)) {
        return true;
    }
    int32_t partition = (int32_t)column_integer(column, row);
    if (partition < 0) {
        (void)chunk_send(w, error);
        return sql_fail(error, &sink_illegal_argument,
                        "Invalid partition: %d. Partition number should always be non-negative or "
                        "null.",
                        partition);
    }
    *out = partition;
    return partition < atomic_load(&w->topic->partitions) ||
           (chunk_send(w, error) &&
            kafka_producer_await_partition(w->sink->producer, w->topic, partition, error));
}

/* --- sizes, as Java's producer reckons them --- */

static int64_t varint_bytes(int64_t value)
{
    int64_t bytes = 1;
    for (uint64_t zigzag = (uint64_t)value << 1; zigzag >= 0x80; zigzag >>= 7) {
        bytes++;
    }
    return bytes;
}

static int64_t field_bytes(struct bytes field)
{
    return bytes_is_null(field) ? 1 : varint_bytes((int64_t)field.len) + (int64_t)field.len;
}

/* DefaultRecordBatch.estimateBatchSizeUpperBound. */
static int64_t record_bytes(const rd_kafka_message_t *record, int64_t header_bytes)
{
    enum { BATCH_OVERHEAD = 61, RECORD_OVERHEAD = 21 };
    return BATCH_OVERHEAD + RECORD_OVERHEAD + header_bytes +
           field_bytes((struct bytes){ record->key, record->key_len }) +
           field_bytes((struct bytes){ record->payload, record->len });
}

static bool check_size(const struct kafka_sink *s,
                       const rd_kafka_message_t *record,
                       int64_t header_bytes,
                       struct sql_error *error)
{
    int64_t bytes = record_bytes(record, header_bytes);
    if (bytes > s->config.request_bytes_max) {
        return producer_fail_size(error, bytes, s->config.request_bytes_max, "max.request.size");
    }
    return bytes <= s->config.buffer_bytes_max ||
           producer_fail_size(error, bytes, s->config.buffer_bytes_max, "buffer.memory");
}

/* --- headers --- */

/* *out is NULL where the row has none. */
static bool row_headers(const struct column *column,
                        int32_t row,
                        rd_kafka_headers_t **out,
                        int64_t *out_bytes,
                        struct sql_error *error)
{
    static const struct sql_condition null_pointer = { "", "", "NullPointerException" };
    *out = NULL;
    *out_bytes = 1;
    if (!column || column_is_null(column, row)) {
        return true;
    }
    const struct column *items = column->children[0];
    int32_t first = column_first(column, row);
    int32_t count = column_count(column, row);
    rd_kafka_headers_t *headers = rd_kafka_headers_new((size_t)count);
    *out_bytes = varint_bytes(count);
    for (int32_t i = first; i < first + count; i++) {
        bool null = column_is_null(items, i);
        int32_t at = column_row(items, i);
        struct bytes name = null ? (struct bytes){ 0 } : text_at(items->children[0], at);
        if (bytes_is_null(name)) {
            rd_kafka_headers_destroy(headers);
            return sql_fail(error, &null_pointer, "Null header keys are not permitted");
        }
        struct bytes value = text_at(items->children[1], at);
        (void)rd_kafka_header_add(headers, (const char *)name.data, (ssize_t)name.len, value.data,
                                  (ssize_t)value.len);
        *out_bytes += field_bytes(name) + field_bytes(value);
    }
    *out = headers;
    return true;
}

/* --- the writer --- */

static bool row_write(struct kafka_writer *w,
                      const struct record_columns *columns,
                      int32_t row,
                      struct sql_error *error)
{
    int32_t partition;
    rd_kafka_headers_t *headers;
    int64_t header_bytes;
    if (!row_topic(w, columns, row, error) ||
        !row_partition(w, columns->partition, row, &partition, error) ||
        !row_headers(columns->headers, row, &headers, &header_bytes, error)) {
        return false;
    }
    struct bytes key = text_at(columns->key, row);
    struct bytes value = text_at(columns->value, row);
    rd_kafka_message_t record = {
        .partition = partition,
        .payload = (void *)(uintptr_t)value.data,
        .len = value.len,
        .key = (void *)(uintptr_t)key.data,
        .key_len = key.len,
    };
    if (!check_size(w->sink, &record, header_bytes, error)) {
        struct sql_error sent = { 0 };
        (void)chunk_send(w, &sent); /* the rows before it are sent, as Spark does */
        sql_error_finish(&sent);
        if (headers) {
            rd_kafka_headers_destroy(headers);
        }
        return false;
    }
    if (headers) {
        return kafka_producer_send_headers(w->sink->producer, w->topic, &record, headers, error);
    }
    w->chunk[w->count++] = record;
    return w->count < w->capacity || chunk_send(w, error);
}

static bool kafka_write(struct row_writer *writer,
                        const struct batch *rows,
                        struct sql_error *error)
{
    struct kafka_writer *w = (struct kafka_writer *)writer;
    const struct kafka_layout *l = &w->sink->layout;
    struct record_columns columns = {
        .topic = column_at(rows, l->topic),
        .key = column_at(rows, l->key),
        .value = column_at(rows, l->value),
        .headers = column_at(rows, l->headers),
        .partition = column_at(rows, l->partition),
    };
    chunk_reserve(w, rows->rows);
    for (int32_t i = 0; i < rows->rows; i++) {
        if (!row_write(w, &columns, i, error)) {
            return false;
        }
    }
    /* The chunk points into these rows. */
    return chunk_send(w, error) && !kafka_producer_failed(w->sink->producer, error);
}

static void kafka_drop(struct row_writer *writer)
{
    struct kafka_writer *w = (struct kafka_writer *)writer;
    free(w->chunk);
    free(w->grouped);
    free(w);
}

static bool kafka_finish(struct row_writer *writer, struct sql_error *error)
{
    struct kafka_writer *w = (struct kafka_writer *)writer;
    bool failed = kafka_producer_failed(w->sink->producer, error);
    kafka_drop(writer);
    return !failed;
}

static struct row_writer *kafka_writer_open(struct sink *s,
                                            int32_t partition,
                                            struct sql_error *error)
{
    (void)partition;
    (void)error;
    struct kafka_writer *w = MEM_NEW(struct kafka_writer);
    w->writer = (struct row_writer){ kafka_write, kafka_finish, kafka_drop };
    w->sink = (struct kafka_sink *)s;
    return &w->writer;
}

/* --- batches --- */

static bool kafka_begin(struct sink *sink, int64_t batch_id, struct sql_error *error)
{
    (void)batch_id;
    struct kafka_sink *s = (struct kafka_sink *)sink;
    if (sql_failed(&s->fault)) {
        return sink_fail_later(error, &s->fault);
    }
    if (!s->producer) {
        s->producer = kafka_producer_new(&s->config, s->cancelled, error);
    }
    if (s->producer) {
        kafka_producer_begin(s->producer);
    }
    return s->producer != NULL;
}

static bool kafka_commit(struct sink *sink, int64_t batch_id, struct sql_error *error)
{
    (void)batch_id;
    return kafka_producer_flush(((struct kafka_sink *)sink)->producer, error);
}

static void kafka_abort(struct sink *sink, int64_t batch_id)
{
    (void)batch_id;
    struct kafka_sink *s = (struct kafka_sink *)sink;
    if (s->producer && !kafka_producer_settle(s->producer, SETTLE_MS)) {
        kafka_producer_free(s->producer);
        s->producer = NULL;
    }
}

/* --- life --- */

static void kafka_describe(const struct sink *sink, struct buffer *out)
{
    sink_describe_object(out, "org.apache.spark.sql.kafka010.KafkaSourceProvider$KafkaTable",
                         ((const struct kafka_sink *)sink)->hash);
}

static void kafka_close(struct sink *sink)
{
    struct kafka_sink *s = (struct kafka_sink *)sink;
    kafka_producer_free(s->producer);
    if (s->configured) {
        producer_config_finish(&s->config);
    }
    sql_error_finish(&s->fault);
    free(s->topic);
    free(s);
}

static const struct sink_functions FUNCTIONS = {
    .begin = kafka_begin,
    .open = kafka_writer_open,
    .commit = kafka_commit,
    .abort = kafka_abort,
    .describe = kafka_describe,
    .close = kafka_close,
};

/* A batch that is written once may only be added. */
static bool check_save_mode(const struct sink_request *r, struct sql_error *error)
{
    static const struct sql_condition refused = { "_LEGACY_ERROR_TEMP_3081", "",
                                                  "AnalysisException" };
    const char *mode = r->mode == OUTPUT_BATCH && r->save_mode ? r->save_mode : "error";
    const char *name = strcasecmp(mode, "overwrite") == 0 ? "Overwrite"
                       : strcasecmp(mode, "ignore") == 0  ? "Ignore"
                                                          : NULL;
    return !name || sql_fail(error, &refused,
                             "Save mode %s not allowed for Kafka. Allowed save modes are Append "
                             "and ErrorIfExists (default).",
                             name);
}

static struct sink *kafka_open(const struct sink_request *r, struct sql_error *error)
{
    (void)error;
    struct kafka_sink *s = MEM_NEW(struct kafka_sink);
    struct bytes topic = options_get(r->options, "topic");
    s->sink = (struct sink){ .functions = &FUNCTIONS, .counts_rows = true };
    s->hash = sink_hash(r);
    s->cancelled = r->cancelled;
    if (!bytes_is_null(topic)) {
        topic = bytes_trim(topic);
        s->topic = mem_text(topic.data, topic.len);
    }
    if (check_save_mode(r, &s->fault) && producer_config_allowed(r->options, &s->fault) &&
        kafka_layout_find(r->schema, s->topic != NULL, r->settings->case_sensitive, &s->layout,
                          &s->fault)) {
        s->configured = producer_config_read(&s->config, r->options, &s->fault);
    }
    if (s->configured) {
        s->producer = kafka_producer_new(&s->config, s->cancelled, &s->fault);
    }
    return &s->sink;
}

const struct sink_format sink_kafka = {
    .name = "kafka",
    .append = true,
    .update = true,
    .complete = true,
    .batch = true,
    .needs_checkpoint = true,
    .recovers = true,
    .open = kafka_open,
};
