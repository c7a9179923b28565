/*
 * Arithmetic over integers and floating numbers: see arithmetic.h.
 *
 * Integers are worked out in 64 bits (bigints with the compiler's overflow checks), a column at a time; what does not fit its type is an
 * error with ansi on, wraps around with it off, and is null under try_.
 */
#include "expressions/arithmetic.h"

#include <math.h>

#include "expressions/sql_conditions.h"

struct column *division_by_zero(struct evaluation *ev, const struct expression *call)
{
    bool remainder = operation_of(call->function) == OPERATION_REMAINDER ||
                     operation_of(call->function) == OPERATION_PMOD;
    return evaluation_fail(
        ev, call, remainder ? &sql_remainder_by_zero : &sql_divide_by_zero,
        "%s by zero. Use `%s` to tolerate divisor being 0 and return NULL instead. If "
        "necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error.",
        remainder ? "Remainder" : "Division", remainder ? "try_mod" : "try_divide");
}

static struct column *overflow(struct evaluation *ev,
                               const struct expression *call,
                               int64_t x,
                               int64_t y)
{
    static const struct {
        const char *sign;
        const char *advice;
    } words[] = { { "+", "try_add" }, { "-", "try_subtract" }, { "*", "try_multiply" } };
    enum operation op = operation_of(call->function);
    enum type_kind kind = call->type->kind;
    if (op == OPERATION_WHOLE) {
        return evaluation_fail(
            ev, call, &sql_arithmetic_overflow,
            "Overflow in integral divide. Use 'try_divide' to tolerate overflow and "
            "return NULL instead. If necessary set \"spark.sql.ansi.enabled\" to "
            "\"false\" to bypass this error.");
    }
    if (kind == TYPE_TINYINT || kind == TYPE_SMALLINT) {
        const struct expression nowhere = { .span = span_none() };
        return evaluation_fail(
            ev, &nowhere, &sql_binary_arithmetic_overflow,
            "%lldS %s %lldS caused overflow. Use `%s` to ignore overflow problem and "
            "return NULL.",
            (long long)x, words[op].sign, (long long)y, words[op].advice);
    }
    return evaluation_fail(
        ev, call, &sql_arithmetic_overflow,
        "%s overflow. Use '%s' to tolerate overflow and return NULL instead. If "
        "necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error.",
        kind == TYPE_BIGINT ? "long" : "integer", words[op].advice);
}

/* --- integers --- */

/* x op y, cut to 64 bits; true: it does not fit those. y is not 0 where it divides. */
static inline bool operate(enum operation op, int64_t x, int64_t y, int64_t *out)
{
    switch (op) {
    case OPERATION_ADD: return __builtin_add_overflow(x, y, out);
    case OPERATION_SUBTRACT: return __builtin_sub_overflow(x, y, out);
    case OPERATION_MULTIPLY: return __builtin_mul_overflow(x, y, out);
    case OPERATION_DIVIDE:
    case OPERATION_WHOLE:
        if (y == -1) {
            return __builtin_sub_overflow((int64_t)0, x, out);
        }
        *out = x / y;
        return false;
    case OPERATION_REMAINDER: *out = y == -1 ? 0 : x % y; return false;
    case OPERATION_PMOD: {
        int64_t r = y == -1 ? 0 : x % y;
        *out = r < 0 ? (int64_t)(((uint64_t)r + (uint64_t)y)) % y : r;
        return false;
    }
    }
    return false;
}

static inline void store(const struct vector *v, int32_t row, size_t width, int64_t value)
{
    switch (width) {
    case 1: ((int8_t *)v->values)[row] = (int8_t)value; break;
    case 2: ((int16_t *)v->values)[row] = (int16_t)value; break;
    case 4: ((int32_t *)v->values)[row] = (int32_t)value; break;
    default: ((int64_t *)v->values)[row] = value; break;
    }
}

