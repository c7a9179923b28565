/*
 * Questions to a cluster, once each: which topics there are, and offsets of partitions by time. By our own connections where they
 * are plain (kafka_admin_direct.c), else by librdkafka (kafka_admin_native.c). Who asks again when it fails is kafka_cluster.c.
 *
 * Internal to the Kafka source. Codes are a broker's or librdkafka's; 0 is success. Thread: one at a time.
 */
#pragma once

#include <stdatomic.h>

#include "sources/kafka_direct.h"
#include "sources/kafka_offsets.h"

struct kafka_call {
    const atomic_bool *cancelled;
    int64_t timeout_ms;
    struct arena *arena;                   /* for what comes back */
    const struct kafka_listener *listener; /* hears of a cluster that cannot be reached; NULL */
};

struct kafka_topic {
    struct bytes name;
    int code; /* why nothing is known of it; 0 */
    bool internal;
    int32_t partition_count;
    int32_t *partitions;
};

struct kafka_topic_list {
    int32_t count;
    struct kafka_topic *items;
};

struct kafka_admin;

struct kafka_admin_functions {
    /* These topics, or all: count 0. */
    int (*topics)(struct kafka_admin *a,
                  const struct kafka_call *call,
                  const struct bytes *names,
                  int32_t count,
                  struct kafka_topic_list *out);

    /* Items come with a time (or KAFKA_LATEST, KAFKA_EARLIEST) and leave with an offset; -1: no record is that late. */
    int (*offsets)(struct kafka_admin *a,
                   const struct kafka_call *call,
                   struct kafka_offsets *items);

    /* Connections are made anew. */
    void (*reset)(struct kafka_admin *a);
    void (*close)(struct kafka_admin *a);
};

struct kafka_admin {
    const struct kafka_admin_functions *functions;
};

/* Borrows. Connects to nothing yet. */
struct kafka_admin *kafka_admin_direct(struct kafka_direct *direct);
struct kafka_admin *kafka_admin_native(const struct kafka_settings *settings,
                                       struct client_trouble *trouble);

/* A name that some topic can have. */
bool kafka_topic_possible(struct bytes name);
