/*
 * Checks of commits: see commit_checks.h.
 */
#include "broker/commit_checks.h"

#include "broker/broker.h"
#include "broker/image.h"

enum kafka_error commit_check_partition(const struct broker *broker,
                                        const struct image_topic *topic,
                                        int32_t partition,
                                        struct bytes metadata)
{
    if (!topic || !topic_partition(topic, partition)) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    int32_t max = broker->config.offset_metadata_max_bytes;
    return metadata.len > (size_t)(max < 0 ? 0 : max) ? KAFKA_OFFSET_METADATA_TOO_LARGE
                                                      : KAFKA_NONE;
}

enum kafka_error commit_append_error(enum kafka_error error)
{
    switch ((int)error) { /* of all the codes, a few */
    case KAFKA_MESSAGE_TOO_LARGE:
    case KAFKA_RECORD_LIST_TOO_LARGE: return KAFKA_INVALID_COMMIT_OFFSET_SIZE;
    case KAFKA_UNKNOWN_TOPIC_OR_PARTITION: return KAFKA_COORDINATOR_NOT_AVAILABLE;
    case KAFKA_STORAGE_ERROR: return KAFKA_NOT_COORDINATOR;
    default: return error;
    }
}
