/*
 * The Kafka sink's producer: librdkafka's, with the manners of Kafka's Java producer where one can see them: how long it waits for what,
 * and what it says when that was not enough.
 *
 *     begin -> [topic, send, ... by many threads] -> flush: everything is acknowledged, or the first failure is told
 *
 * Records of a partition keep their order. Connecting begins with kafka_producer_new(), and is not waited for there.
 *
 * Thread: kafka_producer_topic(), _await_partition(), _send() and _failed() any; the others one at a time.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "columns/sql_error.h"
#include "sinks/producer_config.h"

struct kafka_producer;

struct kafka_topic {
    char *name;
    rd_kafka_topic_t *handle;
    atomic_int partitions; /* known so far; at least 1 */
};

/* `config` must outlive it; so must `cancelled`, which may be NULL. NULL: the error is set. */
struct kafka_producer *kafka_producer_new(const struct producer_config *config,
                                          const atomic_bool *cancelled,
                                          struct sql_error *error);

/* What is not acknowledged is given up. NULL is taken. */
void kafka_producer_free(struct kafka_producer *p);

/* A new batch: failures of the one before are forgotten. */
void kafka_producer_begin(struct kafka_producer *p);

/* The topic, which the producer owns; waits up to max.block.ms until a broker tells of it. NULL: the error is set. */
struct kafka_topic *kafka_producer_topic(struct kafka_producer *p,
                                         struct bytes name,
                                         struct sql_error *error);

/* Waits, as long again, until the topic has this partition. */
bool kafka_producer_await_partition(struct kafka_producer *p,
                                    struct kafka_topic *t,
                                    int32_t partition,
                                    struct sql_error *error);

/*
 * Queues copies of these records, each for its `partition` (RD_KAFKA_PARTITION_UA: any). Waits up to max.block.ms while the queue is full.
 * False: the error is set, and some may be on their way.
 */
bool kafka_producer_send(struct kafka_producer *p,
                         struct kafka_topic *t,
                         rd_kafka_message_t *records,
                         int32_t count,
                         struct sql_error *error);

/* The same for one that has headers, which are taken over in any case. */
bool kafka_producer_send_headers(struct kafka_producer *p,
                                 struct kafka_topic *t,
                                 const rd_kafka_message_t *record,
                                 rd_kafka_headers_t *headers,
                                 struct sql_error *error);

/* Looks at what came back. True: something has failed since begin, and the error is set. */
bool kafka_producer_failed(struct kafka_producer *p, struct sql_error *error);

/* Until everything is acknowledged or given up (delivery.timeout.ms). False: the error is set. */
bool kafka_producer_flush(struct kafka_producer *p, struct sql_error *error);

/* Gives what was sent a moment to arrive. False: something is still on its way, and the producer is to be freed. */
bool kafka_producer_settle(struct kafka_producer *p, int limit_ms);
