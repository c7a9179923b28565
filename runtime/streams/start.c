/*
 * weir_start(): what a writer asks for is checked, opened and set going.
 *
 * Everything that can be known without the first row is refused here, in Spark's order: mode, trigger, sink, what the plan may do as a
 * stream, the checkpoint, the name. What only the sources can tell comes from the query's thread.
 *
 * Source: DataStreamWriter.startInternal, StreamingQueryManager.createQuery, ResolveWriteToStream.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "streams/catalog.h"
#include "streams/conditions.h"
#include "streams/foreach.h"
#include "streams/frame.h"
#include "streams/query.h"

static const char checkpoint_conf[] = "spark.sql.streaming.checkpointLocation";

/* --- what the writer says --- */

static bool read_mode(const char *text, enum output_mode *out, struct sql_error *error)
{
    static const char *const names[] = { "append", "update", "complete" };
    static const enum output_mode modes[] = { OUTPUT_APPEND, OUTPUT_UPDATE, OUTPUT_COMPLETE };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(text, names[i]) == 0) {
            *out = modes[i];
            return true;
        }
    }
    return sql_fail(error, &stream_output_mode,
                    "Invalid streaming output mode: %s. Accepted output modes are 'Append', "
                    "'Complete', 'Update'.",
                    text);
}

static const char *mode_name(enum output_mode mode)
{
    return mode == OUTPUT_UPDATE ? "update" : mode == OUTPUT_COMPLETE ? "complete" : "append";
}

static bool read_trigger(struct weir_query *q,
                         const struct weir_trigger *trigger,
                         struct sql_error *error)
{
    static const enum trigger_kind kinds[] = {
        [WEIR_TRIGGER_DEFAULT] = TRIGGER_DEFAULT,
        [WEIR_TRIGGER_PROCESSING_TIME] = TRIGGER_PROCESSING_TIME,
        [WEIR_TRIGGER_ONCE] = TRIGGER_ONCE,
        [WEIR_TRIGGER_AVAILABLE_NOW] = TRIGGER_AVAILABLE_NOW,
    };
    if (trigger->kind > WEIR_TRIGGER_AVAILABLE_NOW) {
        return sql_fail(error, &stream_illegal_argument, "%d is no kind of trigger",
                        (int)trigger->kind);
    }
    q->trigger = kinds[trigger->kind];
    if (q->trigger != TRIGGER_PROCESSING_TIME) {
        return true;
    }
    return trigger_interval(trigger->interval ? trigger->interval : "", &q->interval_ms, error);
}

static void read_options(struct weir_query *q, const struct weir_stream_writer *writer)
{
    for (const struct weir_option *o = writer->options; o && o->name; o++) {
        if (o->value) {
            q->options =
                options_with(&q->arena, q->options, arena_copy(&q->arena, bytes_of(o->name)),
                             arena_copy(&q->arena, bytes_of(o->value)));
        }
    }
}

static void read_conf(struct weir_query *q)
{
    struct weir_session *s = q->session;
    q->settings = session_settings(s);
    q->conf = s->conf;
    q->sync = session_conf_bool(s, "spark.sql.streaming.checkpoint.sync");
    q->shuffle_partitions = (int32_t)session_conf_integer(s, "spark.sql.shuffle.partitions");
    q->min_batches_to_retain = session_conf_integer(s, "spark.sql.streaming.minBatchesToRetain");
    q->polling_delay_ms = session_conf_integer(s, "spark.sql.streaming.pollingDelay");
    q->idle_interval_ms =
        session_conf_integer(s, "spark.sql.streaming.noDataProgressEventInterval");
    q->progress_max =
        (int32_t)session_conf_integer(s, "spark.sql.streaming.numRecentProgressUpdates");
    q->progress = mem_zalloc((size_t)q->progress_max, sizeof(*q->progress));
}

/* --- the sink --- */

static bool supports(const struct sink_format *format, enum output_mode mode)
{
    return mode == OUTPUT_APPEND   ? format->append
           : mode == OUTPUT_UPDATE ? format->update
                                   : format->complete;
}

static const struct sink_format *find_sink(struct weir_query *q,
                                           const struct weir_stream_writer *writer,
                                           struct sql_error *error)
{
    const struct sink_format *special = foreach_format(writer);
    if (special) {
        return special;
    }
    if (!writer->format) {
        (void)sql_fail(error, &stream_illegal_argument,
                       "A writer wants a format (\"console\", \"kafka\", ...), foreach_batch or "
                       "foreach, and this one has none.");
        return NULL;
    }
    const struct sink_format *format = sink_find(bytes_of(writer->format));
    if (!format) {
        (void)sql_fail(error, &stream_data_source_not_found,
                       "Failed to find the data source: %s. Make sure the provider name is correct "
                       "and the package is properly registered and compatible with your Spark "
                       "version.",
                       writer->format);
    } else if (!supports(format, q->mode)) {
        (void)sql_fail(error, &stream_output_mode_source,
                       "Invalid streaming output mode: %s. This output mode is not supported in "
                       "Data Source %s.",
                       mode_name(q->mode), format->name);
        return NULL;
    }
    return format;
}

