/*
 * Reading: from librdkafka's queue to records in the caller's hands. See consumer_impl.h for the way they take.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/consumer_impl.h"

/* --- Messages --- */

static void messages_push(struct consumer_messages *messages, rd_kafka_message_t *message)
{
    if (messages->count == messages->capacity) {
        messages->capacity = messages->capacity ? messages->capacity * 2 : 64;
        messages->items =
            mem_resize(messages->items, messages->capacity, sizeof(rd_kafka_message_t *));
    }
    messages->items[messages->count++] = message;
}

static void messages_clear(struct consumer_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        rd_kafka_message_destroy(messages->items[i]);
    }
    messages->count = 0;
}

void consumer_messages_finish(struct consumer_messages *messages)
{
    messages_clear(messages);
    free(messages->items);
    *messages = (struct consumer_messages){ 0 };
}

static bool message_is_of(const rd_kafka_message_t *message, const char *topic, int32_t partition)
{
    return message->partition == partition && strcmp(rd_kafka_topic_name(message->rkt), topic) == 0;
}

void consumer_drop_ahead(struct weir_consumer *consumer, const char *topic, int32_t partition)
{
    size_t kept = 0;
    for (size_t i = 0; i < consumer->ahead.count; i++) {
        rd_kafka_message_t *message = consumer->ahead.items[i];
        if (!topic || message_is_of(message, topic, partition)) {
            rd_kafka_message_destroy(message);
        } else {
            consumer->ahead.items[kept++] = message;
        }
    }
    consumer->ahead.count = kept;
}

void consumer_release(struct weir_consumer *consumer)
{
    messages_clear(&consumer->lent);
    arena_reset(&consumer->arena);
    if (!consumer->has_group) {
        return;
    }
    /* LESSON: at-least-once
     * Only now, when the caller asks for more, may the automatic commit cover what it was given before. A crash while
     * it was working makes its successor read those records again; none is skipped. */
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *p = &consumer->partitions[i];
        if (p->position != CONSUMER_OFFSET_UNKNOWN && p->position != p->stored) {
            rd_kafka_topic_partition_list_add(list, p->topic, p->partition)->offset = p->position;
            p->stored = p->position;
        }
    }
    if (list->cnt > 0) {
        rd_kafka_offsets_store(consumer->handle, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* --- Filling --- */

/* Trouble that goes on until somebody acts is the caller's; the rest librdkafka deals with. */
static enum weir_status on_message_error(struct weir_consumer *consumer,
                                         const rd_kafka_message_t *message,
                                         struct weir_error *err)
{
    switch ((int)message->err) { /* librdkafka's enum; the rest is noted and retried */
    case RD_KAFKA_RESP_ERR__PARTITION_EOF: return WEIR_OK;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        return weir_fail(err, client_status(message->err), "%s", rd_kafka_message_errstr(message));
    default:
        client_trouble_note(&consumer->trouble, rd_kafka_message_errstr(message));
        return WEIR_OK;
    }
}

/* One message into `ahead`, unless it is an error or of a partition that was taken away meanwhile. */
static enum weir_status receive(struct weir_consumer *consumer,
                                rd_kafka_message_t *message,
                                struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (message->err) {
        rc = on_message_error(consumer, message, err);
    } else if (consumer_find(consumer, rd_kafka_topic_name(message->rkt), message->partition)) {
        client_trouble_clear(&consumer->trouble);
        messages_push(&consumer->ahead, message);
        return WEIR_OK;
    }
    rd_kafka_message_destroy(message);
    return rc;
}

/* Until there are `wanted` messages, or none is left in the queue, or, with none at all, time runs out. */
static enum weir_status fill(struct weir_consumer *consumer,
                             size_t wanted,
                             int64_t deadline_ms,
                             struct weir_error *err)
{
    while (consumer->ahead.count < wanted) {
        int wait_ms = consumer->ahead.count > 0 ? 0 : client_remaining_ms(deadline_ms);
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->handle, wait_ms);
        if (message) {
            enum weir_status rc = receive(consumer, message, err);
            if (rc < 0) {
                return rc;
            }
        } else if (consumer->ahead.count > 0 || client_remaining_ms(deadline_ms) == 0) {
            break;
        }
    }
    return WEIR_OK;
}

/* --- Records --- */

static enum weir_timestamp_type timestamp_type(rd_kafka_timestamp_type_t type)
{
    switch (type) {
    case RD_KAFKA_TIMESTAMP_NOT_AVAILABLE: return WEIR_TIMESTAMP_NONE;
    case RD_KAFKA_TIMESTAMP_CREATE_TIME: return WEIR_TIMESTAMP_CREATE;
    case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: return WEIR_TIMESTAMP_LOG_APPEND;
    }
    return WEIR_TIMESTAMP_NONE;
}

static void record_add_headers(struct arena *arena,
                               const rd_kafka_message_t *message,
                               struct weir_record *record)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;
    }
    size_t count = rd_kafka_header_cnt(headers);
    struct weir_header *copies = ARENA_NEW(arena, struct weir_header, count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_header_get_all(headers, i, &copies[i].name, &copies[i].value.data,
                                &copies[i].value.len);
    }
    record->headers = copies;
    record->header_count = count;
}

