/*
 * The consumer: reads records, in the order of their offsets within each partition, as often as it likes.
 *
 * Reading does not take anything away. A consumer is a set of partitions and a position in each: the offset it will
 * read next. It gets its partitions in one of two ways:
 *   - weir_consumer_assign(): you name them, and nobody else is involved;
 *   - weir_consumer_subscribe(): you name topics, and the group ("group.id") shares out their partitions among its
 *     members, again whenever one comes or goes.
 * Where it begins: at the position you seek to; else where the group committed; else as "auto.offset.reset" says
 * ("latest", Kafka's default, or "earliest").
 *
 * Options are Kafka's consumer settings ("bootstrap.servers", "group.id", "auto.offset.reset",
 * "enable.auto.commit", "session.timeout.ms", ...: librdkafka's CONFIGURATION.md lists all), and two that kafka-python
 * has: "consumer.timeout.ms" (-1, no limit), how long weir_consumer_next() waits for a record, and
 * "max.poll.records" (500), the most that one poll returns. Without a "group.id" nothing is ever committed.
 *
 * Threads: one at a time. All work that you can notice happens inside your calls; a background thread only fetches
 * ahead and sends heartbeats. Timeouts are milliseconds; -1 means no limit. Errors: see weir/status.h.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_consumer;

/* --- Records --- */

enum weir_timestamp_type {
    WEIR_TIMESTAMP_NONE,       /* the record has none */
    WEIR_TIMESTAMP_CREATE,     /* CreateTime: the producer's clock */
    WEIR_TIMESTAMP_LOG_APPEND, /* LogAppendTime: the broker's clock */
};

/* Everything a record points at belongs to the consumer and is valid until its next poll, next, seek or close. */
struct weir_record {
    const char *topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* since 1970-01-01 UTC; -1 when there is none */
    enum weir_timestamp_type timestamp_type;
    struct weir_slice key;
    struct weir_slice value;
    const struct weir_header *headers;
    size_t header_count;
};

struct weir_records {
    const struct weir_record *items;
    size_t count;
};

/* --- Life --- */

/* Does not connect yet. WEIR_EINVAL names the option that is unknown or has no good value. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_create(const struct weir_option *options,
                                                            struct weir_consumer **out_consumer,
                                                            struct weir_error *err);

/* Commits (when "enable.auto.commit" is on, the default), leaves the group and frees the consumer. Call it: the
 * others in the group get its partitions at once instead of after "session.timeout.ms". NULL is accepted. */
WEIR_API void weir_consumer_close(struct weir_consumer *consumer);

/* --- Which partitions --- */

/* Called from inside weir_consumer_poll() and _next(), _peek() and _close() when the group takes partitions away
 * (before others get them: the moment to commit) and when it hands them out (the moment to seek). Either may be
 * NULL. `partitions` is valid during the call only. */
struct weir_rebalance_listener {
    void (*revoked)(struct weir_consumer *consumer,
                    const struct weir_topic_partition *partitions,
                    size_t count,
                    void *context);
    void (*assigned)(struct weir_consumer *consumer,
                     const struct weir_topic_partition *partitions,
                     size_t count,
                     void *context);
    void *context;
};

/* Joins the group named by "group.id" (WEIR_EINVAL without one). Replaces an earlier subscription. `listener` is
 * copied and may be NULL. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_subscribe(
    struct weir_consumer *consumer,
    const char *const *topics,
    size_t topic_count,
    const struct weir_rebalance_listener *listener,
    struct weir_error *err);

/* Exactly these partitions, without a group's help. Replaces an earlier assignment and its positions. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_assign(
    struct weir_consumer *consumer,
    const struct weir_topic_partition *partitions,
    size_t partition_count,
    struct weir_error *err);

/* The topics subscribed to, and the partitions held now. Both are valid until the next call on the consumer. */
WEIR_API size_t weir_consumer_subscription(const struct weir_consumer *consumer,
                                           const char *const **out_topics);
WEIR_API size_t weir_consumer_assignment(struct weir_consumer *consumer,
                                         const struct weir_topic_partition **out_partitions);

