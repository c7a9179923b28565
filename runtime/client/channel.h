/*
 * One connection to one broker that speaks our own codec: a request goes out, its response comes back.
 *
 * A channel says what librdkafka's API cannot, such as topic ids or settings with their sources, and costs no thread:
 * the command-line tools, the grader's observer and brokers among themselves use it. Programs that produce and consume
 * want weir/producer.h and weir/consumer.h instead.
 *
 *     struct channel *channel;
 *     rc = channel_open(&(struct channel_options){ .address = "localhost:9092" }, &channel, err);
 *
 *     struct list_groups_request request;
 *     struct list_groups_response response;
 *     message_init(&list_groups_request_type, &request);
 *     rc = channel_call(channel, API_LIST_GROUPS, &request, arena, &response, err);
 *
 * Opening asks for ApiVersions (KIP-511), and every call speaks the highest version that both sides know; a request
 * should be filled in for all of them (a topic's name and its id, say): what a version lacks is left out if the schema
 * calls it ignorable. An error code inside a response is the caller's to look at.
 *
 * Errors, one line with the address in front: WEIR_EIO and WEIR_ETIMEOUT when the broker cannot be reached or leaves,
 * WEIR_EPROTO for bytes that make no sense, WEIR_EINVAL when the two have no version of an API in common. After any of
 * the first three the channel is of no more use: close it.
 * Thread: one at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "weir/status.h"

struct channel;

struct channel_options {
    const char *address;   /* "host:port" */
    const char *client_id; /* NULL: "weir" */
    int timeout_ms;        /* for connecting, and for each call; 0: 10 s */
};

WEIR_CHECKED enum weir_status channel_open(const struct channel_options *options,
                                           struct channel **out_channel,
                                           struct weir_error *err);
/* NULL is fine. */
void channel_close(struct channel *channel);

/* Each later call may take so long. */
void channel_set_timeout(struct channel *channel, int timeout_ms);

/* The highest version that both sides know, or -1. */
int16_t channel_version(const struct channel *channel, enum api_key key);

/* From now on no later version of this API than `version`: when a field is needed that a later one lacks. */
void channel_limit_version(struct channel *channel, enum api_key key, int16_t version);

/*
 * Asks and waits for the answer. `request` and `out_response` are the structs of messages.h for that API; everything
 * that the response points at lives in `arena`.
 */
WEIR_CHECKED enum weir_status channel_call(struct channel *channel,
                                           enum api_key key,
                                           const void *request,
                                           struct arena *arena,
                                           void *out_response,
                                           struct weir_error *err);

/*
 * The same in two steps, for who has something else to do meanwhile. The answers come in the order of the questions; there may be
 * several on their way. The frame that comes back is kept in `frame`, which the response points into as well as into the arena.
 */
WEIR_CHECKED enum weir_status channel_send(struct channel *channel,
                                           enum api_key key,
                                           const void *request,
                                           struct weir_error *err);
WEIR_CHECKED enum weir_status channel_receive(struct channel *channel,
                                              enum api_key key,
                                              struct buffer *frame,
                                              struct arena *arena,
                                              void *out_response,
                                              struct weir_error *err);

/* Waits until something has come, an answer or the end of the connection; false: not in that time. */
bool channel_wait(struct channel *channel, int timeout_ms);

/* "host:port", as it was given. */
const char *channel_address(const struct channel *channel);

/*
 * Records `what: ` and Kafka's name and text of an error code that a response carried; the broker's own words take
 * the place of the text when `message` is not null. Returns the status: WEIR_ENOTFOUND, WEIR_EEXIST or WEIR_EBROKER.
 */
enum weir_status channel_refused(const char *what,
                                 int16_t error_code,
                                 struct bytes message,
                                 struct weir_error *err);
