/*
 * A feed: the records of one partition from some offset on, as they come. There are two: our own reader of Kafka's protocol, for
 * connections without encryption or authentication (kafka_direct.h), and librdkafka, for all others (kafka_native.h).
 *
 *     ... | delivered |  nothing here  | what the feed has already, or will fetch ...
 *                     low              next
 *
 * There is no record in [low, next): transactions' marks, aborted and compacted records. A range that begins there goes on without a seek.
 *
 * Internal to the Kafka source. Thread: one at a time.
 */
#pragma once

#include "columns/sql_error.h"
#include "sources/kafka_rows.h"

enum kafka_fed {
    KAFKA_FED_MORE,    /* `next` went on, or there is more to be had at once */
    KAFKA_FED_NOTHING, /* not in this time: no record, no broker */
    KAFKA_FED_GONE, /* the record at `next` is not there: below the first one, or beyond the end */
    KAFKA_FED_FAILED, /* the error is set */
};

struct kafka_feed;

struct kafka_feed_functions {
    /* Adds records below `until` to `rows`, as many as there is room for; waits up to `wait_ms` if there are none yet. */
    enum kafka_fed (*more)(struct kafka_feed *feed,
                           struct kafka_rows *rows,
                           int64_t until,
                           int wait_ms,
                           struct sql_error *error);

    /* From here on; what was fetched is dropped. False: the error is set. */
    bool (*seek)(struct kafka_feed *feed, int64_t offset, struct sql_error *error);

    /* Where the partition begins and ends now. 0, or a code of librdkafka or a broker. */
    int (*ends)(struct kafka_feed *feed, int64_t *out_first, int64_t *out_end, int timeout_ms);

    /* Nobody reads for now. */
    void (*rest)(struct kafka_feed *feed);

    void (*close)(struct kafka_feed *feed);
};

struct kafka_feed {
    const struct kafka_feed_functions *functions;
    bool started; /* low and next count */
    int64_t low;
    int64_t next;
};
