/*
 * Inside the consumer: consumer.c (life and partitions), consumer_read.c (poll) and consumer_offsets.c (positions and
 * what the broker knows) share this.
 *
 * A record passes through three places: librdkafka's own queue, filled ahead by its threads; `ahead`, what we took out
 * of that queue and have not returned yet (peek fills it without emptying it); and `lent`, what the last poll
 * returned. Lent records count as consumed for the position at once, but as processed, and so fit to be committed
 * automatically, only when the caller comes back: that is Kafka's at-least-once.
 *
 * Thread: one at a time; librdkafka calls back only from inside our calls.
 */
#pragma once

#include "base/arena.h"
#include "client/handle.h"
#include "weir/consumer.h"

enum { CONSUMER_OFFSET_UNKNOWN = -1 };

/* A partition that is assigned to this consumer. */
struct consumer_partition {
    char *topic; /* owned */
    int32_t partition;
    int64_t
        position; /* the next record to return; CONSUMER_OFFSET_UNKNOWN before the first or a seek */
    int64_t
        start; /* while the position is unknown: RD_KAFKA_OFFSET_BEGINNING, _END or _INVALID (committed) */
    int64_t stored; /* the position that was last handed to the automatic commit */
    bool paused;    /* librdkafka does not even know that it is assigned */
};

/* Messages, owned, in the order they came. */
struct consumer_messages {
    rd_kafka_message_t **items;
    size_t count;
    size_t capacity;
};

struct weir_consumer {
    rd_kafka_t *handle;
    struct client_trouble trouble;
    bool has_group;
    bool reset_to_earliest;
    bool reset_refused; /* auto.offset.reset=none */
    int next_timeout_ms;
    int poll_records_max;
    struct weir_rebalance_listener listener;
    char **topics; /* subscribed */
    size_t topic_count;

    struct consumer_partition *partitions; /* assigned */
    size_t partition_count;
    struct weir_topic_partition *view; /* of the same, for the caller */
    bool reassign; /* positions were set by hand: librdkafka is told with the next poll */

    struct consumer_messages ahead;
    struct consumer_messages lent;
    struct arena arena; /* the records made from messages, until the next poll */
};

/* NULL when it is not assigned. */
struct consumer_partition *consumer_find(struct weir_consumer *consumer,
                                         const char *topic,
                                         int32_t partition);

/* As consumer_find(), with WEIR_EINVAL for what is not assigned. */
WEIR_CHECKED enum weir_status consumer_require(struct weir_consumer *consumer,
                                               struct weir_topic_partition partition,
                                               struct consumer_partition **out_partition,
                                               struct weir_error *err);

/* Tells librdkafka the assignment and where to read on, if a seek has changed that. Asks the broker where partitions
 * end, for up to `timeout_ms`, when they are to be read from there. */
WEIR_CHECKED enum weir_status consumer_reassign(struct weir_consumer *consumer,
                                                int timeout_ms,
                                                struct weir_error *err);

/* The caller is back: what was lent is given back and may be committed automatically. */
void consumer_release(struct weir_consumer *consumer);

/* Forgets records not returned yet; those of one partition, or all when `topic` is NULL. */
void consumer_drop_ahead(struct weir_consumer *consumer, const char *topic, int32_t partition);

void consumer_messages_finish(struct consumer_messages *messages);
