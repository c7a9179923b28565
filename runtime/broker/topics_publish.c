/*
 * Durable entry and published picture: see topics_publish.h.
 */
#include "broker/topics_publish.h"

#include <stdlib.h>

#include "base/mem.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/topic_config.h"
#include "cluster/local_store.h"

void topics_publish(struct broker *broker, struct cluster_image *image)
{
    (void)pthread_mutex_lock(&broker->image_lock);
    struct cluster_image *before = broker->image;
    broker->image = image;
    atomic_store(&broker->image_version, image->version);
    (void)pthread_mutex_unlock(&broker->image_lock);
    image_unref(before);
}

/* The caller frees what lies behind .configs. */
static struct stored_topic stored_of(const struct image_topic *topic)
{
    struct stored_topic stored = { .name = topic->name,
                                   .id = topic->id,
                                   .partition_count = topic->partition_count,
                                   .leader_epoch = topic->partitions[0]->leader_epoch,
                                   .config_count = topic->config->entry_count };
    stored.configs = mem_zalloc((size_t)stored.config_count, sizeof(*stored.configs));
    for (int32_t i = 0; i < stored.config_count; i++) {
        stored.configs[i] = (struct stored_config){ topic->config->entries[i].name,
                                                    topic->config->entries[i].value };
    }
    return stored;
}

enum weir_status topics_store(struct broker *broker,
                              const struct image_change *changes,
                              size_t count,
                              struct weir_error *err)
{
    struct stored_topic *topics = mem_zalloc(count, sizeof(*topics));
    struct stored_change *stored = mem_zalloc(count, sizeof(*stored));
    for (size_t i = 0; i < count; i++) {
        stored[i].name = changes[i].name;
        if (changes[i].topic) {
            topics[i] = stored_of(changes[i].topic);
            stored[i].topic = &topics[i];
        }
    }
    enum weir_status rc = local_store_change(broker->store, stored, count, err);
    for (size_t i = 0; i < count; i++) {
        free(topics[i].configs);
    }
    free(topics);
    free(stored);
    return rc;
}
