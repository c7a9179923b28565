/*
 * A broker's life: start, serve, stop.
 *
 * Thread: one (the program's main thread); the broker runs its own.
 */
#pragma once

#include "broker/broker.h"

/* Takes `config` (complete). On failure nothing is left running or locked. */
WEIR_CHECKED enum weir_status broker_start(struct broker_config *config,
                                           const struct log *log,
                                           struct broker **out_broker,
                                           struct weir_error *err);

/* Stops serving, closes everything cleanly and frees the broker. Accepts NULL. */
void broker_stop(struct broker *broker);
