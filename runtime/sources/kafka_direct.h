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

#include <stdatomic.h>

#include "client/channel.h"
#include "sources/kafka_feed.h"
#include "sources/kafka_options.h"

struct client_trouble;
struct kafka_direct;

/* All are borrowed for its life. */
struct kafka_direct *kafka_direct_new(const struct kafka_settings *settings,
                                      const atomic_bool *cancelled,
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

/* Metadata of these topics, or of all: count 0. From any broker. Who leads is kept for later. */
enum weir_status kafka_direct_metadata(struct kafka_direct *d,
                                       const struct bytes *topics,
                                       int32_t count,
                                       struct arena *arena,
                                       struct metadata_response *out,
                                       struct weir_error *err);

/*
 * Offsets by time: items come with one (or KAFKA_LATEST, KAFKA_EARLIEST) and leave with an offset, -1: none. One question a broker. A
 * broker's code, KAFKA_NETWORK_EXCEPTION without an answer; what is in the items then is of no use. (kafka_direct_offsets.c)
 */
int kafka_direct_offsets(struct kafka_direct *d, struct arena *arena, struct kafka_offsets *items);

/* The address of who leads the partition, kept or asked for; *out_code as in kafka_direct_connect(). */
enum { KAFKA_ADDRESS_SIZE = 300 };
enum weir_status kafka_direct_leader(struct kafka_direct *d,
                                     const struct kafka_offset *partition,
                                     char out[KAFKA_ADDRESS_SIZE],
                                     int *out_code,
                                     struct weir_error *err);

/* A connection to the broker that leads the partition; the caller's until it is given back. *out_code: a broker's code, 0: none. */
enum weir_status kafka_direct_connect(struct kafka_direct *d,
                                      struct bytes topic,
                                      int32_t partition,
                                      struct channel **out,
                                      int *out_code,
                                      struct weir_error *err);

/* A connection to that broker. */
enum weir_status kafka_direct_open(struct kafka_direct *d,
                                   const char *address,
                                   struct channel **out,
                                   struct weir_error *err);

/* As channel_call(), but it ends soon when the query is to stop. */
struct kafka_question {
    enum api_key key;
    const void *request;
    struct arena *arena;
    void *response;
};
enum weir_status kafka_direct_call(struct kafka_direct *d,
                                   struct channel *channel,
                                   const struct kafka_question *question,
                                   struct weir_error *err);

/* Nothing may be on its way there. */
void kafka_direct_give_back(struct kafka_direct *d, struct channel *channel);

/* The connection is of no more use; who leads is asked for again. NULL is taken. */
void kafka_direct_drop(struct kafka_direct *d, struct channel *channel);
void kafka_direct_forget(struct kafka_direct *d, struct bytes topic, int32_t partition);

void kafka_direct_note(struct kafka_direct *d, const char *trouble);
