/*
 * Reading transactions back from __transaction_state at start. Thread: the one that starts the broker.
 */
#pragma once

#include "weir/status.h"

struct broker;

/* Fills the shards and brings to an end what was decided before the stop or crash. */
WEIR_CHECKED enum weir_status transactions_load(struct broker *broker, struct weir_error *err);
