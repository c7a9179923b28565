/*
 * Feeds that are kept between batches, as Spark keeps consumers: what one has fetched beyond the end of a batch is the beginning of the next.
 *
 * When ranges of one partition are read side by side, each has a feed of its own, its place numbered by `lane`. Feeds that nobody has read
 * for five minutes are closed.
 *
 * Source: InternalKafkaConsumerPool, FetchedDataPool. Thread: any; a place is its reader's, from acquire to release.
 */
#pragma once

#include "sources/kafka_feed.h"
#include "sources/kafka_options.h"

struct kafka_pool;
struct kafka_direct;
struct client_trouble;

struct kafka_place {
    char *topic; /* owned */
    int32_t partition;
    int32_t lane;
    struct kafka_feed *feed; /* owned */
    bool busy;
    int64_t used_ms;
};

/* Both are borrowed for its life. */
struct kafka_pool *kafka_pool_new(const struct kafka_settings *settings,
                                  const atomic_bool *cancelled);

/* All places are released. NULL is taken. */
void kafka_pool_free(struct kafka_pool *pool);

/* A place whose feed begins where the range does. NULL: the error is set. */
struct kafka_place *kafka_pool_acquire(struct kafka_pool *pool,
                                       const struct kafka_range *range,
                                       struct sql_error *error);
void kafka_pool_release(struct kafka_pool *pool, struct kafka_place *place);

/* Its plain connections; NULL: librdkafka's are used. And where complaints about connections are kept. */
struct kafka_direct *kafka_pool_direct(struct kafka_pool *pool);
struct client_trouble *kafka_pool_troubles(struct kafka_pool *pool);

/* " (<why connections fail>)", or nothing. */
const char *kafka_pool_trouble(struct kafka_pool *pool, char *out, size_t size);
