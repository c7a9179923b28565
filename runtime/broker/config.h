/*
 * The broker's configuration: Kafka's keys, from a server.properties file and from --override key=value.
 *
 * Every known key is one row of a table (config_keys.c): its name, type, default, bounds and meaning, and whether this
 * broker acts on it or only accepts it (keys of Apache's shipped file that mean nothing to a single node without KRaft).
 * An unknown key and a value that cannot be meant are errors that name the key, the value, where it was and what is
 * accepted.
 *
 * Defaults are Kafka's, but for those where Apache's shipped single-node server.properties says otherwise (internal
 * topics with one replica, no initial rebalance delay); and with no advertised listener a client is told the address
 * that it connected to.
 *
 * Over the file lie the settings that were made while the broker ran (IncrementalAlterConfigs): for all brokers, and over
 * those for this one. A change makes a new configuration; the one before stays as it is for who holds it.
 *
 * Thread: constant once complete; references are counted atomically.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/map.h"
#include "protocol/compress.h"
#include "weir/status.h"

/* Values as DescribeConfigs numbers them (org.apache.kafka.common.requests.DescribeConfigsResponse.ConfigType). */
enum config_type {
    CONFIG_BOOLEAN = 1,
    CONFIG_STRING = 2,
    CONFIG_INT = 3,
    CONFIG_SHORT = 4,
    CONFIG_LONG = 5,
    CONFIG_DOUBLE = 6,
    CONFIG_LIST = 7,
    CONFIG_CLASS = 8,
    CONFIG_PASSWORD = 9,
};

struct config_key {
    const char *name;
    enum config_type type;
    const char *default_text; /* NULL: null */
    int64_t min;              /* of numbers */
    int64_t max;
    const char *choices; /* of strings and lists: "a|b|c"; NULL: any */
    bool ignored;        /* accepted, and said to have no effect */
    bool
        dynamic; /* Kafka can change it while running, so DescribeConfigs does not call it read-only */
};

extern const struct config_key broker_config_keys[];
extern const int broker_config_key_count;

/* Where a value can come from; the first that has it counts, and Kafka's default without any. */
enum config_layer {
    CONFIG_LAYER_NODE,    /* set while running, for this broker */
    CONFIG_LAYER_CLUSTER, /* set while running, for all brokers */
    CONFIG_LAYER_FILE,    /* server.properties and --override */
    CONFIG_LAYER_COUNT,
};

struct broker_config {
    atomic_int refs;
    struct map layers[CONFIG_LAYER_COUNT]; /* key -> text (owned) */

    /* What the broker itself reads, decoded: */
    char listen_host[256]; /* empty: every address */
    int listen_port;
    char advertised_host[256]; /* empty: not set */
    int advertised_port;
    char log_dir[4096];
    int32_t node_id;
    int32_t num_partitions;
    int32_t default_replication_factor;
    bool auto_create_topics;
    bool delete_topic_enable;
    int32_t network_threads; /* event loops */
    int64_t request_max_bytes;
    int64_t connection_idle_max_ms;
    int32_t offsets_partitions;
    int16_t offsets_replication_factor;
    enum codec offsets_codec;
    int64_t offsets_retention_ms;
    int64_t offsets_check_interval_ms;
    int32_t offset_metadata_max_bytes;
    int32_t group_initial_rebalance_delay_ms;
    int32_t group_session_timeout_min_ms;
    int32_t group_session_timeout_max_ms;
    int32_t group_max_size;
    int64_t fetch_max_bytes;
    int32_t fetch_sessions_max;
    int64_t producer_id_expiration_ms;
    int64_t cleaner_dedupe_bytes;
    double cleaner_load_factor;
    int32_t transaction_partitions;
    int16_t transaction_replication_factor;
    int64_t transaction_timeout_max_ms;
    int64_t transactional_id_expiration_ms;
    int64_t retention_check_interval_ms;
    bool log_cleaner_enable;
    int32_t connections_max;
    int32_t connections_max_per_ip;
    int32_t connection_rate_max; /* a second, on average over so many seconds: */
    int32_t connection_rate_window_s;
    int32_t listen_backlog;
    int32_t socket_send_buffer; /* bytes; -1: the system's */
    int32_t socket_receive_buffer;
};

void broker_config_init(struct broker_config *config);
void broker_config_finish(struct broker_config *config);

/* A copy on the heap with one reference, the caller's. */
struct broker_config *broker_config_clone(const struct broker_config *from);
/* Of clones; NULL is fine. */
const struct broker_config *broker_config_ref(const struct broker_config *config);
void broker_config_unref(const struct broker_config *config);

/* Forgets all of a layer, and sets one key of it; nothing is checked or decoded. */
void broker_config_clear_layer(struct broker_config *config, enum config_layer layer);
void broker_config_put(struct broker_config *config,
                       enum config_layer layer,
                       struct bytes key,
                       struct bytes value);

/* Reads Java's properties format (base/properties.h). `where` names them in errors: "server.properties". */
WEIR_CHECKED enum weir_status broker_config_read(struct broker_config *config,
                                                 struct bytes text,
                                                 const char *where,
                                                 struct weir_error *err);

/* Sets one key from "key=value". */
WEIR_CHECKED enum weir_status broker_config_override(struct broker_config *config,
                                                     struct bytes assignment,
                                                     struct weir_error *err);

/* Decodes what was given and the defaults of the rest. */
WEIR_CHECKED enum weir_status broker_config_complete(struct broker_config *config,
                                                     struct weir_error *err);

/* Why a key that is `ignored` has no effect. */
const char *config_key_reason(const struct config_key *key);

/* Calls `note` for every given key that has no effect here. */
void broker_config_notes(const struct broker_config *config,
                         void (*note)(void *context, const struct config_key *key),
                         void *context);

/* Sets one key of a layer as it was stored; an error names it. */
WEIR_CHECKED enum weir_status broker_config_restore(struct broker_config *config,
                                                    enum config_layer layer,
                                                    struct bytes name,
                                                    struct bytes value,
                                                    struct weir_error *err);

/* What Kafka sets for all brokers when a cluster is made: min.insync.replicas (KIP-966). */
void broker_config_set_cluster_defaults(struct broker_config *config);

/* The text in force for a key: given, or the default; NULL for null. */
const char *broker_config_text(const struct broker_config *config, const char *key);
/* Whether any layer has it. */
bool broker_config_is_given(const struct broker_config *config, const char *key);
/* The number in force; 0 for null. */
int64_t broker_config_number(const struct broker_config *config, const char *key);
/* What one layer says; NULL: nothing. */
const char *broker_config_layer_text(const struct broker_config *config,
                                     enum config_layer layer,
                                     const char *key);
const struct config_key *config_key_find(const struct config_key *keys,
                                         int count,
                                         struct bytes name);

/* A word as Kafka reads it, in capitals or not: "true", "TRUE". */
bool config_is_word(struct bytes text, const char *word);

/* Whether `text` is a value for this key; otherwise a sentence in `err` in Kafka's words ("Invalid value x for
 * configuration retention.ms: ..."). */
WEIR_CHECKED enum weir_status config_check(const struct config_key *key,
                                           struct bytes text,
                                           struct weir_error *err);
