/*
 * foreach and foreachBatch: sinks that hand rows to functions of the program.
 *
 * A batch's rows are collected by partition. In commit(), so on the query's own thread, one after the other:
 *
 *     foreach         for each partition, those without rows too: open() -> process() a batch at a time -> close()
 *                     open() said no: close() all the same, and the next partition
 *                     process() failed: close() with the reason, and the query fails; no partition after it is opened
 *     foreachBatch    call() once, also for a batch without rows
 *
 * What a function reports ends the query as Spark words it: "[FOREACH_USER_FUNCTION_ERROR] An error occurred in the user provided function
 * in foreach sink. Reason: ...". A batch that comes again is handed over again, with the same id.
 *
 * Thread: as sink.h says.
 */
#pragma once

#include "sinks/sink.h"
#include "weir/status.h"

struct foreach_functions {
    /* Both may be NULL. */
    bool (*open)(void *context, int64_t partition, int64_t epoch);
    void (*close)(void *context, const char *reason); /* NULL: all is well */
    /* Rows of one batch, at least one. */
    enum weir_status (*process)(void *context, const struct batch *rows, struct weir_error *err);
    void *context;
};

struct foreach_batch_function {
    /* All rows, in batches by partition. Borrowed. */
    enum weir_status (*call)(void *context,
                             struct batch *const *rows,
                             int32_t count,
                             int64_t batch_id,
                             struct weir_error *err);
    void *context;
};

/* request.host is a struct foreach_functions; copied. */
extern const struct sink_format sink_foreach;

/* request.host is a struct foreach_batch_function; copied. */
extern const struct sink_format sink_foreach_batch;
