/*
 * The metadata of a single node: which topics there are, and which producer ids were given out.
 *
 * One text file in the data directory, `weir.metadata`, replaced as a whole (temporary file, fsync, rename, fsync of
 * the folder) before a change is acknowledged: after kill -9 or a power cut it is the old one or the new one.
 *
 *     weir-metadata 1
 *     producer-ids 3000                                   ids below this may have been given out
 *     cluster-config log.retention.ms 60000               set while running, for all brokers
 *     broker-config max.connections 100                   the same, for this one; it counts before the other
 *     topic my_awesome_topic BmZ9uM2uQV2mPjvUZx4dRw 2 0   name, id, partitions, leader epoch
 *     config retention.ms 60000                           of the topic above; the value is the rest of the line
 *     end 2                                               topics; a file without this line is not whole
 *
 * Kafka keeps the same facts in a metadata log (KRaft) or in ZooKeeper; a folder written by Kafka has no such file, and
 * its topics are then found by their folders (broker/topics_folders.c).
 *
 * Thread: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/uuid.h"
#include "weir/status.h"

struct stored_config {
    struct bytes name; /* owned, terminated, as value */
    struct bytes value;
};

struct stored_topic {
    struct bytes name; /* owned */
    struct uuid id;
    int32_t partition_count;
    int32_t leader_epoch;          /* of all its partitions; rises at every start */
    struct stored_config *configs; /* owned */
    int32_t config_count;
};

enum stored_scope { STORED_NODE, STORED_CLUSTER, STORED_SCOPE_COUNT };

/* What was set for one thing. */
struct stored_settings {
    struct stored_config *configs; /* owned */
    int32_t count;
};

struct local_store {
    int root_fd;                                         /* borrowed */
    struct map topics;                                   /* name -> struct stored_topic, owned */
    struct stored_settings settings[STORED_SCOPE_COUNT]; /* of brokers */
    int64_t producer_id_end;
    bool was_there; /* the file existed when the store was opened */
};

WEIR_CHECKED enum weir_status local_store_open(int root_fd,
                                               struct local_store **out_store,
                                               struct weir_error *err);
void local_store_close(struct local_store *store);

struct stored_change {
    struct bytes name;
    const struct stored_topic *topic; /* copied; NULL: the topic goes */
};

/* Puts, replaces and removes topics, and makes all of it durable in one step. On failure nothing has changed. No name
 * twice; WEIR_ENOTFOUND when one that is to go is not there. */
WEIR_CHECKED enum weir_status local_store_change(struct local_store *store,
                                                 const struct stored_change *changes,
                                                 size_t count,
                                                 struct weir_error *err);
/* Puts a topic in memory only: durable with the next change. */
void local_store_adopt_topic(struct local_store *store, const struct stored_topic *topic);

/* Replaces all settings of one scope; copied. On failure nothing has changed. */
WEIR_CHECKED enum weir_status local_store_set_settings(struct local_store *store,
                                                       enum stored_scope scope,
                                                       const struct stored_settings *settings,
                                                       struct weir_error *err);
/* Raises the leader epoch of every topic: this start is a new reign. */
WEIR_CHECKED enum weir_status local_store_new_reign(struct local_store *store,
                                                    struct weir_error *err);

WEIR_CHECKED enum weir_status local_store_set_producer_id_end(struct local_store *store,
                                                              int64_t end,
                                                              struct weir_error *err);
