/*
 * Opening and closing the logs behind topics: folders, checkpoints, the clean-shutdown mark.
 *
 * Thread: start and stop of the broker, or under its admin lock.
 */
#pragma once

#include "storage/checkpoint.h"
#include "weir/status.h"

struct broker;
struct image_topic;

struct log_checkpoints {
    struct checkpoint recovery_points;
    struct checkpoint log_starts;
};

extern const char recovery_point_file[];
extern const char log_start_file[];

/* A checkpoint that cannot be read is logged and taken as empty: logs are then checked from their start. */
void log_checkpoints_read(struct broker *broker, struct log_checkpoints *out);
void log_checkpoints_finish(struct log_checkpoints *checkpoints);

/* Closes every log of the current image and writes the checkpoints and the clean-shutdown mark. */
void log_checkpoints_write(struct broker *broker);

/* Opens the log of every partition and fills topic->partitions. `checkpoints` NULL: a new topic. On failure nothing
 * stays open. */
WEIR_CHECKED enum weir_status topic_open_partitions(struct broker *broker,
                                                    struct image_topic *topic,
                                                    int32_t leader_epoch,
                                                    const struct log_checkpoints *checkpoints,
                                                    struct weir_error *err);
/* The same for a topic that has more partitions than `before`, which is open: shares those, opens the added ones with the
 * topic's leader epoch. */
WEIR_CHECKED enum weir_status topic_open_added(struct broker *broker,
                                               const struct image_topic *before,
                                               struct image_topic *topic,
                                               struct weir_error *err);
void topic_release_partitions(struct image_topic *topic);
