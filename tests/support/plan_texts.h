/*
 * What plans by hand share: an arena, settings, rows, and expressions from their text. For tests of operators; nodes are in plan_nodes.h, runs
 * in plan_runs.h.
 *
 * What cannot be analysed ends the test program.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "expressions/parser.h"
#include "expressions/scratch.h"
#include "operators/physical.h"

enum { PLANS_MAX = 8, PARTITIONS_MAX = 64 };

struct plans {
    struct arena arena;
    struct sql_settings settings;
    struct sql_error error;
    struct batch *made[PLANS_MAX]; /* rows of plan_values() */
    int32_t made_count;
    /* how to run */
    int32_t threads;
    int32_t shuffle_partitions;
    int32_t parallelism;
    enum output_mode mode;
    struct scan *scans[PLANS_MAX];
    struct state_provider *states;
    int64_t state_version;
    const atomic_bool *cancelled;
    /* what was told */
    int64_t rows_read[PLANS_MAX];
    int64_t rows_written;
    struct operator_report reports[PLANS_MAX];
};

static inline void plans_init(struct plans *f)
{
    *f = (struct plans){ .threads = 1, .shuffle_partitions = 1, .parallelism = 1 };
    arena_init(&f->arena, 0);
    f->settings.ansi = true;
}

static inline void plans_finish(struct plans *f)
{
    for (int32_t i = 0; i < f->made_count; i++) {
        batch_free(f->made[i]);
    }
    sql_error_finish(&f->error);
    arena_finish(&f->arena);
}

/* What must not happen ends the test program. */
static inline void plans_die(struct plans *f, const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, f->error.message ? f->error.message : "");
    abort();
}

static inline const struct expression *plans_expression(struct plans *f,
                                                        const struct type *input,
                                                        const char *text)
{
    const struct syntax *syntax = NULL;
    const struct expression *e = NULL;
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = input,
                          .source = bytes_of(text),
                          .allow_aggregates = true,
                          .error = &f->error };
    if (parse_expression(&f->arena, bytes_of(text), &syntax, &f->error)) {
        e = analyze(&a, syntax);
    }
    if (!e) {
        plans_die(f, text);
    }
    return e;
}

struct plans_list {
    const struct expression **list;
    int32_t count;
};

/* Texts up to NULL, as select() takes them. */
static inline struct plans_list plans_select(struct plans *f,
                                             const struct type *input,
                                             const char *const *texts)
{
    struct plans_list l = { 0 };
    const struct syntax *syntax[32];
    for (; texts[l.count]; l.count++) {
        if (!parse_expression(&f->arena, bytes_of(texts[l.count]), &syntax[l.count], &f->error)) {
            plans_die(f, texts[l.count]);
        }
    }
    struct analysis a = { .arena = &f->arena,
                          .settings = &f->settings,
                          .input = input,
                          .allow_aggregates = true,
                          .error = &f->error };
    if (!analyze_projection(&a, syntax, l.count, &l.list, &l.count)) {
        plans_die(f, "select");
    }
    return l;
}

static inline uint64_t plans_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15U;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}
