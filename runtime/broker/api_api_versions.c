/*
 * ApiVersions: what this broker serves, and in which versions. The first request of nearly every client.
 *
 * A version from the future is answered in version 0 with error 35 and the one line about ApiVersions itself, so that the
 * client can ask again (KIP-511). No features are advertised: none is finalised here.
 */
#include "broker/api_table.h"
#include "protocol/kafka_error.h"

static void fill(struct api_versions_response_api *to, const struct api_row *row)
{
    to->api_key = row->key;
    to->min_version = row->advertised_min;
    to->max_version = row->version_max;
}

static void answer_unknown_version(struct request *request, struct api_versions_response *response)
{
    response->error_code = KAFKA_UNSUPPORTED_VERSION;
    response->api_keys = message_new(&api_versions_response_api_type, &request->arena, 1);
    response->api_keys_count = 1;
    fill(response->api_keys, api_row_find(API_API_VERSIONS));
    request->version = 0;
    request_respond(request, response);
}

/* A client's name and version: letters, digits, and '.' and '-' within (ApiVersionsRequest.isValid). */
static bool valid_software_word(struct bytes word)
{
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool inner = (c == '.' || c == '-') && i > 0 && i + 1 < word.len;
        if (!letter && !inner) {
            return false;
        }
    }
    return word.len > 0;
}

void api_api_versions(struct request *request)
{
    const struct api_versions_request *body = request->body;
    struct api_versions_response response;
    message_init(&api_versions_response_type, &response);
    if (!body) {
        answer_unknown_version(request, &response);
        return;
    }
    if (message_flexible(request->api->request, request->version) &&
        (!valid_software_word(body->client_software_name) ||
         !valid_software_word(body->client_software_version))) {
        response.error_code = KAFKA_INVALID_REQUEST;
        request_respond(request, &response);
        return;
    }
    response.api_keys =
        message_new(&api_versions_response_api_type, &request->arena, api_row_count);
    response.api_keys_count = api_row_count;
    for (int i = 0; i < api_row_count; i++) {
        fill(&response.api_keys[i], &api_rows[i]);
    }
    request_respond(request, &response);
}
