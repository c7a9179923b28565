/*
 * The source rate-micro-batch: the same rows in every batch of that number, whenever it runs: rowsPerBatch of them, at a time that goes on by
 * advanceMillisPerBatch. An offset says how many rows were given, and which time is next:
 *
 *     {"offset":4,"timestamp":1500}
 *
 * Source: RatePerMicroBatchProvider, RatePerMicroBatchStream. Thread: as of sources.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/json_reader.h"
#include "sources/generated_rows.h"
#include "sources/source.h"

static const struct sql_condition illegal_argument = { "", "", "IllegalArgumentException" };
static const struct sql_condition unsupported = { "_LEGACY_ERROR_TEMP_2242", "",
                                                  "UnsupportedOperationException" };
static const struct sql_condition illegal_state = { "", "", "IllegalStateException" };

struct settings {
    int64_t rows_per_batch;
    int64_t partitions;
    int64_t start_ms;
    int64_t advance_ms;
};

struct rate_micro_batch {
    struct source base;
    const struct type *schema;
    struct settings settings;
    char *partitions_given; /* owned; NULL: not given */
    bool frozen;            /* AvailableNow: one batch, and no more */
    char *last;             /* owned: the offset that it ends with */
};

/* --- options --- */

static bool check(
    bool ok, int64_t value, const char *name, const char *must, struct sql_error *error)
{
    return ok ||
           sql_fail(error, &illegal_argument,
                    "Invalid value '%" PRId64 "'. The option '%s' must be %s", value, name, must);
}

static bool read_options(const struct source_request *r,
                         struct settings *out,
                         struct sql_error *error)
{
    const struct options *o = r->options;
    struct settings s = { 0 };
    bool ok =
        options_integer(o, "rowsPerBatch", 0, &s.rows_per_batch, error) &&
        check(s.rows_per_batch > 0, s.rows_per_batch, "rowsPerBatch", "positive", error) &&
        options_integer(o, "numPartitions", r->parallelism, &s.partitions, error) &&
        check(s.partitions > 0, s.partitions, "numPartitions", "positive", error) &&
        options_integer(o, "startTimestamp", 0, &s.start_ms, error) &&
        check(s.start_ms >= 0, s.start_ms, "startTimestamp", "non-negative", error) &&
        options_integer(o, "advanceMillisPerBatch", 1000, &s.advance_ms, error) &&
        check(s.advance_ms >= 0, s.advance_ms, "advanceMillisPerBatch", "non-negative", error);
    s.partitions = s.partitions < INT32_MAX ? s.partitions : INT32_MAX;
    *out = s;
    return ok;
}

static bool make_schema(const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    (void)streaming;
    struct settings checked;
    if (r->schema) {
        return sql_fail(error, &unsupported,
                        "RatePerMicroBatchProvider source does not support user-specified schema.");
    }
    if (!read_options(r, &checked, error)) {
        return false;
    }
    *out = generated_schema(arena);
    return true;
}

/* --- offsets --- */

struct position {
    int64_t rows;
    int64_t time_ms;
};

static bool read_members(struct json_reader *r, struct position *out)
{
    if (!json_next(r) || r->token != JSON_START_OBJECT) {
        return false;
    }
    bool has_rows = false;
    bool has_time = false;
    while (json_next(r) && r->token == JSON_NAME) {
        bool rows = bytes_equal_text(json_name(r), "offset");
        bool time = bytes_equal_text(json_name(r), "timestamp");
        int64_t value = 0;
        if (!json_next(r) || r->token != JSON_INT || !json_complete(r) ||
            !bytes_parse_i64(buffer_bytes(&r->text), &value)) {
            return false;
        }
        out->rows = rows ? value : out->rows;
        out->time_ms = time ? value : out->time_ms;
        has_rows |= rows;
        has_time |= time;
    }
    return r->token == JSON_END_OBJECT && has_rows && has_time && out->rows >= 0;
}

