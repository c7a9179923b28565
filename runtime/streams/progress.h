/*
 * Progress: what a batch was, as the JSON that StreamingQueryProgress prints, field for field.
 *
 *     {"id":..,"runId":..,"name":..,"timestamp":..,"batchId":..,"batchDuration":..,"numInputRows":..,"inputRowsPerSecond":..,
 *      "processedRowsPerSecond":..,"durationMs":{..},"stateOperators":[..],"sources":[..],"sink":{..}}
 *
 * Pure: numbers in, text out. Source: org.apache.spark.sql.streaming.progress. Thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "operators/physical.h"

/* The parts of a trigger, in the order in which they are printed. */
enum progress_part {
    PART_ADD_BATCH,
    PART_COMMIT_OFFSETS,
    PART_GET_BATCH,
    PART_LATEST_OFFSET,
    PART_QUERY_PLANNING,
    PART_TRIGGER_EXECUTION,
    PART_WAL_COMMIT,
    PART_COUNT,
};

/* How long each part of this trigger has taken. */
struct progress_clock {
    int64_t started_ms;  /* realtime: the trigger's timestamp */
    int64_t previous_ms; /* of the trigger before; 0: none */
    int64_t started_us;  /* monotonic */
    int64_t part_us[PART_COUNT];
    bool part_used[PART_COUNT];
};

void progress_begin(struct progress_clock *c, int64_t realtime_ms, int64_t monotonic_us);

/* `us` more for a part. */
void progress_add(struct progress_clock *c, enum progress_part part, int64_t us);

struct progress_source {
    struct bytes description;
    struct bytes start; /* JSON; empty: null */
    struct bytes end;
    struct bytes newest;
    struct bytes metrics; /* the members of an object; empty: none */
    int64_t rows;
};

struct progress {
    const char *id;
    const char *run_id;
    const char *name; /* NULL: null */
    int64_t batch_id;
    int64_t duration_ms;
    const struct progress_clock *clock;
    int32_t operator_count;
    const struct operator_report *operators; /* in the order of the plan; printed the last first */
    int32_t source_count;
    const struct progress_source *sources;
    struct bytes sink;
    int64_t rows_written; /* -1: not known */
};

void progress_print(struct buffer *out, const struct progress *p);

/* "2026-11-22T09:56:23.845Z". */
void progress_print_time(struct buffer *out, int64_t realtime_ms);

/* A JSON string, or null. */
void progress_print_text(struct buffer *out, const char *text);
