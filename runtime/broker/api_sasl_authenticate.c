/*
 * SaslAuthenticate: on a listener without SASL nobody authenticates. Kafka words it as if everybody had.
 */
#include "broker/api_table.h"
#include "protocol/kafka_error.h"

void api_sasl_authenticate(struct request *request)
{
    struct sasl_authenticate_response response;
    message_init(&sasl_authenticate_response_type, &response);
    response.error_code = KAFKA_ILLEGAL_SASL_STATE;
    response.error_message =
        bytes_of("SaslAuthenticate request received after successful authentication");
    request_respond(request, &response);
}
