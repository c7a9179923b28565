/*
 * Consumers that stay open between batches: what a batch reads next is on its way while the one before is worked on.
 *
 * A **lane** is one librdkafka handle. Every partition that was read has a place in a lane, with a queue of its own; it goes on fetching, up to
 * librdkafka's limits, and what came too early for one batch waits for the next. When a partition's ranges are read side by
 * side (minPartitions), each has its place in another lane: hence the plural.
 *
 *     place:  ... | delivered |  nothing here  | ahead ... | librdkafka's queue ...
 *                             low              next
 *
 * There is no record in [low, next): transactions' markers, records that were compacted or aborted. A range that begins there goes on
 * without asking the broker for another position. Places that nobody has read for five minutes are given up, as Spark does.
 *
 * Source: InternalKafkaConsumerPool. Thread: any; a place is its reader's, from acquire to release.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include "sources/kafka_options.h"
#include "sources/kafka_split.h"

struct kafka_pool;

struct kafka_place {
    char *topic; /* owned */
    int32_t partition;
    int32_t lane;
    rd_kafka_t *handle;
    rd_kafka_topic_t *rkt;
    rd_kafka_queue_t *queue;
    bool started;
    bool busy;
    int64_t low;
    int64_t next;
    int64_t used_ms;
    int32_t starts;             /* how often it started at some offset */
    rd_kafka_message_t **ahead; /* ahead[ahead_at .. ahead_count) */
    int32_t ahead_at;
    int32_t ahead_count;
    int32_t ahead_capacity;
};

/* `settings` is borrowed for its life. */
struct kafka_pool *kafka_pool_new(const struct kafka_settings *settings);

/* All places are released. NULL is taken. */
void kafka_pool_free(struct kafka_pool *pool);

/* A place from which to read [from, ...) of the range's partition. NULL: the error is set. */
struct kafka_place *kafka_pool_acquire(struct kafka_pool *pool,
                                       const struct kafka_range *range,
                                       struct sql_error *error);
void kafka_pool_release(struct kafka_pool *pool, struct kafka_place *place);

/* Starts anew at this offset; what was fetched is dropped. False: the error is set. */
bool kafka_place_seek(struct kafka_place *place, int64_t offset, struct sql_error *error);

/*
 * Messages as they come, at most `max`, errors and ends of the partition among them; waits for the first one up to `wait_ms`. The caller's,
 * who destroys them, or gives back the last ones unread.
 */
int32_t kafka_place_poll(struct kafka_place *place,
                         rd_kafka_message_t **out,
                         int32_t max,
                         int wait_ms);
void kafka_place_unread(struct kafka_place *place,
                        rd_kafka_message_t *const *messages,
                        int32_t count);

/* Where the partition begins and ends now. 0, or librdkafka's code. */
int kafka_place_ends(struct kafka_place *place,
                     int64_t *out_first,
                     int64_t *out_end,
                     int timeout_ms);

/* " (<why connections fail>)", or nothing. */
const char *kafka_pool_trouble(struct kafka_pool *pool, char *out, size_t size);
