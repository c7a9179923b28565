/*
 * The admin client: creates, describes and deletes topics.
 *
 * Every call asks the broker and waits for its answer, up to `timeout_ms` milliseconds; nothing is cached.
 * Threads: one at a time. Errors: WEIR_EEXIST and WEIR_ENOTFOUND for the ordinary two, WEIR_EBROKER with the broker's
 * own words for what it refuses, WEIR_ETIMEOUT and WEIR_EIO when it cannot be reached.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_admin;

/* Options as in weir/producer.h; "bootstrap.servers" is enough. Ended with weir_admin_close(), which takes NULL. */
WEIR_API WEIR_CHECKED enum weir_status weir_admin_create(const struct weir_option *options,
                                                         struct weir_admin **out_admin,
                                                         struct weir_error *err);
WEIR_API void weir_admin_close(struct weir_admin *admin);

struct weir_new_topic {
    const char *name;
    int32_t partitions;                /* -1: the broker's default */
    int32_t replication_factor;        /* -1: the broker's default */
    const struct weir_option *configs; /* topic settings such as "cleanup.policy"; NULL for none */
};

/* Returns when the topic exists, or WEIR_EEXIST when it did before. */
WEIR_API WEIR_CHECKED enum weir_status weir_admin_create_topic(struct weir_admin *admin,
                                                               const struct weir_new_topic *topic,
                                                               int timeout_ms,
                                                               struct weir_error *err);

WEIR_API WEIR_CHECKED enum weir_status weir_admin_delete_topic(struct weir_admin *admin,
                                                               const char *name,
                                                               int timeout_ms,
                                                               struct weir_error *err);

/* Every topic, Kafka's internal ones (`__consumer_offsets`, ...) left out. The caller owns the list: weir_topic_list_finish(). */
WEIR_API WEIR_CHECKED enum weir_status weir_admin_topics(struct weir_admin *admin,
                                                         int timeout_ms,
                                                         struct weir_topic_list *out_topics,
                                                         struct weir_error *err);

struct weir_partition_info {
    int32_t partition;
    int32_t leader;    /* broker id; -1 when there is none at the moment */
    int32_t *replicas; /* broker ids, the preferred leader first */
    size_t replica_count;
    int32_t *in_sync; /* those of the replicas that have everything */
    size_t in_sync_count;
};

struct weir_topic_info {
    struct weir_partition_info *partitions; /* by number */
    size_t partition_count;
};

/* The caller owns what it gets: weir_topic_info_finish(). */
WEIR_API WEIR_CHECKED enum weir_status weir_admin_describe_topic(struct weir_admin *admin,
                                                                 const char *name,
                                                                 int timeout_ms,
                                                                 struct weir_topic_info *out_info,
                                                                 struct weir_error *err);
WEIR_API void weir_topic_info_finish(struct weir_topic_info *info);

/* The value of one setting of a topic, a default included; WEIR_ENOTFOUND when there is no such setting. The caller
 * frees *out_value with free(). */
WEIR_API WEIR_CHECKED enum weir_status weir_admin_topic_config(struct weir_admin *admin,
                                                               const char *topic,
                                                               const char *setting,
                                                               char **out_value,
                                                               struct weir_error *err);

#ifdef __cplusplus
}
#endif
