/*
 * Triggers: when the next batch is due. Pure: the time comes in, the decision goes out.
 *
 *     default          at once, as long as there is something to do
 *     processing time  at multiples of the interval since 1970; at once when the last batch took longer
 *     once             one batch of everything, then the end
 *     available now    batches until what there was at the start is done, then the end
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "columns/sql_error.h"

enum trigger_kind {
    TRIGGER_DEFAULT,
    TRIGGER_PROCESSING_TIME,
    TRIGGER_ONCE,
    TRIGGER_AVAILABLE_NOW,
};

/* "5 seconds", "500 milliseconds", "1 minute 30 seconds", "interval 1 day". False: the error is set. */
bool trigger_interval(const char *text, int64_t *out_ms, struct sql_error *error);

/* When the trigger after one that began at `started_ms` and ended at `now_ms` is due; not after now_ms: at once. */
int64_t trigger_next(int64_t interval_ms, int64_t started_ms, int64_t now_ms);
