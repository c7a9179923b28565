/*
 * Looking at a cluster, and a few plain things done to it: what a checker needs to know what is really there, in its
 * own words and through its own connection.
 *
 * Nothing here believes a cache: every call asks the broker. Results live in the arena that the caller gives. All
 * questions go to the one broker of the channel; a partition that another broker leads is an error that names it.
 * Errors: WEIR_ENOTFOUND for a topic, partition or group that is not there, WEIR_EBROKER with Kafka's name and text
 * for what the broker refuses, and those of channel.h. Thread: one at a time, as the channel.
 */
#pragma once

#include "client/channel.h"

/* --- topics --- */

/* All topics when `name` is null, or that one; an error within a topic is left in it. No topic is ever created. */
WEIR_CHECKED enum weir_status observe_topics(struct channel *channel,
                                             struct bytes name,
                                             struct arena *arena,
                                             struct metadata_response *out_metadata,
                                             struct weir_error *err);

/* One topic, its partitions in the order of their numbers. WEIR_ENOTFOUND when there is none. */
WEIR_CHECKED enum weir_status observe_topic(struct channel *channel,
                                            struct bytes name,
                                            struct arena *arena,
                                            struct metadata_response_topic **out_topic,
                                            struct weir_error *err);

struct observed_setting {
    const char *name;
    const char *value;
};

struct new_topic {
    struct bytes name;
    int32_t partitions;                      /* -1: as the broker is set */
    int16_t replication_factor;              /* -1: as the broker is set */
    const struct observed_setting *settings; /* `setting_count` of them */
    int32_t setting_count;
};

WEIR_CHECKED enum weir_status observe_create_topic(struct channel *channel,
                                                   const struct new_topic *topic,
                                                   struct arena *arena,
                                                   struct weir_error *err);

/* Every setting of a topic (all of DescribeConfigs' answer: value, source, ...). */
WEIR_CHECKED enum weir_status observe_topic_settings(
    struct channel *channel,
    struct bytes topic,
    struct arena *arena,
    struct describe_configs_response_resource **out_settings,
    struct weir_error *err);

/* The one of that name, or NULL. */
const struct describe_configs_response_config *observed_setting(
    const struct describe_configs_response_resource *settings, const char *name);

/* --- records --- */

struct observed_partition {
    struct bytes topic;
    int32_t partition;
};

enum { OBSERVE_BEGIN = -2, OBSERVE_END = -1 };

/* The first offset whose record is not older than `timestamp_ms`, or OBSERVE_BEGIN, OBSERVE_END; -1 when there is no
 * such record. */
WEIR_CHECKED enum weir_status observe_offset(struct channel *channel,
                                             const struct observed_partition *partition,
                                             int64_t timestamp_ms,
                                             int64_t *out_offset,
                                             struct weir_error *err);

struct observed_header {
    struct bytes key;
    struct bytes value; /* null is null */
};

struct observed_record {
    int64_t offset;
    int64_t timestamp_ms;
    bool log_append_time; /* the broker set the timestamp, not the producer */
    struct bytes key;     /* null is null, as in value */
    struct bytes value;
    const struct observed_header *headers;
    int32_t header_count;
    int32_t partition;
};

struct observed_records {
    struct observed_record *items;
    size_t count;
};

/* All data records that are in the partition at the time of the call, by rising offset; control records (the marks of
 * transactions) are left out, records of aborted transactions are not. */
WEIR_CHECKED enum weir_status observe_records(struct channel *channel,
                                              const struct observed_partition *partition,
                                              struct arena *arena,
                                              struct observed_records *out_records,
                                              struct weir_error *err);

/* Appends records to a partition as one batch, and waits until it is stored. Of each record key, value, timestamp and
 * headers count. *out_base_offset is the offset of the first. */
WEIR_CHECKED enum weir_status observe_append(struct channel *channel,
                                             const struct observed_partition *partition,
                                             const struct observed_records *records,
                                             int64_t *out_base_offset,
                                             struct weir_error *err);

/* --- groups --- */

/* The offset that the group has committed for the partition; -1 when it has none. */
WEIR_CHECKED enum weir_status observe_committed(struct channel *channel,
                                                const char *group,
                                                const struct observed_partition *partition,
                                                int64_t *out_offset,
                                                struct weir_error *err);
