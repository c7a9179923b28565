/*
 * One connection to one broker; see the header. On the wire a request and its response are
 *
 *     length int32 | request header (api key, version, correlation id, client id) | body
 *     length int32 | response header (correlation id)                             | body
 */
#include "client/channel.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "client/stream.h"
#include "protocol/kafka_error.h"

enum { TIMEOUT_DEFAULT_MS = 10000, FRAME_LENGTH_SIZE = 4, API_KEYS = 128 };

struct channel {
    int fd;
    int timeout_ms;
    int32_t correlation_id; /* of the last request */
    int32_t answered_id;    /* of the last answer */
    char *address;
    char *client_id;
    int16_t versions[API_KEYS]; /* by key: the highest in common, or -1 */
    struct buffer out;          /* the request being sent, kept for the next one */
};

int16_t channel_version(const struct channel *channel, enum api_key key)
{
    return (int)key >= 0 && (int)key < API_KEYS ? channel->versions[key] : -1;
}

void channel_limit_version(struct channel *channel, enum api_key key, int16_t version)
{
    const struct api_type *api = api_type_find((int16_t)key);
    if (api && channel_version(channel, key) > version && version >= api->version_min) {
        channel->versions[key] = version;
    }
}

void channel_set_timeout(struct channel *channel, int timeout_ms)
{
    channel->timeout_ms = timeout_ms;
}

const char *channel_address(const struct channel *channel)
{
    return channel->address;
}

