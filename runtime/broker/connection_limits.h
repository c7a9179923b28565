/*
 * How many connections there may be, from whom, and how fast new ones may come (kafka.network.ConnectionQuotas):
 *
 *     max.connections                 no more are accepted; who comes waits in the system's queue until one has left
 *     max.connections.per.ip          one more from that address is accepted and closed at once; with
 *     max.connections.per.ip.overrides  exceptions for some: "10.0.0.1:100,build.example:20"
 *     max.connection.creation.rate    accepting pauses while it was more on average over quota.window.num - 1 times
 *                                     quota.window.size.seconds; so a short burst goes through
 *
 * Thread: any, unless a function says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/loop.h"
#include "weir/status.h"

struct broker_config;
struct connection_limits;

/* 128 bits as IPv6 has them, IPv4 mapped into it. */
struct peer_address {
    uint8_t bytes[16];
};

struct peer_address peer_address_of(const struct sockaddr_storage *address);

/* 127.0.0.0/8 or ::1: between it and us is no network. */
bool peer_address_is_loopback(const struct peer_address *peer);

enum { PEER_ADDRESS_TEXT = 46 };
/* "127.0.0.1", "::1" */
void peer_address_format(const struct peer_address *peer, char out_text[PEER_ADDRESS_TEXT]);

/* Without limits. */
struct connection_limits *connection_limits_create(void);
void connection_limits_destroy(struct connection_limits *limits); /* accepts NULL */

/* Who accepts: after connection_limits_pause() has told of no room, `wake` is posted to the loop once there may be some. It begins
 * by calling connection_limits_woken(). */
void connection_limits_watch(struct connection_limits *limits,
                             struct loop *loop,
                             struct loop_task *wake);
void connection_limits_woken(struct connection_limits *limits);

/* From now on; connections that there are stay. Names are looked up: WEIR_ENOTFOUND names one that is not known, and the rest
 * is in force. */
WEIR_CHECKED enum weir_status connection_limits_configure(struct connection_limits *limits,
                                                          const struct broker_config *config,
                                                          struct weir_error *err);

/* Whether "host:count,..." can be meant; an error names what cannot. */
WEIR_CHECKED enum weir_status connection_overrides_check(const char *text, struct weir_error *err);

enum connection_pause {
    CONNECTION_GO,       /* the next may be accepted */
    CONNECTION_NO_ROOM,  /* max.connections; `wake` will be posted */
    CONNECTION_TOO_FAST, /* the rate; ask again at *out_until_ms */
};

/* May one more be accepted? Thread: who accepts. */
enum connection_pause connection_limits_pause(struct connection_limits *limits,
                                              int64_t now_ms,
                                              int64_t *out_until_ms);

/* Counts an accepted connection. False, and it is not counted: its address has as many as it may; *out_max is how many. */
bool connection_limits_enter(struct connection_limits *limits,
                             const struct peer_address *peer,
                             int32_t *out_max);
/* One that was counted is gone. */
void connection_limits_leave(struct connection_limits *limits, const struct peer_address *peer);
