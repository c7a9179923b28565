/*
 * A query's beginning: see resume.h. Source: MicroBatchExecution.populateStartOffsets, OffsetSeqMetadata.
 */
#include "streams/resume.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "streams/batch_run.h"
#include "streams/conditions.h"

static const char shuffle_partitions[] = "spark.sql.shuffle.partitions";

/* --- sources --- */

static void tell_warning(void *query, const char *text)
{
    batch_warn(query, "%s", text);
}

static bool open_source(struct weir_query *q, int32_t i, struct sql_error *error)
{
    struct query_source *s = &q->sources[i];
    const struct source_format *format = source_find(s->relation->format);
    char folder[4096];
    (void)snprintf(folder, sizeof(folder), "%s/sources/%" PRId32, checkpoint_root(q->checkpoint),
                   i);
    s->source = format->open(
        &(struct source_request){ .options = &s->relation->options,
                                  .schema = s->relation->given_schema ? s->relation->schema : NULL,
                                  .settings = &q->settings,
                                  .conf = &q->conf,
                                  .parallelism = pool_threads(q->session->pool),
                                  .checkpoint = folder,
                                  .sync = q->sync,
                                  .cancelled = &q->stopping,
                                  .warn = tell_warning,
                                  .warn_context = q },
        s->relation->schema, error);
    return s->source != NULL;
}

static bool open_sources(struct weir_query *q, struct sql_error *error)
{
    int32_t count = plan_streams(q->analyzed, NULL, 0);
    const struct plan **plans = ARENA_NEW(&q->arena, const struct plan *, (size_t)count + 1);
    (void)plan_streams(q->analyzed, plans, count);
    q->sources = mem_zalloc((size_t)count + 1, sizeof(*q->sources));
    for (int32_t i = 0; i < count; i++) {
        bool known = false; /* one frame, read twice in one query, is one source */
        for (int32_t k = 0; k < q->source_count; k++) {
            known = known || q->sources[k].relation == plans[i]->relation;
        }
        if (!known) {
            q->sources[q->source_count++].relation = plans[i]->relation;
        }
    }
    for (int32_t i = 0; i < q->source_count; i++) {
        if (!open_source(q, i, error)) {
            return false;
        }
    }
    return true;
}

/* --- where to go on --- */

static bool take_offsets(struct weir_query *q,
                         const struct batch_offsets *o,
                         bool committed,
                         struct sql_error *error)
{
    if (o->source_count != q->source_count) {
        return sql_fail(error, &stream_sources_changed,
                        "assertion failed: There are [%" PRId32
                        "] sources in the checkpoint offsets and now there are [%" PRId32
                        "] sources requested by the query. Cannot continue.",
                        o->source_count, q->source_count);
    }
    for (int32_t i = 0; i < q->source_count; i++) {
        struct query_source *s = &q->sources[i];
        char **place = &s->available;
        for (int32_t k = 0; k < (committed ? 2 : 1); k++) {
            free(*place);
            *place = o->offsets[i].data ? mem_text(o->offsets[i].data, o->offsets[i].len) : NULL;
            place = &s->committed;
        }
    }
    return true;
}

/* Settings that were recorded with the first batch stay as they were: state is split by them. */
static void take_conf(struct weir_query *q, const struct batch_offsets *o)
{
    for (int32_t i = 0; i < o->conf_count; i++) {
        int64_t value;
        if (bytes_equal_text(o->conf[i].name, shuffle_partitions) &&
            bytes_parse_i64(o->conf[i].value, &value) && value > 0 && value <= INT32_MAX) {
            if (value != q->shuffle_partitions) {
                batch_warn(q,
                           "Updating the value of conf '%s' in current session from '%" PRId32
                           "' to '%" PRId64 "'.",
                           shuffle_partitions, q->shuffle_partitions, value);
            }
            q->shuffle_partitions = (int32_t)value;
        }
    }
}

