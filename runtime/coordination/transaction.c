/*
 * Transactions: see transaction.h.
 *
 * At most one thing is under way: a store (`storing`), or the writing of markers (`marking`). Meanwhile every request is told
 * CONCURRENT_TRANSACTIONS, which clients take as "ask again in a moment".
 */
#include "coordination/transaction.h"

#include <stdlib.h>

#include "base/mem.h"
#include "coordination/member.h"

const char *txn_state_name(enum txn_state state)
{
    switch (state) {
    case TXN_EMPTY: return "Empty";
    case TXN_ONGOING: return "Ongoing";
    case TXN_PREPARE_COMMIT: return "PrepareCommit";
    case TXN_PREPARE_ABORT: return "PrepareAbort";
    case TXN_COMPLETE_COMMIT: return "CompleteCommit";
    case TXN_COMPLETE_ABORT: return "CompleteAbort";
    case TXN_DEAD: return "Dead";
    }
    return "Dead";
}

/* --- effects --- */

void txn_effects_init(struct txn_effects *effects)
{
    list_init(&effects->list);
}

struct txn_effect *txn_effects_take(struct txn_effects *effects)
{
    struct list_node *node = list_pop_front(&effects->list);
    return node ? container_of(node, struct txn_effect, link) : NULL;
}

static struct txn_effect *add_effect(struct txn_effects *out, enum txn_effect_kind kind)
{
    struct txn_effect *effect = MEM_NEW(struct txn_effect);
    effect->kind = kind;
    list_push_back(&out->list, &effect->link);
    return effect;
}

static void reply(void *token, enum txn_error error, struct txn_effects *out)
{
    add_effect(out, TXN_EFFECT_REPLY)->reply =
        (struct txn_reply){ token, error, TXN_NO_PRODUCER_ID, TXN_NO_EPOCH };
}

static void reply_epoch(const struct transaction *txn, void *token, struct txn_effects *out)
{
    add_effect(out, TXN_EFFECT_REPLY)->reply =
        (struct txn_reply){ token, TXN_OK, txn->facts.producer_id, txn->facts.epoch };
}

/* Answers the request that waits, if one does. */
static void reply_waiting(struct transaction *txn, enum txn_error error, struct txn_effects *out)
{
    void *token = txn->token;
    txn->token = NULL;
    if (!token) {
        return;
    }
    if (error == TXN_OK && txn->is_init) {
        reply_epoch(txn, token, out);
    } else {
        reply(token, error, out);
    }
}

/* --- life --- */

struct transaction *txn_create(struct bytes id, const struct txn_config *config)
{
    struct transaction *txn = MEM_NEW(struct transaction);
    group_member_set(&txn->id, id);
    txn->config = config;
    txn->facts = (struct txn_facts){ .state = TXN_EMPTY,
                                     .producer_id = TXN_NO_PRODUCER_ID,
                                     .previous_producer_id = TXN_NO_PRODUCER_ID,
                                     .epoch = TXN_NO_EPOCH,
                                     .last_epoch = TXN_NO_EPOCH,
                                     .start_ms = -1,
                                     .update_ms = -1 };
    txn->retry_ms = TXN_NEVER;
    return txn;
}

void txn_destroy(struct transaction *txn)
{
    if (!txn) {
        return;
    }
    partition_set_finish(&txn->facts.partitions);
    partition_set_finish(&txn->next.partitions);
    group_member_set(&txn->id, (struct bytes){ 0 });
    free(txn);
}

void txn_kill(struct transaction *txn, enum txn_error error, struct txn_effects *out)
{
    reply_waiting(txn, error, out);
    txn->storing = txn->marking = false;
}

bool txn_is_known(const struct transaction *txn)
{
    return txn->facts.producer_id != TXN_NO_PRODUCER_ID;
}

bool txn_is_busy(const struct transaction *txn)
{
    return txn->storing || txn->marking || txn->token;
}

void txn_restore(struct transaction *txn, struct txn_facts *facts)
{
    partition_set_finish(&txn->facts.partitions);
    txn->facts = *facts;
    txn->facts.last_epoch = TXN_NO_EPOCH;
    *facts = (struct txn_facts){ 0 };
}

/* --- steps --- */

