/*
 * Changing topics that exist: more partitions, other settings.
 *
 * A change is whole or not at all: it is checked first, then made durable, then published; whoever is answered KAFKA_NONE
 * finds it after kill -9 too. Partitions that were there keep their logs, and who waits on them keeps waiting.
 *
 * Sources: org.apache.kafka.controller.ReplicationControlManager.createPartitions, ConfigurationControlManager; the texts
 * are those of Kafka 4.3.
 *
 * Thread: any; changes are serialised by the broker's admin lock. Messages are from the arena, null: the error's own text.
 */
#pragma once

#include "base/arena.h"
#include "broker/topic_config.h"
#include "protocol/kafka_error.h"

struct broker;

struct partitions_spec {
    struct bytes topic;
    int32_t count;            /* as it shall be, not how many more */
    int32_t assignment_count; /* partitions with replicas named by the client; -1: none named */
    struct bytes assignment_fault; /* what is wrong with those; null: nothing */
    bool validate_only;

    /* The answer: */
    enum kafka_error error;
    struct bytes message;
};

/* Each topic stands for itself; what can be done is made durable in one step. No topic twice. */
void broker_add_partitions(struct broker *broker,
                           struct partitions_spec *specs,
                           int32_t count,
                           struct arena *arena);

/* As IncrementalAlterConfigs numbers them (AlterConfigOp.OpType). */
enum config_operation {
    CONFIG_SET = 0,
    CONFIG_DELETE = 1,
    CONFIG_APPEND = 2,
    CONFIG_SUBTRACT = 3,
};

struct config_change {
    enum config_operation operation;
    struct config_entry entry; /* CONFIG_DELETE: the value does not matter */
};

struct config_changes {
    struct bytes topic;
    const struct config_change *changes; /* borrowed; no key twice, no null but to delete */
    int32_t count;
    bool replace_all; /* settings that are not named go back to their defaults (AlterConfigs) */
    bool validate_only;

    /* The answer: */
    enum kafka_error error;
    struct bytes message;
};

/* Each topic stands for itself; what can be done is made durable in one step. No topic twice. */
void broker_change_topics(struct broker *broker,
                          struct config_changes *specs,
                          int32_t count,
                          struct arena *arena);

enum config_subject_kind { CONFIG_OF_TOPIC, CONFIG_OF_BROKER };

/* What is set already, and for what. */
struct config_subject {
    enum config_subject_kind kind;
    const struct config_entry *entries;
    int32_t entry_count;
};

/*
 * What the subject's settings become by the changes; values are not checked here. *out_entries is from the arena and borrows
 * from both. KAFKA_INVALID_CONFIG for keys that do not exist, what is appended to a key that is no list, and values beyond
 * Kafka's size.
 */
enum kafka_error config_apply(const struct config_subject *subject,
                              const struct config_changes *spec,
                              struct arena *arena,
                              struct config_entry **out_entries,
                              int32_t *out_count,
                              struct bytes *out_message);
