/*
 * Logic: AND, OR, NOT, tests for null, IN and BETWEEN. See function.h.
 *
 * Three-valued. AND, OR and IN look at what is to their right only for rows where it matters, so that `x <> 0 AND 1/x > 2` does not fail.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/sql_conditions.h"

static inline void put(uint8_t *bits, int32_t row, bool value)
{
    bits[row >> 3] = (uint8_t)(bits[row >> 3] | ((unsigned)value << (row & 7)));
}

/* --- AND, OR, NOT --- */

/* Rows whose left side does not settle it: for AND those that are not false, for OR those that are not true. */
static int32_t undecided(const struct column *left, bool settling, int32_t rows, int32_t *out)
{
    int32_t count = 0;
    for (int32_t i = 0; i < rows; i++) {
        bool settled = !column_is_null(left, i) && column_bool(left, i) == settling;
        out[count] = i;
        count += !settled;
    }
    return count;
}

static void combine(struct vector *out,
                    const struct column *left,
                    const struct column *right,
                    const int32_t *chosen,
                    int32_t count,
                    bool settling)
{
    for (int32_t k = 0; k < count; k++) {
        int32_t row = chosen[k];
        bool right_null = column_is_null(right, k);
        if (!right_null && column_bool(right, k) == settling) {
            if (settling) {
                bit_set(out->values, row);
            } else {
                bit_clear(out->values, row);
            }
        } else if (right_null || column_is_null(left, row)) {
            vector_null(out, row);
        } else if (settling) {
            bit_clear(out->values, row);
        } else {
            bit_set(out->values, row);
        }
    }
}

static struct column *connect(struct evaluation *ev, const struct expression *call, bool settling)
{
    struct column *left = evaluate_argument(ev, 0);
    if (!left) {
        return NULL;
    }
    int32_t *chosen = mem_zalloc((size_t)ev->rows + 1, sizeof(*chosen));
    int32_t count = undecided(left, settling, ev->rows, chosen);
    struct column *right = evaluate_argument_for(ev, 1, chosen, count);
    struct column *result = NULL;
    if (right) {
        struct vector out = vector_new(call->type, &(struct rows){ .count = ev->rows });
        if (settling) {
            bits_fill(out.values, 0, ev->rows); /* the settled rows are true */
        }
        combine(&out, left, right, chosen, count, settling);
        result = vector_finish(&out);
    }
    column_release(left);
    column_release(right);
    free(chosen);
    return result;
}

static bool resolve_connective(struct analysis *a, struct expression *call)
{
    for (int32_t i = 0; i < 2; i++) {
        const struct type *type = call->args[i]->type;
        bool read = type->kind == TYPE_VOID || (type->kind == TYPE_STRING && a->settings->ansi);
        if (read) {
            analysis_set_arg(call, i, analysis_cast(a, call->args[i], type_simple(TYPE_BOOLEAN)));
        }
    }
    if (!type_equal(call->args[0]->type, call->args[1]->type)) {
        return binary_types_differ(a, call);
    }
    if (call->args[0]->type->kind != TYPE_BOOLEAN) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, call->args[0]->type);
        (void)analysis_mismatch(
            a, call, &sql_mismatch_binary_wrong_type,
            "the binary operator requires the input type \"BOOLEAN\", not \"%.*s\".",
            BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    call->type = type_simple(TYPE_BOOLEAN);
    call->nullable = arguments_nullable(call);
    return true;
}

static struct column *logical_and(struct evaluation *ev, const struct expression *call)
{
    return connect(ev, call, false);
}

static struct column *logical_or(struct evaluation *ev, const struct expression *call)
{
    return connect(ev, call, true);
}

static struct column *logical_not(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *const *args,
                                  const struct rows *rows)
{
    (void)ev;
    struct vector out = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        put(out.values, i, row_counts(rows, i) && !column_bool(args[0], i));
    }
    return vector_finish(&out);
}

/* --- nulls --- */

static struct column *is_null(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    (void)ev;
    bool wanted = call->function->name[2] == 'n' && call->function->name[3] == 'u'; /* isnull */
    struct vector out = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        put(out.values, i, column_is_null(args[0], i) == wanted);
    }
    return vector_finish(&out);
}

static void print_is_null(struct buffer *out,
                          const struct expression *call,
                          expression_printer *argument)
{
    bool null = call->function->name[3] == 'u';
    buffer_append_text(out, "(");
    argument(out, call->args[0]);
    buffer_append_text(out, null ? " IS NULL)" : " IS NOT NULL)");
}

static struct column *is_nan(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    (void)ev;
    struct vector out = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!column_is_null(args[0], i)) {
            double value = column_double(args[0], i);
            put(out.values, i, value != value);
        }
    }
    return vector_finish(&out);
}

