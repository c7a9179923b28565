/*
 * FindCoordinator: who looks after a group, or a transactional id. On one node that is always this broker; the first question
 * creates the topic where the coordinator keeps its records.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/transactions.h"

enum { KEY_GROUP = 0, KEY_TRANSACTION = 1 };
enum { MANY_KEYS_SINCE = 4 }; /* version */

static void answer_one(struct request *request,
                       int8_t key_type,
                       struct bytes key,
                       struct find_coordinator_response_coordinator *out)
{
    enum kafka_error error = KAFKA_INVALID_REQUEST;
    out->key = key;
    out->node_id = -1;
    out->host = bytes_of("");
    out->port = -1;
    if (key_type == KEY_GROUP) {
        error = coordinator_prepare(request->broker);
    } else if (key_type == KEY_TRANSACTION) {
        error = transactions_prepare(request->broker);
    }
    out->error_code = (int16_t)error;
    if (error == KAFKA_NONE) {
        out->error_message = bytes_of("");
        out->node_id = request->broker->config.node_id;
        request_advertised_address(request, &out->host, &out->port);
    } else {
        out->error_message = bytes_of(kafka_error_message((int16_t)error));
    }
}

void api_find_coordinator(struct request *request)
{
    const struct find_coordinator_request *body = request->body;
    struct find_coordinator_response response;
    message_init(&find_coordinator_response_type, &response);
    if (request->version >= MANY_KEYS_SINCE) {
        response.coordinators_count = body->coordinator_keys_count;
        response.coordinators = message_new(&find_coordinator_response_coordinator_type,
                                            &request->arena, body->coordinator_keys_count);
        for (int32_t i = 0; i < body->coordinator_keys_count; i++) {
            answer_one(request, body->key_type, body->coordinator_keys[i],
                       &response.coordinators[i]);
        }
    } else {
        struct find_coordinator_response_coordinator one = { 0 };
        answer_one(request, body->key_type, body->key, &one);
        response.error_code = one.error_code;
        /* The old versions say it in words also when all is well. */
        response.error_message = one.error_code ? one.error_message : bytes_of("NONE");
        response.node_id = one.node_id;
        response.host = one.host;
        response.port = one.port;
    }
    request_respond(request, &response);
}
