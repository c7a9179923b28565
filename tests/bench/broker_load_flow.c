/*
 * As fast as it goes: `clients` producers write their equal shares, then the readers (as many, but no more than there
 * are partitions) read everything. Records go round the partitions one by one, which is the hardest for a broker.
 *
 * The first round warms both sides up, and every partition has its files after it; it is not counted.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker_load.h"

enum { QUEUE_KBYTES = 65536, QUEUE_KBYTES_MIN = 2048, STALLED_NS_S = 60 };
#define STALLED_NS (INT64_C(1000000000) * STALLED_NS_S)

struct flow {
    const struct load_options *options;
    const char *payload;
    int64_t
        begin; /* the number of the round's first record; the records before it are there already */
    int64_t end;               /* behind its last */
    _Atomic int64_t delivered; /* producers' */
    _Atomic int64_t read;
    pthread_barrier_t start; /* all clients begin together */
};

struct flow_client {
    struct flow *flow;
    pthread_t thread;
    rd_kafka_t *handle;
    int64_t
        first; /* of the round's records first, first + clients, ... are this producer's; a reader's number */
    int64_t end_ns;
};

struct flow_result {
    double produce_s;
    double consume_s;
    double produce_cpu_s;
    double consume_cpu_s;
    double slowest; /* the time of the producer that was last, over that of the first one */
};

static void produce_one(struct flow_client *c, rd_kafka_topic_t *topic, int64_t number)
{
    const struct load_options *options = c->flow->options;
    char *value = (char *)(uintptr_t)(c->flow->payload + number * 64 % PAYLOAD_POOL);
    int32_t partition = (int32_t)(number % options->partitions);
    while (rd_kafka_produce(topic, partition, RD_KAFKA_MSG_F_COPY, value,
                            (size_t)options->record_bytes, NULL, 0, NULL) != 0) {
        if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            load_fail("cannot produce: %s", rd_kafka_err2str(rd_kafka_last_error()));
        }
        (void)rd_kafka_poll(c->handle, 10);
    }
}

static void *produce(void *argument)
{
    enum { POLL_EVERY = 64 };
    struct flow_client *c = argument;
    struct flow *flow = c->flow;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(c->handle, flow->options->topic, NULL);
    (void)pthread_barrier_wait(&flow->start);
    for (int64_t n = flow->begin + c->first; n < flow->end; n += flow->options->clients) {
        produce_one(c, topic, n);
        if (n / flow->options->clients % POLL_EVERY == 0) {
            (void)rd_kafka_poll(c->handle, 0);
        }
    }
    if (rd_kafka_flush(c->handle, 120000) != 0) {
        load_fail("records were not acknowledged within two minutes");
    }
    c->end_ns = load_now_ns();
    rd_kafka_topic_destroy(topic);
    return NULL;
}

static int readers_of(const struct load_options *options)
{
    return options->clients < options->partitions ? options->clients : options->partitions;
}

static void *consume(void *argument)
{
    struct flow_client *c = argument;
    struct flow *flow = c->flow;
    int readers = readers_of(flow->options);
    (void)pthread_barrier_wait(&flow->start);
    load_assign(flow->options, c->handle, (int)c->first, readers, flow->begin);
    int64_t progress_ns = load_now_ns();
    int64_t wanted = flow->end - flow->begin;
    while (atomic_load_explicit(&flow->read, memory_order_relaxed) < wanted) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(c->handle, 50);
        if (!message) {
            bool done = atomic_load(&flow->read) >= wanted;
            if (!done && load_now_ns() - progress_ns > STALLED_NS) {
                load_fail("%" PRId64 " of %" PRId64 " records were read, then none",
                          atomic_load(&flow->read), wanted);
            }
            continue;
        }
        if (message->err) {
            load_fail("cannot read: %s", rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
        atomic_fetch_add_explicit(&flow->read, 1, memory_order_relaxed);
        progress_ns = load_now_ns();
    }
    return NULL;
}

static void run_all(struct flow *flow, struct flow_client *clients, int count, void *(*run)(void *))
{
    if (pthread_barrier_init(&flow->start, NULL, (unsigned)count) != 0) {
        load_fail("cannot make a barrier");
    }
    for (int i = 0; i < count; i++) {
        if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0) {
            load_fail("cannot start a thread");
        }
    }
    for (int i = 0; i < count; i++) {
        (void)pthread_join(clients[i].thread, NULL);
    }
    (void)pthread_barrier_destroy(&flow->start);
}

