/*
 * where() and orderBy(): see plan_parts.h.
 */
#include "expressions/sql_conditions.h"
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static struct bytes line_source(const struct planning *p, const struct syntax *s)
{
    return bytes_is_null(s->source) ? p->written->source : s->source;
}

/* --- where --- */

static bool not_boolean(const struct planning *p, const struct expression *condition)
{
    struct buffer name;
    struct buffer type;
    buffer_init(&name, SQL_ERROR_MAX);
    buffer_init(&type, SQL_ERROR_MAX);
    expression_print_name(&name, condition);
    type_print_sql(&type, condition->type);
    static const struct sql_condition mismatch = { "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
                                                   "ExtendedAnalysisException" };
    (void)sql_fail(p->error, &mismatch,
                   "Cannot resolve \"%.*s\" due to data type mismatch: Filter expression \"%.*s\" "
                   "of type \"%.*s\" is not a boolean.",
                   BYTES_ARG(buffer_bytes(&name)), BYTES_ARG(buffer_bytes(&name)),
                   BYTES_ARG(buffer_bytes(&type)));
    buffer_finish(&name);
    buffer_finish(&type);
    return false;
}

struct listing {
    struct buffer *out;
    int32_t count;
};

static bool list_aggregate(const struct expression *e, void *context)
{
    struct listing *l = context;
    if (e->kind == EXPRESSION_AGGREGATE) {
        buffer_append_text(l->out, l->count++ > 0 ? ", " : "");
        expression_print_name(l->out, e);
    }
    return true;
}

/* An aggregate function where there are no groups. */
static bool misplaced_aggregate(const struct planning *p, const struct expression *e)
{
    static const struct sql_condition unsupported = { "UNSUPPORTED_EXPR_FOR_OPERATOR", "42K0E",
                                                      "ExtendedAnalysisException" };
    struct buffer name;
    struct buffer calls;
    buffer_init(&name, SQL_ERROR_MAX);
    buffer_init(&calls, SQL_ERROR_MAX);
    expression_print_name(&name, e);
    struct listing listing = { .out = &calls };
    (void)expression_walk(e, list_aggregate, &listing);
    const char *advice = "ewrite the query to avoid window functions, aggregate functions, and "
                         "generator functions in the WHERE clause.";
    if (p->written->verb == VERB_FILTER) {
        (void)sql_fail(p->error, &plan_where_condition,
                       "The WHERE condition \"%.*s\" contains invalid expressions: %.*s.\nR%s",
                       BYTES_ARG(buffer_bytes(&name)), BYTES_ARG(buffer_bytes(&calls)), advice);
    } else {
        (void)sql_fail(p->error, &unsupported,
                       "A query operator contains one or more unsupported expressions. Consider to "
                       "r%s\nInvalid expressions: [\"%.*s\"]",
                       advice, BYTES_ARG(buffer_bytes(&calls)));
    }
    buffer_finish(&name);
    buffer_finish(&calls);
    return false;
}

static bool misplaced_generator(const struct planning *p)
{
    struct buffer line;
    buffer_init(&line, SQL_ERROR_MAX);
    planning_print_line(p, &line);
    sql_error_finish(p->error);
    (void)sql_fail(p->error, &plan_misplaced_generator,
                   "The generator is not supported: outside the SELECT clause, found: %.*s.",
                   BYTES_ARG(buffer_bytes(&line)));
    buffer_finish(&line);
    return false;
}

/* analyze_through(), with what it says of generators in the words for this place. */
static bool analyze_here(const struct planning *p,
                         const struct expression **list,
                         const struct plan **input)
{
    if (analyze_through(p, list, input)) {
        return true;
    }
    return p->error->condition == &sql_nested_generator ? misplaced_generator(p) : false;
}

/* What may stand in a condition or a sort key, over rows that are not groups any more. */
static bool check_place(const struct planning *p, const struct expression *e)
{
    if (expressions_aggregate(&e, 1)) {
        return misplaced_aggregate(p, e);
    }
    return !expression_generator(e) || misplaced_generator(p);
}

