/*
 * What the modes of broker_load share: the command line, handles of librdkafka, clocks, and the table of percentiles.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PAYLOAD_POOL = 1 << 20, RECORD_MIN = 16, CLIENTS_MAX = 1000 };

struct load_options {
    const char *bootstrap;
    const char *topic;
    const char *codec;
    const char *linger_ms;
    const char *folder; /* floor: where its file lies */
    pid_t pid;          /* the broker's: whose CPU time is taken; 0: nobody's */
    int clients;
    int partitions;
    int record_bytes;
    double megabytes; /* flow: of values, in all */
    double warm_megabytes;
    int rate;            /* pace: records a second, in all */
    int rows;            /* rows, trickle: events */
    const char *events;  /* rows: of which kind */
    const char *answers; /* trickle: the topic where each event is answered */
    double seconds;
    double warm_seconds;
    int port;             /* first */
    char *const *command; /* first: what stands behind "--" */
};

/* The modes. Each prints one line of JSON and returns an exit code. */
int load_flow(const struct load_options *options);
int load_pace(const struct load_options *options);
int load_first(const struct load_options *options);
int load_floor(const struct load_options *options);
int load_rows(const struct load_options *options);
int load_trickle(const struct load_options *options);

/* Says what is wrong and ends the program: a benchmark that goes on after a failure measures nothing. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

int64_t load_now_ns(void);
/* CPU time that a whole process has used so far, by the scheduler's own count. */
int64_t load_cpu_ns(pid_t pid);

/* Makes the topic; the second also waits until every partition has a leader. */
void load_create_topic(rd_kafka_t *handle, const char *topic, int partitions);
void load_make_topic(const struct load_options *options);
/* Blocks until the handle is connected and knows the topic, so that this is not part of what is measured. */
void load_connect(rd_kafka_t *handle, const char *topic);

rd_kafka_conf_t *load_conf(const struct load_options *options);
void load_set(rd_kafka_conf_t *conf, const char *key, const char *value);
/* Delivery reports count into the opaque, an _Atomic int64_t; one that failed ends the program. */
rd_kafka_t *load_producer(const struct load_options *options,
                          rd_kafka_conf_t *conf,
                          _Atomic int64_t *delivered);
/* Connected, and reading nothing yet. */
rd_kafka_t *load_consumer(const struct load_options *options);
/* Begins to read every `readers`-th partition from `first` on; of the topic's records, dealt to the partitions one by one,
 * it passes over the first `skipped`. */
void load_assign(const struct load_options *options,
                 rd_kafka_t *handle,
                 int first,
                 int readers,
                 int64_t skipped);

/* PAYLOAD_POOL + record_bytes of text that compresses about as well as log lines do. */
char *load_payload(const struct load_options *options);

/* Sorts, and prints "p50_ms", "p99_ms", ... as members of a JSON object. */
void load_print_percentiles(int64_t *latencies_ns, size_t count);
