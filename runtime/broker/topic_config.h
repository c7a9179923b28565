/*
 * A topic's configuration: what was set for it, over what the broker sets for all, over Kafka's defaults.
 *
 * Thread: a topic_config never changes once made; it is shared by images through its reference count.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "broker/config.h"
#include "storage/log_config.h"

struct config_entry {
    struct bytes name;
    struct bytes value; /* null: back to the default */
};

struct topic_config_key {
    struct config_key key;
    const char *broker_key; /* the broker's key that it falls back to; NULL: none */
};

extern const struct topic_config_key topic_config_keys[];
extern const int topic_config_key_count;

/* NULL: there is no such key. */
const struct topic_config_key *topic_config_key_find(struct bytes name);

struct topic_config {
    atomic_int refs;
    struct config_entry *entries; /* owned; what was set, in the order of setting */
    int32_t entry_count;
    struct log_config log; /* decoded */
};

/* WEIR_EINVAL with Kafka's sentence for an unknown key or a bad value. A null value means the default. */
WEIR_CHECKED enum weir_status topic_config_create(const struct broker_config *broker,
                                                  const struct config_entry *entries,
                                                  int32_t entry_count,
                                                  struct topic_config **out_config,
                                                  struct weir_error *err);
/* What only shows once all settings are together (LogConfig.validate): asked when a client sets them, not at a start. */
WEIR_CHECKED enum weir_status topic_config_check(const struct topic_config *config,
                                                 const struct broker_config *broker,
                                                 struct weir_error *err);
/* The same settings of the topic over another configuration of the broker. */
struct topic_config *topic_config_rebase(const struct topic_config *config,
                                         const struct broker_config *broker);
struct topic_config *topic_config_ref(const struct topic_config *config);
void topic_config_unref(const struct topic_config *config);

/* What was set for the topic itself; NULL: nothing. */
const struct config_entry *topic_config_entry(const struct topic_config *config, const char *name);
/* The text in force; NULL for null. */
const char *topic_config_text(const struct topic_config *config,
                              const struct broker_config *broker,
                              const char *name);

/* The same for a person: in the unit of the topic's key, also when it comes from a broker's key that counts in hours. */
struct bytes topic_config_shown(const struct topic_config *config,
                                const struct broker_config *broker,
                                const struct topic_config_key *key,
                                struct arena *arena);

/* Indexes into topic_config_keys by name, ascending. `out_order` has room for topic_config_key_count. */
void topic_config_order(int *out_order);
