/*
 * The Kafka source: offsets of a stream, and the table's entry. See kafka_source.h for its parts.
 *
 * Source: KafkaSourceProvider, KafkaMicroBatchStream.
 */
#include "sources/kafka_source.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "columns/double_text.h"
#include "sources/kafka_config.h"
#include "sources/kafka_errors.h"
#include "sources/kafka_log.h"

bool kafka_lost(const struct kafka_source *s, struct sql_error *error, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (s->settings.fail_on_data_loss) {
        return kafka_fail_lost(error, "%s", text);
    }
    kafka_warn_lost(&s->listener, "%s", text);
    return true;
}

/* --- making and closing --- */

static int32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    for (; *text; text++) {
        hash = 31 * hash + (uint8_t)*text;
    }
    return (int32_t)hash;
}

/* The group id that Spark would give its consumers; errors name it. */
static const char *group_name(struct kafka_source *s)
{
    if (!bytes_is_null(s->settings.group_id)) {
        return arena_text(&s->arena, s->settings.group_id);
    }
    struct uuid id = uuid_random();
    const uint8_t *b = id.bytes;
    char text[64];
    (void)snprintf(text, sizeof(text),
                   "%02x%02x%02x%02x-%02x%02x-4%01x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                   b[1], b[2], b[3], b[4], b[5], b[6] & 0xf, b[7], (b[8] & 0x3f) | 0x80, b[9],
                   b[10], b[11], b[12], b[13], b[14], b[15]);
    struct bytes prefix = s->settings.group_prefix;
    if (bytes_is_null(prefix)) {
        prefix = bytes_of(s->checkpoint ? "spark-kafka-source" : "spark-kafka-relation");
    }
    struct bytes name = s->checkpoint
                            ? arena_printf(&s->arena, "%.*s-%s-%" PRId32 "-executor",
                                           BYTES_ARG(prefix), text, java_hash(s->checkpoint))
                            : arena_printf(&s->arena, "%.*s-%s-executor", BYTES_ARG(prefix), text);
    return arena_text(&s->arena, name);
}

struct kafka_source *kafka_source_new(const struct source_request *r,
                                      const struct type *schema,
                                      bool streaming,
                                      struct sql_error *error)
{
    struct kafka_source *s = MEM_NEW(struct kafka_source);
    arena_init(&s->arena, 0);
    arena_init(&s->latest_arena, 0);
    arena_init(&s->frozen_arena, 0);
    s->cancelled = r->cancelled;
    s->listener = (struct kafka_listener){ r->warn, r->warn_context };
    s->schema = schema;
    s->sync = r->sync;
    s->checkpoint =
        streaming && r->checkpoint ? arena_text(&s->arena, bytes_of(r->checkpoint)) : NULL;
    if (!kafka_options_read(&s->arena, r->options, streaming, &s->settings, error)) {
        kafka_source_free(s);
        return NULL;
    }
    s->group = group_name(s);
    s->pool = kafka_pool_new(&s->settings, s->cancelled);
    s->cluster = kafka_cluster_new(&s->settings, s->pool, s->cancelled, &s->listener, error);
    if (!s->cluster) {
        kafka_source_free(s);
        return NULL;
    }
    return s;
}

void kafka_source_free(struct kafka_source *s)
{
    if (!s) {
        return;
    }
    kafka_cluster_free(s->cluster);
    kafka_pool_free(s->pool);
    free(s->columns);
    arena_finish(&s->frozen_arena);
    arena_finish(&s->latest_arena);
    arena_finish(&s->arena);
    free(s);
}

void kafka_source_project(struct kafka_source *s, const int32_t *columns, int32_t count)
{
    size_t size = (size_t)count * sizeof(*columns);
    bool same = s->columns && s->column_count == count &&
                (count == 0 || memcmp(s->columns, columns, size) == 0);
    if (same) {
        return;
    }
    s->projection = kafka_project(&s->arena, s->schema, columns, count);
    s->columns = mem_resize(s->columns, (size_t)count + 1, sizeof(*columns));
    s->column_count = count;
    if (count > 0) {
        memcpy(s->columns, columns, size);
    }
}

/* --- offsets of a stream --- */

