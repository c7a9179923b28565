/*
 * Maintenance of a query's state: snapshots and the removal of old files, beside the batches, every
 * spark.sql.streaming.stateStore.maintenanceInterval. The thread sleeps in between, and exists only where there is state.
 */
#pragma once

#include "state/state.h"

struct maintenance;

/* NULL: there is no thread to be had; then nothing is maintained, and nothing is lost. */
struct maintenance *maintenance_start(struct state_provider *states, int64_t interval_ms);

/* Ends the thread. NULL is taken. */
void maintenance_stop(struct maintenance *m);
