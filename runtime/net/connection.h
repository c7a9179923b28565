/*
 * A framed connection: a 32-bit big-endian length, then that many bytes, in both directions.
 *
 *     +-----------------+----------------------+-----------------+--- ...
 *     | length (int32)  | frame: length bytes  | length (int32)  |
 *     +-----------------+----------------------+-----------------+--- ...
 *
 * One frame is in work at a time: while it is, the connection is muted (nothing more is read), so answers keep the order
 * of the questions. The owner ends the muting with connection_send() or connection_resume(). Small answers to frames that
 * came together leave together; a client that does not read its answers costs no more memory than those, 64 KiB, and one.
 *
 * A peer that leaves while its frame is in work is noticed, so a parked request does not outlive its connection. An idle
 * connection holds no buffer. A length that is negative or over the limit closes the connection.
 *
 * Thread: the loop's own. Ownership: see the functions.
 */
#pragma once

#include <netinet/in.h>

#include "net/loop.h"
#include "net/outbound.h"

struct connection;

struct connection_events {
    /* A whole frame. The connection is muted now. `memory` (from malloc) holds `frame` and is the callee's to free. */
    void (*frame)(struct connection *connection, struct bytes frame, void *memory);
    /* The connection is closed and freed after this returns. `why` is NULL when the peer simply left. */
    void (*closed)(struct connection *connection, const char *why);
    /* All that was to be sent is on its way out. May be NULL. */
    void (*sent)(struct connection *connection);
};

struct connection_options {
    const struct connection_events *events;
    void *owner;         /* for connection_owner() */
    size_t frame_max;    /* bytes */
    int64_t idle_max_ms; /* closes when nothing was read or written for so long; 0: never */
};

/* Takes `fd` (a non-blocking stream socket) on success. */
WEIR_CHECKED enum weir_status connection_create(struct loop *loop,
                                                int fd,
                                                const struct connection_options *options,
                                                struct connection **out_connection,
                                                struct weir_error *err);

/* Calls events->closed and frees the connection at the end of the loop's round. Harmless when closing already. */
void connection_close(struct connection *connection, const char *why);

/* Sends memory (whose first four bytes are the length, filled in by the caller) and file parts (see outbound.h), then
 * takes the next frame. The connection must be muted. */
void connection_send(struct connection *connection,
                     struct buffer *memory,
                     struct file_part *parts,
                     size_t part_count);

/* Takes the next frame without having sent anything. */
void connection_resume(struct connection *connection);

void *connection_owner(const struct connection *connection);
struct loop *connection_loop(const struct connection *connection);
int connection_fd(const struct connection *connection);

/* The peer's address without its port, as Kafka shows it: "/127.0.0.1". */
enum { CONNECTION_HOST_SIZE = INET6_ADDRSTRLEN + 2 };
void connection_peer_host(const struct connection *connection, char out_host[CONNECTION_HOST_SIZE]);

/* The local address that the peer connected to, without brackets, and its port. */
void connection_local_address(const struct connection *connection,
                              char out_host[CONNECTION_HOST_SIZE],
                              int *out_port);
