/*
 * What the scenarios of the client API share: expectations, and the ordinary steps.
 */
#define _POSIX_C_SOURCE 200809L
#include "client_scenario.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* --- Expectations --- */

bool expect(struct scenario *s, bool condition, const char *format, ...)
{
    if (!condition) {
        va_list arguments;
        va_start(arguments, format);
        printf("# ");
        vprintf(format, arguments);
        printf("\n");
        va_end(arguments);
        s->failed = true;
    }
    return condition;
}

bool expect_status(struct scenario *s,
                   const char *what,
                   enum weir_status wanted,
                   enum weir_status actual,
                   const struct weir_error *err)
{
    return expect(s, wanted == actual, "%s: status %d, not %d: %s", what, actual, wanted,
                  actual < 0 && err ? err->message : "");
}

bool expect_i64(struct scenario *s, const char *what, int64_t wanted, int64_t actual)
{
    return expect(s, wanted == actual, "%s: %" PRId64 ", not %" PRId64, what, actual, wanted);
}

/* --- Helpers --- */

void topic_create(struct scenario *s, int32_t partitions)
{
    struct weir_error err;
    const struct weir_new_topic topic = { s->topic, partitions, 1, NULL };
    expect_status(s, "creating the topic", WEIR_OK,
                  weir_admin_create_topic(s->admin, &topic, WAIT_MS, &err), &err);
}

struct weir_message text_message(const struct scenario *s,
                                 int32_t partition,
                                 const char *key,
                                 const char *value)
{
    struct weir_message message = weir_message(s->topic, weir_text(key), weir_text(value));
    message.partition = partition;
    return message;
}

struct weir_metadata send_one(struct scenario *s, const struct weir_message *message)
{
    struct weir_error err;
    struct weir_delivery *delivery = NULL;
    struct weir_metadata metadata = { -1, -1, -1 };
    enum weir_status rc = weir_producer_send(s->producer, message, &delivery, &err);
    if (expect_status(s, "send", WEIR_OK, rc, &err)) {
        rc = weir_delivery_wait(delivery, WAIT_MS, &metadata, &err);
        expect_status(s, "delivery", WEIR_OK, rc, &err);
    }
    weir_delivery_release(delivery);
    return metadata;
}

void send_numbers(struct scenario *s, int32_t partition, int count)
{
    struct weir_error err;
    for (int i = 0; i < count; i++) {
        char value[16];
        snprintf(value, sizeof(value), "%d", i);
        struct weir_message message = text_message(s, partition, NULL, value);
        message.timestamp_ms = 1000 + i;
        expect_status(s, "send", WEIR_OK, weir_producer_send(s->producer, &message, NULL, &err),
                      &err);
    }
    expect_status(s, "flush", WEIR_OK, weir_producer_flush(s->producer, WAIT_MS, &err), &err);
}

struct weir_consumer *consumer_create(struct scenario *s, const char *group, const char *reset)
{
    const struct weir_option options[] = {
        { "bootstrap.servers", s->bootstrap }, { "group.id", group },
        { "auto.offset.reset", reset },        { "consumer.timeout.ms", "10000" },
        { "enable.auto.commit", "false" },     { NULL, NULL }
    };
    struct weir_consumer *consumer = NULL;
    struct weir_error err;
    expect_status(s, "creating a consumer", WEIR_OK, weir_consumer_create(options, &consumer, &err),
                  &err);
    return consumer;
}

struct weir_consumer *consumer_on(struct scenario *s, int32_t partition, const char *reset)
{
    struct weir_error err;
    struct weir_consumer *consumer = consumer_create(s, NULL, reset);
    const struct weir_topic_partition assigned = { s->topic, partition };
    expect_status(s, "assign", WEIR_OK, weir_consumer_assign(consumer, &assigned, 1, &err), &err);
    return consumer;
}

void expect_next(struct scenario *s, struct weir_consumer *consumer, int64_t offset)
{
    struct weir_error err;
    const struct weir_record *record;
    enum weir_status rc = weir_consumer_next(consumer, &record, &err);
    if (expect_status(s, "next", WEIR_OK, rc, &err)) {
        expect_i64(s, "offset of the next record", offset, record->offset);
    }
}

void expect_run(struct scenario *s, struct weir_consumer *consumer, int64_t first, size_t count)
{
    for (size_t i = 0; i < count && !s->failed; i++) {
        expect_next(s, consumer, first + (int64_t)i);
    }
}

void expect_quiet(struct scenario *s, struct weir_consumer *consumer)
{
    struct weir_error err;
    struct weir_records records = { NULL, 0 };
    enum weir_status rc = weir_consumer_poll(consumer, QUIET_MS, 0, &records, &err);
    expect_status(s, "poll", WEIR_OK, rc, &err);
    expect_i64(s, "records where none are", 0, (int64_t)records.count);
}

/* --- Time --- */

int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
