/*
 * The acceptor: takes connections on the listening socket (on the first worker's loop) and deals them out to the
 * workers in turn, so that two connections on two cores are one on each.
 *
 * Thread: the first worker's; create and destroy while no worker runs.
 */
#pragma once

#include "weir/status.h"

struct acceptor;
struct broker;

WEIR_CHECKED enum weir_status acceptor_create(struct broker *broker,
                                              struct acceptor **out_acceptor,
                                              struct weir_error *err);
/* When no task runs on the loop any more. Accepts NULL. */
void acceptor_destroy(struct acceptor *acceptor);
