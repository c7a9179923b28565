/*
 * Aggregation: see aggregation.h.
 */
#include "expressions/aggregation.h"

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/aggregator.h"
#include "expressions/analysis.h"
#include "expressions/sql_conditions.h"

static bool is_no_aggregate(const struct expression *e, void *context)
{
    (void)context;
    return e->kind != EXPRESSION_AGGREGATE;
}

bool expressions_aggregate(const struct expression *const *list, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (!expression_walk(list[i], is_no_aggregate, NULL)) {
            return true;
        }
    }
    return false;
}

/* --- taking apart --- */

struct taking {
    struct arena *arena;
    const struct expression *const *keys;
    int32_t key_count;
    const struct expression **aggregates;
    int32_t aggregate_count;
    int32_t capacity;
    struct sql_error *error;
};

static const struct expression *column_of(struct taking *t,
                                          int32_t index,
                                          const struct expression *like)
{
    struct expression *e = ARENA_NEW(t->arena, struct expression, 1);
    *e = (struct expression){ .kind = EXPRESSION_COLUMN,
                              .type = like->type,
                              .nullable = like->nullable,
                              .span = like->span,
                              .source = like->source,
                              .name = like->name,
                              .index = index,
                              .deterministic = true };
    return e;
}

static const struct expression *take_aggregate(struct taking *t, const struct expression *e)
{
    for (int32_t i = 0; i < e->count; i++) {
        if (expressions_aggregate(&e->args[i], 1)) {
            (void)sql_fail(
                t->error, &sql_nested_aggregate,
                "It is not allowed to use an aggregate function in the argument of another "
                "aggregate function. Please use the inner aggregate function in a sub-query.");
            sql_error_add_line(t->error, e->args[i]->source, e->args[i]->span);
            return NULL;
        }
    }
    for (int32_t i = 0; i < t->aggregate_count; i++) {
        if (expression_equal(t->aggregates[i], e)) {
            return column_of(t, t->key_count + i, e);
        }
    }
    if (t->aggregate_count == t->capacity) {
        t->capacity = t->capacity ? t->capacity * 2 : 8;
        const struct expression **bigger =
            ARENA_NEW(t->arena, const struct expression *, (size_t)t->capacity);
        if (t->aggregate_count > 0) {
            memcpy(bigger, t->aggregates, (size_t)t->aggregate_count * sizeof(*bigger));
        }
        t->aggregates = bigger;
    }
    t->aggregates[t->aggregate_count++] = e;
    return column_of(t, t->key_count + t->aggregate_count - 1, e);
}

static const struct expression *refuse_column(struct taking *t, const struct expression *e)
{
    struct buffer name;
    buffer_init(&name, SQL_ERROR_MAX);
    expression_print_name(&name, e);
    if (t->key_count == 0) {
        (void)sql_fail(
            t->error, &sql_missing_group_by,
            "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the "
            "window functions using OVER clauses.");
    } else {
        (void)sql_fail(
            t->error, &sql_missing_aggregation,
            "The non-aggregating expression \"%.*s\" is based on columns which are not "
            "participating in the GROUP BY clause.\nAdd the columns or the expression to the "
            "GROUP BY, aggregate the expression, or use \"any_value(%.*s)\" if you do not care "
            "which of the values within a group is returned.",
            BYTES_ARG(buffer_bytes(&name)), BYTES_ARG(buffer_bytes(&name)));
    }
    buffer_finish(&name);
    return NULL;
}

/* The expression over [keys, aggregates]. NULL: the error is set. */
static const struct expression *take(struct taking *t, const struct expression *e)
{
    for (int32_t i = 0; i < t->key_count; i++) {
        if (expression_equal(t->keys[i], e)) {
            return column_of(t, i, e);
        }
    }
    if (e->kind == EXPRESSION_AGGREGATE) {
        return take_aggregate(t, e);
    }
    if (e->kind == EXPRESSION_COLUMN) {
        return refuse_column(t, e);
    }
    struct expression *copy = ARENA_NEW(t->arena, struct expression, 1);
    *copy = *e;
    if (e->replacement) {
        copy->replacement = take(t, e->replacement);
        return copy->replacement ? copy : NULL;
    }
    const struct expression **args =
        ARENA_NEW(t->arena, const struct expression *, (size_t)e->count);
    for (int32_t i = 0; i < e->count; i++) {
        args[i] = take(t, e->args[i]);
        if (!args[i]) {
            return NULL;
        }
    }
    copy->args = args;
    return copy;
}

bool aggregation_make(struct arena *arena,
                      const struct grouping *grouping,
                      struct aggregation *out,
                      struct sql_error *error)
{
    struct taking t = {
        .arena = arena, .keys = grouping->keys, .key_count = grouping->key_count, .error = error
    };
    const struct expression **results =
        ARENA_NEW(arena, const struct expression *, (size_t)grouping->count);
    for (int32_t i = 0; i < grouping->count; i++) {
        results[i] = take(&t, grouping->list[i]);
        if (!results[i]) {
            return false;
        }
    }
    *out = (struct aggregation){ .key_count = grouping->key_count,
                                 .aggregate_count = t.aggregate_count,
                                 .aggregates = t.aggregates,
                                 .result_count = grouping->count,
                                 .results = results };
    return true;
}

/* --- one group of all rows --- */

static struct batch *results_of(const struct aggregation *plan,
                                struct evaluation *ev,
                                struct column **aggregates,
                                const struct type *input,
                                const struct type *schema)
{
    struct batch *values = batch_new(input, aggregates, 1);
    struct evaluation over = {
        .settings = ev->settings, .input = values, .rows = 1, .error = ev->error
    };
    struct program *p = program_new(plan->results, plan->result_count);
    struct column **columns = mem_zalloc((size_t)plan->result_count, sizeof(*columns));
    struct batch *result = program_run(p, &over, columns) ? batch_new(schema, columns, 1) : NULL;
    program_free(p);
    batch_free(values);
    free(columns);
    return result;
}

struct batch *aggregate_all(struct arena *arena,
                            const struct sql_settings *settings,
                            const struct batch *rows,
                            const struct expression *const *list,
                            int32_t count,
                            struct sql_error *error)
{
    struct aggregation plan;
    if (!aggregation_make(arena, &(struct grouping){ .list = list, .count = count }, &plan,
                          error)) {
        return NULL;
    }
    struct evaluation ev = {
        .settings = settings, .input = rows, .rows = rows->rows, .error = error
    };
    struct aggregator *a = aggregator_new(&plan);
    aggregator_reserve(a, 1);
    int32_t *groups = mem_zalloc((size_t)rows->rows + 1, sizeof(*groups));
    struct column **columns = mem_zalloc((size_t)plan.aggregate_count + 1, sizeof(*columns));
    struct batch *result = NULL;
    if (aggregator_update(a, &ev, groups) && aggregator_finish(a, &ev, 0, 1, columns)) {
        result = results_of(&plan, &ev, columns,
                            projection_type(arena, plan.aggregates, plan.aggregate_count),
                            projection_type(arena, list, count));
    }
    aggregator_free(a);
    free(groups);
    free(columns);
    return result;
}
