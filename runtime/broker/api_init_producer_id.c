/*
 * InitProducerId: a fresh producer id for an idempotent producer (kafka.server.KafkaApis.handleInitProducerIdRequest).
 *
 * Ids are never given out twice, whatever crashes in between (broker_next_producer_id()). Transactional ids need a
 * transaction coordinator; until there is one they are refused, with a log line that names the id.
 */
#include "base/log.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "protocol/batch.h"
#include "protocol/kafka_error.h"

enum { TRANSACTION_TIMEOUT_MAX_MS = 900000 /* transaction.max.timeout.ms */ };

/* Both or neither: a producer that says who it was says in which epoch. */
static bool half_known(const struct init_producer_id_request *body)
{
    return (body->producer_id == NO_PRODUCER_ID) != (body->producer_epoch == NO_PRODUCER_EPOCH);
}

static enum kafka_error check(struct request *request, const struct init_producer_id_request *body)
{
    if (half_known(body)) {
        return KAFKA_INVALID_REQUEST;
    }
    if (bytes_is_null(body->transactional_id)) {
        return KAFKA_NONE;
    }
    if (body->transactional_id.len == 0) {
        return KAFKA_INVALID_REQUEST;
    }
    if (body->transaction_timeout_ms <= 0 ||
        body->transaction_timeout_ms > TRANSACTION_TIMEOUT_MAX_MS) {
        return KAFKA_INVALID_TRANSACTION_TIMEOUT;
    }
    log_write(
        &request->broker->log, LOG_LEVEL_WARN,
        "InitProducerId for transactional id '%.*s' refused: this broker has no transactions yet",
        BYTES_ARG(body->transactional_id));
    return KAFKA_UNSUPPORTED_VERSION;
}

void api_init_producer_id(struct request *request)
{
    const struct init_producer_id_request *body = request->body;
    struct init_producer_id_response response;
    message_init(&init_producer_id_response_type, &response);
    response.producer_id = NO_PRODUCER_ID;
    response.producer_epoch = NO_PRODUCER_EPOCH;
    enum kafka_error error = check(request, body);
    if (error == KAFKA_NONE) {
        int64_t id = broker_next_producer_id(request->broker);
        if (id >= 0) {
            response.producer_id = id;
            response.producer_epoch = 0;
        } else {
            error = KAFKA_STORAGE_ERROR;
        }
    }
    response.error_code = (int16_t)error;
    request_respond(request, &response);
}