static bool open_sink(struct weir_query *q,
                      const struct sink_format *format,
                      const struct weir_stream_writer *writer,
                      struct sql_error *error)
{
    struct memory_table *table =
        format == &sink_memory ? memory_table_new(q->analyzed->schema) : NULL;
    q->format = format->name;
    q->sink = format->open(
        &(struct sink_request){ .options = &q->options,
                                .conf = &q->conf,
                                .schema = q->analyzed->schema,
                                .settings = &q->settings,
                                .mode = q->mode,
                                .query_name = q->name,
                                .query_id = q->run_id,
                                .partition_by = writer->partition_by,
                                .sync = q->sync,
                                .cancelled = &q->stopping,
                                .host = table ? (void *)table : foreach_host(q, writer) },
        error);
    q->table = table;
    return q->sink != NULL;
}

/* --- the checkpoint --- */

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static bool temporary_folder(struct weir_query *q, struct sql_error *error)
{
    const char *base = getenv("TMPDIR");
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/temporary-%s", base && base[0] ? base : "/tmp",
                   q->run_id);
    if (mkdir(path, 0700) != 0) {
        struct weir_error err;
        (void)weir_fail_errno(&err, "Cannot make the temporary checkpoint folder %s", path);
        return sql_fail(error, &stream_io, "%s", err.message);
    }
    q->temporary = mem_text(path, strlen(path));
    return true;
}

static bool find_checkpoint(struct weir_query *q,
                            const struct sink_format *format,
                            char *path,
                            size_t size,
                            struct sql_error *error)
{
    struct bytes location = options_get(&q->options, "checkpointLocation");
    struct bytes shared = options_get(&q->conf, checkpoint_conf);
    if (location.data) {
        bool uri = bytes_starts_with(location, bytes_of("file:"));
        struct bytes rest = { location.data + (uri ? 5 : 0), location.len - (uri ? 5 : 0) };
        while (uri && rest.len > 1 && rest.data[0] == '/' && rest.data[1] == '/') {
            rest = (struct bytes){ rest.data + 1, rest.len - 1 };
        }
        (void)snprintf(path, size, "%.*s", BYTES_ARG(rest));
    } else if (shared.data) {
        (void)snprintf(path, size, "%.*s/%s", BYTES_ARG(shared), q->name ? q->name : q->run_id);
    } else if (format->needs_checkpoint) {
        return sql_fail(
            error, &stream_no_checkpoint,
            "checkpointLocation must be specified either through "
            "option(\"checkpointLocation\", ...) or SparkSession.conf.set(\"%s\", ...).",
            checkpoint_conf);
    } else {
        if (!temporary_folder(q, error)) {
            return false;
        }
        (void)snprintf(path, size, "%s", q->temporary);
    }
    return true;
}

static bool open_checkpoint(struct weir_query *q,
                            const struct sink_format *format,
                            struct sql_error *error)
{
    char path[4096];
    char offsets[4200];
    if (!find_checkpoint(q, format, path, sizeof(path), error)) {
        return false;
    }
    (void)snprintf(offsets, sizeof(offsets), "%s/offsets", path);
    if (!format->recovers && q->mode != OUTPUT_COMPLETE && exists(offsets)) {
        return sql_fail(error, &stream_no_recovery,
                        "This query does not support recovering from checkpoint location. Delete "
                        "%s to start over.",
                        offsets);
    }
    q->checkpoint =
        checkpoint_open(&(struct checkpoint_options){ .root = path, .sync = q->sync }, error);
    if (!q->checkpoint) {
        return false;
    }
    const char *id = checkpoint_id(q->checkpoint);
    q->id = mem_text(id, strlen(id));
    return true;
}

/* --- other queries --- */

static struct weir_query *find_active(struct weir_session *session,
                                      const char *name,
                                      const char *id)
{
    struct weir_query *found = NULL;
    (void)pthread_mutex_lock(&session->lock);
    list_foreach(node, &session->queries) {
        struct weir_query *q = container_of(node, struct weir_query, node);
        bool same = name ? q->name && strcmp(q->name, name) == 0 : strcmp(q->id, id) == 0;
        if (same && weir_query_is_active(q)) {
            found = q;
        }
    }
    (void)pthread_mutex_unlock(&session->lock);
    return found;
}

static bool check_name(const struct weir_query *q, struct sql_error *error)
{
    if (q->name && find_active(q->session, q->name, NULL)) {
        return sql_fail(error, &stream_illegal_argument,
                        "Cannot start query with name %s as a query with that name is already "
                        "active in this SparkSession",
                        q->name);
    }
    return true;
}

