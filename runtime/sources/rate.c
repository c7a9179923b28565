/*
 * The source rate: so many numbers a second, each with the time at which it was due. An offset is a number of seconds since the query began:
 *
 *     sources/<i>/0    v1 \n 1795343203701       when that was, in ms
 *
 * Source: RateStreamProvider, RateStreamMicroBatchStream. Thread: as of sources.
 */
#include "sources/rate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "checkpoint/metadata_log.h"
#include "sources/generated_rows.h"
#include "sources/source.h"

static const struct sql_condition illegal_argument = { "", "", "IllegalArgumentException" };
static const struct sql_condition unsupported = { "_LEGACY_ERROR_TEMP_2242", "",
                                                  "UnsupportedOperationException" };
static const struct sql_condition assertion = { "", "", "AssertionError" };
static const struct sql_condition illegal_state = { "", "", "IllegalStateException" };
static const struct sql_condition ramp_up = { "INCORRECT_RAMP_UP_RATE", "22003",
                                              "SparkRuntimeException" };
static const struct sql_condition end_offset = { "INCORRECT_END_OFFSET", "22003",
                                                 "SparkRuntimeException" };

struct rate {
    struct source base;
    struct arena arena;
    const struct type *schema;
    int64_t rows_per_second;
    int64_t ramp_up_seconds;
    int32_t partitions;
    const char *partitions_given; /* "default" */
    const char *checkpoint;       /* NULL: none */
    bool sync;
    bool started;
    int64_t created_ms;
    int64_t last_ms; /* never goes back */
};

int64_t rate_value_at(int64_t second, int64_t rows_per_second, int64_t ramp_up_seconds)
{
    int64_t speed_delta = rows_per_second / (ramp_up_seconds + 1);
    int64_t ramp = second < ramp_up_seconds ? second : ramp_up_seconds;
    int64_t value =
        ramp % 2 == 1 ? (ramp + 1) / 2 * speed_delta * ramp : ramp / 2 * speed_delta * (ramp + 1);
    return second <= ramp_up_seconds ? value : value + (second - ramp_up_seconds) * rows_per_second;
}

/* --- options --- */

static bool check_positive(const char *name, int64_t value, struct sql_error *error)
{
    return value > 0 ||
           sql_fail(error, &illegal_argument,
                    "Invalid value '%" PRId64 "'. The option '%s' must be positive", value, name);
}

static bool read_options(const struct source_request *r, struct rate *out, struct sql_error *error)
{
    int64_t ramp_up_ms = 0;
    int64_t partitions = r->parallelism;
    out->rows_per_second = 1;
    if (!options_integer(r->options, "rowsPerSecond", 1, &out->rows_per_second, error) ||
        !check_positive("rowsPerSecond", out->rows_per_second, error) ||
        !options_time(r->options, "rampUpTime", 0, 1000, &ramp_up_ms, error)) {
        return false;
    }
    out->ramp_up_seconds = ramp_up_ms / 1000;
    if (out->ramp_up_seconds < 0) {
        return sql_fail(error, &illegal_argument,
                        "Invalid value '%" PRId64 "'. The option 'rampUpTime' must not be negative",
                        out->ramp_up_seconds);
    }
    if (!options_integer(r->options, "numPartitions", r->parallelism, &partitions, error) ||
        !check_positive("numPartitions", partitions, error)) {
        return false;
    }
    out->partitions = partitions < INT32_MAX ? (int32_t)partitions : INT32_MAX;
    return true;
}

static bool rate_schema(const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    (void)streaming;
    struct rate checked = { 0 };
    if (r->schema) {
        return sql_fail(error, &unsupported,
                        "RateStreamProvider source does not support user-specified schema.");
    }
    if (!read_options(r, &checked, error)) {
        return false;
    }
    *out = generated_schema(arena);
    return true;
}

/* --- when it began --- */

static bool parse_created(struct rate *s, struct bytes text, struct sql_error *error)
{
    struct bytes rest = text;
    struct bytes version = { 0 };
    bool ok = bytes_cut(&rest, '\n', &version) && bytes_equal_text(version, "v1") &&
              bytes_parse_i64(rest, &s->created_ms);
    return ok ||
           sql_fail(
               error, &illegal_state,
               "Log file was malformed: failed to read the time at which the source began from %s/0.",
               s->checkpoint);
}

static bool log_created(struct rate *s, struct metadata_log *log, struct sql_error *error)
{
    struct bytes text = { 0 };
    if (!metadata_log_read(log, 0, &s->arena, &text, error)) {
        return false;
    }
    if (text.data) {
        return parse_created(s, text, error);
    }
    char line[32];
    int len = snprintf(line, sizeof(line), "v1\n%" PRId64, s->created_ms);
    enum metadata_log_written written =
        metadata_log_write(log, 0, (struct bytes){ (uint8_t *)line, (size_t)len }, error);
    if (written == LOG_EXISTS) {
        return sql_fail(error, &illegal_state, "%s/0 was written by another query meanwhile",
                        s->checkpoint);
    }
    return written == LOG_WRITTEN;
}