static bool resolve_is_nan(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_FLOAT) {
        const struct type *type = implicit_type(a->arena, a->settings, call->args[0]->type, 'd');
        if (!type) {
            return analysis_unexpected_type(a, call, 0, "(\"DOUBLE\" or \"FLOAT\")");
        }
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    }
    call->type = type_simple(TYPE_BOOLEAN);
    return true;
}

/* --- IN, BETWEEN --- */

static bool resolve_in(struct analysis *a, struct expression *call)
{
    const struct type *common = unify_arguments(a, call, 0, call->count);
    if (!common) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        buffer_append_text(&text, "Input to `in` should all be the same type, but it's [");
        for (int32_t i = 0; i < call->count; i++) {
            buffer_append_text(&text, i ? ", \"" : "\"");
            type_print_sql(&text, call->args[i]->type);
            buffer_append_text(&text, "\"");
        }
        buffer_append_text(&text, "].");
        (void)analysis_mismatch(a, call, &sql_mismatch_data_types, "%.*s",
                                BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    call->type = type_simple(TYPE_BOOLEAN);
    call->nullable = arguments_nullable(call);
    return check_order(a, call, common);
}

static void found_in_list(struct vector *out, int32_t row)
{
    bit_set(out->values, row);
    if (out->validity && !bit_get(out->validity, row)) {
        bit_set(out->validity, row);
        out->null_count--;
    }
}

/* The candidates one after the other, each for the rows that have not found theirs. */
static struct column *in_list(struct evaluation *ev, const struct expression *call)
{
    struct column *wanted = evaluate_argument(ev, 0);
    if (!wanted) {
        return NULL;
    }
    struct vector out = vector_new(call->type, &(struct rows){ .count = ev->rows });
    int32_t *open = mem_zalloc((size_t)ev->rows + 1, sizeof(*open));
    int32_t count = 0;
    for (int32_t i = 0; i < ev->rows; i++) {
        if (column_is_null(wanted, i)) {
            vector_null(&out, i);
        } else {
            open[count++] = i;
        }
    }
    bool ok = true;
    for (int32_t k = 1; ok && k < call->count && count > 0; k++) {
        struct column *candidate = evaluate_argument_for(ev, k, open, count);
        ok = candidate != NULL;
        int32_t left = 0;
        for (int32_t i = 0; ok && i < count; i++) {
            int32_t row = open[i];
            if (column_is_null(candidate, i)) {
                vector_null(&out, row); /* unless a later one is found */
                open[left++] = row;
            } else if (column_compare(wanted, row, candidate, i) == 0) {
                found_in_list(&out, row);
            } else {
                open[left++] = row;
            }
        }
        count = left;
        column_release(candidate);
    }
    column_release(wanted);
    free(open);
    if (!ok) {
        vector_drop(&out);
        return NULL;
    }
    return vector_finish(&out);
}

static void print_in(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument)
{
    buffer_append_text(out, "(");
    argument(out, call->args[0]);
    buffer_append_text(out, " IN (");
    for (int32_t i = 1; i < call->count; i++) {
        buffer_append_text(out, i > 1 ? ", " : "");
        argument(out, call->args[i]);
    }
    buffer_append_text(out, "))");
}

/* a BETWEEN b AND c is a >= b AND a <= c, under its own name. */
static bool resolve_between(struct analysis *a, struct expression *call)
{
    const struct expression *const *args = call->args;
    const struct expression *low =
        analysis_call(a, ">=", (const struct expression *[]){ args[0], args[1] }, 2, call->span);
    const struct expression *high =
        low ? analysis_call(a, "<=", (const struct expression *[]){ args[0], args[2] }, 2,
                            call->span)
            : NULL;
    const struct expression *both =
        high ? analysis_call(a, "and", (const struct expression *[]){ low, high }, 2, call->span)
             : NULL;
    return analysis_replace(call, both);
}

const struct function functions_logic[] = {
    { .name = "and",
      .printed = "AND",
      .takes = "bb",
      .resolve = resolve_connective,
      .evaluate_lazily = logical_and,
      .print = print_infix },
    { .name = "or",
      .printed = "OR",
      .takes = "bb",
      .resolve = resolve_connective,
      .evaluate_lazily = logical_or,
      .print = print_infix },
    { .name = "not",
      .printed = "NOT",
      .takes = "b",
      .returns = 'b',
      .evaluate = logical_not,
      .print = print_prefix },
    { .name = "isnull",
      .takes = "x",
      .returns = 'b',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .evaluate = is_null,
      .print = print_is_null },
    { .name = "isnotnull",
      .takes = "x",
      .returns = 'b',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .evaluate = is_null,
      .print = print_is_null },
    { .name = "isnan",
      .takes = "x",
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .resolve = resolve_is_nan,
      .evaluate = is_nan },
    { .name = "in",
      .takes = "xx*",
      .resolve = resolve_in,
      .evaluate_lazily = in_list,
      .print = print_in },
    { .name = "between", .takes = "xxx", .resolve = resolve_between },
    { 0 },
};
