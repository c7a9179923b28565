/*
 * EndTxn: commits or aborts. Kafka answers as soon as the outcome is on record; here the answer comes when it is carried out,
 * so that what the client does next finds the transaction ended and what was committed visible.
 */
#include "broker/api_table.h"
#include "broker/transactions.h"

enum { FENCED_SINCE = 2 }; /* version */

static void answer(struct group_call *call, const struct txn_reply *reply)
{
    struct end_txn_response *response = call->response;
    response->error_code = txn_error_code(call, reply->error, FENCED_SINCE);
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)group_shard;
    (void)index;
    const struct end_txn_request *body = call->request->body;
    struct txn_shard *shard = transactions_shard(call->request->broker, call->at);
    struct txn_entry *entry = txn_shard_find_or_create(shard, body->transactional_id);
    struct txn_owner owner = { call, body->producer_id, body->producer_epoch };
    struct txn_effects effects;
    txn_effects_init(&effects);
    txn_end(entry->txn, &owner, body->committed, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
    return GROUP_VISIT_PARKED;
}

static struct bytes id_of(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct end_txn_request *)call->request->body)->transactional_id;
}

void api_end_txn(struct request *request)
{
    struct txn_call *state = ARENA_NEW(&request->arena, struct txn_call, 1);
    const struct end_txn_request *body = request->body;
    if (body->transactional_id.len == 0) {
        struct end_txn_response response;
        message_init(&end_txn_response_type, &response);
        response.error_code = KAFKA_INVALID_REQUEST;
        request_respond(request, &response);
        return;
    }
    state->answer = answer;
    txn_call_start(request, state, visit, id_of);
}
