/*
 * The meaning of verbs: see plan.h. Here is which verb is seen to where, and those that need no analysis of expressions.
 */
#include <strings.h>

#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

/* The node that a column comes from as it is, and its place there. */
static const struct plan *origin(const struct plan *plan, int32_t *column)
{
    for (;;) {
        switch (plan->kind) {
        case PLAN_FILTER:
        case PLAN_DISTINCT:
        case PLAN_LIMIT:
        case PLAN_SORT:
        case PLAN_ALIAS:
        case PLAN_WATERMARK: break;
        case PLAN_PROJECT:
        case PLAN_AGGREGATE:
            if (!expression_passes(plan->expressions[*column])) {
                return plan;
            }
            *column = plan->expressions[*column]->args[0]->index;
            break;
        case PLAN_GENERATE:
            if (*column >= plan->inputs[0]->schema->field_count) {
                return plan;
            }
            break;
        case PLAN_RELATION:
        case PLAN_ROWS:
        case PLAN_RANGE:
        case PLAN_UNION:
        case PLAN_KIND_COUNT: return plan;
        }
        plan = plan->inputs[0];
    }
}

static bool same_column(const void *context, int32_t a, int32_t b)
{
    return origin(context, &a) == origin(context, &b) && a == b;
}

struct analysis planning_analysis(const struct planning *p, const struct plan *input)
{
    return (struct analysis){ .arena = p->arena,
                              .settings = p->settings->sql,
                              .input = input->schema,
                              .qualifiers = input->qualifiers,
                              .same_column = same_column,
                              .same_context = input,
                              .source = p->written->source,
                              .allow_aggregates = true,
                              .error = p->error };
}

bool planning_same_name(const struct planning *p, struct bytes a, struct bytes b)
{
    return p->settings->sql->case_sensitive
               ? bytes_equal(a, b)
               : a.len == b.len &&
                     strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* --- leaves --- */

static const struct plan *analyze_read(const struct planning *p)
{
    const struct relation *relation = p->written->relation;
    struct plan *plan = plan_new(p->arena, PLAN_RELATION, p->written, NULL, 0);
    plan->relation = relation;
    plan->schema = relation->schema;
    plan->streaming = relation->streaming;
    return plan;
}

/* Every column under the name of the table. */
static const struct bytes *same_qualifiers(const struct planning *p,
                                           const struct type *schema,
                                           struct bytes name)
{
    struct bytes *qualifiers = ARENA_NEW(p->arena, struct bytes, (size_t)schema->field_count);
    for (int32_t i = 0; i < schema->field_count; i++) {
        qualifiers[i] = name;
    }
    return qualifiers;
}

static const struct plan *analyze_rows(const struct planning *p)
{
    const struct logical *l = p->written;
    struct plan *plan = plan_new(p->arena, PLAN_ROWS, l, NULL, 0);
    plan->rows = l->rows;
    plan->schema = l->schema ? l->schema : l->rows->schema;
    plan->name = l->name;
    plan->qualifiers = bytes_is_null(l->name) ? NULL : same_qualifiers(p, plan->schema, l->name);
    return plan;
}

static const struct plan *analyze_range(const struct planning *p)
{
    const struct logical *l = p->written;
    if (l->step == 0) {
        (void)sql_fail(p->error, &plan_illegal_argument,
                       "requirement failed: step (0) cannot be 0");
        return NULL;
    }
    struct plan *plan = plan_new(p->arena, PLAN_RANGE, l, NULL, 0);
    struct field id = { .name = bytes_of("id"), .type = type_simple(TYPE_BIGINT) };
    plan->schema = type_struct(p->arena, &id, 1);
    plan->start = l->start;
    plan->end = l->end;
    plan->step = l->step;
    plan->splits = l->splits;
    return plan;
}

/* --- others without expressions --- */

static const struct plan *analyze_limit(const struct planning *p)
{
    if (p->written->limit < 0) {
        (void)sql_fail(p->error, &plan_negative_limit,
                       "The limit like expression \"%d\" is invalid. The limit expression must be "
                       "equal to or greater than 0, but got %d.",
                       p->written->limit, p->written->limit);
        return NULL;
    }
    struct plan *plan = plan_new(p->arena, PLAN_LIMIT, p->written, p->inputs, 1);
    plan->limit = p->written->limit;
    return plan;
}

static const struct plan *analyze_alias(const struct planning *p)
{
    struct plan *plan = plan_new(p->arena, PLAN_ALIAS, p->written, p->inputs, 1);
    plan->name = p->written->name;
    plan->qualifiers = same_qualifiers(p, plan->schema, plan->name);
    return plan;
}

/* --- all verbs --- */

static const struct plan *analyze_verb(const struct planning *p)
{
    switch (p->written->verb) {
    case VERB_READ: return analyze_read(p);
    case VERB_ROWS: return analyze_rows(p);
    case VERB_RANGE: return analyze_range(p);
    case VERB_PROJECT: return analyze_project(p);
    case VERB_WITH_COLUMNS: return analyze_with_columns(p);
    case VERB_RENAME: return analyze_rename(p);
    case VERB_DROP: return analyze_drop(p);
    case VERB_TO_DF: return analyze_to_df(p);
    case VERB_FILTER: return analyze_filter(p);
    case VERB_AGGREGATE: return analyze_aggregate(p);
    case VERB_DISTINCT: return analyze_distinct(p);
    case VERB_LIMIT: return analyze_limit(p);
    case VERB_UNION: return analyze_union(p);
    case VERB_SORT: return analyze_sort(p);
    case VERB_ALIAS: return analyze_alias(p);
    case VERB_WATERMARK: return analyze_watermark(p);
    case VERB_COUNT: break;
    }
    return NULL;
}

const struct plan *plan_analyze(struct arena *arena,
                                const struct plan_settings *settings,
                                const struct logical *written,
                                const struct plan *const *inputs,
                                struct sql_error *error)
{
    struct planning p = {
        .arena = arena, .settings = settings, .written = written, .inputs = inputs, .error = error
    };
    const struct plan *plan = analyze_verb(&p);
    if (!plan) {
        planning_add_tree(&p);
        return NULL;
    }
    if (plan->size > PLAN_MAX_NODES) {
        (void)sql_fail(error, &plan_too_large,
                       "The plan has more than %d operators; a frame that is used several times is "
                       "counted each time.",
                       PLAN_MAX_NODES);
        return NULL;
    }
    return plan;
}

const struct plan *plan_analyze_tree(struct arena *arena,
                                     const struct plan_settings *settings,
                                     const struct logical *written,
                                     struct sql_error *error)
{
    const struct plan *inputs[2] = { NULL, NULL };
    for (int32_t i = 0; i < written->input_count; i++) {
        inputs[i] = plan_analyze_tree(arena, settings, written->inputs[i], error);
        if (!inputs[i]) {
            return NULL;
        }
    }
    return plan_analyze(arena, settings, written, inputs, error);
}
