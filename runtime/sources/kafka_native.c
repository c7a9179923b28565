/*
 * Feeds of librdkafka: see kafka_native.h.
 */
#include "sources/kafka_native.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "client/handle.h"
#include "sources/kafka_config.h"
#include "sources/kafka_errors.h"

enum { POLL_MESSAGES = 1024 }; /* taken from librdkafka at once */

struct kafka_native {
    const struct kafka_settings *settings;
    struct client_trouble *trouble;
    int32_t lane_count;
    rd_kafka_t **lanes;
};

struct native_feed {
    struct kafka_feed base;
    int32_t partition;
    rd_kafka_t *handle;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    bool running; /* librdkafka fetches */
    int32_t at;   /* messages[at .. count) are not delivered yet */
    int32_t count;
    int32_t header_capacity;
    struct kafka_header *headers; /* of the messages being added */
    rd_kafka_message_t *messages[POLL_MESSAGES];
    struct kafka_record records[POLL_MESSAGES];
};

/* --- lanes --- */

struct kafka_native *kafka_native_new(const struct kafka_settings *settings,
                                      struct client_trouble *trouble)
{
    struct kafka_native *native = MEM_NEW(struct kafka_native);
    native->settings = settings;
    native->trouble = trouble;
    return native;
}

void kafka_native_free(struct kafka_native *native)
{
    if (!native) {
        return;
    }
    for (int32_t i = 0; i < native->lane_count; i++) {
        rd_kafka_destroy_flags(native->lanes[i], RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    free(native->lanes);
    free(native);
}

static rd_kafka_t *lane_handle(struct kafka_native *native, int32_t lane, struct sql_error *error)
{
    if (lane < native->lane_count) {
        return native->lanes[lane];
    }
    rd_kafka_conf_t *conf = kafka_conf_new(native->settings, native->trouble, error);
    if (!conf) {
        return NULL;
    }
    char reason[512];
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        sql_fail(error, &kafka_failure, "Failed to construct kafka consumer: %s", reason);
        return NULL;
    }
    size_t count = (size_t)native->lane_count + 1;
    native->lanes = mem_resize(native->lanes, count, sizeof(rd_kafka_t *));
    native->lanes[native->lane_count++] = handle;
    return handle;
}

/* --- messages --- */

static void drop_messages(struct native_feed *f)
{
    for (; f->at < f->count; f->at++) {
        rd_kafka_message_destroy(f->messages[f->at]);
    }
    f->at = 0;
    f->count = 0;
}

/* Messages in f->messages; false: none came. */
static bool poll_messages(struct native_feed *f, int wait_ms)
{
    if (f->at < f->count) {
        return true;
    }
    f->at = 0;
    f->count = 0;
    ssize_t count = rd_kafka_consume_batch_queue(f->queue, 0, f->messages, POLL_MESSAGES);
    if (count <= 0 && wait_ms > 0) {
        rd_kafka_poll(f->handle, 0); /* its complaints */
        f->messages[0] = rd_kafka_consume_queue(f->queue, wait_ms);
        count = f->messages[0] ? 1 : 0;
    }
    f->count = count > 0 ? (int32_t)count : 0;
    return f->count > 0;
}

static int32_t time_type(rd_kafka_timestamp_type_t type)
{
    switch (type) {
    case RD_KAFKA_TIMESTAMP_CREATE_TIME: return KAFKA_CREATE_TIME;
    case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: return KAFKA_LOG_APPEND_TIME;
    case RD_KAFKA_TIMESTAMP_NOT_AVAILABLE: return KAFKA_NO_TIMESTAMP_TYPE;
    }
    return KAFKA_NO_TIMESTAMP_TYPE;
}

/* The headers of a message behind `used` others in f->headers; how many. */
static int32_t read_headers(struct native_feed *f, const rd_kafka_message_t *message, int32_t used)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    int32_t count = (int32_t)rd_kafka_header_cnt(headers);
    if (used + count > f->header_capacity) {
        f->header_capacity = 2 * (used + count);
        f->headers = mem_resize(f->headers, (size_t)f->header_capacity, sizeof(*f->headers));
    }
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t len = 0;
        rd_kafka_header_get_all(headers, (size_t)i, &name, &value, &len);
        f->headers[used + i] = (struct kafka_header){ bytes_of(name), { value, len } };
    }
    return count;
}

static void view(struct kafka_record *out, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    *out = (struct kafka_record){
        .key = { message->key, message->key_len },
        .value = { message->payload, message->len },
        .offset = message->offset,
        .timestamp_ms = ms,
        .timestamp_type = time_type(type),
    };
}

/* Adds messages [f->at, end): records in a row, within the range; they are gone then. */
static void add_records(struct native_feed *f, struct kafka_rows *rows, int32_t end)
{
    int32_t count = end - f->at;
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++) {
        view(&f->records[i], f->messages[f->at + i]);
        if (rows->headers) {
            f->records[i].header_count = read_headers(f, f->messages[f->at + i], used);
            used += f->records[i].header_count;
        }
    }
    used = 0;
    for (int32_t i = 0; rows->headers && i < count; i++) {
        f->records[i].headers = f->headers + used;
        used += f->records[i].header_count;
    }
    kafka_rows_add(rows, f->records, count);
    f->base.low = f->messages[end - 1]->offset + 1;
    f->base.next = f->base.low;
    for (; f->at < end; f->at++) {
        rd_kafka_message_destroy(f->messages[f->at]);
    }
}

