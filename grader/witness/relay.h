/*
 * A relay: another address of the cluster, which takes its time with every first word.
 *
 * A client that begins there gets its first answer `delay_ms` after it has connected; from the metadata it then learns
 * the brokers' own addresses, where nothing is slower than ever. So a program meets a cluster that needs a moment, as
 * clusters over a network do, and what it does not wait for is not done.
 *
 * Thread: a relay has one of its own; relay_open() and relay_close() belong to the check's.
 */
#pragma once

#include "check/check.h"

struct relay;

/* NULL after check_broken(). */
struct relay *relay_open(struct check *c, int delay_ms);
/* "host:port"; lives as long as the check. */
const char *relay_address(const struct relay *relay);
/* Ends all its connections. NULL is fine. */
void relay_close(struct relay *relay);
