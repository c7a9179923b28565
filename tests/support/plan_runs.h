/*
 * Runs of plans by hand, for tests of operators: what came out, as lines of text.
 *
 *     char *text = plans_run(&f, plan_filter(&f, rows, "id > 1"));      -> "2|NULL\n"
 *
 * How a plan is run (threads, partitions, scans, state) is in struct plans, and what was told of the run as well.
 */
#pragma once

#include "plan_nodes.h"

/* --- where rows go --- */

struct text_target {
    struct row_target base;
    struct buffer partitions[PARTITIONS_MAX];
    atomic_int opened;
    atomic_int finished;
    atomic_int dropped;
};

struct text_writer {
    struct row_writer base;
    struct text_target *target;
    int32_t partition;
};

static inline bool text_write(struct row_writer *w,
                              const struct batch *rows,
                              struct sql_error *error)
{
    struct text_writer *t = (struct text_writer *)w;
    struct buffer *out = &t->target->partitions[t->partition];
    (void)error;
    for (int32_t i = 0; i < rows->rows; i++) {
        for (int32_t k = 0; k < rows->column_count; k++) {
            buffer_append_text(out, k > 0 ? "|" : "");
            cell_print(out, &(struct cell_format){ CELL_SHOW, NULL }, rows->columns[k], i);
        }
        buffer_append_text(out, "\n");
    }
    return true;
}

static inline bool text_finish(struct row_writer *w, struct sql_error *error)
{
    (void)error;
    atomic_fetch_add(&((struct text_writer *)w)->target->finished, 1);
    free(w);
    return true;
}

static inline void text_drop(struct row_writer *w)
{
    atomic_fetch_add(&((struct text_writer *)w)->target->dropped, 1);
    free(w);
}

static inline struct row_writer *text_open(struct row_target *t,
                                           int32_t partition,
                                           struct sql_error *error)
{
    (void)error;
    struct text_writer *w = MEM_NEW(struct text_writer);
    w->base = (struct row_writer){ text_write, text_finish, text_drop };
    w->target = (struct text_target *)t;
    w->partition = partition;
    atomic_fetch_add(&w->target->opened, 1);
    return &w->base;
}

/* --- runs --- */

/* The rows, a line each, partition by partition; the caller's to free. NULL: f->error is set. */
static inline char *plans_run_physical(struct plans *f, struct physical *physical)
{
    struct weir_error err;
    struct pool *pool = pool_new(f->threads, &err);
    struct text_target target = { .base = { text_open } };
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        buffer_init(&target.partitions[i], SIZE_MAX / 2);
    }
    struct execution x = { .pool = pool,
                           .settings = &f->settings,
                           .scans = f->scans,
                           .target = &target.base,
                           .states = f->states,
                           .state_version = f->state_version,
                           .watermark_us = INT64_MIN,
                           .late_watermark_us = INT64_MIN,
                           .cancelled = f->cancelled,
                           .error = &f->error,
                           .rows_read = f->rows_read,
                           .reports = f->reports };
    bool ok = physical_run(physical, &x);
    f->rows_written = x.rows_written;
    struct buffer all;
    buffer_init(&all, SIZE_MAX / 2);
    for (int32_t i = 0; i < PARTITIONS_MAX; i++) {
        buffer_append(&all, target.partitions[i].data, target.partitions[i].len);
        buffer_finish(&target.partitions[i]);
    }
    buffer_append(&all, "", 1);
    if (target.finished + target.dropped != target.opened || (ok && target.dropped > 0)) {
        (void)fprintf(stderr, "writers were opened %d times, finished %d, dropped %d\n",
                      target.opened, target.finished, target.dropped);
        abort();
    }
    if (!ok) {
        buffer_finish(&all);
    }
    pool_free(pool);
    return ok ? (char *)all.data : NULL;
}

static inline struct physical *plans_physical(struct plans *f, const struct plan *plan)
{
    struct physical_options options = { .mode = f->mode,
                                        .shuffle_partitions = f->shuffle_partitions,
                                        .parallelism = f->parallelism,
                                        .settings = &f->settings };
    return physical_new(plan, &options, &f->error);
}

static inline char *plans_run(struct plans *f, const struct plan *plan)
{
    struct physical *physical = plans_physical(f, plan);
    char *text = physical ? plans_run_physical(f, physical) : NULL;
    physical_free(physical);
    return text;
}

/* --- lines --- */

static inline int plans_compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a text in the order of their bytes, in place of it. */
static inline char *plans_sorted(char *text)
{
    size_t len = strlen(text);
    size_t count = 0;
    char **lines = mem_zalloc(len + 1, sizeof(*lines));
    char *at = text;
    for (char *end = strchr(at, '\n'); end; at = end + 1, end = strchr(at, '\n')) {
        *end = '\0';
        lines[count++] = at;
    }
    qsort(lines, count, sizeof(*lines), plans_compare_lines);
    struct buffer out;
    buffer_init(&out, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&out, lines[i]);
        buffer_append_text(&out, "\n");
    }
    buffer_append(&out, "", 1);
    free(lines);
    free(text);
    return (char *)out.data;
}
