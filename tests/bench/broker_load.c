/*
 * A load for brokers, from an outside client (librdkafka), and what it cost: the benchmark's hands (tests/bench/broker).
 *
 *     broker_load flow  bootstrap=HOST:PORT topic=NAME pid=PID clients=N partitions=N megabytes=N ...
 *     broker_load pace  bootstrap=HOST:PORT topic=NAME pid=PID clients=N partitions=N rate=N seconds=N ...
 *     broker_load first port=N -- BROKER ARGUMENT...
 *     broker_load floor folder=FOLDER clients=N megabytes=N ...
 *     broker_load rows|trickle ...
 *
 * flow  as fast as it goes: everything is written, then everything is read; CPU time of the broker for each
 * pace  a fixed rate, read while it is written: time from the producer's call to the consumer's receipt
 * first from exec of the broker to the first acknowledged record
 * floor what the kernel alone takes for flow, without any broker
 * rows, trickle  what the streaming engines of tests/bench/engine read; see their files
 *
 * Prints one line of JSON. Exit code 1 with a word on standard error when anything at all goes wrong.
 */
#include "broker_load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NS_PER_S = 1000000000, TOPIC_LIMIT_MS = 120000, ERROR_MAX = 512 };

_Noreturn void load_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "broker_load: ");
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    _Exit(1); /* librdkafka's threads may be anywhere */
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec t;
    if (clock_gettime(clock, &t) != 0) {
        return -1;
    }
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t load_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t load_cpu_ns(pid_t pid)
{
    clockid_t clock;
    if (pid == 0) {
        return 0;
    }
    int64_t used = clock_getcpuclockid(pid, &clock) == 0 ? read_clock(clock) : -1;
    if (used < 0) {
        load_fail("process %d is gone", (int)pid);
    }
    return used;
}

/* --- handles --- */

void load_set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char error[ERROR_MAX];
    if (rd_kafka_conf_set(conf, key, value, error, sizeof(error)) != RD_KAFKA_CONF_OK) {
        load_fail("%s", error);
    }
}

rd_kafka_conf_t *load_conf(const struct load_options *options)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (options->bootstrap) {
        load_set(conf, "bootstrap.servers", options->bootstrap);
    }
    /* As every other client does; with Nagle's algorithm on, it would be the client's waiting that is measured. */
    load_set(conf, "socket.nagle.disable", "true");
    return conf;
}

static void delivered_one(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    if (message->err) {
        load_fail("a record was not delivered: %s", rd_kafka_err2str(message->err));
    }
    _Atomic int64_t *delivered = opaque;
    atomic_fetch_add_explicit(delivered, 1, memory_order_relaxed);
}

static rd_kafka_t *make_handle(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[ERROR_MAX];
    rd_kafka_t *handle = rd_kafka_new(type, conf, error, sizeof(error));
    if (!handle) {
        load_fail("%s", error);
    }
    return handle;
}

rd_kafka_t *load_producer(const struct load_options *options,
                          rd_kafka_conf_t *conf,
                          _Atomic int64_t *delivered)
{
    load_set(conf, "linger.ms", options->linger_ms);
    load_set(conf, "compression.codec", options->codec);
    load_set(conf, "acks", "all");
    rd_kafka_conf_set_opaque(conf, delivered);
    rd_kafka_conf_set_dr_msg_cb(conf, delivered_one);
    return make_handle(RD_KAFKA_PRODUCER, conf);
}

rd_kafka_t *load_consumer(const struct load_options *options)
{
    rd_kafka_conf_t *conf = load_conf(options);
    load_set(conf, "group.id", "bench"); /* never joined: the partitions are assigned by hand */
    load_set(conf, "enable.auto.commit", "false");
    load_set(conf, "queued.max.messages.kbytes", "16384");
    rd_kafka_t *handle = make_handle(RD_KAFKA_CONSUMER, conf);
    (void)rd_kafka_poll_set_consumer(handle);
    load_connect(handle, options->topic);
    return handle;
}

