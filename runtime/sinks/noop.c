/*
 * The noop sink: rows come, and that is all. For measuring what a query costs without a sink.
 *
 * Thread: as sink.h says.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "sinks/sink.h"

static bool noop_write(struct row_writer *w, const struct batch *rows, struct sql_error *error)
{
    (void)w;
    (void)rows;
    (void)error;
    return true;
}

static bool noop_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    free(w);
    return true;
}

static void noop_drop(struct row_writer *w)
{
    free(w);
}

static struct row_writer *noop_writer(struct sink *s, int32_t partition, struct sql_error *error)
{
    (void)s;
    (void)partition;
    (void)error;
    struct row_writer *w = MEM_NEW(struct row_writer);
    *w = (struct row_writer){ noop_write, noop_finish, noop_drop };
    return w;
}

static bool noop_step(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    (void)s;
    (void)batch_id;
    (void)error;
    return true;
}

static void noop_abort(struct sink *s, int64_t batch_id)
{
    (void)s;
    (void)batch_id;
}

static void noop_describe(const struct sink *s, struct buffer *out)
{
    (void)s;
    buffer_append_text(out, "NoopTable");
}

static void noop_close(struct sink *s)
{
    free(s);
}

static const struct sink_functions FUNCTIONS = {
    .begin = noop_step,
    .open = noop_writer,
    .commit = noop_step,
    .abort = noop_abort,
    .describe = noop_describe,
    .close = noop_close,
};

static struct sink *noop_open(const struct sink_request *r, struct sql_error *error)
{
    (void)error;
    (void)r;
    struct sink *s = MEM_NEW(struct sink);
    *s = (struct sink){ .functions = &FUNCTIONS, .counts_rows = true };
    return s;
}

const struct sink_format sink_noop = {
    .name = "noop",
    .append = true,
    .update = true,
    .complete = true,
    .batch = true,
    .recovers = true,
    .open = noop_open,
};
