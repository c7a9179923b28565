/*
 * Functions about the run itself: errors that a query raises, numbers of its rows and partitions. See function.h.
 */
#include "expressions/analysis.h"
#include "expressions/evaluate.h"
#include "expressions/expression_text.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_parts.h"

/* --- raise_error --- */

/* Fails for the first row that it is asked about; asked about none, as in a branch that no row takes, it does not. */
static struct column *raise_error(struct evaluation *ev, const struct expression *call)
{
    static const struct sql_condition raised = { "USER_RAISED_EXCEPTION", "P0001",
                                                 "SparkRuntimeException" };
    if (ev->rows == 0) {
        return column_nulls(call->type, 0);
    }
    struct column *message = evaluate_argument_for(ev, 0, &(int32_t){ 0 }, 1);
    if (message) {
        struct bytes text = column_is_null(message, 0) ? bytes_of("null") : column_text(message, 0);
        (void)sql_fail(ev->error, &raised, "%.*s", BYTES_ARG(text));
        column_release(message);
    }
    return NULL;
}

/* Spark shows the condition that is raised, and its parameters. */
static void print_raise_error(struct buffer *out,
                              const struct expression *call,
                              expression_printer *argument)
{
    buffer_append_text(out, "raise_error(USER_RAISED_EXCEPTION, map(errorMessage, ");
    argument(out, call->args[0]);
    buffer_append_text(out, "))");
}

/* --- assert_true(condition [, message]): IF(condition, NULL, raise_error(message)) --- */

static void add_default_message(struct analysis *a, struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(&text, "'");
    expression_print_sql(&text, call->args[0]);
    buffer_append_text(&text, "' is not true!");
    call_add_literal(a, call, 2, scalar_text(arena_copy(a->arena, buffer_bytes(&text))));
    buffer_finish(&text);
}

static bool resolve_assert_true(struct analysis *a, struct expression *call)
{
    add_default_message(a, call);
    const struct expression *raise = analysis_call(a, "raise_error", &call->args[1], 1, call->span);
    if (!raise) {
        return false;
    }
    const struct expression *null = analysis_literal(a, scalar_null(type_simple(TYPE_VOID)), call);
    const struct expression *branches[] = { call->args[0], null, raise };
    bool made = analysis_replace(call, analysis_call(a, "if", branches, 3, call->span));
    call->nullable = true;
    return made;
}

/* --- numbers --- */

/* The partition in the upper 31 bits, the row's number in the lower 33: no two rows have the same, and later rows higher ones. */
static KERNEL(row_numbers)
{
    struct vector v = vector_new(call->type, rows);
    int64_t *out = v.values;
    (void)args;
    for (int32_t i = 0; i < rows->count; i++) {
        out[i] = ((int64_t)ev->partition << 33) + ev->first_row + i;
    }
    return vector_finish(&v);
}

static KERNEL(partition_numbers)
{
    struct vector v = vector_new(call->type, rows);
    int32_t *out = v.values;
    (void)args;
    for (int32_t i = 0; i < rows->count; i++) {
        out[i] = ev->partition;
    }
    return vector_finish(&v);
}

const struct function functions_misc[] = {
    { .name = "raise_error",
      .takes = "s",
      .returns = 'v',
      .nullable = NULLABLE_ALWAYS,
      .never_constant = true,
      .evaluate_lazily = raise_error,
      .print = print_raise_error },
    { .name = "assert_true",
      .takes = "x[x]",
      .never_constant = true,
      .resolve = resolve_assert_true },
    { .name = "monotonically_increasing_id",
      .takes = "",
      .returns = 'l',
      .nullable = NULLABLE_NEVER,
      .random = true,
      .evaluate = row_numbers },
    { .name = "spark_partition_id",
      .printed = "SPARK_PARTITION_ID",
      .takes = "",
      .returns = 'i',
      .nullable = NULLABLE_NEVER,
      .random = true,
      .evaluate = partition_numbers },
    { 0 },
};