void load_assign(
    const struct load_options *options, rd_kafka_t *handle, int first, int readers, int64_t skipped)
{
    rd_kafka_topic_partition_list_t *mine = rd_kafka_topic_partition_list_new(1);
    for (int p = first; p < options->partitions; p += readers) {
        rd_kafka_topic_partition_list_add(mine, options->topic, p)->offset =
            (skipped - p + options->partitions - 1) / options->partitions;
    }
    rd_kafka_resp_err_t error = rd_kafka_assign(handle, mine);
    if (error) {
        load_fail("cannot assign partitions: %s", rd_kafka_err2str(error));
    }
    rd_kafka_topic_partition_list_destroy(mine);
}

/* --- topics --- */

void load_create_topic(rd_kafka_t *handle, const char *topic, int partitions)
{
    char error[ERROR_MAX];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, error, sizeof(error));
    rd_kafka_AdminOptions_t *admin =
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    if (!wanted ||
        rd_kafka_AdminOptions_set_request_timeout(admin, TOPIC_LIMIT_MS, error, sizeof(error)) ||
        rd_kafka_AdminOptions_set_operation_timeout(admin, TOPIC_LIMIT_MS, error, sizeof(error))) {
        load_fail("%s", error);
    }
    rd_kafka_CreateTopics(handle, &wanted, 1, admin, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, TOPIC_LIMIT_MS);
    const rd_kafka_CreateTopics_result_t *result =
        event ? rd_kafka_event_CreateTopics_result(event) : NULL;
    size_t count = 0;
    const rd_kafka_topic_result_t **topics =
        result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (count != 1 || rd_kafka_topic_result_error(topics[0])) {
        load_fail("topic %s was not made: %s", topic,
                  count == 1 ? rd_kafka_topic_result_error_string(topics[0])
                  : event    ? rd_kafka_event_error_string(event)
                             : "no answer");
    }
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(admin);
    rd_kafka_NewTopic_destroy(wanted);
}

void load_connect(rd_kafka_t *handle, const char *topic)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *known = rd_kafka_topic_new(handle, topic, NULL);
    rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, known, &metadata, TOPIC_LIMIT_MS);
    if (error) {
        load_fail("no metadata: %s", rd_kafka_err2str(error));
    }
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(known);
}

static bool has_leaders(rd_kafka_t *handle, rd_kafka_topic_t *topic, int partitions)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, topic, &metadata, TOPIC_LIMIT_MS);
    if (error) {
        load_fail("no metadata: %s", rd_kafka_err2str(error));
    }
    int leaders = 0;
    for (int i = 0; metadata->topic_cnt == 1 && i < metadata->topics[0].partition_cnt; i++) {
        leaders += metadata->topics[0].partitions[i].leader >= 0;
    }
    rd_kafka_metadata_destroy(metadata);
    return leaders == partitions;
}

void load_make_topic(const struct load_options *options)
{
    rd_kafka_t *handle = make_handle(RD_KAFKA_PRODUCER, load_conf(options));
    load_create_topic(handle, options->topic, options->partitions);
    rd_kafka_topic_t *made = rd_kafka_topic_new(handle, options->topic, NULL);
    int64_t limit = load_now_ns() + (int64_t)TOPIC_LIMIT_MS * 1000000;
    while (!has_leaders(handle, made, options->partitions)) {
        if (load_now_ns() > limit) {
            load_fail("topic %s has no leaders", options->topic);
        }
        (void)rd_kafka_poll(handle, 50);
    }
    rd_kafka_topic_destroy(made);
    rd_kafka_destroy(handle);
}

/* --- data --- */

char *load_payload(const struct load_options *options)
{
    size_t size = PAYLOAD_POOL + (size_t)options->record_bytes;
    char *pool = malloc(size);
    if (!pool) {
        load_fail("out of memory");
    }
    uint64_t state = 1;
    for (size_t i = 0; i < size; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        bool varies = i % 32 < 12;
        pool[i] =
            varies ? (char)('a' + (state >> 33) % 26) : "Thu INFO request served path=/"[i % 29];
    }
    return pool;
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void load_print_percentiles(int64_t *latencies_ns, size_t count)
{
    static const struct {
        const char *name;
        double share;
    } wanted[] = { { "p50_ms", 0.5 }, { "p99_ms", 0.99 }, { "p999_ms", 0.999 }, { "max_ms", 1 } };
    qsort(latencies_ns, count, sizeof(*latencies_ns), compare_times);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        size_t at = (size_t)(wanted[i].share * (double)count);
        at = at >= count ? count - 1 : at;
        printf("\"%s\": %.4f, ", wanted[i].name, (double)latencies_ns[at] / 1e6);
    }
}

