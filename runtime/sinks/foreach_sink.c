/*
 * foreach and foreachBatch: see foreach_sink.h.
 */
#include "sinks/foreach_sink.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sinks/collector.h"
#include "sinks/sink_error.h"

/* Either of the two. */
struct foreach_sink {
    struct sink sink;
    struct foreach_functions each;
    struct foreach_batch_function whole;
    uint32_t hash;
    struct collector rows;
};

static bool foreach_begin(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    (void)batch_id;
    (void)error;
    collector_clear(&((struct foreach_sink *)s)->rows);
    return true;
}

static struct row_writer *foreach_writer(struct sink *s, int32_t partition, struct sql_error *error)
{
    (void)error;
    return collector_open(&((struct foreach_sink *)s)->rows, partition);
}

static void foreach_abort(struct sink *s, int64_t batch_id)
{
    (void)batch_id;
    collector_clear(&((struct foreach_sink *)s)->rows);
}

static void foreach_close(struct sink *s)
{
    struct foreach_sink *f = (struct foreach_sink *)s;
    collector_finish(&f->rows);
    free(f);
}

static struct foreach_sink *foreach_new(const struct sink_functions *functions,
                                        const struct sink_request *r,
                                        bool counts_rows)
{
    struct foreach_sink *f = MEM_NEW(struct foreach_sink);
    f->sink = (struct sink){ .functions = functions, .counts_rows = counts_rows };
    f->hash = sink_hash(r);
    collector_init(&f->rows, -1);
    return f;
}

/* What the program said, or that it said nothing. */
static const char *reason_of(const struct weir_error *err)
{
    return err->message[0] ? err->message : "the function did not say why";
}

/* --- foreach --- */

static bool partition_process(const struct foreach_functions *f,
                              const struct collected *part,
                              int64_t epoch,
                              struct sql_error *error)
{
    static const struct sql_condition user_error = { "FOREACH_USER_FUNCTION_ERROR", "39000",
                                                     "SparkException" };
    struct weir_error err = { .status = WEIR_OK };
    enum weir_status rc = WEIR_OK;
    if (!f->open || f->open(f->context, part->partition, epoch)) {
        for (int32_t i = 0; i < part->count && rc == WEIR_OK; i++) {
            rc = f->process(f->context, part->batches[i], &err);
        }
    }
    if (f->close) {
        f->close(f->context, rc == WEIR_OK ? NULL : reason_of(&err));
    }
    return rc == WEIR_OK ||
           sql_fail(error, &user_error,
                    "An error occurred in the user provided function in foreach sink. Reason: %s",
                    reason_of(&err));
}

static bool foreach_commit(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    struct foreach_sink *f = (struct foreach_sink *)s;
    bool done = true;
    collector_order(&f->rows);
    for (int32_t i = 0; i < f->rows.part_count && done; i++) {
        done = partition_process(&f->each, &f->rows.parts[i], batch_id, error);
    }
    collector_clear(&f->rows);
    return done;
}

static void foreach_describe(const struct sink *s, struct buffer *out)
{
    buffer_printf(out, "ForeachWriterTable(weir_foreach@%x)",
                  ((const struct foreach_sink *)s)->hash);
}

static const struct sink_functions FOREACH_FUNCTIONS = {
    .begin = foreach_begin,
    .open = foreach_writer,
    .commit = foreach_commit,
    .abort = foreach_abort,
    .describe = foreach_describe,
    .close = foreach_close,
};

static struct sink *foreach_open(const struct sink_request *r, struct sql_error *error)
{
    (void)error;
    struct foreach_sink *f = foreach_new(&FOREACH_FUNCTIONS, r, true);
    f->each = *(const struct foreach_functions *)r->host;
    return &f->sink;
}

const struct sink_format sink_foreach = {
    .name = "foreach",
    .append = true,
    .update = true,
    .complete = true,
    .recovers = true,
    .open = foreach_open,
};

/* --- foreachBatch --- */

static bool foreach_batch_commit(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    static const struct sql_condition user_error = { "FOREACH_BATCH_USER_FUNCTION_ERROR", "39000",
                                                     "SparkException" };
    struct foreach_sink *f = (struct foreach_sink *)s;
    struct weir_error err = { .status = WEIR_OK };
    int32_t count = 0;
    struct batch **batches = collector_batches(&f->rows, &count);
    enum weir_status rc = f->whole.call(f->whole.context, batches, count, batch_id, &err);
    free(batches);
    collector_clear(&f->rows);
    return rc == WEIR_OK ||
           sql_fail(
               error, &user_error,
               "An error occurred in the user provided function in foreach batch sink. Reason: %s",
               reason_of(&err));
}

static void foreach_batch_describe(const struct sink *s, struct buffer *out)
{
    (void)s;
    buffer_append_text(out, "ForeachBatchSink");
}

static const struct sink_functions FOREACH_BATCH_FUNCTIONS = {
    .begin = foreach_begin,
    .open = foreach_writer,
    .commit = foreach_batch_commit,
    .abort = foreach_abort,
    .describe = foreach_batch_describe,
    .close = foreach_close,
};

static struct sink *foreach_batch_open(const struct sink_request *r, struct sql_error *error)
{
    (void)error;
    struct foreach_sink *f = foreach_new(&FOREACH_BATCH_FUNCTIONS, r, false);
    f->whole = *(const struct foreach_batch_function *)r->host;
    return &f->sink;
}

const struct sink_format sink_foreach_batch = {
    .name = "foreachBatch",
    .append = true,
    .update = true,
    .complete = true,
    .recovers = true,
    .open = foreach_batch_open,
};