/* What librdkafka says instead of a record. */
static enum kafka_fed on_event(struct native_feed *f,
                               const rd_kafka_message_t *message,
                               struct sql_error *error)
{
    switch ((int)message->err) { /* librdkafka's enum and the broker's codes in one */
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        f->base.next = message->offset > f->base.next ? message->offset : f->base.next;
        return KAFKA_FED_MORE;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return KAFKA_FED_GONE;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__FATAL:
        kafka_fail_code(error, (int)message->err);
        return KAFKA_FED_FAILED;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        kafka_fail_record(error, rd_kafka_topic_name(f->topic), f->partition,
                          rd_kafka_message_errstr(message));
        return KAFKA_FED_FAILED;
    default: return KAFKA_FED_MORE; /* passing trouble: librdkafka goes on trying, and we wait */
    }
}

static bool is_record(const struct native_feed *f, const rd_kafka_message_t *message, int64_t until)
{
    return message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset >= f->base.next &&
           message->offset < until;
}

static enum kafka_fed native_more(struct kafka_feed *base,
                                  struct kafka_rows *rows,
                                  int64_t until,
                                  int wait_ms,
                                  struct sql_error *error)
{
    struct native_feed *f = (struct native_feed *)base;
    if (!poll_messages(f, wait_ms)) {
        return KAFKA_FED_NOTHING;
    }
    int32_t room = rows->capacity - rows->count;
    int32_t end = f->at;
    while (end < f->count && end - f->at < room && is_record(f, f->messages[end], until)) {
        end++;
    }
    if (end > f->at) {
        add_records(f, rows, end);
        return KAFKA_FED_MORE;
    }
    rd_kafka_message_t *message = f->messages[f->at];
    if (!message->err && message->offset >= until) { /* stays, for the next range */
        f->base.next = message->offset;
        return KAFKA_FED_MORE;
    }
    f->at++;
    enum kafka_fed fed = message->err ? on_event(f, message, error) : KAFKA_FED_MORE;
    rd_kafka_message_destroy(message);
    return fed;
}

/* --- the rest of a feed --- */

static void stop(struct native_feed *f)
{
    if (f->running) {
        rd_kafka_consume_stop(f->topic, f->partition);
        f->running = false;
    }
    drop_messages(f);
}

static bool native_seek(struct kafka_feed *base, int64_t offset, struct sql_error *error)
{
    struct native_feed *f = (struct native_feed *)base;
    stop(f);
    f->base.low = offset;
    f->base.next = offset;
    if (rd_kafka_consume_start_queue(f->topic, f->partition, offset, f->queue) != 0) {
        return kafka_fail_code(error, (int)rd_kafka_last_error());
    }
    f->base.started = true;
    f->running = true;
    return true;
}

static int native_ends(struct kafka_feed *base,
                       int64_t *out_first,
                       int64_t *out_end,
                       int timeout_ms)
{
    struct native_feed *f = (struct native_feed *)base;
    return (int)rd_kafka_query_watermark_offsets(f->handle, rd_kafka_topic_name(f->topic),
                                                 f->partition, out_first, out_end, timeout_ms);
}

static void native_rest(struct kafka_feed *base)
{
    (void)base; /* it goes on fetching, for the next batch */
}

static void native_close(struct kafka_feed *base)
{
    struct native_feed *f = (struct native_feed *)base;
    stop(f);
    rd_kafka_queue_destroy(f->queue);
    rd_kafka_topic_destroy(f->topic);
    free(f->headers);
    free(f);
}

static const struct kafka_feed_functions functions = {
    .more = native_more,
    .seek = native_seek,
    .ends = native_ends,
    .rest = native_rest,
    .close = native_close,
};

struct kafka_feed *kafka_native_feed(struct kafka_native *native,
                                     const struct kafka_range *range,
                                     int32_t lane,
                                     struct sql_error *error)
{
    char topic[LIMIT_TOPIC_NAME + 1];
    int32_t next = native->lane_count;
    rd_kafka_t *handle = lane_handle(native, lane < next ? lane : next, error);
    if (!handle) {
        return NULL;
    }
    rd_kafka_topic_t *rkt = bytes_to_text(range->topic, topic, sizeof(topic))
                                ? rd_kafka_topic_new(handle, topic, NULL)
                                : NULL;
    if (!rkt) {
        kafka_fail_code(error, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
        return NULL;
    }
    struct native_feed *f = MEM_NEW(struct native_feed);
    f->base.functions = &functions;
    f->partition = range->partition;
    f->handle = handle;
    f->topic = rkt;
    f->queue = rd_kafka_queue_new(handle);
    return &f->base;
}
