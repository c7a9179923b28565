/*
 * One batch of a query: see batch_run.h.
 */
#include "streams/batch_run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "streams/scans.h"

enum { PROGRESS_MAX = 16 << 20 };

/* --- rows in --- */

static struct query_source *source_of(struct weir_query *q, const struct relation *relation)
{
    for (int32_t i = 0; i < q->source_count; i++) {
        if (q->sources[i].relation == relation) {
            return &q->sources[i];
        }
    }
    return NULL;
}

/* A stream's part in this batch: what is between the two offsets; nothing where they are equal. */
static struct scan *scan_stream(struct weir_query *q,
                                const struct plan *leaf,
                                struct sql_error *error)
{
    const struct query_source *s = source_of(q, leaf->relation);
    if (!s->available || (s->committed && strcmp(s->available, s->committed) == 0)) {
        return scan_of_batches(NULL, 0);
    }
    int32_t count;
    const int32_t *columns = scans_columns(&q->arena, leaf, &count);
    return s->source->functions->plan(s->source, bytes_of(s->committed), bytes_of(s->available),
                                      columns, count, error);
}

static void close_scans(struct scan **scans, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (scans[i]) {
            scans[i]->close(scans[i]);
        }
    }
    free((void *)scans);
}

static bool open_scans(struct weir_query *q, struct scan **scans, struct sql_error *error)
{
    int64_t begun = clock_monotonic_us();
    for (int32_t i = 0; i < physical_relations(q->physical); i++) {
        const struct plan *leaf = physical_relation(q->physical, i);
        scans[i] = leaf->relation->streaming
                       ? scan_stream(q, leaf, error)
                       : scans_open_batch(q->session, &q->settings, leaf, error);
        if (!scans[i]) {
            return false;
        }
    }
    progress_add(&q->clock, PART_GET_BATCH, clock_monotonic_us() - begun);
    return true;
}

/* --- rows out --- */

struct sink_target {
    struct row_target base;
    struct sink *sink;
};

static struct row_writer *open_writer(struct row_target *t,
                                      int32_t partition,
                                      struct sql_error *error)
{
    struct sink *sink = ((struct sink_target *)t)->sink;
    return sink->functions->open(sink, partition, error);
}

static void forget_rows(struct weir_query *q)
{
    q->rows_written = 0;
    for (int32_t i = 0; i < q->source_count; i++) {
        q->sources[i].rows = 0;
    }
}

static bool execute(struct weir_query *q, struct scan *const *scans, struct sql_error *error)
{
    struct sink_target target = { { open_writer }, q->sink };
    int64_t *rows = mem_zalloc((size_t)physical_relations(q->physical) + 1, sizeof(*rows));
    struct execution x = { .pool = q->session->pool,
                           .settings = &q->settings,
                           .scans = scans,
                           .target = &target.base,
                           .states = q->states,
                           .state_version = q->batch_id,
                           .watermark_us = q->watermark_ms * 1000,
                           .late_watermark_us = q->watermark_ms * 1000,
                           .cancelled = &q->stopping,
                           .error = error,
                           .rows_read = rows,
                           .reports = q->reports };
    bool good = physical_run(q->physical, &x);
    q->rows_written = x.rows_written;
    for (int32_t i = 0; i < physical_relations(q->physical); i++) {
        struct query_source *s = source_of(q, physical_relation(q->physical, i)->relation);
        if (s) {
            s->rows += rows[i];
        }
    }
    free(rows);
    return good;
}

static bool deliver(struct weir_query *q, struct scan *const *scans, struct sql_error *error)
{
    forget_rows(q);
    int64_t begun = clock_monotonic_us();
    if (!q->sink->functions->begin(q->sink, q->batch_id, error)) {
        return false;
    }
    /* A sink that has the batch already needs no rows; state, where there is any, has to come to the next version all the same. */
    bool needed = !q->sink->done || physical_state_operators(q->physical) > 0;
    if (needed && !execute(q, scans, error)) {
        q->sink->functions->abort(q->sink, q->batch_id);
        return false;
    }
    bool good = q->sink->functions->commit(q->sink, q->batch_id, error);
    progress_add(&q->clock, PART_ADD_BATCH, clock_monotonic_us() - begun);
    return good;
}

bool batch_run(struct weir_query *q, struct sql_error *error)
{
    q->settings.now_us = q->timestamp_ms * 1000;
    progress_add(&q->clock, PART_QUERY_PLANNING, 0); /* the plan is made once, not for each batch */
    int32_t count = physical_relations(q->physical);
    struct scan **scans = mem_zalloc((size_t)count + 1, sizeof(struct scan *));
    bool good = open_scans(q, scans, error) && deliver(q, scans, error);
    close_scans(scans, count);
    return good;
}

/* --- what is told of it --- */

/* Texts of one source in one buffer; they are cut out of it when it has stopped moving. */
struct described {
    struct buffer text;
    size_t *ends;
};

