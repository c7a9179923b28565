/*
 * How the Kafka sink words what its producer could not do: with Java's classes and Kafka's texts, and behind them, in
 * brackets, what librdkafka knows of the reason ("127.0.0.1:9092: connection refused").
 *
 * Thread: any; pure.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include "columns/sql_error.h"
#include "sinks/producer_config.h"

struct kafka_topic;

/* The first of `count` records that did not get through. */
struct producer_failure {
    rd_kafka_resp_err_t code;
    int64_t count;
    int32_t partition; /* -1: none was chosen yet */
    char topic[256];
};

/* All of them set the error and return false. `more`: " (why)" or "". */
bool producer_fail(struct sql_error *error,
                   const struct producer_failure *failure,
                   const struct producer_config *config,
                   const char *more);

/* The topic, or a partition of it (-1: the topic), did not show up in time. */
bool producer_fail_metadata(struct sql_error *error,
                            const struct kafka_topic *t,
                            int32_t partition,
                            int waited_ms,
                            const char *more);

/* The queue stayed full. */
bool producer_fail_room(struct sql_error *error, int waited_ms, const char *more);
bool kafka_fail_topic_name(struct sql_error *error, struct bytes name);

/* A record of `bytes` bytes that is larger than `limit`, which the setting `name` has set. */
bool producer_fail_size(struct sql_error *error, int64_t bytes, int64_t limit, const char *name);
bool producer_fail_cancelled(struct sql_error *error);