/* Empty: the beginning. */
static bool read_offset(const struct rate_micro_batch *s,
                        struct bytes text,
                        struct position *out,
                        struct sql_error *error)
{
    *out = (struct position){ 0, s->settings.start_ms };
    if (text.len == 0) {
        return true;
    }
    struct json_reader *r = MEM_NEW(struct json_reader);
    json_reader_init(r, (struct json_leniency){ 0 });
    json_reader_start(r, text);
    bool ok = read_members(r, out);
    json_reader_finish(r);
    free(r);
    return ok || sql_fail(error, &illegal_state,
                          "Invalid offset of the rate-micro-batch source: %.*s", BYTES_ARG(text));
}

static bool initial(struct source *base, struct buffer *out, struct sql_error *error)
{
    (void)base;
    (void)out; /* no rows yet, which no text says */
    (void)error;
    return true;
}

static bool latest(struct source *base,
                   struct bytes start,
                   struct buffer *out,
                   struct buffer *newest,
                   struct sql_error *error)
{
    (void)newest; /* there is always more: Spark reports null */
    struct rate_micro_batch *s = (struct rate_micro_batch *)base;
    if (s->last) {
        buffer_append_text(out, s->last);
        return true;
    }
    struct position p;
    if (!read_offset(s, start, &p, error)) {
        return false;
    }
    if (__builtin_add_overflow(p.rows, s->settings.rows_per_batch, &p.rows) ||
        __builtin_add_overflow(p.time_ms, s->settings.advance_ms, &p.time_ms)) {
        return sql_fail(error, &illegal_state,
                        "The rate-micro-batch source has no more numbers to give");
    }
    char text[96];
    int len = snprintf(text, sizeof(text), "{\"offset\":%" PRId64 ",\"timestamp\":%" PRId64 "}",
                       p.rows, p.time_ms);
    buffer_append(out, text, (size_t)len);
    if (s->frozen) {
        s->last = mem_text(text, (size_t)len);
    }
    return true;
}

static struct scan *plan(struct source *base,
                         struct bytes start,
                         struct bytes end,
                         const int32_t *columns,
                         int32_t column_count,
                         struct sql_error *error)
{
    struct rate_micro_batch *s = (struct rate_micro_batch *)base;
    struct position from;
    struct position to;
    if (!read_offset(s, start, &from, error) || !read_offset(s, end, &to, error)) {
        return NULL;
    }
    struct generated g = {
        .first = from.rows,
        .end = to.rows,
        .partitions = (int32_t)s->settings.partitions,
        .start_ms = from.time_ms,
    };
    return generated_scan(&g, s->schema, columns, column_count);
}

static bool freeze(struct source *base, struct sql_error *error)
{
    (void)error;
    ((struct rate_micro_batch *)base)->frozen = true;
    return true;
}

static void describe(const struct source *base, struct buffer *out)
{
    const struct rate_micro_batch *s = (const struct rate_micro_batch *)base;
    buffer_printf(out,
                  "RatePerMicroBatchStream[rowsPerBatch=%" PRId64
                  ", numPartitions=%s, startTimestamp=%" PRId64 ", advanceMsPerBatch=%" PRId64 "]",
                  s->settings.rows_per_batch, s->partitions_given ? s->partitions_given : "default",
                  s->settings.start_ms, s->settings.advance_ms);
}

static void close_source(struct source *base)
{
    struct rate_micro_batch *s = (struct rate_micro_batch *)base;
    free(s->partitions_given);
    free(s->last);
    free(s);
}

static const struct source_functions functions = {
    .initial = initial,
    .latest = latest,
    .plan = plan,
    .freeze = freeze,
    .describe = describe,
    .close = close_source,
};

static struct source *open_source(const struct source_request *r,
                                  const struct type *schema,
                                  struct sql_error *error)
{
    struct settings settings;
    if (!read_options(r, &settings, error)) {
        return NULL;
    }
    struct rate_micro_batch *s = MEM_NEW(struct rate_micro_batch);
    s->base.functions = &functions;
    s->schema = schema;
    s->settings = settings;
    struct bytes given = options_get(r->options, "numPartitions");
    s->partitions_given = bytes_is_null(given) ? NULL : mem_text(given.data, given.len);
    return &s->base;
}

const struct source_format source_rate_micro_batch = {
    .name = "rate-micro-batch",
    .streams = true,
    .schema = make_schema,
    .open = open_source,
};
