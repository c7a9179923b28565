/*
 * A query's beginning: sources opened, and where to go on found in the checkpoint.
 * LESSON: recovery
 *
 * offsets/N says which rows batch N takes, commits/N that it is done. The last of each tell where to go on (checkpoint/position.h). A
 * batch that is logged and not committed is run again: with the offsets and the time that are logged, and from the state that the batch
 * before it left, which no later batch has touched, because state is kept in versions.
 */
#pragma once

#include "streams/query.h"

/* On the query's thread. False: the error is set. */
bool resume_open(struct weir_query *q, struct sql_error *error);

/* Frees what resume_open() opened. */
void resume_close(struct weir_query *q);

/* Writes offsets/<batch_id>: each source's `available`, the batch's time, and the settings that must stay. */
bool resume_write_offsets(struct weir_query *q, struct sql_error *error);