static bool is_prepared(enum txn_state state)
{
    return state == TXN_PREPARE_COMMIT || state == TXN_PREPARE_ABORT;
}

/* Begins a change: txn->next is a copy of the facts to be changed and then stored. */
static struct txn_facts *begin(struct transaction *txn, enum txn_state state, int64_t now_ms)
{
    partition_set_finish(&txn->next.partitions);
    txn->next = txn->facts;
    txn->next.partitions = (struct partition_set){ 0 };
    txn->next.state = state;
    txn->next.update_ms = now_ms;
    return &txn->next;
}

static void store(struct transaction *txn, struct txn_effects *out)
{
    txn->storing = true;
    txn->retry_ms = TXN_NEVER;
    (void)add_effect(out, TXN_EFFECT_STORE);
}

/* `verdict`: what the request is told once this is on record. */
static void store_for(struct transaction *txn,
                      void *token,
                      enum txn_error verdict,
                      struct txn_effects *out)
{
    txn->token = token;
    txn->verdict = verdict;
    store(txn, out);
}

static void mark(struct transaction *txn, struct txn_effects *out)
{
    txn->marking = true;
    txn->retry_ms = TXN_NEVER;
    (void)add_effect(out, TXN_EFFECT_MARK);
}

/* Puts the outcome on record. With `fences` the epoch rises, so that the producer notices; if it says who it was, in its next
 * InitProducerId, it is told this epoch and can go on (KIP-588). */
static void prepare(struct transaction *txn, bool commit, bool fences, int64_t now_ms)
{
    struct txn_facts *next = begin(txn, commit ? TXN_PREPARE_COMMIT : TXN_PREPARE_ABORT, now_ms);
    partition_set_add_all(&next->partitions, &txn->facts.partitions);
    if (fences) {
        next->last_epoch = next->epoch;
        next->epoch++;
    }
}

static void complete(struct transaction *txn, int64_t now_ms, struct txn_effects *out)
{
    bool commit = txn->facts.state == TXN_PREPARE_COMMIT;
    (void)begin(txn, commit ? TXN_COMPLETE_COMMIT : TXN_COMPLETE_ABORT, now_ms);
    store(txn, out);
}

void txn_resume(struct transaction *txn, struct txn_effects *out)
{
    if (is_prepared(txn->facts.state)) {
        mark(txn, out);
    } else if (txn->facts.state == TXN_ONGOING) {
        (void)add_effect(out, TXN_EFFECT_ANNOUNCE);
    }
}

/* --- InitProducerId --- */

static bool is_exhausted(int16_t epoch)
{
    return epoch >= TXN_EPOCH_MAX;
}

bool txn_wants_producer_id(const struct transaction *txn)
{
    return !txn_is_known(txn) || is_exhausted(txn->facts.epoch);
}

/* May the client be who it says it is? (TransactionCoordinator.isValidProducerId) */
static bool is_plausible(const struct txn_facts *facts, const struct txn_init *init)
{
    return facts->epoch == TXN_NO_EPOCH || init->producer_id == facts->producer_id ||
           (init->producer_id == facts->previous_producer_id && is_exhausted(init->epoch));
}

/* The next epoch; or the one it has, when the client repeats itself. TXN_ERROR_FENCED: a later client has been here. */
static enum txn_error raise_epoch(const struct txn_init *init, struct txn_facts *next)
{
    bool says = init->producer_id != TXN_NO_PRODUCER_ID;
    if (!says || next->epoch == TXN_NO_EPOCH || init->epoch == next->epoch) {
        next->last_epoch = says ? next->epoch : TXN_NO_EPOCH;
        next->epoch++;
        return TXN_OK;
    }
    return init->epoch == next->last_epoch ? TXN_OK : TXN_ERROR_FENCED;
}

/* The epochs have run out. The very last one is never given out, so who would be told it as one that was fenced gets a new id too. */
static bool needs_new_id(const struct txn_init *init, const struct txn_facts *facts)
{
    bool is_current = init->producer_id == TXN_NO_PRODUCER_ID || init->epoch == facts->epoch;
    bool was_fenced = facts->epoch > TXN_EPOCH_MAX && init->epoch == facts->last_epoch;
    return is_exhausted(facts->epoch) && (is_current || was_fenced);
}

