/*
 * Progress: see progress.h.
 */
#include "streams/progress.h"

#include <inttypes.h>
#include <math.h>

#include "columns/calendar.h"
#include "columns/double_text.h"
#include "expressions/json_write.h"

static const char *const part_names[PART_COUNT] = {
    [PART_ADD_BATCH] = "addBatch",           [PART_COMMIT_OFFSETS] = "commitOffsets",
    [PART_GET_BATCH] = "getBatch",           [PART_LATEST_OFFSET] = "latestOffset",
    [PART_QUERY_PLANNING] = "queryPlanning", [PART_TRIGGER_EXECUTION] = "triggerExecution",
    [PART_WAL_COMMIT] = "walCommit",
};

enum {
    INSTANCES_REPORTED = 5
}; /* spark.sql.streaming.stateStore.numStateStoreInstanceMetricsToReport */

void progress_begin(struct progress_clock *c, int64_t realtime_ms, int64_t monotonic_us)
{
    *c = (struct progress_clock){ .started_ms = realtime_ms,
                                  .previous_ms = c->started_ms,
                                  .started_us = monotonic_us };
}

void progress_add(struct progress_clock *c, enum progress_part part, int64_t us)
{
    c->part_us[part] += us;
    c->part_used[part] = true;
}

void progress_print_text(struct buffer *out, const char *text)
{
    if (text) {
        json_write_text(out, bytes_of(text), JSON_CHARACTERS);
    } else {
        buffer_append_text(out, "null");
    }
}

void progress_print_time(struct buffer *out, int64_t realtime_ms)
{
    int64_t days = realtime_ms / 86400000;
    int64_t rest = realtime_ms % 86400000;
    struct date date = calendar_date(days);
    buffer_printf(out, "\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\"", date.year, date.month, date.day,
                  (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
                  (int)(rest % 1000));
}

/* One decimal, halves away from zero; what cannot be known is 0.0. */
static void print_rate(struct buffer *out, int64_t rows, int64_t ms)
{
    double rate = ms > 0 ? (double)rows * 1000.0 / (double)ms : 0.0;
    json_write_double(out, round(rate * 10.0) / 10.0);
}

static void print_rates(struct buffer *out, const struct progress *p, int64_t rows)
{
    int64_t since = p->clock->previous_ms > 0 ? p->clock->started_ms - p->clock->previous_ms : 0;
    buffer_printf(out, "\"numInputRows\":%" PRId64 ",\"inputRowsPerSecond\":", rows);
    print_rate(out, rows, since);
    buffer_append_text(out, ",\"processedRowsPerSecond\":");
    print_rate(out, rows, p->duration_ms);
}

static void print_durations(struct buffer *out, const struct progress_clock *c)
{
    buffer_append_text(out, ",\"durationMs\":{");
    const char *comma = "";
    for (int i = 0; i < PART_COUNT; i++) {
        if (c->part_used[i]) {
            buffer_printf(out, "%s\"%s\":%" PRId64, comma, part_names[i], c->part_us[i] / 1000);
            comma = ",";
        }
    }
    buffer_append_text(out, "}");
}

static void print_operator(struct buffer *out, const struct operator_report *r)
{
    buffer_printf(out,
                  "{\"operatorName\":\"%s\",\"numRowsTotal\":%" PRId64
                  ",\"numRowsUpdated\":%" PRId64 ",\"allUpdatesTimeMs\":%" PRId64
                  ",\"numRowsRemoved\":%" PRId64 ",\"allRemovalsTimeMs\":%" PRId64
                  ",\"commitTimeMs\":%" PRId64 ",\"memoryUsedBytes\":%" PRId64
                  ",\"numRowsDroppedByWatermark\":%" PRId64 ",\"numShufflePartitions\":%" PRId64
                  ",\"numStateStoreInstances\":%" PRId64 ",\"customMetrics\":{",
                  r->name, r->rows_total, r->rows_updated, r->updates_ms, r->rows_removed,
                  r->removals_ms, r->commit_ms, r->memory_bytes, r->rows_dropped_by_watermark,
                  r->shuffle_partitions, r->store_instances);
    for (int64_t i = 0; i < r->store_instances && i < INSTANCES_REPORTED; i++) {
        buffer_printf(out, "\"SnapshotLastUploaded.partition_%" PRId64 "_default\":-1,", i);
    }
    buffer_printf(out,
                  "\"loadedMapCacheHitCount\":%" PRId64 ",\"loadedMapCacheMissCount\":%" PRId64,
                  r->counters.cache_hits, r->counters.cache_misses);
    if (r->dropped_duplicates >= 0) {
        buffer_printf(out, ",\"numDroppedDuplicateRows\":%" PRId64, r->dropped_duplicates);
    }
    buffer_printf(out, ",\"stateOnCurrentVersionSizeBytes\":%" PRId64 "}}",
                  r->counters.current_version_bytes);
}

static void print_offset(struct buffer *out, const char *name, struct bytes offset)
{
    buffer_printf(out, "\"%s\":%.*s,", name, BYTES_ARG(offset.len ? offset : bytes_of("null")));
}

static void print_source(struct buffer *out,
                         const struct progress *p,
                         const struct progress_source *s)
{
    buffer_append_text(out, "{\"description\":");
    json_write_text(out, s->description, JSON_CHARACTERS);
    buffer_append_text(out, ",");
    print_offset(out, "startOffset", s->start);
    print_offset(out, "endOffset", s->end);
    print_offset(out, "latestOffset", s->newest);
    print_rates(out, p, s->rows);
    if (s->metrics.len > 0) {
        buffer_printf(out, ",\"metrics\":{%.*s}", BYTES_ARG(s->metrics));
    }
    buffer_append_text(out, "}");
}

void progress_print(struct buffer *out, const struct progress *p)
{
    buffer_printf(out, "{\"id\":\"%s\",\"runId\":\"%s\",\"name\":", p->id, p->run_id);
    progress_print_text(out, p->name);
    buffer_append_text(out, ",\"timestamp\":");
    progress_print_time(out, p->clock->started_ms);
    buffer_printf(out, ",\"batchId\":%" PRId64 ",\"batchDuration\":%" PRId64 ",", p->batch_id,
                  p->duration_ms);
    int64_t rows = 0;
    for (int32_t i = 0; i < p->source_count; i++) {
        rows += p->sources[i].rows;
    }
    print_rates(out, p, rows);
    print_durations(out, p->clock);
    buffer_append_text(out, ",\"stateOperators\":[");
    for (int32_t i = p->operator_count - 1; i >= 0; i--) {
        print_operator(out, &p->operators[i]);
        buffer_append_text(out, i > 0 ? "," : "");
    }
    buffer_append_text(out, "],\"sources\":[");
    for (int32_t i = 0; i < p->source_count; i++) {
        print_source(out, p, &p->sources[i]);
        buffer_append_text(out, i + 1 < p->source_count ? "," : "");
    }
    buffer_append_text(out, "],\"sink\":{\"description\":");
    json_write_text(out, p->sink, JSON_CHARACTERS);
    buffer_printf(out, ",\"numOutputRows\":%" PRId64 "}}", p->rows_written);
}
