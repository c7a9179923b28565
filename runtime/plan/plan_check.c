/*
 * What may run as a stream, and what as a batch: the rules of Spark 4.1's UnsupportedOperationChecker, in its words and order, for the nodes
 * that there are.
 *
 *     mode        without aggregation    aggregation by event time    other aggregation
 *     append      yes                    yes                          no
 *     update      yes, without limits    yes                          yes
 *     complete    no                     yes                          yes
 *
 * A column has event time when a watermark was set on it, also under another name; the last watermark counts.
 */
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static bool refuse(struct sql_error *error, const struct plan *plan, const char *text)
{
    (void)sql_fail(error, &plan_unsupported, "%s", text);
    plan_add_tree(error, plan);
    return false;
}

/* --- event time --- */

static bool has_event_time(const struct plan *plan, int32_t column)
{
    switch (plan->kind) {
    case PLAN_RELATION:
    case PLAN_ROWS:
    case PLAN_RANGE: return false;
    case PLAN_WATERMARK: return plan->event_column == column;
    case PLAN_PROJECT:
    case PLAN_AGGREGATE: {
        const struct expression *e = expression_unaliased(plan->expressions[column]);
        return e->kind == EXPRESSION_COLUMN && has_event_time(plan->inputs[0], e->index);
    }
    case PLAN_GENERATE:
        return column < plan->inputs[0]->schema->field_count &&
               has_event_time(plan->inputs[0], column);
    case PLAN_FILTER:
    case PLAN_DISTINCT:
    case PLAN_LIMIT:
    case PLAN_UNION:
    case PLAN_SORT:
    case PLAN_ALIAS: return has_event_time(plan->inputs[0], column);
    case PLAN_KIND_COUNT: break;
    }
    return false;
}

static bool any_event_time(const struct plan *input,
                           const struct expression *const *keys,
                           int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (keys[i]->kind == EXPRESSION_COLUMN && has_event_time(input, keys[i]->index)) {
            return true;
        }
    }
    return false;
}

/* --- looking for nodes --- */

/* The topmost aggregation of a stream at or below the plan; NULL: none. */
static const struct plan *find_aggregate(const struct plan *plan)
{
    if (plan->kind == PLAN_AGGREGATE && plan->streaming) {
        return plan;
    }
    const struct plan *found = NULL;
    for (int32_t i = 0; !found && i < plan->input_count; i++) {
        found = find_aggregate(plan->inputs[i]);
    }
    return found;
}

static const struct plan *find_aggregate_below(const struct plan *plan)
{
    const struct plan *found = NULL;
    for (int32_t i = 0; !found && i < plan->input_count; i++) {
        found = find_aggregate(plan->inputs[i]);
    }
    return found;
}

static const struct plan *find_watermark(const struct plan *plan)
{
    if (plan->kind == PLAN_WATERMARK && plan->streaming) {
        return plan;
    }
    const struct plan *found = NULL;
    for (int32_t i = 0; !found && i < plan->input_count; i++) {
        found = find_watermark(plan->inputs[i]);
    }
    return found;
}

/* --- rules for the whole --- */

/* An operator that relies on the watermark, over groups that are told again and again. */
static bool loses_rows(const struct plan *plan)
{
    bool relies = plan->streaming &&
                  (plan->kind == PLAN_AGGREGATE ||
                   (plan->kind == PLAN_DISTINCT &&
                    any_event_time(plan->inputs[0], plan->expressions, plan->expression_count)));
    if (relies && find_aggregate_below(plan)) {
        return true;
    }
    for (int32_t i = 0; i < plan->input_count; i++) {
        if (loses_rows(plan->inputs[i])) {
            return true;
        }
    }
    return false;
}

static bool check_chain(const struct plan *plan, enum output_mode mode, struct sql_error *error)
{
    if (mode == OUTPUT_APPEND || !loses_rows(plan)) {
        return true;
    }
    return refuse(
        error, plan,
        "Detected pattern of possible 'correctness' issue due to global watermark. The "
        "query contains stateful operation which can emit rows older than the current "
        "watermark plus allowed late record delay, which are \"late rows\" in downstream "
        "stateful operations and these rows can be discarded. Please refer the "
        "programming guide doc for more details. If you understand the possible risk of "
        "correctness issue and still need to run the query, you can disable this check by "
        "setting the config `spark.sql.streaming.statefulOperator.checkCorrectness."
        "enabled` to false.");
}

static bool bad_mode(const char *mode, const char *operation, struct sql_error *error)
{
    return sql_fail(
        error, &plan_output_mode,
        "Invalid streaming output mode: %s. This output mode is not supported for %s on "
        "streaming DataFrames/DataSets.",
        mode, operation);
}

