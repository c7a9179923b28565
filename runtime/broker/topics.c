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
static const char metadata_topic[] = "__cluster_metadata";

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

/* Metrics write '.' as '_', so two names that differ only in that would be one there (Topic.hasCollision). */
static bool names_collide(struct bytes a, struct bytes b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        uint8_t x = a.data[i] == '.' ? '_' : a.data[i];
        uint8_t y = b.data[i] == '.' ? '_' : b.data[i];
        if (x != y) {
            return false;
        }
    }
    return true;
}

static void refuse(struct topic_outcome *out, enum kafka_error error, struct bytes message)
{
    out->error = error;
    out->message = message;
}

static void check_name(const struct topic_spec *spec,
                       const struct cluster_image *image,
                       struct arena *arena,
                       struct topic_outcome *out)
{
    out->error = topic_name_check(spec->name, arena, &out->message);
    if (out->error != KAFKA_NONE) {
        return;
    }
    if (bytes_equal_text(spec->name, metadata_topic)) {
        refuse(out, KAFKA_INVALID_REQUEST,
               arena_printf(arena, "Creation of internal topic %s is prohibited.", metadata_topic));
        return;
    }
    if (image_topic(image, spec->name)) {
        refuse(out, KAFKA_TOPIC_ALREADY_EXISTS,
               arena_printf(arena, "Topic '%.*s' already exists.", BYTES_ARG(spec->name)));
        return;
    }
    for (size_t i = 0; i < image->topic_count; i++) {
        if (names_collide(image->topics[i].name, spec->name)) {
            refuse(out, KAFKA_INVALID_TOPIC_EXCEPTION,
                   arena_printf(arena, "Topic '%.*s' collides with existing topic: %.*s",
                                BYTES_ARG(spec->name), BYTES_ARG(image->topics[i].name)));
            return;
        }
    }
}

static void check_counts(struct broker *broker,
                         const struct topic_spec *spec,
                         struct arena *arena,
                         struct topic_outcome *out)
{
    out->partition_count =
        spec->partition_count == -1 ? broker->config.num_partitions : spec->partition_count;
    out->replication_factor = spec->replication_factor == -1
                                  ? (int16_t)broker->config.default_replication_factor
                                  : spec->replication_factor;
    if (out->replication_factor < 1) {
        refuse(
            out, KAFKA_INVALID_REPLICATION_FACTOR,
            bytes_of("Replication factor must be larger than 0, or -1 to use the default value."));
    } else if (out->partition_count < 1) {
        refuse(out, KAFKA_INVALID_PARTITIONS,
               bytes_of("Number of partitions was set to an invalid non-positive value."));
    } else if (out->partition_count > LIMIT_PARTITIONS_PER_TOPIC) {
        refuse(out, KAFKA_INVALID_PARTITIONS,
               arena_printf(arena, "Number of partitions was set to %d; at most %d are served.",
                            out->partition_count, LIMIT_PARTITIONS_PER_TOPIC));
    } else if (out->replication_factor > 1) {
        refuse(
            out, KAFKA_INVALID_REPLICATION_FACTOR,
            arena_printf(
                arena,
                "Unable to replicate the partition %d time(s): The target replication factor of %d cannot be "
                "reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
                out->replication_factor, out->replication_factor));
    }
}

static struct topic_config *make_config(struct broker *broker,
                                        const struct topic_spec *spec,
                                        struct arena *arena,
                                        struct topic_outcome *out)
{
    struct topic_config *config = NULL;
    struct weir_error err;
    for (int32_t i = 0; i < spec->config_count; i++) {
        if (bytes_is_null(spec->configs[i].value)) {
            refuse(out, KAFKA_INVALID_CONFIG,
                   arena_printf(arena, "Null value not supported for topic configs: %.*s",
                                BYTES_ARG(spec->configs[i].name)));
            return NULL;
        }
    }
    if (topic_config_create(&broker->config, spec->configs, spec->config_count, &config, &err) <
            0 ||
        topic_config_check(config, &broker->config, &err) < 0) {
        refuse(out, KAFKA_INVALID_CONFIG, arena_printf(arena, "%s", err.message));
    }
    return config;
}

/* --- creation and deletion --- */

/* Partitions first, then the durable entry, then the image: a crash in between leaves no topic that was not promised. */
static enum weir_status bring_up(struct broker *broker,
                                 struct image_topic *topic,
                                 const struct cluster_image *old,
                                 struct weir_error *err)
{
    enum weir_status rc = topic_open_partitions(broker, topic, 0, NULL, err);
    if (rc == WEIR_OK) {
        rc = topics_store(broker, topic, err);
    }
    if (rc == WEIR_OK) {
        topics_publish(broker, image_with(old, topic->name, topic));
    }
    topic_release_partitions(topic);
    return rc;
}

void topic_create(struct broker *broker,
                  const struct topic_spec *spec,
                  struct arena *arena,
                  struct topic_outcome *out)
{
    *out = (struct topic_outcome){ 0 };
    (void)pthread_mutex_lock(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    struct topic_config *config = NULL;
    check_name(spec, image, arena, out);
    if (out->error == KAFKA_NONE) {
        check_counts(broker, spec, arena, out);
    }
    if (out->error == KAFKA_NONE) {
        config = make_config(broker, spec, arena, out);
    }
    out->id = uuid_random();
    if (out->error == KAFKA_NONE && !spec->validate_only) {
        struct weir_error err;
        struct image_topic topic = { .name = spec->name,
                                     .id = out->id,
                                     .internal = topic_is_internal(spec->name),
                                     .partition_count = out->partition_count,
                                     .config = config };
        if (bring_up(broker, &topic, image, &err) < 0) {
            log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot create topic %.*s: %s",
                      BYTES_ARG(spec->name), err.message);
            refuse(out, KAFKA_STORAGE_ERROR, arena_printf(arena, "%s", err.message));
        }
    }
    if (out->error == KAFKA_NONE) {
        out->config = config;
    } else {
        topic_config_unref(config);
    }
    image_unref(image);
    (void)pthread_mutex_unlock(&broker->admin_lock);
}

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
    log_keeper_forget_topic(broker->keeper, topic->name, topic->partition_count);
}

enum kafka_error topic_delete(struct broker *broker, struct bytes name)
{
    enum kafka_error error = KAFKA_NONE;
    (void)pthread_mutex_lock(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    const struct image_topic *topic = image_topic(image, name);
    struct weir_error err;
    if (!topic) {
        error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    } else if (local_store_remove_topic(broker->store, name, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot delete topic %.*s: %s", BYTES_ARG(name),
                  err.message);
        error = KAFKA_STORAGE_ERROR;
    } else {
        topics_publish(broker, image_with(image, topic->name, NULL));
        coordinator_forget_topic(broker, topic->name, &topic->id);
        remove_logs(broker,
                    topic); /* the old image keeps the partitions until the last reader is done */
    }
    image_unref(image);
    (void)pthread_mutex_unlock(&broker->admin_lock);
    return error;
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
        return rc;
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
        topics_publish(broker, image_create(topics, loaded));
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
