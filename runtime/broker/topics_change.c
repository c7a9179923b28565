/*
 * Changing topics: see topics_change.h. Settings of one topic are worked out in config_apply.c.
 */
#include "broker/topics_change.h"

#include "base/limits.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/topics.h"
#include "broker/topics_open.h"
#include "broker/topics_publish.h"

/* --- more partitions --- */

static enum kafka_error check_count(const struct partitions_spec *spec,
                                    const struct image_topic *topic,
                                    struct arena *arena,
                                    struct bytes *out_message)
{
    if (spec->count == topic->partition_count) {
        *out_message = arena_printf(arena, "Topic already has %d partition(s).", spec->count);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (spec->count < topic->partition_count) {
        *out_message = arena_printf(
            arena, "The topic %.*s currently has %d partition(s); %d would not be an increase.",
            BYTES_ARG(topic->name), topic->partition_count, spec->count);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (spec->count > LIMIT_PARTITIONS_PER_TOPIC) {
        *out_message =
            arena_printf(arena, "The topic %.*s would have %d partitions; at most %d are served.",
                         BYTES_ARG(topic->name), spec->count, LIMIT_PARTITIONS_PER_TOPIC);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (topic
            ->internal) { /* Kafka does it, and looks for groups where they are not, from then on */
        *out_message = arena_printf(arena,
                                    "The number of partitions of %.*s says where each group is "
                                    "stored, so it cannot be changed.",
                                    BYTES_ARG(topic->name));
        return KAFKA_INVALID_PARTITIONS;
    }
    return KAFKA_NONE;
}

static enum kafka_error check_assignment(const struct partitions_spec *spec,
                                         const struct image_topic *topic,
                                         struct arena *arena,
                                         struct bytes *out_message)
{
    int32_t added = spec->count - topic->partition_count;
    if (spec->assignment_count >= 0 && spec->assignment_count != added) {
        *out_message = arena_printf(
            arena,
            "Attempted to add %d additional partition(s), but only %d assignment(s) were specified.",
            added, spec->assignment_count);
        return KAFKA_INVALID_REPLICA_ASSIGNMENT;
    }
    *out_message = spec->assignment_fault;
    return bytes_is_null(*out_message) ? KAFKA_NONE : KAFKA_INVALID_REPLICA_ASSIGNMENT;
}

static enum weir_status grow(struct broker *broker,
                             const struct cluster_image *image,
                             const struct image_topic *topic,
                             int32_t count,
                             struct weir_error *err)
{
    struct image_topic grown = *topic;
    grown.partition_count = count;
    enum weir_status rc = topic_open_added(broker, topic, &grown, err);
    if (rc == WEIR_OK) {
        rc = topics_store(broker, &grown, err);
    }
    if (rc == WEIR_OK) {
        topics_publish(broker, image_with(image, grown.name, &grown));
    }
    topic_release_partitions(&grown);
    return rc;
}

enum kafka_error topic_add_partitions(struct broker *broker,
                                      const struct partitions_spec *spec,
                                      struct arena *arena,
                                      struct bytes *out_message)
{
    *out_message = (struct bytes){ 0 };
    (void)pthread_mutex_lock(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    const struct image_topic *topic = image_topic(image, spec->topic);
    enum kafka_error error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    struct weir_error err;
    if (topic) {
        error = check_count(spec, topic, arena, out_message);
    }
    if (error == KAFKA_NONE) {
        error = check_assignment(spec, topic, arena, out_message);
    }
    if (error == KAFKA_NONE && !spec->validate_only &&
        grow(broker, image, topic, spec->count, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot add partitions to topic %.*s: %s",
                  BYTES_ARG(spec->topic), err.message);
        *out_message = arena_printf(arena, "%s", err.message);
        error = KAFKA_STORAGE_ERROR;
    }
    image_unref(image);
    (void)pthread_mutex_unlock(&broker->admin_lock);
    return error;
}

/* --- settings --- */

static enum weir_status use_config(struct broker *broker,
                                   const struct cluster_image *image,
                                   const struct image_topic *topic,
                                   const struct topic_config *config,
                                   struct weir_error *err)
{
    struct image_topic changed = *topic;
    changed.config = config;
    enum weir_status rc = topics_store(broker, &changed, err);
    if (rc < 0) {
        return rc;
    }
    for (int32_t i = 0; i < topic->partition_count; i++) {
        partition_log_set_config(topic->partitions[i]->log, &config->log);
    }
    topics_publish(broker, image_with(image, changed.name, &changed));
    return WEIR_OK;
}

static enum kafka_error change_topic(struct broker *broker,
                                     const struct cluster_image *image,
                                     const struct config_changes *spec,
                                     struct arena *arena,
                                     struct bytes *out_message)
{
    const struct image_topic *topic = image_topic(image, spec->topic);
    struct config_entry *entries = NULL;
    struct topic_config *config = NULL;
    struct weir_error err;
    int32_t count = 0;
    if (!topic) {
        *out_message =
            arena_printf(arena, "The topic '%.*s' does not exist.", BYTES_ARG(spec->topic));
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    enum kafka_error error =
        config_apply(topic->config, spec, arena, &entries, &count, out_message);
    if (error != KAFKA_NONE) {
        return error;
    }
    if (topic_config_create(&broker->config, entries, count, &config, &err) < 0 ||
        topic_config_check(config, &broker->config, &err) < 0) {
        error = KAFKA_INVALID_CONFIG;
    } else if (!spec->validate_only && use_config(broker, image, topic, config, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot change the settings of topic %.*s: %s",
                  BYTES_ARG(spec->topic), err.message);
        error = KAFKA_STORAGE_ERROR;
    }
    if (error != KAFKA_NONE) {
        *out_message = arena_printf(arena, "%s", err.message);
    }
    topic_config_unref(config);
    return error;
}

enum kafka_error topic_change_config(struct broker *broker,
                                     const struct config_changes *spec,
                                     struct arena *arena,
                                     struct bytes *out_message)
{
    *out_message = (struct bytes){ 0 };
    (void)pthread_mutex_lock(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    enum kafka_error error = change_topic(broker, image, spec, arena, out_message);
    image_unref(image);
    (void)pthread_mutex_unlock(&broker->admin_lock);
    return error;
}
