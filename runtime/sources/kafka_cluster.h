/*
 * What a Kafka source asks a cluster: which partitions there are, and their offsets. Spark's driver does this with an admin client.
 *
 * Every question is asked again when it fails, as fetchOffset.numRetries says, over a new connection; each attempt takes
 * default.api.timeout.ms at most. So nothing waits for ever, and a broker that comes back in time is no error.
 *
 * Source: KafkaOffsetReaderAdmin, ConsumerStrategy. Thread: one at a time.
 */
#pragma once

#include "sources/kafka_options.h"
#include "sources/kafka_pool.h"

struct kafka_cluster;
struct kafka_listener;

/* All are borrowed for its life; the pool lends its connections. Connects to nothing yet. NULL: the error is set: a pattern that is none. */
struct kafka_cluster *kafka_cluster_new(const struct kafka_settings *settings,
                                        struct kafka_pool *pool,
                                        const atomic_bool *cancelled,
                                        const struct kafka_listener *listener,
                                        struct sql_error *error);
/* NULL is taken. */
void kafka_cluster_free(struct kafka_cluster *c);

/* The partitions that the options mean, as they are now, sorted: where each ends, or begins. */
bool kafka_cluster_latest(struct kafka_cluster *c,
                          struct arena *arena,
                          struct kafka_offsets *out,
                          struct sql_error *error);
bool kafka_cluster_earliest(struct kafka_cluster *c,
                            struct arena *arena,
                            struct kafka_offsets *out,
                            struct sql_error *error);

/* The same, but asked again (with a pause) while a partition ends before the offset that `known` has: brokers may lag. */
bool kafka_cluster_latest_since(struct kafka_cluster *c,
                                struct arena *arena,
                                const struct kafka_offsets *known,
                                struct kafka_offsets *out,
                                struct sql_error *error);

/* Where these partitions begin; those that are gone are left out. */
bool kafka_cluster_earliest_of(struct kafka_cluster *c,
                               struct arena *arena,
                               const struct kafka_offsets *partitions,
                               struct kafka_offsets *out,
                               struct sql_error *error);

enum kafka_bound_use {
    KAFKA_STREAM_START,
    KAFKA_BATCH_START,
    KAFKA_BATCH_END,
};

/* The offsets that a bound means now, of all partitions. */
bool kafka_cluster_bound(struct kafka_cluster *c,
                         struct arena *arena,
                         const struct kafka_bound *bound,
                         enum kafka_bound_use use,
                         struct kafka_offsets *out,
                         struct sql_error *error);