static void put_be32(uint8_t out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

/* Encodes the whole frame into channel->out. */
static enum weir_status encode_request(struct channel *channel,
                                       const struct api_type *api,
                                       int16_t version,
                                       const void *request,
                                       struct weir_error *err)
{
    struct request_header header;
    message_init(&request_header_type, &header);
    header.request_api_key = api->key;
    header.request_api_version = version;
    header.correlation_id = ++channel->correlation_id;
    header.client_id = bytes_of(channel->client_id);
    buffer_clear(&channel->out);
    uint8_t *length = buffer_extend(&channel->out, FRAME_LENGTH_SIZE);
    enum weir_status rc = length ? request_header_encode(&header, &channel->out, err) : WEIR_OK;
    if (rc == WEIR_OK) {
        rc = message_encode(api->request, version, request, &channel->out, NULL, err);
    }
    if (rc == WEIR_OK && channel->out.overflow) {
        rc = weir_fail(err, WEIR_ETOOBIG, "the %s request is larger than %zu bytes", api->name,
                       channel->out.max);
    }
    if (rc == WEIR_OK) {
        put_be32(channel->out.data, (uint32_t)(channel->out.len - FRAME_LENGTH_SIZE));
    }
    return rc;
}

/* Reads one frame into `frame`, or, without one, into the arena. */
static enum weir_status receive_frame(struct channel *channel,
                                      struct buffer *frame,
                                      struct arena *arena,
                                      struct bytes *out_frame,
                                      struct weir_error *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + channel->timeout_ms;
    uint8_t b[FRAME_LENGTH_SIZE];
    enum weir_status rc = stream_receive(channel->fd, b, sizeof(b), deadline_ms, err);
    if (rc < 0) {
        return rc;
    }
    uint32_t len = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    if (len > LIMIT_RESPONSE) {
        return weir_fail(err, WEIR_EPROTO, "a response of %u bytes: this is no Kafka broker", len);
    }
    uint8_t *data = NULL;
    if (frame) {
        buffer_clear(frame);
        data = buffer_extend(frame, len);
    } else {
        data = arena_alloc(arena, len + 1, 1);
    }
    if (!data) {
        return weir_fail(err, WEIR_ETOOBIG, "a response of %u bytes: too large", len);
    }
    *out_frame = (struct bytes){ data, len };
    return stream_receive(channel->fd, data, len, deadline_ms, err);
}

static enum weir_status send_request(struct channel *channel,
                                     const struct api_type *api,
                                     const void *request,
                                     struct weir_error *err)
{
    enum weir_status rc = encode_request(channel, api, channel->versions[api->key], request, err);
    return rc < 0 ? rc
                  : stream_send(channel->fd, buffer_bytes(&channel->out),
                                clock_monotonic_ms() + channel->timeout_ms, err);
}

/* Reads the answer to the oldest question that has none yet. */
static enum weir_status receive_response(struct channel *channel,
                                         const struct api_type *api,
                                         struct buffer *frame,
                                         struct arena *arena,
                                         void *out_response,
                                         struct weir_error *err)
{
    int16_t version = channel->versions[api->key];
    struct bytes body;
    struct response_header header;
    enum weir_status rc = receive_frame(channel, frame, arena, &body, err);
    if (rc == WEIR_OK) {
        rc = response_header_decode(api, version, &body, &header, err);
    }
    if (rc == WEIR_OK && header.correlation_id != channel->answered_id + 1) {
        rc = weir_fail(err, WEIR_EPROTO, "answer %d to question %d", header.correlation_id,
                       channel->answered_id + 1);
    }
    if (rc == WEIR_OK) {
        channel->answered_id = header.correlation_id;
        rc = message_decode(api->response, version, body, arena, out_response, err);
    }
    return rc;
}

/* Sends one request in a version and decodes the answer in the same. */
static enum weir_status exchange(struct channel *channel,
                                 const struct api_type *api,
                                 const void *request,
                                 struct arena *arena,
                                 void *out_response,
                                 struct weir_error *err)
{
    channel->answered_id = channel->correlation_id; /* whatever was asked before is given up */
    enum weir_status rc = send_request(channel, api, request, err);
    return rc < 0 ? rc : receive_response(channel, api, NULL, arena, out_response, err);
}

/* Puts "address: API: " before what went wrong. */
static enum weir_status failed(const struct channel *channel,
                               const char *api,
                               const struct weir_error *cause,
                               struct weir_error *err)
{
    return weir_fail(err, cause->status, "%s: %s: %s", channel->address, api, cause->message);
}

/* NULL: the error is set. */
static const struct api_type *find_api(const struct channel *channel,
                                       enum api_key key,
                                       struct weir_error *err)
{
    const struct api_type *api = api_type_find((int16_t)key);
    if (!api || channel_version(channel, key) < 0) {
        (void)weir_fail(err, WEIR_EINVAL,
                        "%s: the broker does not support %s in any version known here",
                        channel->address, api ? api->name : "this request");
        return NULL;
    }
    return api;
}

enum weir_status channel_call(struct channel *channel,
                              enum api_key key,
                              const void *request,
                              struct arena *arena,
                              void *out_response,
                              struct weir_error *err)
{
    const struct api_type *api = find_api(channel, key, err);
    if (!api) {
        return WEIR_EINVAL;
    }
    struct weir_error cause;
    enum weir_status rc = exchange(channel, api, request, arena, out_response, &cause);
    return rc < 0 ? failed(channel, api->name, &cause, err) : WEIR_OK;
}

enum weir_status channel_send(struct channel *channel,
                              enum api_key key,
                              const void *request,
                              struct weir_error *err)
{
    const struct api_type *api = find_api(channel, key, err);
    if (!api) {
        return WEIR_EINVAL;
    }
    struct weir_error cause;
    enum weir_status rc = send_request(channel, api, request, &cause);
    return rc < 0 ? failed(channel, api->name, &cause, err) : WEIR_OK;
}

enum weir_status channel_receive(struct channel *channel,
                                 enum api_key key,
                                 struct buffer *frame,
                                 struct arena *arena,
                                 void *out_response,
                                 struct weir_error *err)
{
    const struct api_type *api = find_api(channel, key, err);
    if (!api) {
        return WEIR_EINVAL;
    }
    struct weir_error cause;
    enum weir_status rc = receive_response(channel, api, frame, arena, out_response, &cause);
    return rc < 0 ? failed(channel, api->name, &cause, err) : WEIR_OK;
}

bool channel_wait(struct channel *channel, int timeout_ms)
{
    struct pollfd wait = { .fd = channel->fd, .events = POLLIN };
    return poll(&wait, 1, timeout_ms) > 0;
}

/* Fills in the versions in common. A broker that does not know our version of ApiVersions answers in version 0, with
 * an error code and what it knows. */
static enum weir_status negotiate(struct channel *channel, struct weir_error *err)
{
    const struct api_type *api = api_type_find(API_API_VERSIONS);
    struct api_versions_request request;
    struct api_versions_response response;
    struct arena arena;
    arena_init(&arena, 0);
    message_init(api->request, &request);
    request.client_software_name = bytes_of("weir");
    request.client_software_version = bytes_of("1");
    channel->versions[API_API_VERSIONS] = 3;
    enum weir_status rc = exchange(channel, api, &request, &arena, &response, err);
    if (rc == WEIR_EPROTO || (rc == WEIR_OK && response.error_code == KAFKA_UNSUPPORTED_VERSION)) {
        channel->versions[API_API_VERSIONS] = 0;
        rc = exchange(channel, api, &request, &arena, &response, err);
    }
    if (rc == WEIR_OK && response.error_code != KAFKA_NONE) {
        rc = weir_fail(err, WEIR_EBROKER, "%s", kafka_error_name(response.error_code));
    }
    for (int32_t i = 0; rc == WEIR_OK && i < response.api_keys_count; i++) {
        const struct api_versions_response_api *theirs = &response.api_keys[i];
        const struct api_type *ours = api_type_find(theirs->api_key);
        if (!ours || ours->key >= API_KEYS) {
            continue;
        }
        int16_t high =
            theirs->max_version < ours->version_max ? theirs->max_version : ours->version_max;
        bool common = high >= ours->version_min && high >= theirs->min_version;
        channel->versions[ours->key] = common ? high : -1;
    }
    arena_finish(&arena);
    return rc;
}

enum weir_status channel_open(const struct channel_options *options,
                              struct channel **out_channel,
                              struct weir_error *err)
{
    struct stream_address address;
    enum weir_status rc = stream_address_parse(bytes_of(options->address), &address, err);
    if (rc < 0) {
        return rc;
    }
    struct channel *channel = MEM_NEW(struct channel);
    const char *client_id = options->client_id ? options->client_id : "weir";
    channel->fd = -1;
    channel->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
    channel->address = mem_text(options->address, strlen(options->address));
    channel->client_id = mem_text(client_id, strlen(client_id));
    buffer_init(&channel->out, LIMIT_REQUEST_DEFAULT);
    for (size_t i = 0; i < API_KEYS; i++) {
        channel->versions[i] = -1;
    }
    struct weir_error cause;
    const char *step = "connecting";
    rc = stream_connect(&address, clock_monotonic_ms() + channel->timeout_ms, &channel->fd, &cause);
    if (rc == WEIR_OK) {
        step = "ApiVersions";
        rc = negotiate(channel, &cause);
    }
    if (rc < 0) {
        rc = failed(channel, step, &cause, err);
        channel_close(channel);
        return rc;
    }
    *out_channel = channel;
    return WEIR_OK;
}

void channel_close(struct channel *channel)
{
    if (!channel) {
        return;
    }
    if (channel->fd >= 0) {
        close(channel->fd);
    }
    buffer_finish(&channel->out);
    free(channel->address);
    free(channel->client_id);
    free(channel);
}

enum weir_status channel_refused(const char *what,
                                 int16_t error_code,
                                 struct bytes message,
                                 struct weir_error *err)
{
    enum weir_status status = WEIR_EBROKER;
    if (error_code == KAFKA_UNKNOWN_TOPIC_OR_PARTITION || error_code == KAFKA_UNKNOWN_TOPIC_ID) {
        status = WEIR_ENOTFOUND;
    } else if (error_code == KAFKA_TOPIC_ALREADY_EXISTS) {
        status = WEIR_EEXIST;
    }
    struct bytes text =
        bytes_is_null(message) ? bytes_of(kafka_error_message(error_code)) : message;
    return weir_fail(err, status, "%s: %s: %.*s", what, kafka_error_name(error_code),
                     BYTES_ARG(text));
}
