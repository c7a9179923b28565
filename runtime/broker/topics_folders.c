/*
 * Folders that the metadata does not speak of: see topics_folders.h.
 */
#include "broker/topics_folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/limits.h"
#include "broker/broker.h"
#include "broker/topics.h"
#include "cluster/local_store.h"
#include "storage/checkpoint.h"
#include "storage/epoch_cache.h"
#include "storage/partition_log.h"

static const char cleaner_file[] = "cleaner-offset-checkpoint";
enum { EPOCH_FILE_MAX = 1 << 20, FOLDER_PATH_MAX = 512 };

typedef enum weir_status (*folder_visitor)(struct broker *broker,
                                           const char *folder,
                                           void *context,
                                           struct weir_error *err);

/* Visits every entry of the data directory; the visitor may rename or remove it, and ends the walk by an error. */
static enum weir_status each_folder(struct broker *broker,
                                    folder_visitor visit,
                                    void *context,
                                    struct weir_error *err)
{
    int fd = openat(broker->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        enum weir_status rc = weir_fail_errno(err, "cannot list %s", broker->config.log_dir);
        if (fd >= 0) {
            (void)close(fd);
        }
        return rc;
    }
    struct dirent *entry;
    enum weir_status rc = WEIR_OK;
    while (rc == WEIR_OK &&
           (entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        rc = visit(broker, entry->d_name, context, err);
    }
    (void)closedir(dir);
    return rc;
}

/* "topic-12" -> "topic", 12. */
static bool split_folder_name(struct bytes folder, struct bytes *out_topic, int32_t *out_index)
{
    const uint8_t *dash = folder.len ? memrchr(folder.data, '-', folder.len) : NULL;
    if (!dash || dash == folder.data) {
        return false;
    }
    size_t topic_len = (size_t)(dash - folder.data);
    struct bytes digits = { dash + 1, folder.len - topic_len - 1 };
    int64_t index = -1;
    if (!bytes_parse_i64(digits, &index) || digits.data[0] == '+' || index < 0 ||
        index >= LIMIT_PARTITIONS_PER_TOPIC) {
        return false;
    }
    *out_topic = (struct bytes){ folder.data, topic_len };
    *out_index = (int32_t)index;
    return true;
}

/* A partition's folder, ours or Kafka's: its topic, index and id. */
static bool is_partition(const struct broker *broker,
                         const char *folder,
                         struct stored_topic *out_topic,
                         int32_t *out_index)
{
    *out_topic = (struct stored_topic){ 0 };
    return split_folder_name(bytes_of(folder), &out_topic->name, out_index) &&
           !bytes_equal_text(out_topic->name, "__cluster_metadata") &&
           partition_log_folder_id(broker->root_fd, folder, &out_topic->id, NULL) == WEIR_OK &&
           !uuid_is_zero(&out_topic->id);
}

/* --- those of another broker --- */

/* The newest leader epoch on record, 0 without one. */
static int32_t read_leader_epoch(int root_fd, const char *folder)
{
    char path[FOLDER_PATH_MAX];
    struct buffer text;
    struct epoch_cache epochs = { 0 };
    int32_t latest = 0;
    buffer_init(&text, EPOCH_FILE_MAX);
    (void)snprintf(path, sizeof(path), "%s/leader-epoch-checkpoint", folder);
    if (file_read(root_fd, path, &text, NULL) == WEIR_OK &&
        epoch_cache_parse(&epochs, buffer_bytes(&text), NULL) == WEIR_OK && epochs.count > 0) {
        latest = epoch_cache_latest(&epochs);
    }
    epoch_cache_finish(&epochs);
    buffer_finish(&text);
    return latest;
}

/* `context`: where Kafka's cleaner had got to. */
static enum weir_status adopt_folder(struct broker *broker,
                                     const char *folder,
                                     void *context,
                                     struct weir_error *err)
{
    const struct checkpoint *cleaned = context;
    struct stored_topic topic;
    int32_t index = 0;
    if (!is_partition(broker, folder, &topic, &index)) {
        return WEIR_OK;
    }
    int64_t clean_to = checkpoint_get(cleaned, topic.name, index, 0);
    enum weir_status rc = partition_log_adopt(broker->root_fd, folder, clean_to, err);
    if (rc < 0) {
        return rc;
    }
    const struct stored_topic *known = map_get(&broker->store->topics, topic.name);
    topic.partition_count =
        known && known->partition_count > index ? known->partition_count : index + 1;
    topic.leader_epoch = read_leader_epoch(broker->root_fd, folder);
    if (known && known->leader_epoch > topic.leader_epoch) {
        topic.leader_epoch = known->leader_epoch;
    }
    struct stored_config compact = { bytes_of("cleanup.policy"), bytes_of("compact") };
    if (topic_is_internal(topic.name)) {
        topic.configs = &compact;
        topic.config_count = 1;
    }
    local_store_adopt_topic(broker->store, &topic);
    return WEIR_OK;
}

enum weir_status topics_adopt_folders(struct broker *broker, struct weir_error *err)
{
    struct checkpoint cleaned;
    struct weir_error why;
    checkpoint_init(&cleaned);
    if (checkpoint_read(broker->root_fd, cleaner_file, &cleaned, &why) < 0) {
        log_write(&broker->log, LOG_LEVEL_WARN, "Ignoring a checkpoint: %s", why.message);
    }
    enum weir_status rc = each_folder(broker, adopt_folder, &cleaned, err);
    checkpoint_finish(&cleaned);
    if (rc == WEIR_OK) {
        /* It is in the logs' own folders now, and would mislead Kafka about what becomes of them here. */
        (void)unlinkat(broker->root_fd, cleaner_file, 0);
    }
    return rc;
}

/* --- what a deletion left --- */

/* "topic-12.<id>-delete": a partition that was being removed, by us or by Kafka, which writes the id in another way. A long
 * topic's name is cut short in it. */
static bool is_condemned(struct bytes folder)
{
    enum { OUR_ID_LEN = UUID_TEXT_SIZE - 1, KAFKA_ID_LEN = 32 };
    struct bytes suffix = bytes_of("-delete");
    const uint8_t *dot = folder.len ? memrchr(folder.data, '.', folder.len) : NULL;
    if (!dot || dot == folder.data || !bytes_ends_with(folder, suffix)) {
        return false;
    }
    size_t behind_dot = folder.len - (size_t)(dot - folder.data) - 1;
    return behind_dot == OUR_ID_LEN + suffix.len || behind_dot == KAFKA_ID_LEN + suffix.len;
}

static void set_aside(struct broker *broker, const char *folder)
{
    char aside[FOLDER_PATH_MAX];
    char id[UUID_TEXT_SIZE];
    struct uuid unique = uuid_random();
    uuid_format(&unique, id);
    (void)snprintf(aside, sizeof(aside), "%.200s.%s-stray", folder, id);
    if (renameat(broker->root_fd, folder, broker->root_fd, aside) == 0) {
        log_write(&broker->log, LOG_LEVEL_WARN, "%s belongs to no topic; set aside as %s", folder,
                  aside);
    } else {
        log_write(&broker->log, LOG_LEVEL_ERROR,
                  "%s belongs to no topic and cannot be set aside (error %d)", folder, errno);
    }
}

static enum weir_status clear_folder(struct broker *broker,
                                     const char *folder,
                                     void *context,
                                     struct weir_error *err)
{
    struct stored_topic found;
    int32_t index = 0;
    (void)context;
    if (is_condemned(bytes_of(folder))) {
        if (file_remove_tree(broker->root_fd, folder, err) < 0) {
            log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot remove %s: %s", folder, err->message);
        }
    } else if (is_partition(broker, folder, &found, &index)) {
        const struct stored_topic *topic = map_get(&broker->store->topics, found.name);
        if (!topic || index >= topic->partition_count) {
            set_aside(broker, folder);
        }
    }
    return WEIR_OK;
}

void topics_clear_folders(struct broker *broker)
{
    struct weir_error err;
    if (each_folder(broker, clear_folder, NULL, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot look for stray partitions: %s",
                  err.message);
    }
}
