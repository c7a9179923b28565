/*
 * Batch actions: show, collect, count, write. See weir/stream.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "columns/show.h"
#include "sinks/sink.h"
#include "streams/conditions.h"
#include "streams/rows.h"
#include "streams/run.h"

enum { SHOW_MAX = 1 << 30 };

/* --- show --- */

static enum weir_status show(struct weir_frame *frame,
                             const struct show_options *options,
                             struct weir_error *err)
{
    struct weir_session *session = frame->scope->session;
    struct sql_error error = { 0 };
    struct arena arena;
    struct buffer text;
    if (frame->condition) {
        return frame_fail(frame, err);
    }
    arena_init(&arena, 0);
    buffer_init(&text, SHOW_MAX);
    int32_t asked = options->rows < 0            ? 0
                    : options->rows == INT32_MAX ? INT32_MAX - 1
                                                 : options->rows;
    const struct plan *plan = frame_limit(frame, &arena, asked + 1, &error);
    struct batch *rows = plan ? run_to_batch(session, &arena, plan, &error) : NULL;
    if (rows && !show_print(&text, rows, options)) {
        (void)sql_fail(&error, &stream_empty_max, "empty.max");
    }
    bool good = rows && !sql_failed(&error);
    if (good) {
        (void)fwrite(text.data, 1, text.len, stdout);
        (void)fflush(stdout);
    }
    batch_free(rows);
    buffer_finish(&text);
    arena_finish(&arena);
    return good ? WEIR_OK : session_fail(session, &error, err);
}

enum weir_status weir_show(struct weir_frame *frame,
                           int32_t rows,
                           int32_t truncate,
                           struct weir_error *err)
{
    if (!frame) {
        return weir_fail(err, WEIR_EINVAL, "%s", weir_frame_error(NULL));
    }
    const struct zone *zone = frame->scope->session->settings.zone;
    return show(frame, &(struct show_options){ rows, truncate, false, zone }, err);
}

enum weir_status weir_show_vertical(struct weir_frame *frame,
                                    int32_t rows,
                                    int32_t truncate,
                                    struct weir_error *err)
{
    if (!frame) {
        return weir_fail(err, WEIR_EINVAL, "%s", weir_frame_error(NULL));
    }
    const struct zone *zone = frame->scope->session->settings.zone;
    return show(frame, &(struct show_options){ rows, truncate, true, zone }, err);
}

/* --- collect and count --- */

enum weir_status weir_collect(struct weir_frame *frame,
                              struct weir_rows **out_rows,
                              struct weir_error *err)
{
    if (!frame) {
        return weir_fail(err, WEIR_EINVAL, "%s", weir_frame_error(NULL));
    }
    struct weir_session *session = frame->scope->session;
    struct sql_error error = { 0 };
    *out_rows = NULL;
    if (frame->condition) {
        return frame_fail(frame, err);
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct batch *rows = run_to_batch(session, &arena, frame->plan, &error);
    if (!rows) {
        arena_finish(&arena);
        return session_fail(session, &error, err);
    }
    struct sql_settings settings = session_settings(session);
    *out_rows = result_rows_new(&settings, rows);
    arena_finish(&(*out_rows)->arena);
    (*out_rows)->arena = arena;
    return WEIR_OK;
}

/* Counts what it is given. */
struct counting {
    struct row_target base;
    atomic_llong rows;
};

struct counting_writer {
    struct row_writer base;
    struct counting *counting;
};

static bool count_write(struct row_writer *w, const struct batch *rows, struct sql_error *error)
{
    (void)error;
    atomic_fetch_add(&((struct counting_writer *)w)->counting->rows, rows->rows);
    return true;
}

static bool count_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    free(w);
    return true;
}

static void count_drop(struct row_writer *w)
{
    free(w);
}

