/*
 * Our own reader of Kafka's protocol, over plain connections: which broker leads a partition, connections to brokers, and feeds
 * that fetch record batches and take the records out of them without a copy between.
 *
 * A feed asks for the next batches before it works on those it has, as long as its range goes on; it asks for nothing when nobody
 * reads. A connection that fails is opened again after a pause, to whoever leads then; the reader decides how long that may go on.
 *
 * Internal to the Kafka source. Thread: any; a feed is its reader's.
 */
#pragma once

#include "client/channel.h"
#include "sources/kafka_feed.h"
#include "sources/kafka_options.h"

struct client_trouble;
struct kafka_direct;

/* `settings` and `trouble` are borrowed for its life. */
struct kafka_direct *kafka_direct_new(const struct kafka_settings *settings,
                                      struct client_trouble *trouble);

/* All feeds are closed. NULL is taken. */
void kafka_direct_free(struct kafka_direct *d);

/* A feed of the range's partition, not started. (kafka_direct_feed.c) */
struct kafka_feed *kafka_direct_feed(struct kafka_direct *d, const struct kafka_range *range);

/* --- for its other files --- */

/* What every Fetch says. */
struct kafka_fetching {
    bool committed; /* isolation.level */
    bool check_crcs;
    int32_t max_wait_ms;
    int32_t min_bytes;
    int32_t max_bytes;
    int32_t partition_max_bytes;
    struct bytes rack;
};

const struct kafka_fetching *kafka_direct_fetching(const struct kafka_direct *d);

/* Metadata of one topic, or of all: null. From any broker. */
enum weir_status kafka_direct_metadata(struct kafka_direct *d,
                                       struct bytes topic,
                                       struct arena *arena,
                                       struct metadata_response *out,
                                       struct weir_error *err);

/* A connection to the broker that leads the partition; the caller's until it is given back. *out_code: a broker's code, 0: none. */
enum weir_status kafka_direct_connect(struct kafka_direct *d,
                                      struct bytes topic,
                                      int32_t partition,
                                      struct channel **out,
                                      int *out_code,
                                      struct weir_error *err);

/* Nothing may be on its way there. */
void kafka_direct_give_back(struct kafka_direct *d, struct channel *channel);

/* The connection is of no more use; who leads is asked for again. NULL is taken. */
void kafka_direct_drop(struct kafka_direct *d, struct channel *channel);
void kafka_direct_forget(struct kafka_direct *d, struct bytes topic, int32_t partition);

void kafka_direct_note(struct kafka_direct *d, const char *trouble);