/* Where a new query begins: as the log of the checkpoint says, or settled now and logged. */
static bool load_initial(struct kafka_source *s, struct sql_error *error)
{
    if (s->has_initial) {
        return true;
    }
    if (!kafka_conf_check(&s->settings, error)) {
        return false;
    }
    bool found = false;
    if (s->checkpoint &&
        !kafka_log_read(s->checkpoint, s->sync, &s->arena, &s->initial, &found, error)) {
        return false;
    }
    if (!found &&
        (!kafka_cluster_bound(s->cluster, &s->arena, &s->settings.start, KAFKA_STREAM_START,
                              &s->initial, error) ||
         (s->checkpoint && !kafka_log_write(s->checkpoint, s->sync, &s->initial, error)))) {
        return false;
    }
    s->has_initial = true;
    return true;
}

static bool kafka_initial(struct source *base, struct buffer *out, struct sql_error *error)
{
    struct kafka_source *s = (struct kafka_source *)base;
    if (!load_initial(s, error)) {
        return false;
    }
    kafka_offsets_print(out, &s->initial);
    return true;
}

/* An empty text is the beginning. */
static bool read_offsets(struct kafka_source *s,
                         struct arena *arena,
                         struct bytes text,
                         struct kafka_offsets *out,
                         struct sql_error *error)
{
    if (text.len == 0) {
        bool ok = load_initial(s, error);
        *out = s->initial;
        return ok;
    }
    return kafka_offsets_parse(arena, text, out) ||
           sql_fail(
               error, &kafka_illegal_argument,
               "Expected e.g. {\"topicA\":{\"0\":23,\"1\":-1},\"topicB\":{\"0\":-2}}, got %.*s",
               BYTES_ARG(text));
}

/* What there is now, or was when the source was frozen, to s->latest. */
static bool ask_latest(struct kafka_source *s,
                       const struct kafka_offsets *start,
                       struct sql_error *error)
{
    if (s->frozen && !s->has_frozen) {
        if (!kafka_cluster_latest_since(s->cluster, &s->frozen_arena, start, &s->frozen_latest,
                                        error)) {
            return false;
        }
        s->has_frozen = true;
    }
    arena_reset(&s->latest_arena);
    s->has_latest = false;
    if (s->frozen) {
        s->latest = kafka_offsets_copy(&s->latest_arena, &s->frozen_latest);
    } else if (!kafka_cluster_latest_since(s->cluster, &s->latest_arena, start, &s->latest,
                                           error)) {
        return false;
    }
    s->has_latest = true;
    return true;
}

/* minOffsetsPerTrigger: wait for more? */
static bool too_few(struct kafka_source *s, const struct kafka_offsets *start)
{
    int64_t now_ms = clock_realtime_ms();
    bool late = now_ms - s->triggered_ms >= s->settings.trigger_delay_max_ms;
    if (!late && kafka_backlog(start, &s->latest) < (double)s->settings.offsets_min) {
        return true;
    }
    s->triggered_ms = now_ms;
    return false;
}

/* maxOffsetsPerTrigger. */
static bool limit(struct kafka_source *s,
                  struct arena *arena,
                  const struct kafka_offsets *start,
                  struct kafka_offsets *out,
                  struct sql_error *error)
{
    struct kafka_offsets added = kafka_offsets_without(arena, &s->latest, start);
    struct kafka_offsets first = { 0 };
    if (!kafka_cluster_earliest_of(s->cluster, arena, &added, &first, error)) {
        return false;
    }
    struct kafka_offsets from = { 0, ARENA_NEW(arena, struct kafka_offset,
                                               (size_t)start->count + (size_t)first.count) };
    for (int32_t i = 0; i < start->count; i++) {
        from.items[from.count++] = start->items[i];
    }
    for (int32_t i = 0; i < first.count; i++) {
        from.items[from.count++] = first.items[i];
    }
    kafka_offsets_sort(&from);
    *out = kafka_limit(arena, &from, &s->latest, s->settings.offsets_max);
    return true;
}

static bool choose_end(struct kafka_source *s,
                       struct arena *arena,
                       struct bytes start_text,
                       struct buffer *out,
                       struct sql_error *error)
{
    struct kafka_offsets start;
    if (!read_offsets(s, arena, start_text, &start, error) || !ask_latest(s, &start, error)) {
        return false;
    }
    struct kafka_offsets end = s->latest;
    if (!s->unlimited && s->settings.has_offsets_min && too_few(s, &start)) {
        end = start;
    } else if (!s->unlimited && s->settings.has_offsets_max &&
               !limit(s, arena, &start, &end, error)) {
        return false;
    }
    if (start_text.len > 0 && kafka_offsets_equal(&start, &end)) {
        buffer_append(out, start_text.data, start_text.len);
    } else if (end.count > 0) {
        kafka_offsets_print(out, &end);
    }
    return true;
}