/* A producer for an id that has no transaction open. */
static void init_idle(struct transaction *txn,
                      const struct txn_init *init,
                      int64_t now_ms,
                      struct txn_effects *out)
{
    struct txn_facts *next = begin(txn, TXN_EMPTY, now_ms);
    bool says = init->producer_id != TXN_NO_PRODUCER_ID;
    enum txn_error error = TXN_OK;
    next->timeout_ms = init->timeout_ms;
    next->start_ms = -1;
    if (!txn_is_known(txn)) {
        next->producer_id = next->previous_producer_id = init->fresh_producer_id;
        next->epoch = 0;
    } else if (needs_new_id(init, next)) {
        next->previous_producer_id = next->producer_id;
        next->producer_id = init->fresh_producer_id;
        next->last_epoch = says ? next->epoch : TXN_NO_EPOCH;
        next->epoch = 0;
    } else {
        error = raise_epoch(init, next);
    }
    if (error != TXN_OK) {
        reply(init->token, error, out);
        return;
    }
    txn->is_init = true;
    store_for(txn, init->token, TXN_OK, out);
}

void txn_init(struct transaction *txn,
              const struct txn_init *init,
              int64_t now_ms,
              struct txn_effects *out)
{
    const struct txn_facts *facts = &txn->facts;
    if (txn_is_busy(txn) || is_prepared(facts->state)) {
        reply(init->token, TXN_ERROR_CONCURRENT, out);
    } else if (init->producer_id != TXN_NO_PRODUCER_ID && !is_plausible(facts, init)) {
        reply(init->token, TXN_ERROR_FENCED, out);
    } else if (facts->state == TXN_ONGOING) {
        /* LESSON: fencing. What the predecessor left open is aborted first; the client is to come again. */
        prepare(txn, false, true, now_ms);
        txn->is_init = false;
        store_for(txn, init->token, TXN_ERROR_CONCURRENT, out);
    } else {
        init_idle(txn, init, now_ms, out);
    }
}

/* --- the producer's requests --- */

static enum txn_error check_owner(const struct transaction *txn, const struct txn_owner *owner)
{
    if (!txn_is_known(txn) || txn->facts.producer_id != owner->producer_id) {
        return TXN_ERROR_MAPPING;
    }
    return txn->facts.epoch == owner->epoch ? TXN_OK : TXN_ERROR_FENCED;
}

void txn_add(struct transaction *txn,
             const struct txn_owner *owner,
             const struct partition_set *partitions,
             int64_t now_ms,
             struct txn_effects *out)
{
    const struct txn_facts *facts = &txn->facts;
    enum txn_error error = check_owner(txn, owner);
    if (error == TXN_OK && (txn_is_busy(txn) || is_prepared(facts->state))) {
        error = TXN_ERROR_CONCURRENT;
    }
    bool nothing_new =
        facts->state == TXN_ONGOING && partition_set_has_all(&facts->partitions, partitions);
    if (error != TXN_OK || nothing_new) {
        reply(owner->token, error, out);
        return;
    }
    struct txn_facts *next = begin(txn, TXN_ONGOING, now_ms);
    if (facts->state == TXN_ONGOING) {
        partition_set_add_all(&next->partitions, &facts->partitions);
    } else {
        next->start_ms = now_ms;
    }
    partition_set_add_all(&next->partitions, partitions);
    txn->is_init = false;
    store_for(txn, owner->token, TXN_OK, out);
}

/* Of a transaction that is not open: what became of it may be what is asked for (a repeated request). */
static enum txn_error end_again(enum txn_state state, bool commit)
{
    switch (state) {
    case TXN_COMPLETE_COMMIT: return commit ? TXN_OK : TXN_ERROR_STATE;
    case TXN_COMPLETE_ABORT: return commit ? TXN_ERROR_STATE : TXN_OK;
    case TXN_PREPARE_COMMIT: return commit ? TXN_ERROR_CONCURRENT : TXN_ERROR_STATE;
    case TXN_PREPARE_ABORT: return commit ? TXN_ERROR_STATE : TXN_ERROR_CONCURRENT;
    case TXN_EMPTY:
    case TXN_ONGOING:
    case TXN_DEAD: break;
    }
    return TXN_ERROR_STATE;
}

