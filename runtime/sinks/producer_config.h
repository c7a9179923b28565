/*
 * The Kafka sink's options that are meant for its producer: "kafka.acks", "kafka.linger.ms", ...: the names, standards and checks of
 * Kafka's Java producer (3.9, which Spark 4.1 has), in librdkafka's terms.
 *
 *     enable.idempotence    true, unless acks, retries or max.in.flight... say otherwise
 *     acks                  all
 *     max.request.size      1048576
 *     delivery.timeout.ms   120000: how long a record may take once it is with the producer
 *     max.block.ms          60000: how long one waits for a topic's metadata, or for room
 *     partitioner           murmur2 of the key; without a key any partition, another one every few milliseconds
 *
 * Settings of Java's that have no meaning here (metrics.*, ...) are taken and have no effect. A name that neither knows is refused.
 *
 * Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "plan/options.h"
#include "weir/record.h"

struct producer_config {
    struct arena arena;
    const struct weir_option *options; /* for client_conf_create() */
    int max_block_ms;
    int delivery_timeout_ms;
    int64_t request_bytes_max;
    int64_t buffer_bytes_max;
};

/* "kafka.key.serializer" and its twin cannot be set: Spark says so before it looks at anything else. False: the error is set. */
bool producer_config_allowed(const struct options *o, struct sql_error *error);

/* False: the error is set, and nothing is to be freed. */
bool producer_config_read(struct producer_config *c,
                          const struct options *o,
                          struct sql_error *error);
void producer_config_finish(struct producer_config *c);

extern const struct sql_condition producer_config_exception; /* what ConfigException words */
