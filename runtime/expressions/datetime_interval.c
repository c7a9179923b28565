/*
 * Intervals with intervals and with numbers: see datetime.h.
 */
#include <math.h>

#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/datetime.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition overflow_in_sum = {
    "INTERVAL_ARITHMETIC_OVERFLOW.WITH_SUGGESTION", "22015", "SparkArithmeticException"
};
static const struct sql_condition overflow_alone = {
    "INTERVAL_ARITHMETIC_OVERFLOW.WITHOUT_SUGGESTION", "22015", "SparkArithmeticException"
};

bool resolve_interval_math(struct analysis *a, struct expression *call)
{
    const struct type *x = call->args[0]->type;
    const struct type *y = call->args[1]->type;
    char op = call->function->name[9];
    if (op == '+' || op == '-') {
        const struct type *common = common_type(a->arena, a->settings, x, y);
        if (!common || !type_is_interval(common)) {
            return binary_types_differ(a, call);
        }
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], common));
        analysis_set_arg(call, 1, analysis_cast(a, call->args[1], common));
        call->type = common;
    } else {
        const struct type *number = implicit_type(a->arena, a->settings, y, 'n');
        if (!type_is_interval(x) || !number) {
            return analysis_unexpected_type(a, call, 1, "\"NUMERIC\"");
        }
        analysis_set_arg(call, 1, analysis_cast(a, call->args[1], number));
        call->type = type_simple(x->kind);
    }
    call->nullable = arguments_nullable(call);
    return true;
}

static bool store(const struct vector *v, int32_t row, int128 value)
{
    if (v->type->kind == TYPE_INTERVAL_MONTHS) {
        ((int32_t *)v->values)[row] = (int32_t)value;
        return value >= INT32_MIN && value <= INT32_MAX;
    }
    ((int64_t *)v->values)[row] = (int64_t)value;
    return value >= INT64_MIN && value <= INT64_MAX;
}

struct column *interval_sum(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    bool minus = call->function->name[9] == '-';
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int128 x = column_integer(args[0], i);
        int128 y = column_integer(args[1], i);
        if (!store(&v, i, minus ? x - y : x + y)) {
            vector_drop(&v);
            return evaluation_fail(ev, call, &overflow_in_sum,
                                   "Integer overflow while operating with intervals. Use `%s` to "
                                   "tolerate overflow and return NULL instead.",
                                   minus ? "try_subtract" : "try_add");
        }
    }
    return vector_finish(&v);
}

/* a / b, half up: away from zero. */
static int128 divide(int128 a, int128 b)
{
    int128 rest = a % b;
    int128 whole = a / b;
    rest = rest < 0 ? -rest : rest;
    int128 size = b < 0 ? -b : b;
    return rest < size - rest ? whole : whole + ((a < 0) == (b < 0) ? 1 : -1);
}

/* False: it does not fit. The number is not 0 where it divides. */
static bool scale(const struct column *number, int32_t row, bool by, int64_t value, int128 *out)
{
    const struct type *type = number->type;
    if (type->kind == TYPE_FLOAT || type->kind == TYPE_DOUBLE) {
        double n = column_double(number, row);
        double result = round(by ? (double)value / n : (double)value * n);
        if (!(result >= -9223372036854775808.0 && result < 9223372036854775808.0)) {
            return false;
        }
        *out = (int128)result;
        return true;
    }
    if (type->kind != TYPE_DECIMAL) {
        int128 n = column_integer(number, row);
        *out = by ? divide(value, n) : value * n;
        return true;
    }
    int128 n = column_decimal(number, row);
    int128 factor = decimal_power(type->scale);
    int128 product = 0;
    if (__builtin_mul_overflow((int128)value, by ? factor : n, &product)) {
        return false;
    }
    *out = divide(product, by ? n : factor);
    return true;
}

static bool is_zero(const struct column *number, int32_t row)
{
    switch (number->type->kind) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return column_double(number, row) == 0;
    case TYPE_DECIMAL: return column_decimal(number, row) == 0;
    default: return column_integer(number, row) == 0;
    }
}

struct column *interval_scaled(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    bool by = call->function->name[9] == '/';
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        if (by && is_zero(args[1], i)) {
            vector_drop(&v);
            return evaluation_fail(ev, call, &sql_interval_divided_by_zero,
                                   "Division by zero. Use `try_divide` to tolerate divisor being 0 "
                                   "and return NULL instead.");
        }
        int128 value = 0;
        if (!scale(args[1], i, by, column_integer(args[0], i), &value) || !store(&v, i, value)) {
            vector_drop(&v);
            return evaluation_fail(ev, call, &overflow_alone,
                                   "Integer overflow while operating with intervals. Try devising "
                                   "appropriate values for the interval parameters.");
        }
    }
    return vector_finish(&v);
}
