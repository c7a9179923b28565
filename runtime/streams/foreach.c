/*
 * The program's own functions as sinks: see foreach.h.
 */
#include "streams/foreach.h"

#include "base/mem.h"
#include "streams/frame.h"
#include "streams/rows.h"

/* What a callback needs; in the query's arena. */
struct user_functions {
    struct weir_query *query;
    enum weir_status (*batch)(struct weir_frame *batch,
                              int64_t batch_id,
                              void *context,
                              struct weir_error *err);
    void *batch_context;
    struct weir_foreach each;
};

/* The batch as a frame, in a scope that ends with the call. */
static enum weir_status call_batch(void *context,
                                   struct batch *const *rows,
                                   int32_t count,
                                   int64_t batch_id,
                                   struct weir_error *err)
{
    const struct user_functions *u = context;
    struct scope scope;
    scope_init(&scope, u->query->session);
    struct batch *all = batch_concat(u->query->analyzed->schema, rows, count);
    struct weir_frame *frame = frame_of_rows(&scope, all);
    enum weir_status rc = u->batch(frame, batch_id, u->batch_context, err);
    scope_finish(&scope);
    return rc;
}

static bool call_open(void *context, int64_t partition, int64_t epoch)
{
    const struct user_functions *u = context;
    return !u->each.open || u->each.open(partition, epoch, u->each.context);
}

static void call_close(void *context, const char *reason)
{
    const struct user_functions *u = context;
    if (u->each.close) {
        u->each.close(reason, u->each.context);
    }
}

static enum weir_status call_process(void *context,
                                     const struct batch *rows,
                                     struct weir_error *err)
{
    const struct user_functions *u = context;
    struct weir_rows *seen = result_rows_new(&u->query->settings, batch_slice(rows, 0, rows->rows));
    enum weir_status rc = WEIR_OK;
    for (int32_t i = 0; i < rows->rows && rc >= 0; i++) {
        rc = u->each.process(seen, (size_t)i, u->each.context, err);
    }
    weir_rows_free(seen);
    return rc;
}

const struct sink_format *foreach_format(const struct weir_stream_writer *writer)
{
    return writer->foreach_batch                         ? &sink_foreach_batch
           : writer->foreach && writer->foreach->process ? &sink_foreach
                                                         : NULL;
}

void *foreach_host(struct weir_query *q, const struct weir_stream_writer *writer)
{
    if (!foreach_format(writer)) {
        return NULL;
    }
    struct user_functions *u = ARENA_NEW(&q->arena, struct user_functions, 1);
    u->query = q;
    if (writer->foreach_batch) {
        u->batch = writer->foreach_batch;
        u->batch_context = writer->context;
        struct foreach_batch_function *host =
            ARENA_NEW(&q->arena, struct foreach_batch_function, 1);
        *host = (struct foreach_batch_function){ call_batch, u };
        return host;
    }
    u->each = *writer->foreach;
    struct foreach_functions *host = ARENA_NEW(&q->arena, struct foreach_functions, 1);
    *host = (struct foreach_functions){ call_open, call_close, call_process, u };
    return host;
}
