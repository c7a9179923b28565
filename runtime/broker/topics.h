/*
 * Creating and deleting topics: the one place where the cluster's picture changes.
 *
 * A topic that is acknowledged is durable (cluster/local_store.h) and in the image before the answer, so the next
 * request of any client sees it, and so does the broker after kill -9.
 *
 * Thread: any; changes are serialised by the broker's admin lock.
 */
#pragma once

#include "base/arena.h"
#include "base/uuid.h"
#include "broker/topic_config.h"
#include "protocol/kafka_error.h"

struct broker;

struct topic_spec {
    struct bytes name;
    int32_t partition_count;            /* -1: num.partitions */
    int16_t replication_factor;         /* -1: default.replication.factor */
    const struct config_entry *configs; /* borrowed */
    int32_t config_count;
    bool internal; /* our own: names that clients may not create */
    bool validate_only;
};

struct topic_outcome {
    enum kafka_error error;
    struct bytes message; /* null: the error's own text; else from the arena */
    struct uuid id;
    int32_t partition_count;
    int16_t replication_factor;
    const struct topic_config *config; /* NULL on error; the caller's reference */
};

/* Of a long list; who waits for the lock comes in between. */
enum { TOPICS_PER_STEP = 100, PARTITIONS_PER_STEP = 200 };

/*
 * Each topic stands for itself, but what can be made is made durable in one step. The caller gives back each out->config with
 * topic_config_unref(). No name twice.
 */
void broker_create_topics(struct broker *broker,
                          const struct topic_spec *specs,
                          int32_t count,
                          struct arena *arena,
                          struct topic_outcome *outs);

/* The same for deletion, in one step for all that are there. KAFKA_UNKNOWN_TOPIC_OR_PARTITION for the others. No name twice. */
void broker_delete_topics(struct broker *broker,
                          const struct bytes *names,
                          int32_t count,
                          enum kafka_error *out_errors);

/* KAFKA_NONE, or KAFKA_INVALID_TOPIC_EXCEPTION with why (Topic.validate). */
enum kafka_error topic_name_check(struct bytes name,
                                  struct arena *arena,
                                  struct bytes *out_message);

/* __consumer_offsets or __transaction_state. */
bool topic_is_internal(struct bytes name);

/* Opens all topics of the data directory; called once, at start. */
WEIR_CHECKED enum weir_status topics_load(struct broker *broker, struct weir_error *err);
/* Closes all logs cleanly and writes the checkpoints; called once, at stop. */
void topics_close(struct broker *broker);
