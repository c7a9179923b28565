/*
 * One transactional id, as its coordinator sees it: a pure state machine. Events and the time go in, effects come out.
 *
 * LESSON: two-phase-commit
 *
 *             AddPartitions            EndTxn                 all markers written
 *      Empty --------------> Ongoing ---------> PrepareCommit -------------------> CompleteCommit
 *                              ^  |  `-------->  PrepareAbort -------------------> CompleteAbort
 *                              |  timeout, or a new InitProducerId: epoch + 1           |
 *                              `--------------------------------------------------------'  AddPartitions
 *
 * The outcome is decided when Prepare is on record; what is left is telling every partition, by a marker in its log, and a
 * crash in between changes nothing: whoever reads the record back goes on with the markers. So each step is stored before
 * it becomes true, and nothing is answered before that. The epoch makes an earlier owner of the id a stranger (fencing):
 * it rises with each InitProducerId and with each abort that the producer did not ask for.
 *
 * The protocol is that of KIP-98 and KIP-360 ("TV1"): the producer announces partitions, and keeps its epoch between
 * transactions. Sources: TransactionMetadata.java, TransactionCoordinator.scala, TransactionStateManager.scala.
 *
 * Time: milliseconds since 1970, for it is stored. Thread: one at a time. Ownership: the transaction owns its copies;
 * tokens belong to whoever sent the request.
 */
#pragma once

#include "base/list.h"
#include "coordination/partition_set.h"

enum txn_state { /* the numbers are stored */
                 TXN_EMPTY = 0,
                 TXN_ONGOING = 1,
                 TXN_PREPARE_COMMIT = 2,
                 TXN_PREPARE_ABORT = 3,
                 TXN_COMPLETE_COMMIT = 4,
                 TXN_COMPLETE_ABORT = 5,
                 TXN_DEAD = 6, /* forgotten */
};

const char *txn_state_name(enum txn_state state); /* Kafka's: "PrepareCommit" */

/* What a transaction can answer; Kafka's numbers (org.apache.kafka.common.protocol.Errors). */
enum txn_error {
    TXN_OK = 0,
    TXN_ERROR_NOT_AVAILABLE = 15, /* COORDINATOR_NOT_AVAILABLE: it could not be stored */
    TXN_ERROR_STATE = 48,         /* INVALID_TXN_STATE */
    TXN_ERROR_MAPPING = 49,       /* INVALID_PRODUCER_ID_MAPPING: not this id's producer */
    TXN_ERROR_CONCURRENT = 51,    /* CONCURRENT_TRANSACTIONS: the last one is still being ended */
    TXN_ERROR_FENCED = 90,        /* PRODUCER_FENCED: not this epoch any more */
};

enum {
    TXN_NO_PRODUCER_ID = -1,
    TXN_NO_EPOCH = -1,
    TXN_EPOCH_MAX = 32766, /* the last one that is given out; one more is left for fencing */
    TXN_RETRY_MS = 1000,   /* until a store or a marker that failed is tried again */
};
#define TXN_NEVER INT64_MAX

struct txn_config {
    int64_t expiration_ms; /* transactional.id.expiration.ms */
};

/* All that is stored (Kafka: TransactionLogValue). */
struct txn_facts {
    enum txn_state state;
    int64_t producer_id;
    int64_t previous_producer_id; /* before the epochs ran out, or the same */
    int16_t epoch;
    int16_t
        last_epoch; /* what InitProducerId may still name, repeated or of a producer whose transaction was aborted; not stored */
    int32_t timeout_ms;
    int64_t start_ms;  /* of the transaction; -1: none since the producer came */
    int64_t update_ms; /* when the state changed last */
    struct partition_set partitions;
};

/* --- effects --- */

enum txn_effect_kind {
    TXN_EFFECT_STORE,    /* put txn->next on record (Dead: delete it), then call txn_stored() */
    TXN_EFFECT_ANNOUNCE, /* tell txn->facts.partitions that the producer's batches may come */
    TXN_EFFECT_MARK,     /* write markers, then call txn_marked() */
    TXN_EFFECT_REPLY,
};

