/*
 * Topics: see topics.h.
 */
#include "broker/topics.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/log_keeper.h"
#include "broker/partition.h"
#include "broker/topics_folders.h"
#include "broker/topics_open.h"
#include "broker/topics_publish.h"
#include "cluster/local_store.h"

static const char offsets_topic[] = "__consumer_offsets";
static const char transactions_topic[] = "__transaction_state";

bool topic_is_internal(struct bytes name)
{
    return bytes_equal_text(name, offsets_topic) || bytes_equal_text(name, transactions_topic);
}

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

enum kafka_error topic_name_check(struct bytes name, struct arena *arena, struct bytes *out_message)
{
    if (name.len == 0) {
        *out_message = bytes_of("Topic name is invalid: the empty string is not allowed");
        return KAFKA_INVALID_TOPIC_EXCEPTION;
    }
    if (bytes_equal_text(name, ".") || bytes_equal_text(name, "..")) {
        *out_message =
            arena_printf(arena, "Topic name is invalid: '%.*s' is not allowed", BYTES_ARG(name));
        return KAFKA_INVALID_TOPIC_EXCEPTION;
    }
    if (name.len > LIMIT_TOPIC_NAME) {
        *out_message = arena_printf(
            arena,
            "Topic name is invalid: the length of '%.*s' is longer than the max allowed length %d",
            BYTES_ARG(name), LIMIT_TOPIC_NAME);
        return KAFKA_INVALID_TOPIC_EXCEPTION;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_char(name.data[i])) {
            *out_message = arena_printf(
                arena,
                "Topic name is invalid: '%.*s' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
                BYTES_ARG(name));
            return KAFKA_INVALID_TOPIC_EXCEPTION;
        }
    }
    return KAFKA_NONE;
}

/* --- deletion --- */

static void remove_logs(struct broker *broker, const struct image_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        struct weir_error err;
        char folder[LOG_FOLDER_MAX];
        partition_mark_deleted(topic->partitions[i]);
        if (partition_log_condemn(topic->partitions[i]->log, folder, &err) < 0) {
            log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot remove partition %.*s-%d: %s",
                      BYTES_ARG(topic->name), i, err.message);
        } else if (folder[0]) {
            log_keeper_remove_folder(broker->keeper, folder,
                                     topic->config->log.file_delete_delay_ms);
        }
    }
}

static enum weir_status delete_all(struct broker *broker,
                                   const struct cluster_image *image,
                                   struct image_change *changes,
                                   size_t count,
                                   struct weir_error *err)
{
    if (count == 0) {
        return WEIR_OK;
    }
    enum weir_status rc = topics_store(broker, changes, count, err);
    if (rc < 0) {
        return rc;
    }
    const struct image_topic **gone = mem_zalloc(count, sizeof(const struct image_topic *));
    for (size_t i = 0; i < count; i++) {
        gone[i] = image_topic(image, changes[i].name);
    }
    topics_publish(broker, image_with(image, changes, count));
    for (size_t i = 0; i < count; i++) {
        coordinator_forget_topic(broker, gone[i]->name, &gone[i]->id);
        /* The old image keeps the partitions until the last reader is done. */
        remove_logs(broker, gone[i]);
    }
    log_keeper_forget_topics(broker->keeper, gone, count);
    free((void *)gone);
    return WEIR_OK;
}

