/*
 * One request from its frame to its response.
 *
 *     frame -> decoded body -> handler -> request_respond()           answered at once
 *                                     \-> parked ... request_respond() answered later (long poll, rebalance)
 *                                     \-> request_respond_nothing()    acks=0
 *                                     \-> request_disconnect()         what Kafka answers by closing
 *
 * A handler runs on the worker that owns the connection and ends in exactly one of these, now or later. A parked request
 * whose connection dies is told by `abandon` (on its worker): the parker forgets it and calls request_drop(). A request
 * that another thread is just working on may have no `abandon`: its respond finds no connection and drops it.
 *
 * Memory: everything a request needs lies in its arena, or in the frame that its decoded strings borrow from; both go
 * with the request. Log slices are taken with request_slice(), so that none can be forgotten.
 *
 * Thread: the request's worker, unless a function says otherwise.
 */
#pragma once

#include "base/arena.h"
#include "net/loop.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "storage/log_file.h"

struct broker;
struct worker;
struct client;

struct request {
    struct broker *broker;
    struct worker *worker;
    struct client *client; /* NULL once the connection is gone */
    const struct api_type *api;
    int16_t version;
    struct request_header header;
    void *body; /* the decoded message, e.g. struct fetch_request */
    struct arena arena;
    int64_t received_ms; /* monotonic */

    /* The parker's: */
    void (*abandon)(struct request *request);
    void *parked;
    struct loop_task task; /* for posting the request to a worker */

    /* request.c's: */
    void *memory; /* the frame */
    struct owned_slice *slices;
};

typedef void (*api_handler)(struct request *request);

/* Decodes a frame; takes `memory`. NULL when it is no request that can be answered: then `err` says why. */
struct request *request_create(struct client *client,
                               struct bytes frame,
                               void *memory,
                               struct weir_error *err);

/* `response` is of api->response; its external records fields point at slices of this request. */
void request_respond(struct request *request, const void *response);
void request_respond_nothing(struct request *request);
void request_disconnect(struct request *request, const char *why);
void request_drop(struct request *request);

/* An empty slice that lives as long as the request. */
struct log_slice *request_slice(struct request *request);

/* Text of the peer for members of groups and log lines: "/127.0.0.1". Borrowed from the client. */
struct bytes request_client_host(const struct request *request);

/* The address that the client should use from now on, for Metadata and FindCoordinator: the advertised listener, or
 * where it is connected. The text is from the request's arena. */
void request_advertised_address(struct request *request, struct bytes *out_host, int32_t *out_port);
