/*
 * Batch actions: see run.h and scans.h.
 */
#include "streams/run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "operators/physical.h"
#include "sinks/collector.h"
#include "streams/catalog.h"
#include "streams/scans.h"

/* --- scans --- */

const int32_t *scans_columns(struct arena *arena, const struct plan *leaf, int32_t *out_count)
{
    if (leaf->columns) {
        *out_count = leaf->column_count;
        return leaf->columns;
    }
    int32_t count = leaf->relation->schema->field_count;
    int32_t *all = ARENA_NEW(arena, int32_t, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        all[i] = i;
    }
    *out_count = count;
    return all;
}

struct scan *scans_open_batch(struct weir_session *session,
                              const struct sql_settings *settings,
                              const struct plan *leaf,
                              struct sql_error *error)
{
    const struct relation *r = leaf->relation;
    struct arena arena;
    int32_t count;
    arena_init(&arena, 0);
    const int32_t *columns = scans_columns(&arena, leaf, &count);
    struct scan *scan =
        bytes_equal_text(r->format, "memory")
            ? catalog_scan(session, r, columns, count, error)
            : source_find(r->format)->read(
                  &(struct source_request){ .options = &r->options,
                                            .schema = r->given_schema ? r->schema : NULL,
                                            .settings = settings,
                                            .conf = &session->conf,
                                            .parallelism = pool_threads(session->pool) },
                  r->schema, columns, count, error);
    arena_finish(&arena);
    return scan;
}

/* --- running --- */

static bool open_scans(struct weir_session *session,
                       const struct sql_settings *settings,
                       const struct physical *physical,
                       struct scan **scans,
                       struct sql_error *error)
{
    for (int32_t i = 0; i < physical_relations(physical); i++) {
        scans[i] = scans_open_batch(session, settings, physical_relation(physical, i), error);
        if (!scans[i]) {
            return false;
        }
    }
    return true;
}

static bool run_physical(struct weir_session *session,
                         const struct sql_settings *settings,
                         struct physical *physical,
                         struct row_target *target,
                         struct sql_error *error)
{
    int32_t count = physical_relations(physical);
    struct scan **scans = mem_zalloc((size_t)count + 1, sizeof(struct scan *));
    struct execution x = { .pool = session->pool,
                           .settings = settings,
                           .scans = scans,
                           .target = target,
                           .watermark_us = INT64_MIN,
                           .late_watermark_us = INT64_MIN,
                           .error = error };
    bool good = open_scans(session, settings, physical, scans, error) && physical_run(physical, &x);
    for (int32_t i = 0; i < count; i++) {
        if (scans[i]) {
            scans[i]->close(scans[i]);
        }
    }
    free((void *)scans);
    return good;
}

bool run_to_target(struct weir_session *session,
                   struct arena *arena,
                   const struct plan *plan,
                   struct row_target *target,
                   struct sql_error *error)
{
    struct sql_settings *settings = ARENA_NEW(arena, struct sql_settings, 1);
    *settings = session_settings(session);
    if (!plan_check_batch(plan, error)) {
        return false;
    }
    const struct plan *better = plan_optimize(arena, &(struct plan_settings){ settings }, plan);
    struct physical *physical = physical_new(
        better,
        &(struct physical_options){ .mode = OUTPUT_BATCH,
                                    .shuffle_partitions = (int32_t)session_conf_integer(
                                        session, "spark.sql.shuffle.partitions"),
                                    .settings = settings,
                                    .parallelism = pool_threads(session->pool) },
        error);
    bool good = physical && run_physical(session, settings, physical, target, error);
    physical_free(physical);
    return good;
}

/* --- into memory --- */

struct collecting {
    struct row_target base;
    struct collector collector;
};

static struct row_writer *collect_open(struct row_target *t,
                                       int32_t partition,
                                       struct sql_error *error)
{
    (void)error;
    return collector_open(&((struct collecting *)t)->collector, partition);
}

struct batch *run_to_batch(struct weir_session *session,
                           struct arena *arena,
                           const struct plan *plan,
                           struct sql_error *error)
{
    struct collecting c = { .base = { collect_open } };
    struct batch *all = NULL;
    collector_init(&c.collector, -1);
    if (run_to_target(session, arena, plan, &c.base, error)) {
        int32_t count;
        struct batch **parts;
        collector_order(&c.collector);
        parts = collector_batches(&c.collector, &count);
        all = batch_concat(plan->schema, parts, count);
        free((void *)parts);
    }
    collector_finish(&c.collector);
    return all;
}
