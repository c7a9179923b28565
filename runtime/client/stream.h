/*
 * A TCP connection on which every operation ends by a deadline: what a client of one question at a time needs.
 *
 * The socket itself never blocks; the wait is in poll(2), with the time that is left. Deadlines are points on the
 * monotonic clock, in milliseconds (clock_monotonic_ms()), so that several steps can share one.
 *
 * Errors: WEIR_EINVAL for an address that is none, WEIR_ENOTFOUND for a host name that nobody knows, WEIR_EIO when the
 * peer refuses or leaves, WEIR_ETIMEOUT at the deadline. Thread: one at a time.
 */
#pragma once

#include <stdint.h>

#include "base/bytes.h"
#include "weir/status.h"

enum { STREAM_HOST_SIZE = 256 };

struct stream_address {
    char host[STREAM_HOST_SIZE]; /* a name or a number; IPv6 without its brackets */
    char port[6];
};

/* Takes "host:port" or "[::1]:port" apart, as Kafka's bootstrap.servers has it; the port is a must. */
WEIR_CHECKED enum weir_status stream_address_parse(struct bytes text,
                                                   struct stream_address *out_address,
                                                   struct weir_error *err);

/* *out_fd is the caller's to close(2). The system's resolver is not bound by the deadline. */
WEIR_CHECKED enum weir_status stream_connect(const struct stream_address *address,
                                             int64_t deadline_ms,
                                             int *out_fd,
                                             struct weir_error *err);

WEIR_CHECKED enum weir_status stream_send(int fd,
                                          struct bytes data,
                                          int64_t deadline_ms,
                                          struct weir_error *err);

/* Exactly `len` bytes. */
WEIR_CHECKED enum weir_status stream_receive(
    int fd, void *out, size_t len, int64_t deadline_ms, struct weir_error *err);
