/*
 * A fixed rate: `clients` producers send their shares of `rate` evenly spaced records, readers take them as they come.
 * Each record carries the time of the producer's call (CLOCK_MONOTONIC); the difference at receipt, in the same process,
 * is the end-to-end latency. A producer that falls behind its schedule sends what is due at once.
 *
 * What was sent in the first `warm_seconds` is read and not counted.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "broker_load.h"

enum { NS_PER_S = 1000000000, LAST_RECORD_LIMIT_MS = 30000 };

struct pace {
    const struct load_options *options;
    const char *payload;
    int64_t begin_ns;
    int64_t count_from_ns; /* warm by then */
    int64_t end_ns;
    int64_t *latencies; /* of all readers */
    size_t capacity;
    _Atomic size_t count;
    _Atomic int64_t sent;
    _Atomic int64_t received;
    _Atomic int64_t delivered;
    atomic_bool all_sent;
};

struct pacer {
    struct pace *pace;
    pthread_t thread;
    rd_kafka_t *handle;
    int index;
};

static void sleep_until(int64_t due_ns)
{
    struct timespec due = { .tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S };
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static void send_one(struct pacer *p, rd_kafka_topic_t *topic, char *value, int64_t number)
{
    const struct load_options *options = p->pace->options;
    int64_t now = load_now_ns();
    memcpy(value, &now, sizeof(now));
    if (rd_kafka_produce(topic, (int32_t)(number % options->partitions), RD_KAFKA_MSG_F_COPY, value,
                         (size_t)options->record_bytes, NULL, 0, NULL) != 0) {
        load_fail("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
    }
    atomic_fetch_add_explicit(&p->pace->sent, 1, memory_order_relaxed);
}

static void *send_all(void *argument)
{
    struct pacer *p = argument;
    struct pace *pace = p->pace;
    const struct load_options *options = pace->options;
    int64_t step = (int64_t)NS_PER_S * options->clients / options->rate;
    int64_t due = pace->begin_ns + step * p->index / options->clients;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(p->handle, options->topic, NULL);
    char *value = malloc((size_t)options->record_bytes);
    if (!value) {
        load_fail("out of memory");
    }
    memcpy(value, pace->payload, (size_t)options->record_bytes);
    (void)prctl(PR_SET_TIMERSLACK, 1);
    for (int64_t number = p->index; due < pace->end_ns; number += options->clients, due += step) {
        if (load_now_ns() < due) {
            sleep_until(due);
        }
        send_one(p, topic, value, number);
        (void)rd_kafka_poll(p->handle, 0);
    }
    if (rd_kafka_flush(p->handle, LAST_RECORD_LIMIT_MS) != 0) {
        load_fail("records were not acknowledged within %d ms", LAST_RECORD_LIMIT_MS);
    }
    free(value);
    rd_kafka_topic_destroy(topic);
    return NULL;
}

static void receive_one(struct pace *pace, const rd_kafka_message_t *message)
{
    int64_t now = load_now_ns();
    int64_t sent;
    if (message->err) {
        load_fail("cannot read: %s", rd_kafka_message_errstr(message));
    }
    memcpy(&sent, message->payload, sizeof(sent));
    atomic_fetch_add_explicit(&pace->received, 1, memory_order_relaxed);
    if (sent >= pace->count_from_ns) {
        size_t at = atomic_fetch_add_explicit(&pace->count, 1, memory_order_relaxed);
        if (at < pace->capacity) {
            pace->latencies[at] = now - sent;
        }
    }
}

static void *receive_all(void *argument)
{
    struct pacer *p = argument;
    struct pace *pace = p->pace;
    while (!atomic_load(&pace->all_sent) ||
           atomic_load(&pace->received) < atomic_load(&pace->sent)) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(p->handle, 20);
        if (message) {
            receive_one(pace, message);
            rd_kafka_message_destroy(message);
        }
        if (load_now_ns() > pace->end_ns + (int64_t)LAST_RECORD_LIMIT_MS * 1000000) {
            load_fail("%" PRId64 " of %" PRId64 " records came", atomic_load(&pace->received),
                      atomic_load(&pace->sent));
        }
    }
    return NULL;
}

static void start_all(struct pacer *pacers, int count, void *(*run)(void *))
{
    for (int i = 0; i < count; i++) {
        if (pthread_create(&pacers[i].thread, NULL, run, &pacers[i]) != 0) {
            load_fail("cannot start a thread");
        }
    }
}

static void join_all(struct pacer *pacers, int count)
{
    for (int i = 0; i < count; i++) {
        (void)pthread_join(pacers[i].thread, NULL);
    }
}

static void destroy_all(struct pacer *pacers, int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_destroy(pacers[i].handle);
    }
    free(pacers);
}

static void report(struct pace *pace, int64_t cpu_ns)
{
    const struct load_options *options = pace->options;
    size_t count = atomic_load(&pace->count);
    count = count < pace->capacity ? count : pace->capacity;
    if (count == 0) {
        load_fail("no record was counted");
    }
    double gb = (double)count * options->record_bytes / 1e9;
    printf("{\"records\": %zu, \"rate\": %.0f, ", count, (double)count / options->seconds);
    load_print_percentiles(pace->latencies, count);
    printf("\"cpu_percent\": %.3f, \"cpu_s_gb\": %.4f}\n", (double)cpu_ns / 1e7 / options->seconds,
           (double)cpu_ns / 1e9 / gb);
}

int load_pace(const struct load_options *options)
{
    int writers = options->clients;
    int readers = writers < options->partitions ? writers : options->partitions;
    struct pace pace = { .options = options, .payload = load_payload(options) };
    struct pacer *senders = calloc((size_t)writers, sizeof(*senders));
    struct pacer *receivers = calloc((size_t)readers, sizeof(*receivers));
    pace.capacity = (size_t)(options->rate * (options->seconds + 1));
    pace.latencies = calloc(pace.capacity, sizeof(*pace.latencies));
    if (!senders || !receivers || !pace.latencies || options->rate < 1) {
        load_fail("out of memory, or a rate of nothing");
    }
    load_make_topic(options);
    for (int i = 0; i < readers; i++) {
        receivers[i] = (struct pacer){ .pace = &pace, .handle = load_consumer(options) };
    }
    for (int i = 0; i < writers; i++) {
        senders[i] =
            (struct pacer){ .pace = &pace,
                            .index = i,
                            .handle = load_producer(options, load_conf(options), &pace.delivered) };
    }
    for (int i = 0; i < writers; i++) {
        load_connect(senders[i].handle, options->topic);
    }
    for (int i = 0; i < readers; i++) {
        load_assign(options, receivers[i].handle, i, readers, 0);
    }
    pace.begin_ns = load_now_ns();
    pace.count_from_ns = pace.begin_ns + (int64_t)(options->warm_seconds * 1e9);
    pace.end_ns = pace.count_from_ns + (int64_t)(options->seconds * 1e9);
    start_all(receivers, readers, receive_all);
    start_all(senders, writers, send_all);
    sleep_until(pace.count_from_ns);
    int64_t cpu = load_cpu_ns(options->pid);
    sleep_until(pace.end_ns);
    cpu = load_cpu_ns(options->pid) - cpu;
    join_all(senders, writers);
    atomic_store(&pace.all_sent, true);
    join_all(receivers, readers);
    report(&pace, cpu);
    destroy_all(senders, writers);
    destroy_all(receivers, readers);
    free(pace.latencies);
    free((void *)(uintptr_t)pace.payload);
    return 0;
}
