/*
 * One event at a time, each sent when the answer to the one before has come: how long does a streaming engine take for so little?
 *
 *     broker_load trickle bootstrap=HOST:PORT topic=NAME answers=NAME partitions=N rows=N seconds=N warm_seconds=N
 *
 * Each event is a flagged transaction of the same user, so that each but the first makes the lecture's query write a record into the topic
 * `answers`, which has one partition. It ends after `rows` events or `seconds`, whichever comes first; those of the first `warm_seconds` are
 * not counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_load.h"

enum { ANSWER_LIMIT_S = 120, NS_PER_S = 1000000000 };

struct trickle {
    const struct load_options *options;
    rd_kafka_t *producer;
    rd_kafka_topic_t *topic;
    rd_kafka_t *consumer;
    int sent;
};

static void send_event(struct trickle *t)
{
    static const char event[] = "{\"name\": \"John\", \"surname\": \"Smith\", \"amount\": "
                                "\"123.45\", \"delta_t\": \"4.56\", \"flag\": 1}";
    int32_t partition = t->sent++ % t->options->partitions;
    if (rd_kafka_produce(t->topic, partition, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)event,
                         sizeof(event) - 1, NULL, 0, NULL) != 0) {
        load_fail("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
    }
}

static void wait_answer(struct trickle *t)
{
    int64_t limit = load_now_ns() + (int64_t)ANSWER_LIMIT_S * NS_PER_S;
    while (load_now_ns() < limit) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(t->consumer, 100);
        (void)rd_kafka_poll(t->producer, 0);
        if (message && message->err) {
            load_fail("cannot read: %s", rd_kafka_message_errstr(message));
        }
        if (message) {
            rd_kafka_message_destroy(message);
            return;
        }
    }
    load_fail("no answer to an event within %d s", ANSWER_LIMIT_S);
}

static void open_all(struct trickle *t, _Atomic int64_t *delivered)
{
    struct load_options answers = *t->options;
    answers.topic = t->options->answers;
    answers.partitions = 1;
    t->producer = load_producer(t->options, load_conf(t->options), delivered);
    load_connect(t->producer, t->options->topic);
    t->topic = rd_kafka_topic_new(t->producer, t->options->topic, NULL);
    t->consumer = load_consumer(&answers);
    load_assign(&answers, t->consumer, 0, 1, 0);
}

int load_trickle(const struct load_options *options)
{
    struct trickle t = { .options = options };
    _Atomic int64_t delivered = 0;
    int64_t *latencies = calloc((size_t)options->rows, sizeof(*latencies));
    if (!latencies) {
        load_fail("out of memory");
    }
    open_all(&t, &delivered);
    send_event(
        &t); /* one is no suspicion yet; in one batch or two, the second makes the first answer */
    int64_t begin = load_now_ns() + (int64_t)(options->warm_seconds * NS_PER_S);
    int64_t end = begin + (int64_t)(options->seconds * NS_PER_S);
    int counted = 0;
    while (counted < options->rows && (counted == 0 || load_now_ns() < end)) {
        int64_t sent = load_now_ns();
        send_event(&t);
        wait_answer(&t);
        latencies[counted] = load_now_ns() - sent;
        counted += sent >= begin;
    }
    printf("{");
    load_print_percentiles(latencies, (size_t)counted);
    printf("\"records\": %d}\n", counted);
    rd_kafka_topic_destroy(t.topic);
    (void)rd_kafka_flush(t.producer, 10000);
    rd_kafka_destroy(t.producer);
    (void)rd_kafka_consumer_close(t.consumer);
    rd_kafka_destroy(t.consumer);
    free(latencies);
    return 0;
}
