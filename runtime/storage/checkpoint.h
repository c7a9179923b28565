/*
 * Kafka's offset checkpoints at the root of a data directory (org.apache.kafka.server.common.CheckpointFile):
 *
 *     0                       version
 *     2                       number of lines that follow
 *     my_awesome_topic 0 7    topic, partition, offset
 *     results 1 0
 *
 * `recovery-point-offset-checkpoint`: what lies below was flushed. `log-start-offset-checkpoint`: where logs begin after
 * records were deleted. `replication-offset-checkpoint`: high watermarks.
 *
 * Thread: one at a time. Ownership: the checkpoint owns its entries.
 */
#pragma once

#include "base/map.h"
#include "weir/status.h"

struct checkpoint {
    struct map offsets; /* "topic-partition" -> int64_t *, owned */
};

/* A missing file is an empty checkpoint; a damaged one is WEIR_ECORRUPT with the line. */
WEIR_CHECKED enum weir_status checkpoint_read(int root_fd,
                                              const char *file,
                                              struct checkpoint *out_checkpoint,
                                              struct weir_error *err);

/* Replaces the file, on disk before it returns. */
WEIR_CHECKED enum weir_status checkpoint_write(int root_fd,
                                               const char *file,
                                               const struct checkpoint *checkpoint,
                                               struct weir_error *err);

void checkpoint_init(struct checkpoint *checkpoint);
void checkpoint_finish(struct checkpoint *checkpoint);
void checkpoint_set(struct checkpoint *checkpoint,
                    struct bytes topic,
                    int32_t partition,
                    int64_t offset);

/* `missing` when there is no such entry. */
int64_t checkpoint_get(const struct checkpoint *checkpoint,
                       struct bytes topic,
                       int32_t partition,
                       int64_t missing);
