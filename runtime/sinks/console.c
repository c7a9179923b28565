/*
 * The console sink: each batch as a table on standard output, byte for byte as Spark's.
 *
 *     -------------------------------------------
 *     Batch: 0
 *     -------------------------------------------
 *     +-----+-----+                                   as Dataset.show(numRows, truncate) prints it
 *
 * A batch that is written once, not as a stream, has no heading. The text goes out in one piece when the batch is committed, behind
 * whatever the program has printed before; rows that are not shown are not kept.
 *
 * Options: numRows (20), truncate ("true"; here Spark takes no number). Thread: as sink.h says.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "columns/settings.h"
#include "columns/show.h"
#include "sinks/collector.h"
#include "sinks/sink_error.h"

#define RULE "-------------------------------------------\n"

enum { TEXT_MAX = 1 << 30 };

struct console {
    struct sink sink;
    struct arena arena;
    const struct type *schema;
    const struct zone *zone;
    bool streaming;
    int32_t rows;
    bool truncate;
    struct sql_error fault; /* of the options */
    uint32_t hash;
    struct collector collector;
};

/* --- options --- */

/* Java's Integer.parseInt(). */
static bool parse_rows(struct console *c, const struct options *o)
{
    struct bytes text = options_get(o, "numRows");
    int64_t rows = SHOW_ROWS;
    if (!options_integer(o, "numRows", SHOW_ROWS, &rows, &c->fault)) {
        return false;
    }
    if (rows < INT32_MIN || rows > INT32_MAX) {
        return sql_fail(&c->fault, &sink_number_format, "For input string: \"%.*s\"",
                        BYTES_ARG(text));
    }
    c->rows = (int32_t)rows;
    return true;
}

/* A stream's options are a CaseInsensitiveStringMap, which has words of its own; a batch's are Scala's. */
static bool parse_truncate(struct console *c, const struct options *o)
{
    struct bytes text = options_get(o, "truncate");
    struct sql_error mine = { 0 };
    if (options_bool(o, "truncate", true, &c->truncate, &mine)) {
        return true;
    }
    sql_error_finish(&mine);
    if (c->streaming) {
        return sql_fail(&c->fault, &sink_illegal_argument, "%.*s is not a boolean string.",
                        BYTES_ARG(text));
    }
    return sql_fail(&c->fault, &sink_illegal_argument, "For input string: \"%.*s\"",
                    BYTES_ARG(text));
}

/* --- a batch --- */

static bool console_begin(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    (void)batch_id;
    struct console *c = (struct console *)s;
    collector_clear(&c->collector);
    return !sql_failed(&c->fault) || sink_fail_later(error, &c->fault);
}

static struct row_writer *console_writer(struct sink *s, int32_t partition, struct sql_error *error)
{
    (void)error;
    return collector_open(&((struct console *)s)->collector, partition);
}

static void print_batch(struct console *c, int64_t batch_id, struct buffer *out)
{
    if (c->streaming) {
        buffer_printf(out, RULE "Batch: %lld\n" RULE, (long long)batch_id);
    }
    int32_t count = 0;
    struct batch **batches = collector_batches(&c->collector, &count);
    /* Each partition has at most one row more than is shown: no more than that go into one batch. */
    int64_t rows = 0;
    int32_t used = 0;
    while (used < count && rows < c->collector.rows_max &&
           rows + batches[used]->rows <= INT32_MAX) {
        rows += batches[used++]->rows;
    }
    struct batch *all = batch_concat(c->schema, batches, used);
    struct show_options options = {
        .rows = c->rows,
        .truncate = c->truncate ? SHOW_TRUNCATE : 0,
        .zone = c->zone,
    };
    (void)show_print(out, all, &options); /* false only for vertical tables */
    batch_free(all);
    free(batches);
}

/* One write, unless the other end takes less at a time; nothing else of this process gets in between. */
static bool write_out(struct bytes text, struct sql_error *error)
{
    bool done = fflush(stdout) == 0;
    flockfile(stdout);
    for (size_t at = 0; done && at < text.len;) {
        ssize_t wrote = write(STDOUT_FILENO, text.data + at, text.len - at);
        at += wrote > 0 ? (size_t)wrote : 0;
        done = wrote >= 0 || errno == EINTR;
    }
    funlockfile(stdout);
    if (!done) {
        struct weir_error err;
        weir_fail_errno(&err, "writing to standard output");
        return sql_fail(error, &sink_io, "%s", err.message);
    }
    return true;
}

static bool console_commit(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    struct console *c = (struct console *)s;
    struct buffer out;
    buffer_init(&out, TEXT_MAX);
    print_batch(c, batch_id, &out);
    collector_clear(&c->collector);
    bool done = out.overflow ? sql_fail(error, &sink_io, "the table of batch %lld is too large",
                                        (long long)batch_id)
                             : write_out(buffer_bytes(&out), error);
    buffer_finish(&out);
    return done;
}

static void console_abort(struct sink *s, int64_t batch_id)
{
    (void)batch_id;
    collector_clear(&((struct console *)s)->collector);
}

/* --- life --- */

static void console_describe(const struct sink *s, struct buffer *out)
{
    sink_describe_object(out, "org.apache.spark.sql.execution.streaming.ConsoleTable$",
                         ((const struct console *)s)->hash);
}

static void console_close(struct sink *s)
{
    struct console *c = (struct console *)s;
    collector_finish(&c->collector);
    sql_error_finish(&c->fault);
    arena_finish(&c->arena);
    free(c);
}

static const struct sink_functions FUNCTIONS = {
    .begin = console_begin,
    .open = console_writer,
    .commit = console_commit,
    .abort = console_abort,
    .describe = console_describe,
    .close = console_close,
};

static struct sink *console_open(const struct sink_request *r, struct sql_error *error)
{
    (void)error;
    struct console *c = MEM_NEW(struct console);
    c->sink = (struct sink){ .functions = &FUNCTIONS, .counts_rows = true };
    arena_init(&c->arena, 0);
    c->schema = type_copy(&c->arena, r->schema);
    c->zone = r->settings->zone;
    c->streaming = r->mode != OUTPUT_BATCH;
    c->hash = sink_hash(r);
    (void)(parse_rows(c, r->options) && parse_truncate(c, r->options));
    collector_init(&c->collector, (c->rows < 0 ? 0 : (int64_t)c->rows) + 1);
    return &c->sink;
}

const struct sink_format sink_console = {
    .name = "console",
    .append = true,
    .update = true,
    .complete = true,
    .batch = true,
    .recovers = true,
    .open = console_open,
};