static bool check_mode(const struct plan *plan, enum output_mode mode, struct sql_error *error)
{
    const struct plan *aggregate = find_aggregate(plan);
    if (mode == OUTPUT_COMPLETE && !aggregate) {
        return bad_mode("complete", "no streaming aggregations", error);
    }
    if (mode == OUTPUT_APPEND && aggregate &&
        !any_event_time(aggregate->inputs[0], aggregate->keys, aggregate->key_count)) {
        return bad_mode("append", "streaming aggregations without watermark", error);
    }
    return true;
}

/* --- rules for each node, the lowest first --- */

static bool is_no_row_number(const struct expression *e, void *context)
{
    (void)context;
    return !e->function || strcmp(e->function->name, "monotonically_increasing_id") != 0;
}

static bool check_expressions(const struct plan *plan, struct sql_error *error)
{
    for (int32_t i = 0; i < plan->expression_count; i++) {
        if (plan->streaming && !expression_walk(plan->expressions[i], is_no_row_number, NULL)) {
            return refuse(error, plan,
                          "Expression(s): monotonically_increasing_id() is not supported with "
                          "streaming DataFrames/Datasets");
        }
    }
    return true;
}

static bool check_distinct(const struct plan *plan, struct sql_error *error)
{
    for (int32_t i = 0; i < plan->aggregation->aggregate_count; i++) {
        if (plan->aggregation->aggregates[i]->distinct) {
            return refuse(error, plan,
                          "Distinct aggregations are not supported on streaming "
                          "DataFrames/Datasets. Consider using approx_count_distinct() instead.");
        }
    }
    return true;
}

static bool check_node(const struct plan *plan, enum output_mode mode, struct sql_error *error)
{
    if (plan->kind == PLAN_UNION && plan->inputs[0]->streaming != plan->inputs[1]->streaming) {
        return refuse(error, plan,
                      "Union between streaming and batch DataFrames/Datasets is not supported");
    }
    if (!plan->streaming) {
        return true;
    }
    if (plan->kind == PLAN_AGGREGATE && !check_distinct(plan, error)) {
        return false;
    }
    if (plan->kind == PLAN_LIMIT && mode == OUTPUT_UPDATE) {
        return refuse(
            error, plan,
            "Limits are not supported on streaming DataFrames/Datasets in Update output mode");
    }
    if (plan->kind == PLAN_SORT && !(mode == OUTPUT_COMPLETE && find_aggregate_below(plan))) {
        return refuse(error, plan,
                      "Sorting is not supported on streaming DataFrames/Datasets, unless it is on "
                      "aggregated DataFrame/Dataset in Complete output mode");
    }
    return check_expressions(plan, error);
}

static bool check_nodes(const struct plan *plan, enum output_mode mode, struct sql_error *error)
{
    for (int32_t i = 0; i < plan->input_count; i++) {
        if (!check_nodes(plan->inputs[i], mode, error)) {
            return false;
        }
    }
    return check_node(plan, mode, error);
}

static bool check_watermarks(const struct plan *plan, struct sql_error *error)
{
    for (int32_t i = 0; i < plan->input_count; i++) {
        if (plan->kind == PLAN_WATERMARK && find_watermark(plan->inputs[i])) {
            return sql_fail(error, &plan_watermark_again,
                            "Redefining watermark is disallowed. You can set the config "
                            "'spark.sql.streaming.statefulOperator.allowMultiple' to 'false' to "
                            "restore the previous behavior. Note that multiple stateful operators "
                            "will be disallowed.");
        }
        if (!check_watermarks(plan->inputs[i], error)) {
            return false;
        }
    }
    return true;
}

bool plan_check_streaming(const struct plan *plan, enum output_mode mode, struct sql_error *error)
{
    if (!plan->streaming) {
        return sql_fail(error, &plan_static_as_stream,
                        "`writeStream` can be called only on streaming Dataset/DataFrame.");
    }
    return check_chain(plan, mode, error) && check_mode(plan, mode, error) &&
           check_nodes(plan, mode, error) && check_watermarks(plan, error);
}

bool plan_check_batch(const struct plan *plan, struct sql_error *error)
{
    const struct plan *stream = NULL;
    if (plan_streams(plan, &stream, 1) == 0) {
        return true;
    }
    return refuse(error, stream,
                  "Queries with streaming sources must be executed with writeStream.start(), or "
                  "from a streaming table or flow definition within a Spark Declarative Pipeline.");
}
