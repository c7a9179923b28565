/*
 * Rows for tests of sinks: expressions over VALUES; and a batch of them through a sink, as the micro-batch loop does it.
 */
#pragma once

#include <jansson.h>
#include <stdlib.h>

#include "expressions/scratch.h"
#include "sinks/sink.h"

enum { SELECT_MAX = 32 };

/* The rows are s->result; NULL: what failed is in s->error. scratch_finish() frees all. */
static inline void rows_make(struct scratch *s,
                             const char *const *select,
                             int count,
                             const char *from)
{
    scratch_init(s);
    s->settings = (struct sql_settings){ .ansi = true, .zone_name = "UTC" };
    scratch_run(s, select, count, from);
}

/* The expressions of a golden line. */
static inline void rows_of_line(struct scratch *s, json_t *line, const char *from)
{
    const char *select[SELECT_MAX];
    json_t *list = json_object_get(line, "select");
    int count = 0;
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        select[count++] = json_string_value(item);
    }
    rows_make(s, select, count, from);
}

static inline struct options option_add(struct arena *arena,
                                        struct options o,
                                        const char *name,
                                        const char *value)
{
    return options_with(arena, o, bytes_of(name), bytes_of(value));
}

/* The options of a golden line but those that begin with "-". */
static inline struct options options_of_line(struct arena *arena, json_t *line)
{
    struct options o = { 0 };
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(line, "options"), name, value)
    {
        if (name[0] != '-') {
            o = option_add(arena, o, name, json_string_value(value));
        }
    }
    return o;
}

/* One partition's rows, in batches of at most `at_once`. */
static inline bool partition_through(struct sink *sink,
                                     int32_t partition,
                                     const struct batch *rows,
                                     int32_t at_once,
                                     struct sql_error *error)
{
    struct row_writer *w = sink->functions->open(sink, partition, error);
    if (!w) {
        return false;
    }
    for (int32_t at = 0; at < rows->rows; at += at_once) {
        int32_t count = rows->rows - at < at_once ? rows->rows - at : at_once;
        struct batch *part = batch_slice(rows, at, count);
        bool written = w->write(w, part, error);
        batch_free(part);
        if (!written) {
            w->drop(w);
            return false;
        }
    }
    return w->finish(w, error);
}

/* A batch of one partition. False: the error is set, and the batch was given up. */
static inline bool batch_through(struct sink *sink,
                                 int64_t batch_id,
                                 const struct batch *rows,
                                 struct sql_error *error)
{
    if (sink->functions->begin(sink, batch_id, error) &&
        partition_through(sink, 0, rows, 3, error) &&
        sink->functions->commit(sink, batch_id, error)) {
        return true;
    }
    sink->functions->abort(sink, batch_id);
    return false;
}