void txn_end(struct transaction *txn,
             const struct txn_owner *owner,
             bool commit,
             int64_t now_ms,
             struct txn_effects *out)
{
    enum txn_state state = txn->facts.state;
    enum txn_error error = check_owner(txn, owner);
    if (error == TXN_OK && state != TXN_ONGOING) {
        error = end_again(state, commit);
    } else if (error == TXN_OK && txn_is_busy(txn)) {
        error = TXN_ERROR_CONCURRENT;
    } else if (error == TXN_OK) {
        prepare(txn, commit, false, now_ms);
        txn->is_init = false;
        store_for(txn, owner->token, TXN_OK, out);
        return;
    }
    reply(owner->token, error, out);
}

/* --- what the driver has done --- */

static void adopt_next(struct transaction *txn)
{
    partition_set_finish(&txn->facts.partitions);
    txn->facts = txn->next;
    txn->next.partitions = (struct partition_set){ 0 };
}

void txn_stored(struct transaction *txn, bool ok, int64_t now_ms, struct txn_effects *out)
{
    if (!txn->storing) {
        return;
    }
    txn->storing = false;
    if (!ok) {
        /* Nothing has changed. What the producer did not ask for is tried again; so is Complete: the outcome stands. */
        bool stands = is_prepared(txn->facts.state);
        txn->retry_ms = !txn->token || stands ? now_ms + TXN_RETRY_MS : TXN_NEVER;
        if (!stands) {
            reply_waiting(txn, TXN_ERROR_NOT_AVAILABLE, out);
        }
        return;
    }
    adopt_next(txn);
    switch (txn->facts.state) {
    case TXN_ONGOING:
        (void)add_effect(out, TXN_EFFECT_ANNOUNCE);
        reply_waiting(txn, txn->verdict, out);
        break;
    case TXN_PREPARE_COMMIT:
    case TXN_PREPARE_ABORT:
        if (txn->verdict != TXN_OK) {
            reply_waiting(txn, txn->verdict, out); /* an InitProducerId does not wait for the end */
        }
        mark(txn, out);
        break;
    case TXN_EMPTY:
    case TXN_COMPLETE_COMMIT:
    case TXN_COMPLETE_ABORT:
    case TXN_DEAD:
        txn->marked = false;
        reply_waiting(txn, TXN_OK, out);
        break;
    }
}

void txn_marked(struct transaction *txn, bool ok, int64_t now_ms, struct txn_effects *out)
{
    if (!txn->marking) {
        return;
    }
    txn->marking = false;
    txn->marked = ok;
    if (ok) {
        complete(txn, now_ms, out);
    } else {
        txn->retry_ms = now_ms + TXN_RETRY_MS;
    }
}

/* --- time --- */

/* When the state itself asks for something; TXN_NEVER. */
static int64_t due_ms(const struct transaction *txn)
{
    const struct txn_facts *facts = &txn->facts;
    switch (facts->state) {
    case TXN_ONGOING: return facts->start_ms + facts->timeout_ms;
    case TXN_EMPTY:
    case TXN_COMPLETE_COMMIT:
    case TXN_COMPLETE_ABORT:
        return txn_is_known(txn) ? facts->update_ms + txn->config->expiration_ms : TXN_NEVER;
    case TXN_PREPARE_COMMIT:
    case TXN_PREPARE_ABORT:
    case TXN_DEAD: break;
    }
    return TXN_NEVER;
}

int64_t txn_wake_ms(const struct transaction *txn)
{
    if (txn->storing || txn->marking) {
        return TXN_NEVER;
    }
    return txn->retry_ms != TXN_NEVER ? txn->retry_ms : due_ms(txn);
}

void txn_tick(struct transaction *txn, int64_t now_ms, struct txn_effects *out)
{
    if (now_ms < txn_wake_ms(txn)) {
        return;
    }
    if (is_prepared(txn->facts.state)) {
        if (txn->marked) {
            complete(txn, now_ms, out);
        } else {
            mark(txn, out);
        }
    } else if (txn->facts.state == TXN_ONGOING) {
        prepare(txn, false, true, now_ms);
        store_for(txn, NULL, TXN_OK, out);
    } else {
        (void)begin(txn, TXN_DEAD, now_ms);
        store_for(txn, NULL, TXN_OK, out);
    }
}
