/*
 * Requests: see request.h.
 */
#include "broker/request.h"

#include <assert.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/worker.h"

enum { LENGTH_SIZE = 4 };

struct owned_slice {
    struct log_slice slice;
    struct owned_slice *next;
};

static void request_free(struct request *request)
{
    for (struct owned_slice *owned = request->slices; owned; owned = owned->next) {
        log_slice_release(&owned->slice);
    }
    if (request->client) {
        request->client->current = NULL;
    }
    arena_finish(&request->arena);
    free(request->memory);
    free(request);
}

static enum weir_status decode(struct request *request, struct bytes frame, struct weir_error *err)
{
    enum weir_status rc = request_header_decode(&frame, &request->header, err);
    if (rc < 0) {
        return rc;
    }
    int16_t key = request->header.request_api_key;
    int16_t version = request->header.request_api_version;
    const struct api_row *row = api_row_find(key);
    request->api = api_type_find(key);
    request->version = version;
    if (!row || !request->api) {
        return weir_fail(err, WEIR_ENOTFOUND, "API key %d is not served here", key);
    }
    if (version < row->version_min || version > row->version_max) {
        if (key == API_API_VERSIONS) {
            return WEIR_OK; /* answered in version 0, with the versions that there are (KIP-511) */
        }
        return weir_fail(err, WEIR_EPROTO, "%s version %d is not served here (%d to %d are)",
                         request->api->name, version, row->version_min, row->version_max);
    }
    request->body = arena_alloc(&request->arena, 1, request->api->request->size);
    /* Bytes behind the body are nobody's, and Kafka does not mind them. */
    return message_decode_prefix(request->api->request, version, &frame, &request->arena,
                                 request->body, err);
}

struct request *request_create(struct client *client,
                               struct bytes frame,
                               void *memory,
                               struct weir_error *err)
{
    struct request *request = MEM_NEW(struct request);
    request->worker = client->worker;
    request->broker = worker_broker(client->worker);
    request->client = client;
    request->memory = memory;
    request->received_ms = loop_now_ms(worker_loop(client->worker));
    arena_init(&request->arena, 0);
    if (decode(request, frame, err) < 0) {
        request_free(request);
        return NULL;
    }
    client->current = request;
    return request;
}

struct log_slice *request_slice(struct request *request)
{
    struct owned_slice *owned = ARENA_NEW(&request->arena, struct owned_slice, 1);
    owned->next = request->slices;
    request->slices = owned;
    return &owned->slice;
}

static void release_file(void *owner)
{
    log_file_unref(owner);
}

/* The file ranges of a response; each slice gives its reference to its part. */
static struct file_part *parts_of(const struct splices *splices)
{
    if (splices->count == 0) {
        return NULL;
    }
    struct file_part *parts = mem_zalloc(splices->count, sizeof(*parts));
    for (size_t i = 0; i < splices->count; i++) {
        struct log_slice *slice = (struct log_slice *)(uintptr_t)splices->items[i].external;
        parts[i] = (struct file_part){ .at = splices->items[i].offset,
                                       .fd = slice->file->fd,
                                       .position = slice->position,
                                       .len = splices->items[i].len,
                                       .release = release_file,
                                       .owner = slice->file };
        *slice = (struct log_slice){ 0 };
    }
    return parts;
}

static void put_length(struct buffer *out, size_t splices_len)
{
    uint32_t length = (uint32_t)(out->len - LENGTH_SIZE + splices_len);
    for (int i = 0; i < LENGTH_SIZE; i++) {
        out->data[i] = (uint8_t)(length >> (8 * (LENGTH_SIZE - 1 - i)));
    }
}

static enum weir_status encode(struct request *request,
                               const void *response,
                               struct buffer *out,
                               struct splices *splices,
                               struct weir_error *err)
{
    struct response_header header = { .correlation_id = request->header.correlation_id };
    (void)buffer_extend(out, LENGTH_SIZE);
    enum weir_status rc = response_header_encode(request->api, request->version, &header, out, err);
    if (rc < 0) {
        return rc;
    }
    rc = message_encode(request->api->response, request->version, response, out, splices, err);
    if (rc == WEIR_OK && out->len - LENGTH_SIZE + splices->len_total > INT32_MAX) {
        rc = weir_fail(err, WEIR_ETOOBIG, "the response is over 2 GB");
    }
    return rc;
}

void request_respond(struct request *request, const void *response)
{
    if (!request->client) {
        request_drop(request);
        return;
    }
    struct weir_error err;
    struct buffer out;
    struct splices splices;
    buffer_init(&out, LIMIT_RESPONSE);
    splices_init(&splices);
    if (encode(request, response, &out, &splices, &err) < 0) {
        buffer_finish(&out);
        splices_finish(&splices);
        request_disconnect(request, err.message);
        return;
    }
    put_length(&out, splices.len_total);
    struct file_part *parts = parts_of(&splices);
    size_t part_count = splices.count;
    splices_finish(&splices);
    struct connection *connection = request->client->connection;
    request_free(request);
    connection_send(connection, &out, parts, part_count);
}

void request_respond_nothing(struct request *request)
{
    struct connection *connection = request->client ? request->client->connection : NULL;
    request_free(request);
    if (connection) {
        connection_resume(connection);
    }
}

void request_disconnect(struct request *request, const char *why)
{
    struct connection *connection = request->client ? request->client->connection : NULL;
    char reason[WEIR_ERROR_MESSAGE_MAX];
    (void)bytes_to_text((struct bytes){ (const uint8_t *)why, strnlen(why, sizeof(reason) - 1) },
                        reason, sizeof(reason));
    request_free(request);
    if (connection) {
        connection_close(connection, reason);
    }
}

void request_drop(struct request *request)
{
    assert(!request->client);
    request_free(request);
}

struct bytes request_client_host(const struct request *request)
{
    return bytes_of(request->client ? request->client->host : "");
}

void request_advertised_address(struct request *request, struct bytes *out_host, int32_t *out_port)
{
    const struct broker_config *config = &request->broker->config;
    if (config->advertised_host[0]) {
        *out_host = bytes_of(config->advertised_host);
        *out_port = config->advertised_port;
        return;
    }
    char host[CONNECTION_HOST_SIZE] = "127.0.0.1";
    int port = request->broker->bound_port;
    if (request->client) {
        connection_local_address(request->client->connection, host, &port);
    }
    *out_host = arena_copy(&request->arena, bytes_of(host));
    *out_port = port;
}