struct txn_reply {
    void *token;
    enum txn_error error;
    int64_t producer_id; /* of InitProducerId; else, and with an error, -1 */
    int16_t epoch;
};

struct txn_effect {
    struct list_node link;
    enum txn_effect_kind kind;
    struct txn_reply reply;
};

/* In the order they are to be carried out. */
struct txn_effects {
    struct list_node list; /* of struct txn_effect.link */
};

void txn_effects_init(struct txn_effects *effects);
/* The next one, which the caller frees; NULL at the end. */
struct txn_effect *txn_effects_take(struct txn_effects *effects);

/* --- the machine --- */

struct transaction {
    struct bytes id; /* owned */
    const struct txn_config *config;
    struct txn_facts facts; /* as they are on record */
    struct txn_facts next;  /* what is being stored, while `storing` */
    bool storing;
    bool marking;           /* markers are being written */
    bool marked;            /* they are; Complete is not on record yet */
    bool is_init;           /* how the waiting request is answered */
    enum txn_error verdict; /* its answer if the store succeeds */
    void *token;            /* the request that waits for the store or the markers; NULL: none */
    int64_t retry_ms;       /* when to try again what failed; TXN_NEVER */
};

/* Nothing is known of it yet: the first InitProducerId makes it real. `config` is borrowed. */
struct transaction *txn_create(struct bytes id, const struct txn_config *config);
/* Nothing may be waiting: txn_kill() first. Takes NULL. */
void txn_destroy(struct transaction *txn);
/* Answers what waits with `error`. */
void txn_kill(struct transaction *txn, enum txn_error error, struct txn_effects *out);

/* From the record; `facts` is moved out of. Then txn_resume(), when all of them are read. */
void txn_restore(struct transaction *txn, struct txn_facts *facts);
void txn_resume(struct transaction *txn, struct txn_effects *out);

/* Has it ever been stored? If not, it can be forgotten whenever it is idle. */
bool txn_is_known(const struct transaction *txn);
/* A request waits, or something is being written. */
bool txn_is_busy(const struct transaction *txn);

/* --- events --- */

struct txn_init {
    void *token;
    int32_t timeout_ms;
    int64_t producer_id; /* what the client thinks it is (KIP-360); -1: it does not say */
    int16_t epoch;
    int64_t fresh_producer_id; /* used if txn_wants_producer_id() */
};

/* The next InitProducerId needs a fresh producer id: the first one, or the epochs have run out. */
bool txn_wants_producer_id(const struct transaction *txn);

void txn_init(struct transaction *txn,
              const struct txn_init *init,
              int64_t now_ms,
              struct txn_effects *out);

/* Who a request says it is. */
struct txn_owner {
    void *token;
    int64_t producer_id;
    int16_t epoch;
};

/* AddPartitionsToTxn and AddOffsetsToTxn; `partitions` is copied. */
void txn_add(struct transaction *txn,
             const struct txn_owner *owner,
             const struct partition_set *partitions,
             int64_t now_ms,
             struct txn_effects *out);

/* EndTxn. The answer comes when all markers are written. */
void txn_end(struct transaction *txn,
             const struct txn_owner *owner,
             bool commit,
             int64_t now_ms,
             struct txn_effects *out);

/* A TXN_EFFECT_STORE is done, or has failed. */
void txn_stored(struct transaction *txn, bool ok, int64_t now_ms, struct txn_effects *out);
/* A TXN_EFFECT_MARK is done; or a marker could not be written, and all are to be written again later. */
void txn_marked(struct transaction *txn, bool ok, int64_t now_ms, struct txn_effects *out);

/* Does what is due: the timeout of the transaction, expiry of the id, another try. */
void txn_tick(struct transaction *txn, int64_t now_ms, struct txn_effects *out);
/* When txn_tick() has to run next; TXN_NEVER. */
int64_t txn_wake_ms(const struct transaction *txn);
