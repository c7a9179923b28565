/*
 * One batch of a query: the plan's leaves get their scans, the operators run, the sink commits.
 */
#pragma once

#include "streams/query.h"

/* Runs the batch that is constructed. False: the error is set, and the sink was told to forget it. */
bool batch_run(struct weir_query *q, struct sql_error *error);

/* Tells listeners and handles how it went. `starts`: where each source stood before; `ran`: there was a batch. */
void batch_report(struct weir_query *q, bool ran, char *const *starts);

/* Are the stateful operators those that the checkpoint's state was made by? */
bool batch_check_operators(struct weir_query *q, struct sql_error *error);

/* Warnings, on standard error, as Spark logs them. */
void batch_warn(const struct weir_query *q, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void batch_warn_slow(const struct weir_query *q, int64_t spent_ms);