/* The batch before, which is done: what the next begins with. The watermark is in its commit, or in the next batch's offsets. */
static bool take_committed(struct weir_query *q,
                           int64_t batch,
                           bool with_commit,
                           struct sql_error *error)
{
    struct arena arena;
    struct batch_offsets o;
    arena_init(&arena, 0);
    bool good =
        checkpoint_read_offsets(q->checkpoint, batch, &arena, &o, error) &&
        (!with_commit || checkpoint_read_commit(q->checkpoint, batch, &q->watermark_ms, error)) &&
        take_offsets(q, &o, true, error);
    if (good) {
        take_conf(q, &o);
    }
    arena_finish(&arena);
    return good;
}

/* The batch that is to be run again, exactly as it is logged. */
static bool take_again(struct weir_query *q, int64_t batch, struct sql_error *error)
{
    struct arena arena;
    struct batch_offsets o;
    arena_init(&arena, 0);
    bool good = checkpoint_read_offsets(q->checkpoint, batch, &arena, &o, error) &&
                take_offsets(q, &o, false, error);
    if (good) {
        take_conf(q, &o);
        q->timestamp_ms = o.timestamp_ms;
        q->watermark_ms = o.watermark_ms;
        q->constructed = true;
    }
    arena_finish(&arena);
    return good;
}

/* A new query's sources settle where they begin, and keep it in their logs; after a restart they read it there. */
static bool begin_sources(struct weir_query *q, struct sql_error *error)
{
    bool good = true;
    for (int32_t i = 0; i < q->source_count && good; i++) {
        struct source *s = q->sources[i].source;
        struct buffer first;
        buffer_init(&first, SQL_ERROR_MAX);
        good = s->functions->initial(s, &first, error);
        buffer_finish(&first);
    }
    return good;
}

static bool find_position(struct weir_query *q, struct sql_error *error)
{
    struct checkpoint_position position;
    if (!checkpoint_position(q->checkpoint, &position, error)) {
        return false;
    }
    q->batch_id = position.next_batch;
    if (!begin_sources(q, error)) {
        return false;
    }
    if (position.commit_missing) {
        batch_warn(q,
                   "Batch completion log latest batch id is %" PRId64
                   ", which is not trailing batchid %" PRId64 " by one",
                   position.last_commit, position.last_offsets);
    }
    if (position.next_batch > 0 &&
        !take_committed(q, position.next_batch - 1, !position.again, error)) {
        return false;
    }
    if (position.again) {
        return take_again(q, position.next_batch, error);
    }
    return true;
}

/* --- the plan --- */

static bool make_plan(struct weir_query *q, struct sql_error *error)
{
    q->optimized = plan_optimize(&q->arena, &(struct plan_settings){ &q->settings }, q->analyzed);
    struct physical *physical =
        physical_new(q->optimized,
                     &(struct physical_options){ .mode = q->mode,
                                                 .shuffle_partitions = q->shuffle_partitions,
                                                 .settings = &q->settings,
                                                 .parallelism = pool_threads(q->session->pool) },
                     error);
    if (!physical) {
        return false;
    }
    (void)pthread_mutex_lock(&q->lock); /* handles print it, also when the query has ended */
    q->physical = physical;
    (void)pthread_mutex_unlock(&q->lock);
    int32_t count = physical_state_operators(q->physical);
    q->reports = mem_zalloc((size_t)count + 1, sizeof(*q->reports));
    return true;
}

static bool open_states(struct weir_query *q)
{
    char folder[4096];
    (void)snprintf(folder, sizeof(folder), "%s/state", checkpoint_root(q->checkpoint));
    q->states = state_provider_new(&(struct state_options){
        .root = arena_text(&q->arena, bytes_of(folder)),
        .min_deltas_for_snapshot = (int32_t)session_conf_integer(
            q->session, "spark.sql.streaming.stateStore.minDeltasForSnapshot"),
        .min_batches_to_retain = (int32_t)q->min_batches_to_retain,
        .max_versions_in_memory = (int32_t)session_conf_integer(
            q->session, "spark.sql.streaming.maxBatchesToRetainInMemory"),
        .sync = q->sync,
        .run_id = q->run_id });
    return true;
}

