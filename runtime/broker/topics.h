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

/* The caller gives back out->config with topic_config_unref(). */
void topic_create(struct broker *broker,
                  const struct topic_spec *spec,
                  struct arena *arena,
                  struct topic_outcome *out);

/* KAFKA_UNKNOWN_TOPIC_OR_PARTITION when there is none. */
enum kafka_error topic_delete(struct broker *broker, struct bytes name);

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