/* Stops and resumes fetching of an assigned partition; its position stays. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_pause(struct weir_consumer *consumer,
                                                           struct weir_topic_partition partition,
                                                           struct weir_error *err);
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_resume(struct weir_consumer *consumer,
                                                            struct weir_topic_partition partition,
                                                            struct weir_error *err);

/* --- Reading --- */

/* Up to `max_records` (0: "max.poll.records") records; waits up to `timeout_ms` for the first one. None in that time
 * is no error: WEIR_OK and a count of 0. Moves the positions behind what it returns. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_poll(struct weir_consumer *consumer,
                                                          int timeout_ms,
                                                          size_t max_records,
                                                          struct weir_records *out_records,
                                                          struct weir_error *err);

/* As poll, and the positions stay: the next poll returns the same records (kafka-python's update_offsets=False). */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_peek(struct weir_consumer *consumer,
                                                          int timeout_ms,
                                                          size_t max_records,
                                                          struct weir_records *out_records,
                                                          struct weir_error *err);

/* The next record; for loops. WEIR_ETIMEOUT when none came for "consumer.timeout.ms"; the message then also says
 * what went wrong meanwhile, if something did (broker unreachable, no such topic):
 *
 *     while ((status = weir_consumer_next(consumer, &record, &err)) == WEIR_OK) { ... }
 */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_next(struct weir_consumer *consumer,
                                                          const struct weir_record **out_record,
                                                          struct weir_error *err);

/* --- Positions --- */

/* Sets the offset to read next. Takes effect with the next poll. An offset outside the log is handled then, as
 * "auto.offset.reset" says. WEIR_EINVAL when the partition is not assigned, or the offset negative. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_seek(struct weir_consumer *consumer,
                                                          struct weir_topic_partition partition,
                                                          int64_t offset,
                                                          struct weir_error *err);

/* All partitions that are assigned. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_seek_to_beginning(
    struct weir_consumer *consumer, struct weir_error *err);
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_seek_to_end(struct weir_consumer *consumer,
                                                                 struct weir_error *err);

/* The offset that would be read next; asks the broker when nothing was read yet. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_position(struct weir_consumer *consumer,
                                                              struct weir_topic_partition partition,
                                                              int64_t *out_offset,
                                                              struct weir_error *err);

/* --- What the group keeps --- */

/* Commits all positions for the group and waits for the broker's answer. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_commit(struct weir_consumer *consumer,
                                                            struct weir_error *err);

/* The offset the group committed; WEIR_ENOTFOUND when it never did. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_committed(
    struct weir_consumer *consumer,
    struct weir_topic_partition partition,
    int64_t *out_offset,
    struct weir_error *err);

/* --- What the broker has --- */

/* Every topic, Kafka's internal ones (`__consumer_offsets`, ...) left out. The caller owns the list: weir_topic_list_finish(). */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_topics(struct weir_consumer *consumer,
                                                            struct weir_topic_list *out_topics,
                                                            struct weir_error *err);

/* Partitions are numbered 0 to count - 1. WEIR_ENOTFOUND when there is no such topic. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_partition_count(struct weir_consumer *consumer,
                                                                     const char *topic,
                                                                     int32_t *out_count,
                                                                     struct weir_error *err);

/* The offset of the first record that is kept, and the one that the next record to be appended will get: a partition
 * holds begin <= offset < end. Either may be NULL. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_offsets(struct weir_consumer *consumer,
                                                             struct weir_topic_partition partition,
                                                             int64_t *out_begin,
                                                             int64_t *out_end,
                                                             struct weir_error *err);

/* The first offset whose timestamp is `timestamp_ms` or later; WEIR_ENOTFOUND when all are earlier. */
WEIR_API WEIR_CHECKED enum weir_status weir_consumer_offset_for_time(
    struct weir_consumer *consumer,
    struct weir_topic_partition partition,
    int64_t timestamp_ms,
    int64_t *out_offset,
    struct weir_error *err);

#ifdef __cplusplus
}
#endif