/* The node with its own columns alone, when analysis went through hidden ones. */
static const struct plan *without_hidden(const struct planning *p, const struct plan *plan)
{
    int32_t count = p->inputs[0]->schema->field_count;
    return plan->schema->field_count == count ? plan
                                              : plan_make_prefix(p->arena, p->written, plan, count);
}

const struct plan *analyze_filter(const struct planning *p)
{
    const struct expression *condition = NULL;
    const struct plan *input = NULL;
    if (!analyze_here(p, &condition, &input) || !check_place(p, condition)) {
        return NULL;
    }
    condition = expression_unaliased(condition);
    if (condition->type->kind != TYPE_BOOLEAN) {
        (void)not_boolean(p, condition);
        return NULL;
    }
    return without_hidden(p, plan_make_filter(p->arena, p->written, input, condition));
}

/* --- orderBy --- */

static bool is_ordered(const struct type *type)
{
    bool ordered =
        type->kind != TYPE_MAP && (type->kind != TYPE_ARRAY || is_ordered(type->element));
    for (int32_t i = 0; ordered && i < type->field_count; i++) {
        ordered = is_ordered(type->fields[i].type);
    }
    return ordered;
}

static bool refuse_order(const struct planning *p, const struct expression *key, int32_t i)
{
    static const struct sql_condition unordered = { "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                                                    "42K09", "ExtendedAnalysisException" };
    struct buffer name;
    struct buffer type;
    buffer_init(&name, SQL_ERROR_MAX);
    buffer_init(&type, SQL_ERROR_MAX);
    expression_print_name(&name, key);
    type_print_sql(&type, key->type);
    const struct sort_order *order = &p->written->orders[i];
    (void)sql_fail(p->error, &unordered,
                   "Cannot resolve \"%.*s %s NULLS %s\" due to data type mismatch: The `sortorder` "
                   "does not support ordering on type \"%.*s\".",
                   BYTES_ARG(buffer_bytes(&name)), order->descending ? "DESC" : "ASC",
                   order->nulls_last ? "LAST" : "FIRST", BYTES_ARG(buffer_bytes(&type)));
    buffer_finish(&name);
    buffer_finish(&type);
    return false;
}

/* ORDER BY 2: the second column. False: the error is set. */
static bool place_key(const struct planning *p, int32_t i, const struct expression **key)
{
    const struct type *schema = p->inputs[0]->schema;
    const struct syntax *s = p->written->list[i];
    if (!p->written->ordinals || s->kind != SYNTAX_LITERAL || s->scalar.null ||
        s->scalar.type->kind != TYPE_INT) {
        return true;
    }
    int64_t at = s->scalar.integer;
    if (at < 1 || at > schema->field_count) {
        (void)sql_fail(p->error, &plan_order_by_position,
                       "ORDER BY position %lld is not in select list (valid range is [1, %d]).",
                       (long long)at, schema->field_count);
        sql_error_add_line(p->error, line_source(p, s), s->span);
        return false;
    }
    *key = expression_column(p->arena, schema, (int32_t)at - 1);
    return true;
}

const struct plan *analyze_sort(const struct planning *p)
{
    int32_t count = p->written->list_count;
    const struct expression **keys = ARENA_NEW(p->arena, const struct expression *, (size_t)count);
    const struct plan *input = NULL;
    if (!analyze_here(p, keys, &input)) {
        return NULL;
    }
    for (int32_t i = 0; i < count; i++) {
        keys[i] = expression_unaliased(keys[i]);
        if (!check_place(p, keys[i]) || !place_key(p, i, &keys[i])) {
            return NULL;
        }
        if (!is_ordered(keys[i]->type)) {
            (void)refuse_order(p, keys[i], i);
            return NULL;
        }
    }
    struct plan *plan = plan_new(p->arena, PLAN_SORT, p->written, &input, 1);
    plan->expressions = keys;
    plan->expression_count = count;
    plan->orders = p->written->orders;
    return without_hidden(p, plan);
}
