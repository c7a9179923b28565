/*
 * InitProducerId: who a producer is from now on (kafka.server.KafkaApis.handleInitProducerIdRequest).
 *
 * An idempotent producer gets a fresh producer id. Ids are never given out twice, whatever crashes in between
 * (broker_next_producer_id()). A transactional one gets the id that belongs to its transactional id, in a new epoch, so that a
 * predecessor is fenced; what that left open is aborted first (coordination/transaction.h).
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/transactions.h"
#include "protocol/batch.h"
#include "protocol/kafka_error.h"

enum { FENCED_SINCE = 4 }; /* version */

/* Both or neither: a producer that says who it was says in which epoch. */
static bool half_known(const struct init_producer_id_request *body)
{
    return (body->producer_id == NO_PRODUCER_ID) != (body->producer_epoch == NO_PRODUCER_EPOCH);
}

static enum kafka_error check(const struct broker *broker,
                              const struct init_producer_id_request *body)
{
    bool transactional = !bytes_is_null(body->transactional_id);
    if (half_known(body) || (transactional && body->transactional_id.len == 0)) {
        return KAFKA_INVALID_REQUEST;
    }
    bool timeout_fits = body->transaction_timeout_ms > 0 &&
                        body->transaction_timeout_ms <= broker->config.transaction_timeout_max_ms;
    return transactional && !timeout_fits ? KAFKA_INVALID_TRANSACTION_TIMEOUT : KAFKA_NONE;
}

static void fill(struct init_producer_id_response *out, int16_t error, int64_t id, int16_t epoch)
{
    out->error_code = error;
    out->producer_id = id;
    out->producer_epoch = epoch;
}

/* --- with a transactional id: at its owner --- */

static void answer(struct group_call *call, const struct txn_reply *reply)
{
    fill(call->response, txn_error_code(call, reply->error, FENCED_SINCE), reply->producer_id,
         reply->epoch);
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)group_shard;
    (void)index;
    const struct init_producer_id_request *body = call->request->body;
    struct broker *broker = call->request->broker;
    struct txn_shard *shard = transactions_shard(broker, call->at);
    struct txn_entry *entry = txn_shard_find_or_create(shard, body->transactional_id);
    struct txn_init init = {
        .token = call,
        .timeout_ms = body->transaction_timeout_ms,
        .producer_id = body->producer_id,
        .epoch = body->producer_epoch,
        .fresh_producer_id = NO_PRODUCER_ID,
    };
    struct txn_effects effects;
    txn_effects_init(&effects);
    if (txn_wants_producer_id(entry->txn)) {
        init.fresh_producer_id = broker_next_producer_id(broker);
        if (init.fresh_producer_id < 0) {
            fill(call->response, KAFKA_COORDINATOR_NOT_AVAILABLE, NO_PRODUCER_ID,
                 NO_PRODUCER_EPOCH);
            txn_settle(entry, &effects);
            return GROUP_VISIT_DONE;
        }
    }
    txn_init(entry->txn, &init, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
    return GROUP_VISIT_PARKED;
}

static struct bytes id_of(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct init_producer_id_request *)call->request->body)->transactional_id;
}

void api_init_producer_id(struct request *request)
{
    const struct init_producer_id_request *body = request->body;
    struct init_producer_id_response response;
    enum kafka_error error = check(request->broker, body);
    int64_t id = NO_PRODUCER_ID;
    if (error == KAFKA_NONE && !bytes_is_null(body->transactional_id)) {
        error = transactions_prepare(request->broker);
        if (error == KAFKA_NONE) {
            struct txn_call *state = ARENA_NEW(&request->arena, struct txn_call, 1);
            state->answer = answer;
            txn_call_start(request, state, visit, id_of);
            return;
        }
    } else if (error == KAFKA_NONE) {
        id = broker_next_producer_id(request->broker);
        error = id < 0 ? KAFKA_STORAGE_ERROR : KAFKA_NONE;
    }
    message_init(&init_producer_id_response_type, &response);
    fill(&response, (int16_t)error, id, id < 0 ? NO_PRODUCER_EPOCH : 0);
    request_respond(request, &response);
}
