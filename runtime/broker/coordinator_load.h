/*
 * Reading the groups back from __consumer_offsets.
 *
 * Thread: the one that starts the broker, before the workers run.
 */
#pragma once

#include "weir/status.h"

struct broker;

#define GROUP_OFFSETS_TOPIC "__consumer_offsets"

/* Fills the shards of broker->coordinator. */
WEIR_CHECKED enum weir_status coordinator_load(struct broker *broker, struct weir_error *err);
