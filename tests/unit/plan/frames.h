/*
 * Frames for tests of plans: a verb after the other, from text, each analyzed at once, as a session does it. After an error the frame has no
 * plan, and the error stays.
 *
 *     struct frames f;
 *     frames_init(&f);
 *     frame_range(&f, 10);
 *     ... f.plan, f.error ...
 *     frames_finish(&f);
 */
#pragma once

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/inline_table.h"
#include "expressions/parser.h"
#include "plan/plan.h"

struct frames {
    struct arena arena;
    struct sql_settings sql;
    struct plan_settings settings;
    struct sql_error error;
    const struct logical *written;
    const struct plan *plan;
    struct batch *tables[16];
    int32_t table_count;
};

static inline void frames_init(struct frames *f)
{
    *f = (struct frames){ .sql = { .ansi = true, .zone_name = "UTC", .now_us = 1 } };
    f->settings.sql = &f->sql;
    arena_init(&f->arena, 0);
}

static inline void frames_finish(struct frames *f)
{
    for (int32_t i = 0; i < f->table_count; i++) {
        batch_free(f->tables[i]);
    }
    sql_error_finish(&f->error);
    arena_finish(&f->arena);
}

/* Takes the verb over the frame's plan, and `other`, if the verb has two inputs. */
static inline void frame_verb(struct frames *f, struct logical verb, const struct frames *other)
{
    if (sql_failed(&f->error)) {
        return;
    }
    bool leaf = verb.verb == VERB_READ || verb.verb == VERB_ROWS || verb.verb == VERB_RANGE;
    struct logical *l = ARENA_NEW(&f->arena, struct logical, 1);
    const struct plan *inputs[2] = { f->plan, other ? other->plan : NULL };
    *l = verb;
    l->input_count = leaf ? 0 : other ? 2 : 1;
    l->inputs[0] = leaf ? NULL : f->written;
    l->inputs[1] = other ? other->written : NULL;
    l->depth = 1 + (leaf ? 0 : f->written->depth);
    f->written = l;
    f->plan = plan_analyze(&f->arena, &f->settings, l, inputs, &f->error);
}

static inline void frame_values(struct frames *f, const char *text)
{
    struct inline_table table;
    if (!inline_table_make(&f->arena, &f->sql, bytes_of(text), &table, &f->error)) {
        return;
    }
    f->tables[f->table_count++] = table.rows;
    frame_verb(
        f,
        (struct logical){ .verb = VERB_ROWS,
                          .rows = table.rows,
                          .schema = table.schema,
                          .name = table.qualifiers ? table.qualifiers[0] : (struct bytes){ 0 } },
        NULL);
}

static inline void frame_range(struct frames *f, int64_t end)
{
    frame_verb(f, (struct logical){ .verb = VERB_RANGE, .end = end, .step = 1 }, NULL);
}

static inline void frame_stream(struct frames *f, const char *format, const char *schema)
{
    struct relation *relation = ARENA_NEW(&f->arena, struct relation, 1);
    relation->format = bytes_of(format);
    relation->streaming = true;
    if (parse_schema(&f->arena, bytes_of(schema), false, &relation->schema, &f->error)) {
        frame_verb(f, (struct logical){ .verb = VERB_READ, .relation = relation }, NULL);
    }
}

/* Texts, parsed; the end is NULL. False: the error is set. */
static inline bool frame_parse(struct frames *f,
                               const char *const *texts,
                               const struct syntax *const **out,
                               int32_t *out_count)
{
    int32_t count = 0;
    while (texts[count]) {
        count++;
    }
    const struct syntax **list = ARENA_NEW(&f->arena, const struct syntax *, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        if (!parse_expression(&f->arena, bytes_of(texts[i]), &list[i], &f->error)) {
            return false;
        }
    }
    *out = list;
    *out_count = count;
    return true;
}
