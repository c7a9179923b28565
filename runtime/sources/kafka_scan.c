/*
 * What a batch reads from Kafka: ranges of partitions, shared out among readers.
 *
 * Source: KafkaOffsetReaderAdmin.getOffsetRangesFrom{Resolved,Unresolved}Offsets.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sources/kafka_config.h"
#include "sources/kafka_errors.h"
#include "sources/kafka_source.h"

struct kafka_scan {
    struct scan base;
    struct arena arena;
    struct kafka_reading reading;
    struct kafka_range *ranges;
    struct kafka_source *owned; /* of a batch; NULL: the stream's */
};

static struct row_reader *scan_open(struct scan *base, int32_t partition, struct sql_error *error)
{
    struct kafka_scan *s = (struct kafka_scan *)base;
    return kafka_reader_open(&s->reading, &s->ranges[partition], error);
}

static void scan_close(struct scan *base)
{
    struct kafka_scan *s = (struct kafka_scan *)base;
    kafka_source_free(s->owned);
    arena_finish(&s->arena);
    free(s);
}

static struct kafka_scan *scan_new(struct kafka_source *source)
{
    struct kafka_scan *s = MEM_NEW(struct kafka_scan);
    s->base = (struct scan){ .open = scan_open, .close = scan_close };
    arena_init(&s->arena, 0);
    s->reading = (struct kafka_reading){
        .settings = &source->settings,
        .pool = source->pool,
        .cancelled = source->cancelled,
        .projection = source->projection,
        .group = source->group,
        .listener = source->listener,
    };
    return s;
}

/* Ranges in Spark's order of the partitions of `until`, and split; both have the same partitions. */
static bool set_ranges(struct kafka_scan *s,
                       const struct kafka_offsets *from,
                       const struct kafka_offsets *until,
                       bool in_order,
                       struct sql_error *error)
{
    struct kafka_offsets kept = kafka_offsets_copy(&s->arena, until);
    int32_t *order = ARENA_NEW(&s->arena, int32_t, (size_t)kept.count);
    struct kafka_range *ranges = ARENA_NEW(&s->arena, struct kafka_range, (size_t)kept.count);
    int32_t count = 0;
    kafka_order_partitions(&kept, order);
    for (int32_t i = 0; i < kept.count; i++) {
        const struct kafka_offset *end =
            &kept.items[in_order && kept.count <= KAFKA_SMALL_SET ? i : order[i]];
        const struct kafka_offset *begin = kafka_offsets_find(from, end);
        if (!begin || begin->offset >= end->offset) {
            continue;
        }
        if (begin->offset < 0) {
            return sql_fail(error, &kafka_assertion,
                            "assertion failed: earliest offset %" PRId64 " does not equal -2",
                            begin->offset);
        }
        ranges[count++] =
            (struct kafka_range){ end->topic, end->partition, begin->offset, end->offset };
    }
    s->ranges = kafka_split(&s->arena, ranges, count, &s->reading.settings->split,
                            &s->base.partition_count);
    return true;
}

/* --- streams --- */

/* Partitions that have come since start begin where they begin; those that are gone are reported. *out: where each partition of end begins. */
static bool begin_new_partitions(struct kafka_source *s,
                                 struct arena *arena,
                                 const struct kafka_offsets *start,
                                 const struct kafka_offsets *end,
                                 struct kafka_offsets *out,
                                 struct sql_error *error)
{
    struct kafka_offsets added = kafka_offsets_without(arena, end, start);
    struct kafka_offsets first = { 0 };
    struct buffer set;
    buffer_init(&set, SQL_ERROR_MAX);
    bool ok = kafka_cluster_earliest_of(s->cluster, arena, &added, &first, error);
    struct kafka_offsets missing = kafka_offsets_without(arena, &added, &first);
    if (ok && missing.count > 0) {
        kafka_offsets_print_set(&set, &missing);
        ok = kafka_lost(
            s, error,
            "Cannot find initial offsets for partitions %.*s. They may have been deleted.",
            BYTES_ARG(buffer_bytes(&set)));
    }
    for (int32_t i = 0; ok && i < first.count; i++) {
        const struct kafka_offset *p = &first.items[i];
        ok = p->offset == 0 ||
             kafka_lost(s, error,
                        "Added partition %.*s-%" PRId32 " starts from %" PRId64 " instead of 0.",
                        BYTES_ARG(p->topic), p->partition, p->offset);
    }
    buffer_finish(&set);
    struct kafka_offsets all = { 0, ARENA_NEW(arena, struct kafka_offset,
                                              (size_t)start->count + (size_t)first.count) };
    for (int32_t i = 0; i < start->count; i++) {
        all.items[all.count++] = start->items[i];
    }
    for (int32_t i = 0; i < first.count; i++) {
        all.items[all.count++] = first.items[i];
    }
    kafka_offsets_sort(&all);
    *out = all;
    return ok;
}

