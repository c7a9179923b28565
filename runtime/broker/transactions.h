/*
 * The transaction coordinator: which transactional id belongs to which worker, and what happens on behalf of it.
 *
 * Each id belongs to one worker (by its hash), and only that worker's thread touches it. The transaction is the pure state
 * machine of coordination/transaction.h; this file gives it the clock, carries out its effects and keeps its timer.
 *
 *     EndTxn -> [owner] record Prepare -> markers to all partitions -> word to every worker's groups -> [owner] record Complete
 *
 * Partitions are marked by appending to their logs, from the owner's thread. Groups have offsets of the transaction in memory,
 * each on its own worker, so word of the end goes round all workers before the transaction is complete; who then asks where
 * the group stands gets what was committed.
 *
 * Sources: TransactionCoordinator.scala, TransactionStateManager.scala, TransactionMarkerChannelManager.scala.
 * Thread: the owner's, unless a function says otherwise.
 */
#pragma once

#include "broker/group_call.h"
#include "coordination/transaction.h"
#include "net/timer.h"
#include "protocol/kafka_error.h"

#define TRANSACTION_STATE_TOPIC "__transaction_state"

struct broker;
struct transactions;
struct txn_entry;
struct worker;

/* The transactions of one worker. */
struct txn_shard {
    struct broker *broker;
    struct worker *worker;
    struct map entries; /* id -> struct txn_entry */
};

/* Word of an end on its way to the groups of every worker in turn. */
struct txn_word {
    struct loop_task task;
    int worker;
    bool ok; /* all markers are written */
};

struct txn_entry {
    struct txn_shard *shard;
    struct transaction *txn;
    struct timer timer;
    struct txn_word word;
};

/* --- life --- */

/* Reads the transactions back and ends those whose end was decided. After coordinator_create(), before the workers start. */
WEIR_CHECKED enum weir_status transactions_create(struct broker *broker,
                                                  struct transactions **out_transactions,
                                                  struct weir_error *err);
/* After the workers have stopped, before coordinator_destroy(). Takes NULL. */
void transactions_destroy(struct transactions *all);

/* --- any thread --- */

struct txn_shard *transactions_shard(const struct broker *broker, const struct worker *worker);

/* Creates __transaction_state if it is not there. KAFKA_COORDINATOR_NOT_AVAILABLE when that fails. */
enum kafka_error transactions_prepare(struct broker *broker);

/* A partition says that it was not announced (KAFKA_INVALID_TXN_STATE): why not? That, or KAFKA_INVALID_PRODUCER_ID_MAPPING,
 * or KAFKA_INVALID_PRODUCER_EPOCH. */
enum kafka_error transactions_explain(const struct broker *broker,
                                      struct bytes transactional_id,
                                      int64_t producer_id,
                                      int16_t producer_epoch);

/* --- a shard's transactions --- */

/* NULL when there is none. */
struct txn_entry *txn_shard_find(const struct txn_shard *shard, struct bytes id);
struct txn_entry *txn_shard_find_or_create(struct txn_shard *shard, struct bytes id);

/* After every event: carries out the effects and sets the timer. The entry may be gone afterwards. */
void txn_settle(struct txn_entry *entry, struct txn_effects *effects);

int64_t txn_now_ms(void); /* what the state machine is to be told */

/* The token of an event is a struct group_call, and this is its state. */
struct txn_call {
    /* Puts the reply into call->response; the call then goes home. */
    void (*answer)(struct group_call *call, const struct txn_reply *reply);
};

/* A request of a transaction's producer: to its owner, where `visit` has to give an event with the call as token. Home; last
 * act of a handler. */
void txn_call_start(struct request *request,
                    struct txn_call *state,
                    enum group_visit (*visit)(struct group_call *call,
                                              struct group_shard *shard,
                                              int32_t index),
                    struct bytes (*id_of)(const struct group_call *call, int32_t index));

/* PRODUCER_FENCED is newer than some versions of the APIs: those say INVALID_PRODUCER_EPOCH. */
int16_t txn_error_code(const struct group_call *call, enum txn_error error, int16_t fenced_since);
