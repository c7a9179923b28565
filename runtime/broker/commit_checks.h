/*
 * What OffsetCommit and TxnOffsetCommit have in common: whether a partition can be committed to, and what the client is told of
 * an append that failed.
 *
 * Source: OffsetMetadataManager.java (validateOffsetMetadata), GroupCoordinatorService.commitOffsets.
 * Thread: any.
 */
#pragma once

#include "base/bytes.h"
#include "protocol/kafka_error.h"

struct broker;
struct image_topic;

/* `topic` NULL: there is none of that name or id. */
enum kafka_error commit_check_partition(const struct broker *broker,
                                        const struct image_topic *topic,
                                        int32_t partition,
                                        struct bytes metadata);

/* The client's version of what the append to __consumer_offsets said. */
enum kafka_error commit_append_error(enum kafka_error error);
