/*
 * The cluster as a request sees it: an immutable picture of topics and partitions.
 *
 * Whoever changes the cluster makes a new image and publishes it; each worker keeps a reference of its own and looks, with
 * one atomic load, whether there is a newer one. So produce and fetch find their partitions without a lock, and everything
 * within one request comes from one picture.
 *
 * Thread: an image may be read by any; references are counted atomically.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/uuid.h"

struct broker_config;
struct partition;
struct topic_config;

struct image_topic {
    struct bytes name; /* owned */
    struct uuid id;
    bool internal;                 /* __consumer_offsets, __transaction_state */
    struct partition **partitions; /* owned references, by index */
    int32_t partition_count;
    const struct topic_config *config; /* shared between images, never changed */
};

struct cluster_image {
    int64_t version;
    const struct broker_config *config; /* a reference; with what was set while running */
    struct image_topic *topics;         /* by name, ascending */
    size_t topic_count;
    struct map by_name; /* -> struct image_topic */
    struct map by_id;   /* key: the 16 bytes of the id */
};

const struct image_topic *image_topic(const struct cluster_image *image, struct bytes name);
const struct image_topic *image_topic_by_id(const struct cluster_image *image,
                                            const struct uuid *id);

/* NULL when the topic or the partition does not exist. */
struct partition *image_partition(const struct cluster_image *image,
                                  struct bytes topic,
                                  int32_t index);
struct partition *topic_partition(const struct image_topic *topic, int32_t index);

/* --- for topics*.c, which make images --- */

struct image_change {
    struct bytes name;
    const struct image_topic *topic; /* added, or in the place of the one before; NULL: removed */
};

/* A copy with the changes made (topics are copied; partitions get a reference each). They are put in the order of their
 * names; no name twice. The caller has the one reference. */
struct cluster_image *image_with(const struct cluster_image *old,
                                 struct image_change *changes,
                                 size_t count);
/* Of all the topics at once, in any order; copied as by image_with(). `config` gets a reference more; NULL is fine. */
struct cluster_image *image_create(const struct image_topic *topics,
                                   size_t count,
                                   const struct broker_config *config);
/* The same topics with another configuration of the broker, and each its own of `topic_configs`; references as above. */
struct cluster_image *image_reconfigured(const struct cluster_image *old,
                                         const struct broker_config *config,
                                         struct topic_config *const *topic_configs);
struct cluster_image *image_ref(struct cluster_image *image);
void image_unref(struct cluster_image *image);
