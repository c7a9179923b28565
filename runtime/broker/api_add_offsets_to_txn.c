/*
 * AddOffsetsToTxn: a producer announces that its transaction will commit a group's offsets; that is, that it will write to the
 * group's partition of __consumer_offsets.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/coordinator_load.h"
#include "broker/partition.h"
#include "broker/transactions.h"

enum { FENCED_SINCE = 2 }; /* version */

static void answer(struct group_call *call, const struct txn_reply *reply)
{
    struct add_offsets_to_txn_response *response = call->response;
    response->error_code = txn_error_code(call, reply->error, FENCED_SINCE);
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)index;
    const struct add_offsets_to_txn_request *body = call->request->body;
    struct add_offsets_to_txn_response *response = call->response;
    struct txn_shard *shard = transactions_shard(call->request->broker, call->at);
    const struct partition *offsets = shard_partition(group_shard, body->group_id);
    if (!offsets) {
        response->error_code = KAFKA_COORDINATOR_NOT_AVAILABLE;
        return GROUP_VISIT_DONE;
    }
    struct txn_entry *entry = txn_shard_find_or_create(shard, body->transactional_id);
    struct txn_owner owner = { call, body->producer_id, body->producer_epoch };
    struct partition_set partitions = { 0 };
    struct txn_effects effects;
    (void)partition_set_add(&partitions, bytes_of(GROUP_OFFSETS_TOPIC), offsets->index);
    txn_effects_init(&effects);
    txn_add(entry->txn, &owner, &partitions, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
    partition_set_finish(&partitions);
    return GROUP_VISIT_PARKED;
}

static struct bytes id_of(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct add_offsets_to_txn_request *)call->request->body)->transactional_id;
}

void api_add_offsets_to_txn(struct request *request)
{
    const struct add_offsets_to_txn_request *body = request->body;
    enum kafka_error error = body->transactional_id.len > 0 ? coordinator_prepare(request->broker)
                                                            : KAFKA_INVALID_REQUEST;
    if (error == KAFKA_NONE) {
        struct txn_call *state = ARENA_NEW(&request->arena, struct txn_call, 1);
        state->answer = answer;
        txn_call_start(request, state, visit, id_of);
        return;
    }
    struct add_offsets_to_txn_response response;
    message_init(&add_offsets_to_txn_response_type, &response);
    response.error_code = (int16_t)error;
    request_respond(request, &response);
}
