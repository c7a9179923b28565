/*
 * Which partitions the options of a Kafka source mean: subscribe, subscribePattern, assign. Internal to kafka_cluster.c.
 *
 * Ownership: `settings` is borrowed. Thread: one at a time.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "sources/kafka_options.h"

struct kafka_topics;

/* NULL: the error is set: the pattern is none. */
struct kafka_topics *kafka_topics_new(const struct kafka_settings *settings,
                                      struct sql_error *error);

/* NULL is taken. */
void kafka_topics_free(struct kafka_topics *t);

struct kafka_topics_question {
    rd_kafka_t *handle;
    const atomic_bool *cancelled;
    int64_t timeout_ms;
};

/* All partitions of all topics that are meant, sorted, in the arena; internal topics have none. 0, or librdkafka's code. */
int kafka_topics_list(struct kafka_topics *t,
                      const struct kafka_topics_question *question,
                      struct arena *arena,
                      struct kafka_offsets *out);
