/*
 * What a partition remembers about idempotent producers: epoch and the last five batches of each producer id, so that
 * a batch that is sent again is recognised and a lost one is noticed
 * (org.apache.kafka.storage.internals.log.ProducerStateManager, ProducerAppendInfo, KIP-98).
 *
 * LESSON: idempotence
 *
 * It is written to `<offset>.snapshot` files, Kafka's format, complete up to the offset in the name:
 *
 *      0 int16 version = 1
 *      2 uint32 CRC-32C of everything after this field
 *      6 int32 number of producers, then for each 46 bytes:
 *        0 int64 producer id          8 int16 epoch              10 int32 last sequence (-1: none)
 *       14 int64 last offset         22 int32 offset delta (size of the last batch - 1)
 *       26 int64 timestamp           34 int32 coordinator epoch (-1: no marker seen)
 *       38 int64 first offset of the open transaction (-1: none)
 *
 * A snapshot has only the newest batch of each producer; the log before it and after it gives the rest back.
 *
 * Thread: whoever holds the log's lock.
 */
#pragma once

#include "base/buffer.h"
#include "base/list.h"
#include "base/map.h"
#include "protocol/batch.h"
#include "protocol/kafka_error.h"
#include "weir/status.h"

enum { PRODUCER_BATCHES_KEPT = 5 };

struct producer_batch {
    int64_t last_offset;
    int64_t timestamp; /* the batch's largest, ms */
    int32_t last_sequence;
    int32_t offset_delta;
};

struct producer {
    struct list_node open; /* in producer_state.open, while a transaction is */
    int64_t producer_id;
    int64_t last_timestamp;           /* of its newest records, ms */
    int64_t seen_ms;                  /* when it was heard of; 0: not since the log was opened */
    int64_t transaction_first_offset; /* -1: no open transaction */
    int32_t coordinator_epoch;
    int16_t epoch;
    int16_t batch_count;
    struct producer_batch batches[PRODUCER_BATCHES_KEPT]; /* the oldest first */
};

struct producer_state {
    struct map producers;  /* by id -> struct producer *, owned */
    int64_t expired_at_ms; /* when expiry ran last */
    struct list_node
        open; /* of struct producer.open, those with an open transaction: every fetch asks */
};

void producer_state_init(struct producer_state *s);
void producer_state_finish(struct producer_state *s);

/* NULL: nothing is known of it. */
const struct producer *producer_state_find(const struct producer_state *s, int64_t producer_id);

/*
 * May this batch of a client be appended? KAFKA_NONE; or KAFKA_DUPLICATE_SEQUENCE_NUMBER with the batch that it repeats
 * in *out_duplicate; or KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER or KAFKA_INVALID_PRODUCER_EPOCH. Changes nothing.
 */
enum kafka_error producer_state_check(const struct producer_state *s,
                                      const struct batch_header *h,
                                      struct producer_batch *out_duplicate);

/* Takes a batch into account that was appended now, or (`now_ms` 0) is read back from the log. Not for control batches. */
void producer_state_add(struct producer_state *s, const struct batch_header *h, int64_t now_ms);

/* Takes a batch into account that was appended before the newest one that a snapshot told of. In the order of offsets. */
void producer_state_recall(struct producer_state *s, const struct batch_header *h);

/* The end of a transaction by its marker (one control record). The first offset of the transaction that it ends; -1: none was
 * open. */
int64_t producer_state_end_transaction(struct producer_state *s,
                                       const struct batch_header *h,
                                       int32_t coordinator_epoch,
                                       int64_t now_ms);

/* The first offset of the oldest open transaction, or `none`. */
int64_t producer_state_first_open(const struct producer_state *s, int64_t none);

/*
 * Forgets producers without an open transaction that were not heard of for `expiration_ms`. At most once a minute. By the
 * broker's clock: Kafka goes by the records' own time, so that one who writes old times is forgotten while it writes.
 */
void producer_state_expire(struct producer_state *s, int64_t now_ms, int64_t expiration_ms);

/* --- snapshots --- */

void producer_state_write(const struct producer_state *s, struct buffer *out);

/* Into an empty state. WEIR_ECORRUPT: this is no whole snapshot; the state is then empty. */
WEIR_CHECKED enum weir_status producer_state_read(struct producer_state *s,
                                                  struct bytes snapshot,
                                                  struct weir_error *err);
