/*
 * Batch actions: a plan run once, its rows to a target or into memory.
 */
#pragma once

#include "plan/rows.h"
#include "streams/frame.h"

/* Runs the plan, which must be allowed as a batch. Types of the rows are in the arena, or where the plan's are. False: the error is set. */
bool run_to_target(struct weir_session *session,
                   struct arena *arena,
                   const struct plan *plan,
                   struct row_target *target,
                   struct sql_error *error);

/* All rows, in the order of the partitions; the caller's. NULL: the error is set. */
struct batch *run_to_batch(struct weir_session *session,
                           struct arena *arena,
                           const struct plan *plan,
                           struct sql_error *error);
