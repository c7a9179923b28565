/*
 * ListTransactions: all transactional ids, or those in certain states, of certain producers, or (version 1) that are open for
 * longer than so many milliseconds.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/transactions.h"

static bool names_state(struct bytes name, enum txn_state state)
{
    return bytes_equal_text(name, txn_state_name(state));
}

static bool is_state(struct bytes name)
{
    for (int state = TXN_EMPTY; state <= TXN_DEAD; state++) {
        if (names_state(name, (enum txn_state)state)) {
            return true;
        }
    }
    return bytes_equal_text(name,
                            "PrepareEpochFence"); /* known to Kafka; nothing is ever in it here */
}

static bool passes(const struct list_transactions_request *body,
                   const struct txn_facts *facts,
                   int64_t now_ms)
{
    bool state = body->state_filters_count == 0;
    bool producer = body->producer_id_filters_count == 0;
    for (int32_t i = 0; i < body->state_filters_count; i++) {
        state |= names_state(body->state_filters[i], facts->state);
    }
    for (int32_t i = 0; i < body->producer_id_filters_count; i++) {
        producer |= body->producer_id_filters[i] == facts->producer_id;
    }
    /* As in Kafka whatever the state: who never began one (-1) has been at it since 1970. */
    bool duration = body->duration_filter < 0 || now_ms - facts->start_ms > body->duration_filter;
    return state && producer && duration;
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)group_shard;
    (void)index;
    const struct list_transactions_request *body = call->request->body;
    struct list_transactions_response *response = call->response;
    struct arena *arena = &call->request->arena;
    const struct txn_shard *shard = transactions_shard(call->request->broker, call->at);
    struct list_transactions_response_transaction *before = response->transaction_states;
    size_t room = (size_t)response->transaction_states_count + shard->entries.count;
    response->transaction_states =
        message_new(&list_transactions_response_transaction_type, arena, (int32_t)room);
    for (int32_t i = 0; i < response->transaction_states_count; i++) {
        response->transaction_states[i] = before[i];
    }
    int64_t now_ms = txn_now_ms();
    for (size_t i = 0; i < shard->entries.count; i++) {
        const struct txn_entry *entry = shard->entries.entries[i].value;
        const struct txn_facts *facts = &entry->txn->facts;
        if (!txn_is_known(entry->txn) || !passes(body, facts, now_ms)) {
            continue;
        }
        struct list_transactions_response_transaction *out =
            &response->transaction_states[response->transaction_states_count++];
        out->transactional_id = arena_copy(arena, entry->txn->id);
        out->producer_id = facts->producer_id;
        out->transaction_state = bytes_of(txn_state_name(facts->state));
    }
    return GROUP_VISIT_DONE;
}

void api_list_transactions(struct request *request)
{
    const struct list_transactions_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct list_transactions_response *response = call->response;
    response->unknown_state_filters =
        ARENA_NEW(&request->arena, struct bytes, (size_t)body->state_filters_count);
    for (int32_t i = 0; i < body->state_filters_count; i++) {
        if (!is_state(body->state_filters[i])) {
            response->unknown_state_filters[response->unknown_state_filters_count++] =
                body->state_filters[i];
        }
    }
    call->count = request->broker->worker_count;
    call->visit = visit;
    group_call_start(call);
}
