/*
 * The producer: appends records to topics. It can only append; it never sees what is there.
 *
 * Sending is asynchronous. weir_producer_send() copies the record into a queue and returns at once; a background
 * thread gathers what is queued into batches (`linger.ms`, `batch.size`), one batch a partition, and sends them. What
 * comes back from the broker is kept in a future, struct weir_delivery: where the record landed, or why it did not.
 *
 * A program that ends without weir_producer_flush() or weir_producer_close() loses what is still queued. Nothing
 * does that for you behind your back: exit() does not flush.
 *
 * Options are Kafka's producer settings ("bootstrap.servers", "linger.ms", "batch.size", "acks",
 * "compression.type", "delivery.timeout.ms", ...: librdkafka's CONFIGURATION.md lists all), and one of ours:
 * "max.block.ms" (60000), how long a send may wait while the queue is full. A record counts as delivered when all
 * replicas have it (acks=all), and a key lands in the partition where Kafka's Java client or kafka-python would put
 * it (murmur2). One default is kafka-python's and not Kafka's: "enable.idempotence" is false, because librdkafka takes
 * half a second or more to begin with it. Set it to "true" where a retry must not append a record twice.
 *
 * Threads: any number may use one producer at the same time. Errors: see weir/status.h.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_producer;
struct weir_delivery;

/* Lets the producer choose: by the key's hash, or spread when there is no key. */
enum { WEIR_PARTITION_ANY = -1 };

/* A record to send. Make it with weir_message(), then change what should not be the default. Everything is
 * borrowed for the duration of the send. */
struct weir_message {
    const char *topic;
    int32_t partition;
    struct weir_slice key;
    struct weir_slice value;
    const struct weir_header *headers;
    size_t header_count;
    int64_t timestamp_ms; /* since 1970-01-01 UTC; 0 means now */
};

static inline struct weir_message weir_message(const char *topic,
                                               struct weir_slice key,
                                               struct weir_slice value)
{
    struct weir_message message = { topic, WEIR_PARTITION_ANY, key, value, NULL, 0, 0 };
    return message;
}

/* Where a record landed. */
struct weir_metadata {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
};

/* --- Life --- */

/* Does not connect yet: an unreachable broker shows when something is sent. WEIR_EINVAL names the option that is
 * unknown or has no good value. The caller owns the producer and ends it with weir_producer_close(). */
WEIR_API WEIR_CHECKED enum weir_status weir_producer_create(const struct weir_option *options,
                                                            struct weir_producer **out_producer,
                                                            struct weir_error *err);

/* Flushes for up to `timeout_ms` (-1: as long as it takes; 0: not at all), gives up what is still queued, and frees the producer;
 * pending deliveries then fail. The status is that of the flush. NULL is accepted. */
WEIR_API enum weir_status weir_producer_close(struct weir_producer *producer,
                                              int timeout_ms,
                                              struct weir_error *err);

/* --- Sending --- */

/* Queues one record. With `out_delivery` not NULL the caller gets a future and owns it (weir_delivery_release).
 * A failure here means that the record was not queued: too large (WEIR_ETOOBIG), a queue that stayed full
 * (WEIR_ETIMEOUT). Everything else, an unknown topic too, shows in the delivery and at the next flush. */
WEIR_API WEIR_CHECKED enum weir_status weir_producer_send(struct weir_producer *producer,
                                                          const struct weir_message *message,
                                                          struct weir_delivery **out_delivery,
                                                          struct weir_error *err);

/* Waits until everything sent before is acknowledged or has failed. WEIR_ETIMEOUT: some are still on their way
 * after `timeout_ms` (-1: no limit). Any other error: records sent since the last flush were not delivered; the
 * message says how many, and why the first. */
WEIR_API WEIR_CHECKED enum weir_status weir_producer_flush(struct weir_producer *producer,
                                                           int timeout_ms,
                                                           struct weir_error *err);

/* --- Futures --- */

/* Waits up to `timeout_ms` (-1: no limit) for the broker's answer. WEIR_OK: the record is in the log at
 * *out_metadata (may be NULL). WEIR_ETIMEOUT: no answer yet; ask again. Anything else: the record was not
 * acknowledged. May be called any number of times, also after the producer is closed. */
WEIR_API WEIR_CHECKED enum weir_status weir_delivery_wait(struct weir_delivery *delivery,
                                                          int timeout_ms,
                                                          struct weir_metadata *out_metadata,
                                                          struct weir_error *err);

/* Whether weir_delivery_wait() would return at once with the final answer. */
WEIR_API bool weir_delivery_done(struct weir_delivery *delivery);

/* Gives the future back; the record is sent all the same. NULL is accepted. */
WEIR_API void weir_delivery_release(struct weir_delivery *delivery);

#ifdef __cplusplus
}
#endif