static bool report_deleted(struct kafka_source *s,
                           struct arena *arena,
                           const struct kafka_offsets *start,
                           const struct kafka_offsets *end,
                           struct sql_error *error)
{
    struct kafka_offsets deleted = kafka_offsets_without(arena, start, end);
    if (deleted.count == 0) {
        return true;
    }
    static const char of_group[] =
        "\nKafka option 'kafka.group.id' has been set on this query, it is\n"
        "not recommended to set this option. This option is unsafe to use since multiple concurrent\n"
        "queries or sources using the same group id will interfere with each other as they are part\n"
        "of the same consumer group. Restarted queries may also suffer interference from the\n"
        "previous run having the same group id. The user should have only one query per group id,\n"
        "and/or set the option 'kafka.session.timeout.ms' to be very small so that the Kafka\n"
        "consumers from the previous query are marked dead by the Kafka group coordinator before the\n"
        "restarted query starts running.";
    struct buffer set;
    buffer_init(&set, SQL_ERROR_MAX);
    kafka_offsets_print_set(&set, &deleted);
    bool ok =
        kafka_lost(s, error, "Partitions %.*s have been deleted.%s", BYTES_ARG(buffer_bytes(&set)),
                   bytes_is_null(s->settings.group_id) ? "" : of_group);
    buffer_finish(&set);
    return ok;
}

static bool report_changed(struct kafka_source *s,
                           const struct kafka_offsets *begin,
                           const struct kafka_offsets *end,
                           struct sql_error *error)
{
    int32_t *order = mem_zalloc((size_t)end->count, sizeof(*order));
    bool ok = true;
    kafka_order_partitions(end, order);
    for (int32_t i = 0; ok && i < end->count; i++) {
        const struct kafka_offset *p = &end->items[order[i]];
        const struct kafka_offset *from = kafka_offsets_find(begin, p);
        if (from && from->offset > p->offset) {
            ok = kafka_lost(
                s, error,
                "Partition %.*s-%" PRId32 " offset was changed from %" PRId64 " to %" PRId64
                ".\nThis could be either 1) a user error that the start offset is set beyond available offset "
                "when starting query, or 2) the kafka topic-partition is deleted and re-created.",
                BYTES_ARG(p->topic), p->partition, from->offset, p->offset);
        }
    }
    free(order);
    return ok;
}

struct scan *kafka_scan_of(struct kafka_source *source,
                           const struct kafka_offsets *start,
                           const struct kafka_offsets *end,
                           struct sql_error *error)
{
    struct kafka_scan *s = scan_new(source);
    struct kafka_offsets begin;
    if (!begin_new_partitions(source, &s->arena, start, end, &begin, error) ||
        !report_deleted(source, &s->arena, start, end, error) ||
        !report_changed(source, &begin, end, error) || !set_ranges(s, &begin, end, false, error)) {
        scan_close(&s->base);
        return NULL;
    }
    return &s->base;
}

/* --- batches --- */

static bool check_resolved(const struct kafka_offsets *from,
                           const struct kafka_offsets *until,
                           struct sql_error *error)
{
    for (int32_t i = 0; i < until->count; i++) {
        const struct kafka_offset *end = &until->items[i];
        const struct kafka_offset *begin = kafka_offsets_find(from, end);
        if (begin && begin->offset > end->offset && begin->offset >= 0 && end->offset >= 0) {
            return sql_fail(
                error, &kafka_illegal_state,
                "The resolved start offset %" PRId64
                " is greater than the resolved end offset %" PRId64
                " for topic %.*s partition %" PRId32 ".\n"
                "There may be multiple reasons:\n"
                "1. Start offset is set to too big a value that after resolution, end offset is smaller than it. There are "
                "multiple input cases:\n"
                "  (a) Start offset is set to a timestamp, and the end offset is set to an index.\n"
                "  (b) Start offset is set to an index, and the end offset is set to a timestamp.\n"
                "  (c) Start offset is set, and the end offset is set to latest.\n"
                "2. The Kafka topic partition is broken.",
                begin->offset, end->offset, BYTES_ARG(end->topic), end->partition);
        }
    }
    return true;
}

struct scan *kafka_scan_batch(struct kafka_source *source, struct sql_error *error)
{
    struct kafka_scan *s = scan_new(source);
    struct kafka_offsets from;
    struct kafka_offsets until;
    s->owned = source;
    enum kafka_bound_kind kind = source->settings.end.kind;
    bool by_time = kind == KAFKA_BOUND_TIMESTAMP || kind == KAFKA_BOUND_TIMESTAMPS;
    if (!kafka_conf_check(&source->settings, error) ||
        !kafka_cluster_bound(source->cluster, &s->arena, &source->settings.start, KAFKA_BATCH_START,
                             &from, error) ||
        !kafka_cluster_bound(source->cluster, &s->arena, &source->settings.end, KAFKA_BATCH_END,
                             &until, error) ||
        !check_resolved(&from, &until, error) || !set_ranges(s, &from, &until, !by_time, error)) {
        scan_close(&s->base);
        return NULL;
    }
    return &s->base;
}