/* Once, before the first offset. */
static bool start(struct rate *s, struct sql_error *error)
{
    if (s->started) {
        return true;
    }
    s->created_ms = clock_realtime_ms();
    if (s->checkpoint) {
        struct metadata_log log;
        if (!metadata_log_open(&log, s->checkpoint, s->sync, 0, error)) {
            return false;
        }
        bool ok = log_created(s, &log, error);
        metadata_log_finish(&log);
        if (!ok) {
            return false;
        }
    }
    s->last_ms = s->created_ms;
    s->started = true;
    return true;
}

/* --- offsets --- */

static bool rate_initial(struct source *base, struct buffer *out, struct sql_error *error)
{
    (void)out; /* second 0, which no text says */
    return start((struct rate *)base, error);
}

static bool rate_latest(struct source *base,
                        struct bytes from,
                        struct buffer *out,
                        struct buffer *newest,
                        struct sql_error *error)
{
    (void)from;
    struct rate *s = (struct rate *)base;
    if (!start(s, error)) {
        return false;
    }
    int64_t now_ms = clock_realtime_ms();
    s->last_ms = now_ms > s->last_ms ? now_ms : s->last_ms;
    int64_t second = s->last_ms > s->created_ms ? (s->last_ms - s->created_ms) / 1000 : 0;
    buffer_printf(out, "%" PRId64, second);
    if (newest) {
        buffer_printf(newest, "%" PRId64, second);
    }
    return true;
}

static bool read_second(struct bytes text, int64_t *out, struct sql_error *error)
{
    *out = 0;
    return text.len == 0 || (bytes_parse_i64(text, out) && *out >= 0) ||
           sql_fail(error, &illegal_state, "Invalid offset of the rate source: %.*s",
                    BYTES_ARG(text));
}

static struct scan *rate_plan(struct source *base,
                              struct bytes start_text,
                              struct bytes end_text,
                              const int32_t *columns,
                              int32_t column_count,
                              struct sql_error *error)
{
    struct rate *s = (struct rate *)base;
    int64_t from = 0;
    int64_t to = 0;
    if (!start(s, error) || !read_second(start_text, &from, error) ||
        !read_second(end_text, &to, error)) {
        return NULL;
    }
    if (from > to) {
        sql_fail(error, &assertion,
                 "assertion failed: startSeconds(%" PRId64 ") > endSeconds(%" PRId64 ")", from, to);
        return NULL;
    }
    int64_t max = INT64_MAX / s->rows_per_second;
    if (to > max || to > INT64_MAX / 1000000) {
        sql_fail(error, &end_offset,
                 "Max offset with %" PRId64 " rowsPerSecond is %" PRId64 ", but it's %" PRId64
                 " now.",
                 s->rows_per_second, max, to);
        return NULL;
    }
    int64_t at_ms =
        s->created_ms + to * 1000; /* a restart may be earlier than what was given already */
    s->last_ms = at_ms > s->last_ms ? at_ms : s->last_ms;
    struct generated g = {
        .first = rate_value_at(from, s->rows_per_second, s->ramp_up_seconds),
        .end = rate_value_at(to, s->rows_per_second, s->ramp_up_seconds),
        .partitions = s->partitions,
        .start_ms = s->created_ms + from * 1000,
    };
    g.ms_per_value = g.end > g.first ? (double)((to - from) * 1000) / (double)(g.end - g.first) : 0;
    return generated_scan(&g, s->schema, columns, column_count);
}

static void rate_describe(const struct source *base, struct buffer *out)
{
    const struct rate *s = (const struct rate *)base;
    /* Spark forgot the closing bracket. */
    buffer_printf(out,
                  "RateStreamV2[rowsPerSecond=%" PRId64 ", rampUpTimeSeconds=%" PRId64
                  ", numPartitions=%s",
                  s->rows_per_second, s->ramp_up_seconds, s->partitions_given);
}

static void rate_close(struct source *base)
{
    struct rate *s = (struct rate *)base;
    arena_finish(&s->arena);
    free(s);
}

static const struct source_functions functions = {
    .initial = rate_initial,
    .latest = rate_latest,
    .plan = rate_plan,
    .describe = rate_describe,
    .close = rate_close,
};

static struct source *rate_open(const struct source_request *r,
                                const struct type *schema,
                                struct sql_error *error)
{
    struct rate *s = MEM_NEW(struct rate);
    arena_init(&s->arena, 0);
    s->base.functions = &functions;
    s->schema = schema;
    s->sync = r->sync;
    bool ok = read_options(r, s, error);
    int64_t max = ok ? INT64_MAX / s->rows_per_second : 0;
    if (ok && s->ramp_up_seconds > max) {
        ok = sql_fail(error, &ramp_up,
                      "Max offset with %" PRId64 " rowsPerSecond is %" PRId64
                      ", but 'rampUpTimeSeconds' is %" PRId64 ".",
                      s->rows_per_second, max, s->ramp_up_seconds);
    }
    if (!ok) {
        rate_close(&s->base);
        return NULL;
    }
    struct bytes given = options_get(r->options, "numPartitions");
    s->partitions_given = bytes_is_null(given) ? "default" : arena_text(&s->arena, given);
    s->checkpoint = r->checkpoint ? arena_text(&s->arena, bytes_of(r->checkpoint)) : NULL;
    return &s->base;
}

const struct source_format source_rate = {
    .name = "rate",
    .streams = true,
    .schema = rate_schema,
    .open = rate_open,
};