/* --- the command line --- */

static double number(const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || value < 0) {
        load_fail("\"%s\" is no number", text);
    }
    return value;
}

static bool take_number(struct load_options *o, const char *key, const char *value)
{
    struct {
        const char *key;
        int *as_int;
        double *as_double;
    } known[] = {
        { "clients", &o->clients, NULL },
        { "partitions", &o->partitions, NULL },
        { "bytes", &o->record_bytes, NULL },
        { "rate", &o->rate, NULL },
        { "rows", &o->rows, NULL },
        { "port", &o->port, NULL },
        { "megabytes", NULL, &o->megabytes },
        { "seconds", NULL, &o->seconds },
        { "warm_megabytes", NULL, &o->warm_megabytes },
        { "pid", &o->pid, NULL },
        { "warm_seconds", NULL, &o->warm_seconds },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(key, known[i].key) == 0) {
            if (known[i].as_int) {
                *known[i].as_int = (int)number(value);
            } else {
                *known[i].as_double = number(value);
            }
            return true;
        }
    }
    return false;
}

static void take_option(struct load_options *o, char *argument)
{
    char *value = strchr(argument, '=');
    if (!value) {
        load_fail("\"%s\" is not key=value", argument);
    }
    *value++ = '\0';
    if (strcmp(argument, "bootstrap") == 0) {
        o->bootstrap = value;
    } else if (strcmp(argument, "topic") == 0) {
        o->topic = value;
    } else if (strcmp(argument, "codec") == 0) {
        o->codec = value;
    } else if (strcmp(argument, "folder") == 0) {
        o->folder = value;
    } else if (strcmp(argument, "events") == 0) {
        o->events = value;
    } else if (strcmp(argument, "answers") == 0) {
        o->answers = value;
    } else if (strcmp(argument, "linger") == 0) {
        o->linger_ms = value;
    } else if (!take_number(o, argument, value)) {
        load_fail("there is no option \"%s\"", argument);
    }
}

static void check_options(const struct load_options *o)
{
    if (o->clients < 1 || o->clients > CLIENTS_MAX || o->partitions < 1 ||
        o->record_bytes < RECORD_MIN || o->record_bytes > PAYLOAD_POOL || o->rows < 1) {
        load_fail("clients, partitions, bytes or rows make no sense");
    }
}

static int run_mode(const char *name, const struct load_options *options)
{
    static const struct {
        const char *name;
        int (*run)(const struct load_options *options);
    } modes[] = {
        { "flow", load_flow },       { "pace", load_pace }, { "first", load_first },
        { "trickle", load_trickle }, { "rows", load_rows }, { "floor", load_floor },
    };
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        bool wanted = strcmp(name, modes[i].name) == 0;
        if (wanted && (modes[i].run != load_first || (options->command && options->command[0]))) {
            return modes[i].run(options);
        }
    }
    (void)fprintf(
        stderr,
        "usage: broker_load flow|pace|first|rows|trickle|floor key=value... [-- BROKER ARGUMENT...]\n");
    return 4;
}

int main(int argc, char **argv)
{
    struct load_options options = { .topic = "bench",
                                    .codec = "none",
                                    .linger_ms = "0",
                                    .folder = "/tmp",
                                    .clients = 1,
                                    .partitions = 1,
                                    .record_bytes = 1024,
                                    .megabytes = 256,
                                    .warm_megabytes = 64,
                                    .rate = 20000,
                                    .rows = 1000,
                                    .events = "transactions",
                                    .answers = "answers",
                                    .seconds = 10,
                                    .warm_seconds = 3 };
    const char *mode = argc > 1 ? argv[1] : "";
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            options.command = argv + i + 1;
            break;
        }
        take_option(&options, argv[i]);
    }
    check_options(&options);
    return run_mode(mode, &options);
}
