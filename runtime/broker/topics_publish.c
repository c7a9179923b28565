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

enum weir_status topics_store(struct broker *broker,
                              const struct image_topic *topic,
                              struct weir_error *err)
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
    enum weir_status rc = local_store_put_topic(broker->store, &stored, err);
    free(stored.configs);
    return rc;
}
