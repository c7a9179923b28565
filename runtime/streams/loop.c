/*
 * The micro-batch loop.
 * LESSON: micro-batch
 *
 *     wait for the trigger
 *       constructed?  no -> ask the sources how far they are; something new -> write offsets/N        (the batch is now decided)
 *       run the plan over [committed, available), the rows to the sink; the sink commits
 *       write commits/N                                                                              (the batch is now done)
 *       N = N + 1
 *
 * A crash between any two of these steps is made good by the next start (resume.c): a batch that is logged but not committed is run
 * again with the same offsets and the same time. So what a sink gets, it gets at least once, and with the same content.
 *
 * Source: MicroBatchExecution.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "streams/batch_run.h"
#include "streams/conditions.h"
#include "streams/query.h"
#include "streams/resume.h"

/* --- what there is --- */

static void set_text(char **place, struct bytes text)
{
    free(*place);
    *place = text.len > 0 ? mem_text(text.data, text.len) : NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has_new(const struct weir_query *q)
{
    for (int32_t i = 0; i < q->source_count; i++) {
        const struct query_source *s = &q->sources[i];
        if (s->available && !same_text(s->available, s->committed)) {
            return true;
        }
    }
    return false;
}

static void say_source(struct weir_query *q, const struct source *s)
{
    struct buffer text;
    buffer_init(&text, 1 << 20);
    s->functions->describe(s, &text);
    query_message(q, "Getting offsets from %.*s", BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
}

static bool ask_source(struct weir_query *q, struct query_source *s, struct sql_error *error)
{
    struct buffer end;
    struct buffer newest;
    buffer_init(&end, SQL_ERROR_MAX);
    buffer_init(&newest, SQL_ERROR_MAX);
    say_source(q, s->source);
    bool good =
        s->source->functions->latest(s->source, bytes_of(s->committed), &end, &newest, error);
    if (good) {
        if (end.len > 0) {
            set_text(&s->available, buffer_bytes(&end));
        }
        set_text(&s->newest, buffer_bytes(&newest));
    }
    buffer_finish(&end);
    buffer_finish(&newest);
    return good;
}

static bool ask_sources(struct weir_query *q, struct sql_error *error)
{
    int64_t begun = clock_monotonic_us();
    for (int32_t i = 0; i < q->source_count; i++) {
        if (!ask_source(q, &q->sources[i], error)) {
            return false;
        }
    }
    progress_add(&q->clock, PART_LATEST_OFFSET, clock_monotonic_us() - begun);
    return true;
}

/* --- one batch --- */

/* The batch before is done for good: its sources may forget it, and old files may go. */
static void let_go(struct weir_query *q)
{
    if (q->batch_id == 0) {
        return;
    }
    for (int32_t i = 0; i < q->source_count; i++) {
        struct query_source *s = &q->sources[i];
        if (s->committed && s->source->functions->commit) {
            s->source->functions->commit(s->source, bytes_of(s->committed));
        }
    }
    if (q->batch_id > q->min_batches_to_retain) {
        checkpoint_purge(q->checkpoint, q->batch_id - q->min_batches_to_retain);
        state_retain_from(q->states, q->batch_id - q->min_batches_to_retain);
    }
}

static bool log_offsets(struct weir_query *q, struct sql_error *error)
{
    int64_t begun = clock_monotonic_us();
    q->timestamp_ms = clock_realtime_ms();
    if (!resume_write_offsets(q, error)) {
        return false;
    }
    progress_add(&q->clock, PART_WAL_COMMIT, clock_monotonic_us() - begun);
    let_go(q);
    return true;
}

/* Decides on the next batch, if there is something for it. */
static bool construct(struct weir_query *q, struct sql_error *error)
{
    if (!ask_sources(q, error)) {
        return false;
    }
    q->constructed = has_new(q);
    return !q->constructed || log_offsets(q, error);
}

static bool finish_batch(struct weir_query *q, struct sql_error *error)
{
    int64_t begun = clock_monotonic_us();
    if (!checkpoint_write_commit(q->checkpoint, q->batch_id, q->watermark_ms, error)) {
        return false;
    }
    for (int32_t i = 0; i < q->source_count; i++) {
        struct query_source *s = &q->sources[i];
        if (s->available) {
            set_text(&s->committed, bytes_of(s->available));
        }
    }
    progress_add(&q->clock, PART_COMMIT_OFFSETS, clock_monotonic_us() - begun);
    return true;
}

static void show_trigger(struct weir_query *q, bool active, bool data)
{
    (void)pthread_mutex_lock(&q->lock);
    q->trigger_active = active;
    q->data_available = data;
    (void)pthread_mutex_unlock(&q->lock);
}

/* Where each source stood before the batch: finish_batch() moves it, and the progress tells both. */
static char **starts_of(const struct weir_query *q)
{
    char **starts = mem_zalloc((size_t)q->source_count + 1, sizeof(*starts));
    for (int32_t i = 0; i < q->source_count; i++) {
        set_text(&starts[i], bytes_of(q->sources[i].committed));
    }
    return starts;
}

static void free_starts(const struct weir_query *q, char **starts)
{
    for (int32_t i = 0; i < q->source_count; i++) {
        free(starts[i]);
    }
    free((void *)starts);
}

/* One turn of a trigger. *out_ran: a batch was run. */
static bool turn(struct weir_query *q, bool *out_ran, struct sql_error *error)
{
    progress_begin(&q->clock, clock_realtime_ms(), clock_monotonic_us());
    show_trigger(q, true, false);
    *out_ran = false;
    if (!q->constructed && !construct(q, error)) {
        return false;
    }
    bool data = has_new(q);
    show_trigger(q, true, data);
    char **starts = starts_of(q);
    bool good = true;
    if (q->constructed) {
        query_message(q, data ? "Processing new data" : "No new data but cleaning up state");
        good = (q->ran || batch_check_operators(q, error)) && batch_run(q, error) &&
               finish_batch(q, error);
    } else {
        query_message(q, "Waiting for data to arrive");
    }
    if (good) {
        progress_add(&q->clock, PART_TRIGGER_EXECUTION, clock_monotonic_us() - q->clock.started_us);
        batch_report(q, q->constructed, starts);
        *out_ran = q->constructed;
        q->batch_id += q->constructed ? 1 : 0;
        q->constructed = false;
    }
    free_starts(q, starts);
    show_trigger(q, false, good && data && *out_ran);
    return good;
}

/* --- the loop --- */

static void nothing_new(struct weir_query *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->idle_round++;
    (void)pthread_cond_broadcast(&q->changed);
    (void)pthread_mutex_unlock(&q->lock);
}

/* Waits as the trigger says. */
static void wait_trigger(struct weir_query *q, bool ran)
{
    if (q->trigger == TRIGGER_PROCESSING_TIME && q->interval_ms > 0) {
        int64_t now = clock_realtime_ms();
        int64_t next = trigger_next(q->interval_ms, q->clock.started_ms, now);
        if (next > now) {
            query_message(q, "Waiting for next trigger");
            query_sleep(q, next - now);
        } else if (ran) {
            batch_warn_slow(q, now - q->clock.started_ms);
        }
    } else if (!ran) {
        query_sleep(q, q->polling_delay_ms);
    }
}

static bool prepare_trigger(struct weir_query *q, struct sql_error *error)
{
    for (int32_t i = 0; i < q->source_count; i++) {
        struct source *s = q->sources[i].source;
        if (q->trigger == TRIGGER_AVAILABLE_NOW && s->functions->freeze) {
            if (!s->functions->freeze(s, error)) {
                return false;
            }
        } else if ((q->trigger == TRIGGER_ONCE || q->trigger == TRIGGER_AVAILABLE_NOW) &&
                   s->functions->unlimited) {
            s->functions->unlimited(s);
        }
    }
    return true;
}

/* A source that cannot say where "now" ends makes AvailableNow one batch of everything. */
static bool one_batch_only(const struct weir_query *q)
{
    bool once = q->trigger == TRIGGER_ONCE;
    for (int32_t i = 0; i < q->source_count && q->trigger == TRIGGER_AVAILABLE_NOW; i++) {
        once = once || !q->sources[i].source->functions->freeze;
    }
    return once;
}

static bool run_batches(struct weir_query *q, struct sql_error *error)
{
    bool once = one_batch_only(q);
    bool ran = true;
    if (!prepare_trigger(q, error)) {
        return false;
    }
    while (!atomic_load(&q->stopping)) {
        if (!turn(q, &ran, error)) {
            return false;
        }
        if (!ran) {
            nothing_new(q);
        }
        if (once || (!ran && q->trigger == TRIGGER_AVAILABLE_NOW)) {
            break;
        }
        wait_trigger(q, ran);
    }
    return true;
}

void *query_run(void *query)
{
    struct weir_query *q = query;
    struct sql_error error = { 0 };
    if (resume_open(q, &error)) {
        (void)run_batches(q, &error);
    }
    if (atomic_load(&q->stopping)) { /* what failed because it was stopped has not failed */
        sql_error_finish(&error);
    }
    query_ended(q, &error);
    return NULL;
}
