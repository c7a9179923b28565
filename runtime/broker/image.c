/*
 * Cluster images: see image.h. A change copies the row of topics (a pointer and a few numbers each); partitions and
 * configurations are shared by reference.
 */
#include "broker/image.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"
#include "broker/partition.h"
#include "broker/topic_config.h"

/* The count lies behind the public part, so that images can be handed out as const. */
struct counted_image {
    struct cluster_image image;
    atomic_int refs;
};

static struct bytes uuid_key(const struct uuid *id)
{
    return (struct bytes){ id->bytes, UUID_SIZE };
}

const struct image_topic *image_topic(const struct cluster_image *image, struct bytes name)
{
    return map_get(&image->by_name, name);
}

const struct image_topic *image_topic_by_id(const struct cluster_image *image,
                                            const struct uuid *id)
{
    return map_get(&image->by_id, uuid_key(id));
}

struct partition *topic_partition(const struct image_topic *topic, int32_t index)
{
    return topic && index >= 0 && index < topic->partition_count ? topic->partitions[index] : NULL;
}

struct partition *image_partition(const struct cluster_image *image,
                                  struct bytes topic,
                                  int32_t index)
{
    return topic_partition(image_topic(image, topic), index);
}

static void copy_topic(struct image_topic *to, const struct image_topic *from)
{
    *to = *from;
    to->name =
        (struct bytes){ (uint8_t *)mem_text(from->name.data, from->name.len), from->name.len };
    to->config = topic_config_ref(from->config);
    to->partitions = mem_zalloc((size_t)from->partition_count, sizeof(*to->partitions));
    for (int32_t i = 0; i < from->partition_count; i++) {
        to->partitions[i] = partition_ref(from->partitions[i]);
    }
}

static void free_topic(struct image_topic *topic)
{
    for (int32_t i = 0; i < topic->partition_count; i++) {
        partition_unref(topic->partitions[i]);
    }
    free(topic->partitions);
    free((void *)(uintptr_t)topic->name.data);
    topic_config_unref(topic->config);
}

static struct cluster_image *create_with_room(size_t topic_count,
                                              const struct broker_config *config)
{
    struct counted_image *counted = MEM_NEW(struct counted_image);
    atomic_init(&counted->refs, 1);
    counted->image.topics = mem_zalloc(topic_count, sizeof(*counted->image.topics));
    counted->image.config = broker_config_ref(config);
    return &counted->image;
}

static void index_topics(struct cluster_image *image)
{
    for (size_t i = 0; i < image->topic_count; i++) {
        struct image_topic *topic = &image->topics[i];
        (void)map_put(&image->by_name, topic->name, topic);
        (void)map_put(&image->by_id, uuid_key(&topic->id), topic);
    }
}

static int change_order(const void *a, const void *b)
{
    return bytes_compare(((const struct image_change *)a)->name,
                         ((const struct image_change *)b)->name);
}

static void add_topic(struct cluster_image *image, const struct image_topic *topic)
{
    copy_topic(&image->topics[image->topic_count++], topic);
}

/* Both lists are in the order of names, so they are gone through once. */
struct cluster_image *image_with(const struct cluster_image *old,
                                 struct image_change *changes,
                                 size_t count)
{
    struct cluster_image *image = create_with_room(old->topic_count + count, old->config);
    image->version = old->version + 1;
    qsort(changes, count, sizeof(*changes), change_order);
    size_t next = 0;
    for (size_t i = 0; i < old->topic_count; i++) {
        const struct image_topic *topic = &old->topics[i];
        for (; next < count && bytes_compare(changes[next].name, topic->name) < 0; next++) {
            if (changes[next].topic) {
                add_topic(image, changes[next].topic);
            }
        }
        if (next < count && bytes_equal(changes[next].name, topic->name)) {
            topic = changes[next++].topic;
        }
        if (topic) {
            add_topic(image, topic);
        }
    }
    for (; next < count; next++) {
        if (changes[next].topic) {
            add_topic(image, changes[next].topic);
        }
    }
    index_topics(image);
    return image;
}

static int topic_order(const void *a, const void *b)
{
    return bytes_compare(((const struct image_topic *)a)->name,
                         ((const struct image_topic *)b)->name);
}

struct cluster_image *image_create(const struct image_topic *topics,
                                   size_t count,
                                   const struct broker_config *config)
{
    struct cluster_image *image = create_with_room(count, config);
    for (size_t i = 0; i < count; i++) {
        add_topic(image, &topics[i]);
    }
    qsort(image->topics, count, sizeof(*image->topics), topic_order);
    index_topics(image);
    return image;
}

struct cluster_image *image_reconfigured(const struct cluster_image *old,
                                         const struct broker_config *config,
                                         struct topic_config *const *topic_configs)
{
    struct cluster_image *image = create_with_room(old->topic_count, config);
    image->version = old->version + 1;
    for (size_t i = 0; i < old->topic_count; i++) {
        struct image_topic topic = old->topics[i];
        topic.config = topic_configs[i];
        add_topic(image, &topic);
    }
    index_topics(image);
    return image;
}

static struct counted_image *counted_of(struct cluster_image *image)
{
    return (struct counted_image *)image; /* its first member */
}

struct cluster_image *image_ref(struct cluster_image *image)
{
    atomic_fetch_add_explicit(&counted_of(image)->refs, 1, memory_order_relaxed);
    return image;
}

void image_unref(struct cluster_image *image)
{
    if (!image || atomic_fetch_sub(&counted_of(image)->refs, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < image->topic_count; i++) {
        free_topic(&image->topics[i]);
    }
    free(image->topics);
    map_finish(&image->by_name);
    map_finish(&image->by_id);
    broker_config_unref(image->config);
    free(counted_of(image));
}