/* The same checkpoint is in use: the run that uses it ends first. */
static bool replace_active(const struct weir_query *q, struct sql_error *error)
{
    struct weir_query *old = find_active(q->session, NULL, q->id);
    if (!old) {
        return true;
    }
    if (!session_conf_bool(q->session, "spark.sql.streaming.stopActiveRunOnRestart")) {
        return sql_fail(
            error, &stream_illegal_state,
            "Cannot start query with id %s as another query with same id is already active. Perhaps "
            "you are attempting to restart a query from checkpoint that is already active. You may "
            "stop the old query by setting the SQL configuration: "
            "spark.conf.set(\"spark.sql.streaming.stopActiveRunOnRestart\", true) and retry.",
            q->id);
    }
    (void)fprintf(
        stderr,
        "WARN: Stopping existing streaming query [id=%s, runId=%s], as a new run is being "
        "started.\n",
        old->id, old->run_id);
    return weir_query_stop(old, NULL) == WEIR_OK;
}

/* --- life --- */

static struct weir_query *query_new(struct weir_session *session, const char *name)
{
    struct weir_query *q = MEM_NEW(struct weir_query);
    char run_id[UUID_DASHED_SIZE];
    struct uuid id = uuid_random();
    uuid_format_dashed(&id, run_id);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&q->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&q->lock, NULL);
    arena_init(&q->arena, 0);
    q->session = session;
    q->run_id = mem_text(run_id, strlen(run_id));
    q->name = name ? mem_text(name, strlen(name)) : NULL;
    q->message = mem_text("Initializing StreamExecution", 28);
    return q;
}

static void post_started(const struct weir_query *q)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    buffer_printf(&text, "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":", q->id, q->run_id);
    progress_print_text(&text, q->name);
    buffer_append_text(&text, ",\"timestamp\":");
    progress_print_time(&text, q->settings.now_us / 1000);
    buffer_append_text(&text, "}");
    events_post(q->session->events, EVENT_STARTED, mem_text(text.data, text.len));
    buffer_finish(&text);
}

static bool go(struct weir_query *q, struct sql_error *error)
{
    post_started(q);
    q->active = true;
    query_message(q, "Initializing sources");
    (void)pthread_mutex_lock(&q->session->lock);
    list_push_back(&q->session->queries, &q->node);
    errno = pthread_create(&q->thread, NULL, query_run, q);
    q->has_thread = errno == 0;
    if (!q->has_thread) {
        list_remove(&q->node);
    }
    (void)pthread_mutex_unlock(&q->session->lock);
    if (!q->has_thread) {
        struct weir_error err;
        (void)weir_fail_errno(&err, "Cannot start a thread for the query");
        return sql_fail(error, &stream_illegal_state, "%s", err.message);
    }
    if (q->table) {
        catalog_add(q->session, &q->session->scope, q->name, NULL, memory_table_retain(q->table));
    }
    return true;
}

/* What the engine cannot run yet is said before anything is made, not by the query's thread. */
static bool check_operators(struct weir_query *q, struct sql_error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct plan *better =
        plan_optimize(&arena, &(struct plan_settings){ &q->settings }, q->analyzed);
    struct physical *trial =
        physical_new(better,
                     &(struct physical_options){ .mode = q->mode,
                                                 .shuffle_partitions = q->shuffle_partitions,
                                                 .settings = &q->settings },
                     error);
    bool good = trial != NULL;
    physical_free(trial);
    arena_finish(&arena);
    return good;
}

static bool prepare(struct weir_query *q,
                    const struct weir_frame *frame,
                    const struct weir_stream_writer *writer,
                    struct sql_error *error)
{
    q->analyzed = frame->plan;
    q->logical = frame->logical;
    if (!frame->plan->streaming) {
        return sql_fail(error, &stream_not_streaming,
                        "`writeStream` can be called only on streaming Dataset/DataFrame.");
    }
    read_options(q, writer);
    read_conf(q);
    if (!read_mode(writer->output_mode ? writer->output_mode : "append", &q->mode, error) ||
        !read_trigger(q, &writer->trigger, error)) {
        return false;
    }
    const struct sink_format *format = find_sink(q, writer, error);
    return format && open_sink(q, format, writer, error) &&
           plan_check_streaming(q->analyzed, q->mode, error) && check_operators(q, error) &&
           check_name(q, error) && open_checkpoint(q, format, error) && replace_active(q, error);
}

struct weir_query *weir_start(struct weir_frame *frame,
                              const struct weir_stream_writer *writer,
                              struct weir_error *err)
{
    if (!frame || !writer) {
        (void)weir_fail(err, WEIR_EINVAL, "a query wants a frame and a writer, not NULL");
        return NULL;
    }
    if (frame->condition) {
        (void)frame_fail(frame, err);
        return NULL;
    }
    struct sql_error error = { 0 };
    struct weir_query *q = query_new(frame->scope->session, writer->query_name);
    bool good = prepare(q, frame, writer, &error) && go(q, &error);
    memory_table_release(q->table);
    q->table = NULL;
    if (good) {
        return q;
    }
    (void)session_fail(q->session, &error, err);
    query_drop(q);
    return NULL;
}
