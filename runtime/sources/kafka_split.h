/*
 * How a Kafka source shares out work: which part of a backlog makes a batch, and which ranges of it are read side by side.
 *
 * Source: KafkaMicroBatchStream.rateLimit, KafkaOffsetRangeCalculator. Pure. Thread: any.
 */
#pragma once

#include "sources/kafka_offsets.h"

/* What one reader reads: [from, until) of a partition. */
struct kafka_range {
    struct bytes topic;
    int32_t partition;
    int64_t from;
    int64_t until;
};

/*
 * maxOffsetsPerTrigger: where each partition ends in a batch of about `limit` offsets, shared out by the size of its backlog; every
 * partition gets at least one, so a batch may be larger, and parts are rounded down, so it may be smaller. `from` may lack
 * partitions of `until`: they go to the end. Both sorted; so is the result.
 */
struct kafka_offsets kafka_limit(struct arena *arena,
                                 const struct kafka_offsets *from,
                                 const struct kafka_offsets *until,
                                 int64_t limit);

/* Offsets between the two; a partition that `from` lacks counts from 0. */
double kafka_backlog(const struct kafka_offsets *from, const struct kafka_offsets *until);

struct kafka_split {
    int32_t partitions_min;            /* minPartitions; 0: not given */
    int64_t records_per_partition_max; /* 0: not given */
};

enum { KAFKA_RANGES_MAX = 1 << 20 };

/* The ranges that are read side by side, in the order of `ranges`; empty ones are left out. At most KAFKA_RANGES_MAX. */
struct kafka_range *kafka_split(struct arena *arena,
                                const struct kafka_range *ranges,
                                int32_t count,
                                const struct kafka_split *how,
                                int32_t *out_count);