static void describe_sources(const struct weir_query *q, struct described *d)
{
    buffer_init(&d->text, PROGRESS_MAX);
    d->ends = mem_zalloc((size_t)q->source_count * 2 + 1, sizeof(*d->ends));
    for (int32_t i = 0; i < q->source_count; i++) {
        const struct source *s = q->sources[i].source;
        s->functions->describe(s, &d->text);
        d->ends[2 * i] = d->text.len;
        if (s->functions->metrics && q->sources[i].available) {
            s->functions->metrics(s, bytes_of(q->sources[i].available), &d->text);
        }
        d->ends[2 * i + 1] = d->text.len;
    }
}

static struct bytes cut(const struct described *d, int32_t part)
{
    size_t start = part > 0 ? d->ends[part - 1] : 0;
    return (struct bytes){ buffer_bytes(&d->text).data + start, d->ends[part] - start };
}

static char *print_report(struct weir_query *q, bool ran, char *const *starts)
{
    struct described d;
    struct buffer out;
    struct buffer sink;
    describe_sources(q, &d);
    buffer_init(&out, PROGRESS_MAX);
    buffer_init(&sink, PROGRESS_MAX);
    q->sink->functions->describe(q->sink, &sink);
    struct progress_source *sources = mem_zalloc((size_t)q->source_count + 1, sizeof(*sources));
    for (int32_t i = 0; i < q->source_count; i++) {
        const struct query_source *s = &q->sources[i];
        sources[i] = (struct progress_source){ .description = cut(&d, 2 * i),
                                               .start = bytes_of(starts[i]),
                                               .end = bytes_of(s->available),
                                               .newest = bytes_of(s->newest),
                                               .metrics = cut(&d, 2 * i + 1),
                                               .rows = ran ? s->rows : 0 };
    }
    progress_print(&out, &(struct progress){
                             .id = q->id,
                             .run_id = q->run_id,
                             .name = q->name,
                             .batch_id = q->batch_id,
                             .duration_ms = (clock_monotonic_us() - q->clock.started_us) / 1000,
                             .clock = &q->clock,
                             .operator_count = q->ran ? physical_state_operators(q->physical) : 0,
                             .operators = q->reports,
                             .source_count = q->source_count,
                             .sources = sources,
                             .sink = buffer_bytes(&sink),
                             .rows_written = !q->ran || !q->sink->counts_rows ? -1
                                             : ran                            ? q->rows_written
                                                                              : 0 });
    char *text = mem_text(out.data, out.len);
    free(sources);
    free(d.ends);
    buffer_finish(&d.text);
    buffer_finish(&sink);
    buffer_finish(&out);
    return text;
}

static void post_idle(struct weir_query *q)
{
    struct buffer text;
    buffer_init(&text, 4096);
    buffer_printf(&text, "{\"id\":\"%s\",\"runId\":\"%s\",\"timestamp\":", q->id, q->run_id);
    progress_print_time(&text, q->clock.started_ms);
    buffer_append_text(&text, "}");
    events_post(q->session->events, EVENT_IDLE, mem_text(text.data, text.len));
    buffer_finish(&text);
}

void batch_report(struct weir_query *q, bool ran, char *const *starts)
{
    q->ran = q->ran || ran;
    if (ran) {
        q->idle_told_ms = q->clock.started_ms;
        q->idle_kept = false;
        query_progress(q, print_report(q, true, starts), true);
        return;
    }
    if (q->clock.started_ms - q->idle_told_ms < q->idle_interval_ms) {
        return;
    }
    q->idle_told_ms = q->clock.started_ms;
    post_idle(q);
    if (!q->idle_kept) { /* the list of recent ones gets the first idle one, listeners get none */
        q->idle_kept = true;
        for (int32_t i = 0; i < physical_state_operators(q->physical); i++) {
            q->reports[i].rows_updated = q->reports[i].rows_dropped_by_watermark = 0;
        }
        query_progress(q, print_report(q, false, starts), false);
    }
}

/* --- checks and warnings --- */

bool batch_check_operators(struct weir_query *q, struct sql_error *error)
{
    int32_t count = physical_state_operators(q->physical);
    struct checkpoint_operator *operators = mem_zalloc((size_t)count + 1, sizeof(*operators));
    for (int32_t i = 0; i < count; i++) {
        struct buffer schema;
        buffer_init(&schema, PROGRESS_MAX);
        type_print_json(&schema, physical_state_key(q->physical, i));
        operators[i].key_schema = arena_copy(&q->arena, buffer_bytes(&schema));
        buffer_clear(&schema);
        type_print_json(&schema, physical_state_value(q->physical, i));
        operators[i].value_schema = arena_copy(&q->arena, buffer_bytes(&schema));
        buffer_finish(&schema);
        operators[i].name = physical_state_name(q->physical, i);
        operators[i].partitions = q->shuffle_partitions;
    }
    bool good = checkpoint_check_operators(q->checkpoint, operators, count, error);
    free(operators);
    return good;
}

void batch_warn(const struct weir_query *q, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)fprintf(stderr, "WARN %s: %s\n", q->name ? q->name : "query", text);
}

void batch_warn_slow(const struct weir_query *q, int64_t spent_ms)
{
    batch_warn(q,
               "Current batch is falling behind. The trigger interval is %" PRId64
               " milliseconds, but spent %" PRId64 " milliseconds",
               q->interval_ms, spent_ms);
}
