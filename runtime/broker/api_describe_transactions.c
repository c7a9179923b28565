/*
 * DescribeTransactions: state, producer and partitions of transactional ids.
 */
#include "broker/api_table.h"
#include "broker/transactions.h"

static void describe(const struct transaction *txn,
                     struct arena *arena,
                     struct describe_transactions_response_transaction *out)
{
    const struct txn_facts *facts = &txn->facts;
    size_t count = partition_set_topic_count(&facts->partitions);
    out->transaction_state = bytes_of(txn_state_name(facts->state));
    out->transaction_timeout_ms = facts->timeout_ms;
    out->transaction_start_time_ms = facts->start_ms;
    out->producer_id = facts->producer_id;
    out->producer_epoch = facts->epoch;
    out->topics_count = (int32_t)count;
    out->topics = message_new(&describe_transactions_response_topic_type, arena, (int32_t)count);
    for (size_t t = 0; t < count; t++) {
        const struct partition_set_topic *topic = partition_set_topic(&facts->partitions, t);
        int32_t *partitions = ARENA_NEW(arena, int32_t, topic->partition_count);
        for (size_t p = 0; p < topic->partition_count; p++) {
            partitions[p] = topic->partitions[p];
        }
        out->topics[t].topic = arena_copy(arena, topic->name);
        out->topics[t].partitions = partitions;
        out->topics[t].partitions_count = (int32_t)topic->partition_count;
    }
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)group_shard;
    const struct describe_transactions_request *body = call->request->body;
    struct describe_transactions_response *response = call->response;
    struct describe_transactions_response_transaction *out = &response->transaction_states[index];
    const struct txn_shard *shard = transactions_shard(call->request->broker, call->at);
    const struct txn_entry *entry = txn_shard_find(shard, body->transactional_ids[index]);
    out->transactional_id = body->transactional_ids[index];
    if (body->transactional_ids[index].len == 0) {
        out->error_code = KAFKA_INVALID_REQUEST;
    } else if (entry && txn_is_known(entry->txn)) {
        describe(entry->txn, &call->request->arena, out);
    } else {
        out->error_code = KAFKA_TRANSACTIONAL_ID_NOT_FOUND;
    }
    return GROUP_VISIT_DONE;
}

static struct bytes id_at(const struct group_call *call, int32_t index)
{
    return ((const struct describe_transactions_request *)call->request->body)
        ->transactional_ids[index];
}

void api_describe_transactions(struct request *request)
{
    const struct describe_transactions_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct describe_transactions_response *response = call->response;
    response->transaction_states_count = body->transactional_ids_count;
    response->transaction_states = message_new(&describe_transactions_response_transaction_type,
                                               &request->arena, body->transactional_ids_count);
    call->count = body->transactional_ids_count;
    call->group_at = id_at;
    call->visit = visit;
    group_call_start(call);
}