static struct row_writer *count_open(struct row_target *t,
                                     int32_t partition,
                                     struct sql_error *error)
{
    struct counting_writer *w = MEM_NEW(struct counting_writer);
    (void)partition;
    (void)error;
    w->base = (struct row_writer){ count_write, count_finish, count_drop };
    w->counting = (struct counting *)t;
    return &w->base;
}

enum weir_status weir_count(struct weir_frame *frame, int64_t *out_count, struct weir_error *err)
{
    if (!frame) {
        return weir_fail(err, WEIR_EINVAL, "%s", weir_frame_error(NULL));
    }
    struct weir_session *session = frame->scope->session;
    struct sql_error error = { 0 };
    struct counting counting = { .base = { count_open } };
    struct arena arena;
    if (frame->condition) {
        return frame_fail(frame, err);
    }
    arena_init(&arena, 0);
    bool good = run_to_target(session, &arena, frame->plan, &counting.base, &error);
    arena_finish(&arena);
    *out_count = good ? (int64_t)atomic_load(&counting.rows) : 0;
    return good ? WEIR_OK : session_fail(session, &error, err);
}

/* --- write --- */

struct writing {
    struct row_target base;
    struct sink *sink;
};

static struct row_writer *write_open(struct row_target *t,
                                     int32_t partition,
                                     struct sql_error *error)
{
    struct sink *sink = ((struct writing *)t)->sink;
    return sink->functions->open(sink, partition, error);
}

static bool write_all(struct weir_session *session,
                      struct arena *arena,
                      const struct plan *plan,
                      struct sink *sink,
                      struct sql_error *error)
{
    struct writing writing = { { write_open }, sink };
    if (!sink->functions->begin(sink, 0, error)) {
        return false;
    }
    if (!run_to_target(session, arena, plan, &writing.base, error)) {
        sink->functions->abort(sink, 0);
        return false;
    }
    return sink->functions->commit(sink, 0, error);
}

static const struct sink_format *find_batch_sink(const struct weir_frame *frame,
                                                 const char *format,
                                                 struct sql_error *error)
{
    if (frame->plan->streaming) {
        (void)sql_fail(error, &stream_write_on_stream,
                       "The method `write` can not be called on streaming Dataset/DataFrame.");
        return NULL;
    }
    const struct sink_format *found = sink_find(bytes_of(format));
    if (!found || !found->batch) {
        (void)sql_fail(error, &stream_data_source_not_found,
                       "Failed to find the data source: %s. Make sure the provider name is correct "
                       "and the package is properly registered and compatible with your Spark "
                       "version.",
                       format);
        return NULL;
    }
    return found;
}

enum weir_status weir_write(struct weir_frame *frame,
                            const char *format,
                            const char *mode,
                            const struct weir_option *options,
                            struct weir_error *err)
{
    if (!frame) {
        return weir_fail(err, WEIR_EINVAL, "%s", weir_frame_error(NULL));
    }
    struct weir_session *session = frame->scope->session;
    struct sql_error error = { 0 };
    if (frame->condition) {
        return frame_fail(frame, err);
    }
    struct arena arena;
    arena_init(&arena, 0);
    struct options given = { 0 };
    for (const struct weir_option *o = options; o && o->name; o++) {
        if (o->value) {
            given = options_with(&arena, given, bytes_of(o->name), bytes_of(o->value));
        }
    }
    struct sql_settings settings = session_settings(session);
    const struct sink_format *found = find_batch_sink(frame, format, &error);
    struct sink *sink = found ? found->open(&(struct sink_request){ .options = &given,
                                                                    .conf = &session->conf,
                                                                    .schema = frame->plan->schema,
                                                                    .settings = &settings,
                                                                    .mode = OUTPUT_BATCH,
                                                                    .save_mode = mode },
                                            &error)
                              : NULL;
    bool good = sink && write_all(session, &arena, frame->plan, sink, &error);
    if (sink) {
        sink->functions->close(sink);
    }
    arena_finish(&arena);
    return good ? WEIR_OK : session_fail(session, &error, err);
}
