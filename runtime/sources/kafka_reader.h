/*
 * Reading a range of a Kafka partition, as columns.
 *
 * A range may have fewer records than offsets: transactions' markers, aborted and compacted records. Records that are gone are an error, or
 * with failOnDataLoss=false the reader goes on where there are some again. A broker that does not answer is waited for,
 * kafkaConsumer.pollTimeoutMs at most since the last record.
 *
 * Source: KafkaBatchPartitionReader, KafkaDataConsumer. Thread: a reader is one thread's.
 */
#pragma once

#include <stdatomic.h>

#include "plan/rows.h"
#include "sources/kafka_errors.h"
#include "sources/kafka_pool.h"
#include "sources/kafka_rows.h"

/* What readers of a scan share; borrowed. */
struct kafka_reading {
    const struct kafka_settings *settings;
    struct kafka_pool *pool;
    const atomic_bool *cancelled;
    struct kafka_projection projection;
    const char *group; /* the consumer group that errors name */
    struct kafka_listener listener;
};

/* NULL: the error is set. The range is copied, its topic is borrowed. */
struct row_reader *kafka_reader_open(const struct kafka_reading *reading,
                                     const struct kafka_range *range,
                                     struct sql_error *error);