static void start_maintenance(struct weir_query *q)
{
    if (physical_state_operators(q->physical) > 0) {
        q->maintenance = maintenance_start(
            q->states,
            session_conf_integer(q->session, "spark.sql.streaming.stateStore.maintenanceInterval"));
    }
}

bool resume_open(struct weir_query *q, struct sql_error *error)
{
    q->opened = open_sources(q, error);
    if (!q->opened || !find_position(q, error) || !open_states(q) || !make_plan(q, error)) {
        return false;
    }
    start_maintenance(q);
    return true;
}

void resume_close(struct weir_query *q)
{
    for (int32_t i = 0; i < q->source_count; i++) {
        struct query_source *s = &q->sources[i];
        if (s->source) {
            s->source->functions->close(s->source);
        }
        free(s->committed);
        free(s->available);
        free(s->newest);
    }
    free(q->sources);
    q->sources = NULL;
    q->source_count = 0;
    free(q->reports);
    q->reports = NULL;
    maintenance_stop(q->maintenance);
    q->maintenance = NULL;
    state_provider_free(q->states);
    q->states = NULL;
}

/* --- offsets/N --- */

bool resume_write_offsets(struct weir_query *q, struct sql_error *error)
{
    /* In the order in which Spark 4.1 writes them; all but the partitions are what this engine does, always. */
    char partitions[16];
    (void)snprintf(partitions, sizeof(partitions), "%" PRId32, q->shuffle_partitions);
    const struct checkpoint_conf conf[] = {
        { bytes_of("spark.sql.streaming.stateStore.providerClass"),
          bytes_of("org.apache.spark.sql.execution.streaming.state.HDFSBackedStateStoreProvider") },
        { bytes_of("spark.sql.streaming.stateStore.rocksdb.formatVersion"), bytes_of("5") },
        { bytes_of("spark.sql.streaming.stateStore.encodingFormat"), bytes_of("unsaferow") },
        { bytes_of("spark.sql.streaming.statefulOperator.useStrictDistribution"),
          bytes_of("true") },
        { bytes_of("spark.sql.streaming.flatMapGroupsWithState.stateFormatVersion"),
          bytes_of("2") },
        { bytes_of("spark.sql.streaming.multipleWatermarkPolicy"),
          session_conf(q->session, "spark.sql.streaming.multipleWatermarkPolicy") },
        { bytes_of("spark.sql.streaming.aggregation.stateFormatVersion"), bytes_of("2") },
        { bytes_of(shuffle_partitions), bytes_of(partitions) },
        { bytes_of("spark.sql.streaming.join.stateFormatVersion"), bytes_of("2") },
        { bytes_of("spark.sql.streaming.stateStore.compression.codec"), bytes_of("lz4") },
        { bytes_of("spark.sql.optimizer.pruneFiltersCanPruneStreamingSubplan"), bytes_of("false") },
    };
    struct bytes *offsets = mem_zalloc((size_t)q->source_count + 1, sizeof(*offsets));
    for (int32_t i = 0; i < q->source_count; i++) {
        offsets[i] = bytes_of(q->sources[i].available);
    }
    bool good = checkpoint_write_offsets(
        q->checkpoint, q->batch_id,
        &(struct batch_offsets){ .watermark_ms = q->watermark_ms,
                                 .timestamp_ms = q->timestamp_ms,
                                 .conf_count = (int32_t)(sizeof(conf) / sizeof(conf[0])),
                                 .conf = conf,
                                 .source_count = q->source_count,
                                 .offsets = offsets },
        error);
    free(offsets);
    return good;
}
