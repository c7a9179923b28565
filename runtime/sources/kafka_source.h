/*
 * A Kafka source at work: what its files share. Internal to it.
 *
 *     kafka_options.c   what is asked for            kafka_cluster.c   which partitions and offsets there are
 *     kafka_split.c     how much, side by side       kafka_pool.c      open consumers
 *     kafka_source.c    offsets of a stream          kafka_reader.c    records to columns
 *     kafka_scan.c      what a batch reads
 *
 * Thread: one at a time, but for scans' readers.
 */
#pragma once

#include "sources/kafka_cluster.h"
#include "sources/kafka_reader.h"
#include "sources/source.h"

struct kafka_source {
    struct source base;
    struct arena arena; /* settings and what else stays */
    struct kafka_settings settings;
    const atomic_bool *cancelled;
    struct kafka_listener listener;
    struct kafka_cluster *cluster;
    struct kafka_pool *pool;
    const struct type *schema;
    const char *group;      /* of its consumers, as Spark would name it */
    const char *checkpoint; /* NULL: a batch */
    bool sync;
    bool unlimited;
    bool frozen; /* AvailableNow */
    int64_t triggered_ms;
    struct kafka_offsets initial; /* where a new query begins */
    bool has_initial;
    struct arena latest_arena;
    struct kafka_offsets latest; /* what there was when it was asked last */
    bool has_latest;
    struct arena frozen_arena;
    struct kafka_offsets frozen_latest;
    bool has_frozen;
    int32_t *columns; /* what `projection` is of */
    int32_t column_count;
    struct kafka_projection projection;
};

/* NULL: the error is set. */
struct kafka_source *kafka_source_new(const struct source_request *r,
                                      const struct type *schema,
                                      bool streaming,
                                      struct sql_error *error);
void kafka_source_free(struct kafka_source *s);

/* Records are gone: an error, or with failOnDataLoss=false a warning. Formats into it. */
bool kafka_lost(const struct kafka_source *s, struct sql_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* --- kafka_scan.c --- */

/* What [start, end) of a stream is; NULL: the error is set. */
struct scan *kafka_scan_of(struct kafka_source *s,
                           const struct kafka_offsets *start,
                           const struct kafka_offsets *end,
                           struct sql_error *error);

/* Everything that the options mean, once. Takes the source over, in any case. */
struct scan *kafka_scan_batch(struct kafka_source *s, struct sql_error *error);

/* The columns that scans make from now on. */
void kafka_source_project(struct kafka_source *s, const int32_t *columns, int32_t count);
