/*
 * AddPartitionsToTxn: a producer announces where its transaction will write. What is not announced is refused by the
 * partition (storage/log_transactions.c), and what is gets a marker at the end. Either all partitions are added or none. From version
 * 4 on this API is spoken between Kafka's brokers only.
 */
#include "broker/api_table.h"
#include "broker/image.h"
#include "broker/transactions.h"
#include "broker/worker.h"

enum { FENCED_SINCE = 2 }; /* version */

static enum kafka_error check_partition(const struct cluster_image *image,
                                        struct bytes topic,
                                        int32_t partition)
{
    return image_partition(image, topic, partition) ? KAFKA_NONE : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
}

/* Every partition's result: `error`, or with an image that it is not in that. Any thread. */
static void answer_all(const struct request *request,
                       struct arena *arena,
                       int16_t error,
                       const struct cluster_image *image,
                       struct add_partitions_to_txn_response *out)
{
    const struct add_partitions_to_txn_request *body = request->body;
    int32_t count = body->v3_and_below_topics_count;
    out->results_by_topic_v3_and_below_count = count;
    out->results_by_topic_v3_and_below =
        message_new(&add_partitions_to_txn_response_topic_type, arena, count);
    for (int32_t t = 0; t < count; t++) {
        const struct add_partitions_to_txn_request_topic *topic = &body->v3_and_below_topics[t];
        struct add_partitions_to_txn_response_topic *result =
            &out->results_by_topic_v3_and_below[t];
        result->name = topic->name;
        result->results_by_partition_count = topic->partitions_count;
        result->results_by_partition = message_new(&add_partitions_to_txn_response_partition_type,
                                                   arena, topic->partitions_count);
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            enum kafka_error own =
                image ? check_partition(image, topic->name, topic->partitions[p]) : KAFKA_NONE;
            result->results_by_partition[p].partition_index = topic->partitions[p];
            result->results_by_partition[p].partition_error_code =
                own != KAFKA_NONE ? (int16_t)own : error;
        }
    }
}

static bool all_known(const struct request *request)
{
    const struct add_partitions_to_txn_request *body = request->body;
    const struct cluster_image *image = worker_image(request->worker);
    for (int32_t t = 0; t < body->v3_and_below_topics_count; t++) {
        const struct add_partitions_to_txn_request_topic *topic = &body->v3_and_below_topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            if (check_partition(image, topic->name, topic->partitions[p]) != KAFKA_NONE) {
                return false;
            }
        }
    }
    return true;
}

static void answer(struct group_call *call, const struct txn_reply *reply)
{
    answer_all(call->request, &call->request->arena,
               txn_error_code(call, reply->error, FENCED_SINCE), NULL, call->response);
}

static enum group_visit visit(struct group_call *call,
                              struct group_shard *group_shard,
                              int32_t index)
{
    (void)group_shard;
    (void)index;
    const struct add_partitions_to_txn_request *body = call->request->body;
    struct txn_shard *shard = transactions_shard(call->request->broker, call->at);
    struct txn_entry *entry = txn_shard_find_or_create(shard, body->v3_and_below_transactional_id);
    struct txn_owner owner = { call, body->v3_and_below_producer_id,
                               body->v3_and_below_producer_epoch };
    struct partition_set partitions = { 0 };
    struct txn_effects effects;
    for (int32_t t = 0; t < body->v3_and_below_topics_count; t++) {
        const struct add_partitions_to_txn_request_topic *topic = &body->v3_and_below_topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            (void)partition_set_add(&partitions, topic->name, topic->partitions[p]);
        }
    }
    txn_effects_init(&effects);
    txn_add(entry->txn, &owner, &partitions, txn_now_ms(), &effects);
    txn_settle(entry, &effects);
    partition_set_finish(&partitions);
    return GROUP_VISIT_PARKED;
}

static struct bytes id_of(const struct group_call *call, int32_t index)
{
    (void)index;
    return ((const struct add_partitions_to_txn_request *)call->request->body)
        ->v3_and_below_transactional_id;
}

void api_add_partitions_to_txn(struct request *request)
{
    const struct add_partitions_to_txn_request *body = request->body;
    bool named = body->v3_and_below_transactional_id.len > 0;
    if (named && all_known(request)) {
        struct txn_call *state = ARENA_NEW(&request->arena, struct txn_call, 1);
        state->answer = answer;
        txn_call_start(request, state, visit, id_of);
        return;
    }
    struct add_partitions_to_txn_response response;
    message_init(&add_partitions_to_txn_response_type, &response);
    answer_all(request, &request->arena,
               named ? KAFKA_OPERATION_NOT_ATTEMPTED : KAFKA_INVALID_REQUEST,
               named ? worker_image(request->worker) : NULL, &response);
    request_respond(request, &response);
}