void broker_delete_topics(struct broker *broker,
                          const struct bytes *names,
                          int32_t count,
                          enum kafka_error *out_errors)
{
    fair_lock_take(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    struct image_change *changes = mem_zalloc((size_t)count, sizeof(*changes));
    size_t found = 0;
    struct weir_error err;
    for (int32_t i = 0; i < count; i++) {
        bool there = image_topic(image, names[i]) != NULL;
        out_errors[i] = there ? KAFKA_NONE : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        if (there) {
            changes[found++].name = names[i];
        }
    }
    if (delete_all(broker, image, changes, found, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot delete topic %.*s%s: %s",
                  BYTES_ARG(changes[0].name), found > 1 ? " and others" : "", err.message);
        for (int32_t i = 0; i < count; i++) {
            out_errors[i] = out_errors[i] == KAFKA_NONE ? KAFKA_STORAGE_ERROR : out_errors[i];
        }
    }
    free(changes);
    image_unref(image);
    fair_lock_leave(&broker->admin_lock);
}

/* --- start --- */

/* Fills *topic; on success its configuration and partitions are the caller's. */
static enum weir_status load_topic(struct broker *broker,
                                   const struct stored_topic *stored,
                                   const struct log_checkpoints *checkpoints,
                                   struct image_topic *topic,
                                   struct weir_error *err)
{
    struct config_entry *entries = mem_zalloc((size_t)stored->config_count, sizeof(*entries));
    for (int32_t i = 0; i < stored->config_count; i++) {
        entries[i] = (struct config_entry){ stored->configs[i].name, stored->configs[i].value };
    }
    struct topic_config *config = NULL;
    enum weir_status rc =
        topic_config_create(&broker->config, entries, stored->config_count, &config, err);
    free(entries);
    if (rc < 0) {
        struct weir_error why = *err;
        return weir_fail(
            err, rc,
            "weir.metadata, topic %.*s: %s; restore the file, or remove it to have the topics found by their "
            "folders, without their configurations",
            BYTES_ARG(stored->name), why.message);
    }
    *topic = (struct image_topic){ .name = stored->name,
                                   .id = stored->id,
                                   .internal = topic_is_internal(stored->name),
                                   .partition_count = stored->partition_count,
                                   .config = config };
    rc = topic_open_partitions(broker, topic, stored->leader_epoch, checkpoints, err);
    if (rc < 0) {
        topic_config_unref(config);
    }
    return rc;
}

static enum weir_status load_all(struct broker *broker,
                                 const struct log_checkpoints *checkpoints,
                                 struct weir_error *err)
{
    const struct map *stored = &broker->store->topics;
    struct image_topic *topics = mem_zalloc(stored->count, sizeof(*topics));
    size_t loaded = 0;
    enum weir_status rc = WEIR_OK;
    while (rc == WEIR_OK && loaded < stored->count) {
        rc = load_topic(broker, stored->entries[loaded].value, checkpoints, &topics[loaded], err);
        loaded += rc == WEIR_OK;
    }
    if (rc == WEIR_OK) {
        const struct broker_config *config = broker_config_clone(&broker->config);
        topics_publish(broker, image_create(topics, loaded, config));
        broker_config_unref(config);
    }
    for (size_t i = 0; i < loaded; i++) {
        topic_config_unref(topics[i].config);
        topic_release_partitions(&topics[i]);
    }
    free(topics);
    return rc;
}

/*
 * No id that a log remembers may be given out again: a new producer's first batch would pass for the old one's, be
 * acknowledged as a repetition, and be lost. In folders that came without our metadata file only the logs know the ids.
 */
static void skip_known_producer_ids(struct broker *broker)
{
    struct cluster_image *image = broker_image(broker);
    int64_t next = broker->producer_id_end;
    for (size_t t = 0; t < image->topic_count; t++) {
        const struct image_topic *topic = &image->topics[t];
        for (int32_t i = 0; i < topic->partition_count; i++) {
            size_t count;
            struct log_producer *known = partition_log_producers(topic->partitions[i]->log, &count);
            if (count > 0 && known[count - 1].producer_id >= next) {
                next = known[count - 1].producer_id + 1;
            }
            free(known);
        }
    }
    image_unref(image);
    broker->producer_id_next = broker->producer_id_end = next;
}

enum weir_status topics_load(struct broker *broker, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    if (!broker->store->was_there) {
        rc = topics_adopt_folders(broker, err);
    }
    if (rc == WEIR_OK) {
        rc = local_store_new_reign(broker->store, err);
    }
    if (rc < 0) {
        return rc;
    }
    topics_clear_folders(broker);
    struct log_checkpoints checkpoints;
    log_checkpoints_read(broker, &checkpoints);
    rc = load_all(broker, &checkpoints, err);
    log_keeper_adopt(broker->keeper, &checkpoints);
    if (rc == WEIR_OK) {
        skip_known_producer_ids(broker);
    }
    return rc;
}

void topics_close(struct broker *broker)
{
    log_checkpoints_write(broker);
}