static bool kafka_latest(struct source *base,
                         struct bytes start,
                         struct buffer *out,
                         struct buffer *newest,
                         struct sql_error *error)
{
    struct kafka_source *s = (struct kafka_source *)base;
    struct arena arena;
    arena_init(&arena, 0);
    bool ok = choose_end(s, &arena, start, out, error);
    if (ok && newest && s->latest.count > 0) {
        kafka_offsets_print(newest, &s->latest);
    }
    arena_finish(&arena);
    return ok;
}

/* --- AvailableNow: nothing of what was there may go meanwhile --- */

static bool has_greater(const struct kafka_offsets *end, const struct kafka_offsets *bound)
{
    for (int32_t i = 0; i < end->count; i++) {
        const struct kafka_offset *max = kafka_offsets_find(bound, &end->items[i]);
        if (max && end->items[i].offset > max->offset) {
            return true;
        }
    }
    return false;
}

/* How a complaint goes: text, what the offsets of the first kind are called, those of the second, the end. */
struct frozen_words {
    const char *text;
    const char *bound;
    const char *end;
    const char *last;
    void (*print)(struct buffer *out, const struct kafka_offsets *offsets);
};

static bool fail_frozen(struct sql_error *error,
                        const struct frozen_words *words,
                        const struct kafka_offsets *bound,
                        const struct kafka_offsets *end)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(
        &text,
        "%s The error could be transient - restart your query, and report if you still see the same issue.\n%s: ",
        words->text, words->bound);
    words->print(&text, bound);
    buffer_printf(&text, ", %s: ", words->end);
    words->print(&text, end);
    sql_fail(error, &kafka_mismatch, "%.*s%s", BYTES_ARG(buffer_bytes(&text)), words->last);
    buffer_finish(&text);
    return false;
}

static const struct frozen_words words_partitions = {
    .text =
        "Kafka data source in Trigger.AvailableNow should provide the same topic partitions in pre-fetched offset to end "
        "offset for each microbatch.",
    .bound = "topic-partitions for pre-fetched offset",
    .end = "topic-partitions for end offset",
    .last = ".",
    .print = kafka_offsets_print_set,
};
static const struct frozen_words words_prefetched = {
    .text =
        "For Kafka data source with Trigger.AvailableNow, end offset should have lower or equal offset per each topic "
        "partition than pre-fetched offset.",
    .bound = "pre-fetched offset",
    .end = "end offset",
    .last = ".",
    .print = kafka_offsets_print_map,
};
static const struct frozen_words words_lost = {
    .text =
        "Some of partitions in Kafka topic(s) have been lost during running query with Trigger.AvailableNow.",
    .bound = "topic-partitions for latest offset",
    .end = "topic-partitions for end offset",
    .last = "",
    .print = kafka_offsets_print_set,
};
static const struct frozen_words words_shrunk = {
    .text =
        "Some of partitions in Kafka topic(s) report available offset which is less than end offset during running query "
        "with Trigger.AvailableNow.",
    .bound = "latest offset",
    .end = "end offset",
    .last = "",
    .print = kafka_offsets_print_map,
};

static bool check_frozen(struct kafka_source *s,
                         struct arena *arena,
                         const struct kafka_offsets *end,
                         struct sql_error *error)
{
    if (!s->has_frozen) {
        return true;
    }
    if (!kafka_offsets_same_partitions(&s->frozen_latest, end)) {
        return fail_frozen(error, &words_partitions, &s->frozen_latest, end);
    }
    if (has_greater(end, &s->frozen_latest)) {
        return fail_frozen(error, &words_prefetched, &s->frozen_latest, end);
    }
    struct kafka_offsets now;
    if (!kafka_cluster_latest_since(s->cluster, arena, end, &now, error)) {
        return false;
    }
    if (kafka_offsets_without(arena, end, &now).count > 0) {
        return fail_frozen(error, &words_lost, &now, end);
    }
    return !has_greater(end, &now) || fail_frozen(error, &words_shrunk, &now, end);
}

/* --- the rest of a source --- */