static inline bool fits(size_t width, int64_t value)
{
    switch (width) {
    case 1: return value == (int8_t)value;
    case 2: return value == (int16_t)value;
    case 4: return value == (int32_t)value;
    default: return true;
    }
}

/* int and bigint without division, the everyday case: a plain loop, the check for overflow gathered over all rows. */
static bool fast_integers(enum operation op,
                          struct column *const *args,
                          const struct rows *rows,
                          struct vector *v)
{
    int32_t x_step = !args[0]->constant;
    int32_t y_step = !args[1]->constant;
    if (op > OPERATION_MULTIPLY || rows->null_count > 0) {
        return false;
    }
    bool bad = false;
    if (v->type->kind == TYPE_BIGINT) {
        const int64_t *x = args[0]->values;
        const int64_t *y = args[1]->values;
        int64_t *out = v->values;
        for (int32_t i = 0; i < rows->count; i++) {
            bad |= operate(op, x[i * x_step], y[i * y_step], &out[i]);
        }
    } else if (v->type->kind == TYPE_INT) {
        const int32_t *x = args[0]->values;
        const int32_t *y = args[1]->values;
        int32_t *out = v->values;
        for (int32_t i = 0; i < rows->count; i++) {
            int64_t wide = 0;
            (void)operate(op, x[i * x_step], y[i * y_step], &wide);
            out[i] = (int32_t)wide;
            bad |= wide != (int32_t)wide;
        }
    } else {
        return false;
    }
    return !bad;
}

static struct column *integers(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    enum operation op = operation_of(call->function);
    bool tries = operation_tries(call->function);
    struct vector v = vector_new(call->type, rows);
    size_t width = type_width(call->type);
    if (fast_integers(op, args, rows, &v)) {
        return vector_finish(&v);
    }
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t x = column_integer(args[0], i);
        int64_t y = column_integer(args[1], i);
        int64_t value = 0;
        bool zero = op >= OPERATION_DIVIDE && y == 0;
        bool bad = !zero && (operate(op, x, y, &value) || !fits(width, value));
        if (zero || (bad && (tries || ev->settings->ansi))) {
            if (!tries && ev->settings->ansi) {
                vector_drop(&v);
                return zero ? division_by_zero(ev, call) : overflow(ev, call, x, y);
            }
            vector_null(&v, i);
        }
        store(&v, i, width, value);
    }
    return vector_finish(&v);
}

/* --- floating numbers --- */

static inline double operate_double(enum operation op, double x, double y)
{
    switch (op) {
    case OPERATION_ADD: return x + y;
    case OPERATION_SUBTRACT: return x - y;
    case OPERATION_MULTIPLY: return x * y;
    case OPERATION_DIVIDE:
    case OPERATION_WHOLE: return x / y;
    case OPERATION_REMAINDER: return fmod(x, y);
    case OPERATION_PMOD: {
        double r = fmod(x, y);
        return r < 0 ? fmod(r + y, y) : r;
    }
    }
    return 0;
}

static struct column *floating(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    enum operation op = operation_of(call->function);
    bool fails = ev->settings->ansi && !operation_tries(call->function);
    bool single = call->type->kind == TYPE_FLOAT;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double x = column_double(args[0], i);
        double y = column_double(args[1], i);
        if (op >= OPERATION_DIVIDE && y == 0) {
            if (fails) {
                vector_drop(&v);
                return division_by_zero(ev, call);
            }
            vector_null(&v, i);
            continue;
        }
        double value = operate_double(op, x, y);
        if (single) {
            ((float *)v.values)[i] = (float)value;
        } else {
            ((double *)v.values)[i] = value;
        }
    }
    return vector_finish(&v);
}

struct column *arithmetic(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    if (args[0]->type->kind == TYPE_DECIMAL) {
        return arithmetic_decimal(ev, call, args, rows);
    }
    return type_is_integral(call->type) ? integers(ev, call, args, rows)
                                        : floating(ev, call, args, rows);
}
