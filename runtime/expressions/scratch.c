/*
 * Expressions over a few rows: see scratch.h.
 */
#include "expressions/scratch.h"

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/aggregation.h"
#include "expressions/evaluate.h"
#include "expressions/inline_table.h"
#include "expressions/parser.h"

void scratch_init(struct scratch *s)
{
    *s = (struct scratch){ .settings = { .ansi = true, .zone_name = "UTC" } };
    arena_init(&s->arena, 0);
}

void scratch_finish(struct scratch *s)
{
    batch_free(s->result);
    sql_error_finish(&s->error);
    arena_finish(&s->arena);
}

static bool parse_all(struct scratch *s,
                      const char *const *expressions,
                      int32_t count,
                      const struct syntax **out)
{
    for (int32_t i = 0; i < count; i++) {
        if (!parse_expression(&s->arena, bytes_of(expressions[i]), &out[i], &s->error)) {
            return false;
        }
    }
    return true;
}

/* The analyzed expressions so far. */
struct analyzed {
    const struct expression **list;
    int32_t count;
};

static bool analyze_one(struct analysis *a, const struct syntax *syntax, struct analyzed *all)
{
    const struct expression **some = NULL;
    int32_t count = 0;
    if (!analyze_projection(a, &syntax, 1, &some, &count)) {
        return false;
    }
    const struct expression **joined =
        ARENA_NEW(a->arena, const struct expression *, (size_t)(all->count + count));
    for (int32_t k = 0; k < all->count + count; k++) {
        joined[k] = k < all->count ? all->list[k] : some[k - all->count];
    }
    all->list = joined;
    all->count += count;
    return true;
}

static void evaluate_all(struct scratch *s,
                         const struct batch *rows,
                         const struct expression *const *list,
                         int32_t count)
{
    struct column **columns = mem_zalloc((size_t)count, sizeof(struct column *));
    struct evaluation ev = {
        .settings = &s->settings, .input = rows, .rows = rows->rows, .error = &s->error
    };
    struct program *p = program_new(list, count);
    if (program_run(p, &ev, columns)) {
        s->result = batch_new(s->schema, columns, rows->rows);
    }
    program_free(p);
    free(columns);
}

void scratch_run(struct scratch *s, const char *const *expressions, int32_t count, const char *from)
{
    struct inline_table table = { 0 };
    const struct syntax **syntax = ARENA_NEW(&s->arena, const struct syntax *, (size_t)count);
    if (!parse_all(s, expressions, count, syntax) ||
        !inline_table_make(&s->arena, &s->settings, bytes_of(from ? from : "VALUES (0) AS t(z)"),
                           &table, &s->error)) {
        return;
    }
    struct analysis a = { .arena = &s->arena,
                          .settings = &s->settings,
                          .input = table.schema,
                          .qualifiers = table.qualifiers,
                          .allow_aggregates = true,
                          .error = &s->error };
    struct analyzed all = { 0 };
    bool good = true;
    for (int32_t i = 0; good && i < count; i++) {
        a.source = bytes_of(expressions[i]);
        good = analyze_one(&a, syntax[i], &all);
    }
    if (good) {
        const struct expression **list = all.list;
        int32_t list_count = all.count;
        s->schema = projection_type(&s->arena, list, list_count);
        if (expressions_aggregate(list, list_count)) {
            s->result =
                aggregate_all(&s->arena, &s->settings, table.rows, list, list_count, &s->error);
        } else {
            evaluate_all(s, table.rows, list, list_count);
        }
    }
    batch_free(table.rows);
}