static struct scan *kafka_plan(struct source *base,
                               struct bytes start_text,
                               struct bytes end_text,
                               const int32_t *columns,
                               int32_t column_count,
                               struct sql_error *error)
{
    struct kafka_source *s = (struct kafka_source *)base;
    struct arena arena;
    arena_init(&arena, 0);
    struct kafka_offsets start;
    struct kafka_offsets end;
    struct scan *scan = NULL;
    kafka_source_project(s, columns, column_count);
    if (read_offsets(s, &arena, start_text, &start, error) &&
        read_offsets(s, &arena, end_text, &end, error) && check_frozen(s, &arena, &end, error)) {
        scan = kafka_scan_of(s, &start, &end, error);
    }
    arena_finish(&arena);
    return scan;
}

static bool kafka_freeze(struct source *base, struct sql_error *error)
{
    (void)error;
    ((struct kafka_source *)base)->frozen = true;
    return true;
}

static void kafka_unlimited(struct source *base)
{
    ((struct kafka_source *)base)->unlimited = true;
}

static void kafka_describe(const struct source *base, struct buffer *out)
{
    const struct kafka_source *s = (const struct kafka_source *)base;
    buffer_append_text(out, "KafkaV2[");
    kafka_settings_describe(&s->settings, out);
    buffer_append_text(out, "]");
}

static void kafka_metrics(const struct source *base, struct bytes end_text, struct buffer *out)
{
    const struct kafka_source *s = (const struct kafka_source *)base;
    struct arena arena;
    arena_init(&arena, 0);
    struct kafka_offsets end;
    int64_t min = INT64_MAX;
    int64_t max = INT64_MIN;
    double sum = 0;
    bool known = s->has_latest && s->latest.count > 0 && end_text.len > 0 &&
                 kafka_offsets_parse(&arena, end_text, &end);
    for (int32_t i = 0; known && i < s->latest.count; i++) {
        const struct kafka_offset *done = kafka_offsets_find(&end, &s->latest.items[i]);
        int64_t behind = 0;
        if (__builtin_sub_overflow(s->latest.items[i].offset, done ? done->offset : 0, &behind)) {
            behind = INT64_MAX;
        }
        min = behind < min ? behind : min;
        max = behind > max ? behind : max;
        sum += (double)behind;
    }
    if (known) {
        char average[DOUBLE_TEXT_MAX];
        size_t len = double_text(average, sum / s->latest.count);
        buffer_printf(out,
                      "\"avgOffsetsBehindLatest\":\"%.*s\",\"maxOffsetsBehindLatest\":\"%" PRId64
                      "\",\"minOffsetsBehindLatest\":\"%" PRId64 "\"",
                      (int)len, average, max, min);
    }
    arena_finish(&arena);
}

static void kafka_close(struct source *base)
{
    kafka_source_free((struct kafka_source *)base);
}

static const struct source_functions functions = {
    .initial = kafka_initial,
    .latest = kafka_latest,
    .plan = kafka_plan,
    .freeze = kafka_freeze,
    .unlimited = kafka_unlimited,
    .describe = kafka_describe,
    .metrics = kafka_metrics,
    .close = kafka_close,
};

/* --- the table's entry --- */

static bool make_schema(const struct source_request *r,
                        bool streaming,
                        struct arena *arena,
                        const struct type **out,
                        struct sql_error *error)
{
    if (!kafka_options_check(r->options, streaming, error)) {
        return false;
    }
    if (r->schema) {
        return sql_fail(
            error, &kafka_illegal_argument,
            "requirement failed: Kafka source has a fixed schema and cannot be set with a custom one");
    }
    bool headers = false;
    if (!options_bool(r->options, "includeHeaders", false, &headers, error)) {
        return false;
    }
    *out = kafka_schema(arena, headers);
    return true;
}

static struct source *open_stream(const struct source_request *r,
                                  const struct type *schema,
                                  struct sql_error *error)
{
    struct kafka_source *s = kafka_source_new(r, schema, true, error);
    if (!s) {
        return NULL;
    }
    s->base.functions = &functions;
    return &s->base;
}

static struct scan *read_batch(const struct source_request *r,
                               const struct type *schema,
                               const int32_t *columns,
                               int32_t column_count,
                               struct sql_error *error)
{
    struct kafka_source *s = kafka_source_new(r, schema, false, error);
    if (!s) {
        return NULL;
    }
    kafka_source_project(s, columns, column_count);
    return kafka_scan_batch(s, error);
}

const struct source_format source_kafka = {
    .name = "kafka",
    .streams = true,
    .batches = true,
    .schema = make_schema,
    .open = open_stream,
    .read = read_batch,
};