static rd_kafka_t *make_producer(struct flow *flow)
{
    const struct load_options *options = flow->options;
    rd_kafka_conf_t *conf = load_conf(options);
    char kbytes[32];
    int share = QUEUE_KBYTES / options->clients;
    (void)snprintf(kbytes, sizeof(kbytes), "%d",
                   share > QUEUE_KBYTES_MIN ? share : QUEUE_KBYTES_MIN);
    load_set(conf, "queue.buffering.max.kbytes", kbytes);
    rd_kafka_t *handle = load_producer(options, conf, &flow->delivered);
    load_connect(handle, options->topic);
    return handle;
}

static void produce_all(struct flow *flow, struct flow_client *clients, struct flow_result *out)
{
    int count = flow->options->clients;
    for (int i = 0; i < count; i++) {
        clients[i] =
            (struct flow_client){ .flow = flow, .first = i, .handle = make_producer(flow) };
    }
    int64_t cpu = load_cpu_ns(flow->options->pid);
    int64_t begin = load_now_ns();
    run_all(flow, clients, count, produce);
    int64_t end = load_now_ns();
    out->produce_s = (double)(end - begin) / 1e9;
    out->produce_cpu_s = (double)(load_cpu_ns(flow->options->pid) - cpu) / 1e9;
    int64_t fastest = INT64_MAX;
    for (int i = 0; i < count; i++) {
        fastest = clients[i].end_ns < fastest ? clients[i].end_ns : fastest;
        rd_kafka_destroy(clients[i].handle);
    }
    out->slowest = (double)(end - begin) / (double)(fastest - begin);
}

static void consume_all(struct flow *flow, struct flow_client *clients, struct flow_result *out)
{
    const struct load_options *options = flow->options;
    int count = readers_of(options);
    for (int i = 0; i < count; i++) {
        clients[i] =
            (struct flow_client){ .flow = flow, .first = i, .handle = load_consumer(options) };
    }
    int64_t cpu = load_cpu_ns(options->pid);
    int64_t begin = load_now_ns();
    run_all(flow, clients, count, consume);
    out->consume_s = (double)(load_now_ns() - begin) / 1e9;
    out->consume_cpu_s = (double)(load_cpu_ns(options->pid) - cpu) / 1e9;
    for (int i = 0; i < count; i++) {
        rd_kafka_destroy(clients[i].handle);
    }
}

/* Writes and reads records of so many bytes in all, at least one a client; returns the number behind the last one. */
static int64_t run_round(const struct load_options *options,
                         int64_t begin,
                         double megabytes,
                         struct flow_result *out)
{
    char *payload = load_payload(options);
    int64_t records = (int64_t)(megabytes * 1e6 / options->record_bytes);
    if (records < options->clients) {
        records = options->clients;
    }
    struct flow flow = {
        .options = options, .payload = payload, .begin = begin, .end = begin + records
    };
    struct flow_client *clients = calloc((size_t)options->clients, sizeof(*clients));
    if (!clients) {
        load_fail("out of memory");
    }
    produce_all(&flow, clients, out);
    consume_all(&flow, clients, out);
    free(clients);
    free(payload);
    return flow.end;
}

int load_flow(const struct load_options *options)
{
    struct flow_result result;
    int64_t warm = 0;
    load_make_topic(options);
    if (options->warm_megabytes > 0) {
        warm = run_round(options, 0, options->warm_megabytes, &result);
    }
    int64_t records = run_round(options, warm, options->megabytes, &result) - warm;
    double gb = (double)records * options->record_bytes / 1e9;
    printf("{\"records\": %" PRId64 ", \"produce_mb_s\": %.2f, \"consume_mb_s\": %.2f, "
           "\"produce_cpu_s_gb\": %.4f, \"consume_cpu_s_gb\": %.4f, \"cpu_s_gb\": %.4f, "
           "\"slowest_over_fastest\": %.3f}\n",
           records, gb * 1e3 / result.produce_s, gb * 1e3 / result.consume_s,
           result.produce_cpu_s / gb, result.consume_cpu_s / gb,
           (result.produce_cpu_s + result.consume_cpu_s) / gb, result.slowest);
    return 0;
}
