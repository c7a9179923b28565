/*
 * The last two steps of every change of the cluster: the durable entry, then the picture that requests see. In this order,
 * so that a crash in between forgets what nobody was told, and never the other way round.
 *
 * Thread: any, with the broker's admin lock held (or at start, alone).
 */
#pragma once

#include "broker/image.h"
#include "weir/status.h"

struct broker;

/* Makes the topics durable as they are in `changes`, whose partitions are open; those without a topic go. In one step. */
WEIR_CHECKED enum weir_status topics_store(struct broker *broker,
                                           const struct image_change *changes,
                                           size_t count,
                                           struct weir_error *err);

/* Every request from now on sees `image`; takes the caller's reference. */
void topics_publish(struct broker *broker, struct cluster_image *image);
