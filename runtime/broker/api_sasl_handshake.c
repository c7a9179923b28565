/*
 * SaslHandshake: on a listener without SASL there is nothing to shake hands about. The answer tells the client so; most
 * say then that their security.protocol does not fit.
 */
#include "broker/api_table.h"
#include "protocol/kafka_error.h"

void api_sasl_handshake(struct request *request)
{
    struct sasl_handshake_response response;
    message_init(&sasl_handshake_response_type, &response);
    response.error_code = KAFKA_ILLEGAL_SASL_STATE;
    request_respond(request, &response);
}