/* Views of the first `count` messages ahead. */
static void make_records(struct weir_consumer *consumer,
                         size_t count,
                         struct weir_records *out_records)
{
    struct weir_record *records = ARENA_NEW(&consumer->arena, struct weir_record, count);
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_message_t *message = consumer->ahead.items[i];
        rd_kafka_timestamp_type_t type;
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);
        records[i] = (struct weir_record){
            .topic = rd_kafka_topic_name(message->rkt),
            .partition = message->partition,
            .offset = message->offset,
            .timestamp_ms = timestamp_ms,
            .timestamp_type = timestamp_type(type),
            .key = { message->key, message->key_len },
            .value = { message->payload, message->len },
        };
        record_add_headers(&consumer->arena, message, &records[i]);
    }
    *out_records = (struct weir_records){ records, count };
}

/* Moves the first `count` messages from ahead to lent, and the positions behind them. */
static void take(struct weir_consumer *consumer, size_t count)
{
    struct consumer_messages *ahead = &consumer->ahead;
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_t *message = ahead->items[i];
        struct consumer_partition *p =
            consumer_find(consumer, rd_kafka_topic_name(message->rkt), message->partition);
        p->position = message->offset + 1;
        messages_push(&consumer->lent, message);
    }
    ahead->count -= count;
    if (count > 0 && ahead->count > 0) {
        memmove(ahead->items, ahead->items + count, ahead->count * sizeof(ahead->items[0]));
    }
}

enum weir_status weir_consumer_peek(struct weir_consumer *consumer,
                                    int timeout_ms,
                                    size_t max_records,
                                    struct weir_records *out_records,
                                    struct weir_error *err)
{
    size_t wanted = max_records > 0 ? max_records : (size_t)consumer->poll_records_max;
    consumer_release(consumer);
    int64_t deadline_ms = client_deadline(timeout_ms);
    enum weir_status rc = consumer_reassign(consumer, timeout_ms, err);
    if (rc == WEIR_OK) {
        rc = fill(consumer, wanted, deadline_ms, err);
    }
    if (rc < 0) {
        return rc;
    }
    size_t count = consumer->ahead.count < wanted ? consumer->ahead.count : wanted;
    make_records(consumer, count, out_records);
    return WEIR_OK;
}

enum weir_status weir_consumer_poll(struct weir_consumer *consumer,
                                    int timeout_ms,
                                    size_t max_records,
                                    struct weir_records *out_records,
                                    struct weir_error *err)
{
    enum weir_status rc = weir_consumer_peek(consumer, timeout_ms, max_records, out_records, err);
    if (rc == WEIR_OK) {
        take(consumer, out_records->count);
    }
    return rc;
}

enum weir_status weir_consumer_next(struct weir_consumer *consumer,
                                    const struct weir_record **out_record,
                                    struct weir_error *err)
{
    struct weir_records records;
    enum weir_status rc = weir_consumer_poll(consumer, consumer->next_timeout_ms, 1, &records, err);
    if (rc < 0) {
        return rc;
    }
    if (records.count == 0) {
        char suffix[300];
        return weir_fail(err, WEIR_ETIMEOUT, "no record within %d ms%s", consumer->next_timeout_ms,
                         client_trouble_suffix(&consumer->trouble, suffix, sizeof(suffix)));
    }
    *out_record = &records.items[0];
    return WEIR_OK;
}
