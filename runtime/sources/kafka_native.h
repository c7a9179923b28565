/*
 * Feeds of librdkafka: what connections need that are encrypted or authenticated.
 *
 * A **lane** is one librdkafka handle. Every partition has a place in a lane, with a queue of its own; it goes on fetching up to
 * librdkafka's limits, also between batches. When ranges of one partition are read side by side (minPartitions), each has its
 * place in another lane.
 *
 * Internal to the Kafka source. Thread: any; a feed is its reader's.
 */
#pragma once

#include "sources/kafka_feed.h"
#include "sources/kafka_split.h"

struct kafka_native;
struct kafka_settings;
struct client_trouble;

/* `settings` and `trouble` are borrowed for its life. */
struct kafka_native *kafka_native_new(const struct kafka_settings *settings,
                                      struct client_trouble *trouble);

/* All feeds are closed. NULL is taken. */
void kafka_native_free(struct kafka_native *native);

/* A feed of the range's partition, not started. NULL: the error is set. One at a time: the pool's lock. */
struct kafka_feed *kafka_native_feed(struct kafka_native *native,
                                     const struct kafka_range *range,
                                     int32_t lane,
                                     struct sql_error *error);
