/*
 * Functions of numbers: see function.h. Rounding, random numbers and other bases are in math_*.c.
 */
#include <math.h>

#include "expressions/math_functions.h"
#include "expressions/sql_conditions.h"

/* --- of one double --- */

typedef double unary_function(double x);

static double rint_(double x)
{
    return rint(x);
}

static double sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x;
}

static double cot(double x)
{
    return 1 / tan(x);
}

static double sec(double x)
{
    return 1 / cos(x);
}

static double csc(double x)
{
    return 1 / sin(x);
}

static double radians(double x)
{
    return x * 0.017453292519943295;
}

static double degrees(double x)
{
    return x * 57.29577951308232;
}

static double log2_java(double x)
{
    return log(x) / log(2.0);
}

static double asinh_java(double x)
{
    return isinf(x) && x < 0 ? x : log(x + sqrt(x * x + 1));
}

static double acosh_java(double x)
{
    return log(x + sqrt(x * x - 1));
}

static double atanh_java(double x)
{
    return 0.5 * (log1p(x) - log1p(-x));
}

struct unary {
    const char *name;
    unary_function *function;
    double least; /* what is not above it is null: logarithms */
};

static const struct unary unaries[] = {
    { "sqrt", sqrt, -HUGE_VAL },
    { "cbrt", strict_cbrt, -HUGE_VAL },
    { "exp", strict_exp, -HUGE_VAL },
    { "expm1", expm1, -HUGE_VAL },
    { "ln", log, 0 },
    { "log10", log10, 0 },
    { "log2", log2_java, 0 },
    { "log1p", log1p, -1 },
    { "sin", sin, -HUGE_VAL },
    { "cos", cos, -HUGE_VAL },
    { "tan", tan, -HUGE_VAL },
    { "asin", asin, -HUGE_VAL },
    { "acos", acos, -HUGE_VAL },
    { "atan", atan, -HUGE_VAL },
    { "sinh", sinh, -HUGE_VAL },
    { "cosh", strict_cosh, -HUGE_VAL },
    { "tanh", tanh, -HUGE_VAL },
    { "asinh", asinh_java, -HUGE_VAL },
    { "acosh", acosh_java, -HUGE_VAL },
    { "atanh", atanh_java, -HUGE_VAL },
    { "cot", cot, -HUGE_VAL },
    { "sec", sec, -HUGE_VAL },
    { "csc", csc, -HUGE_VAL },
    { "radians", radians, -HUGE_VAL },
    { "degrees", degrees, -HUGE_VAL },
    { "rint", rint_, -HUGE_VAL },
    { "sign", sign_of, -HUGE_VAL },
    { "signum", sign_of, -HUGE_VAL },
};

static bool find_unary(struct analysis *a, struct expression *call)
{
    (void)a;
    for (size_t i = 0; i < sizeof(unaries) / sizeof(unaries[0]); i++) {
        if (strcmp(unaries[i].name, call->function->name) == 0) {
            call->extra = &unaries[i];
        }
    }
    return true;
}

static KERNEL(unary)
{
    (void)ev;
    const struct unary *u = call->extra;
    struct vector v = vector_new(call->type, rows);
    double *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double x = column_double(args[0], i);
        if (x <= u->least && u->least > -HUGE_VAL) {
            vector_null(&v, i);
        } else {
            out[i] = u->function(x);
        }
    }
    return vector_finish(&v);
}

/* --- of two --- */

static KERNEL(binary)
{
    (void)ev;
    char which = call->function->name[0];
    struct vector v = vector_new(call->type, rows);
    double *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double x = column_double(args[0], i);
        double y = column_double(args[1], i);
        if (which == 'p') {
            bool one = (isinf(y) && fabs(x) == 1) || (isnan(y) && x == 1);
            out[i] = one ? (double)NAN : pow(x, y); /* where Java says NaN and C says 1 */
        } else if (which == 'a') {
            out[i] = atan2(x + 0.0, y + 0.0); /* Spark makes 0.0 of -0.0 */
        } else {
            out[i] = hypot(x, y);
        }
    }
    return vector_finish(&v);
}

/* log(x) and log(base, x). */
static KERNEL(logarithm)
{
    (void)ev;
    bool natural = call->count == 1;
    struct vector v = vector_new(call->type, rows);
    double *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double base = natural ? 2.718281828459045 : column_double(args[0], i);
        double x = column_double(args[natural ? 0 : 1], i);
        if (base <= 0 || x <= 0) {
            vector_null(&v, i);
        } else {
            out[i] = log(x) / log(base);
        }
    }
    return vector_finish(&v);
}

static void print_logarithm(struct buffer *out,
                            const struct expression *call,
                            expression_printer *argument)
{
    buffer_append_text(out, call->count == 1 ? "LOG(E(), " : "LOG(");
    for (int32_t i = 0; i < call->count; i++) {
        buffer_append_text(out, i ? ", " : "");
        argument(out, call->args[i]);
    }
    buffer_append_text(out, ")");
}

static KERNEL(constant)
{
    (void)ev;
    (void)args;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        ((double *)v.values)[i] =
            call->function->name[0] == 'e' ? 2.718281828459045 : 3.141592653589793;
    }
    return vector_finish(&v);
}

/* --- of integers --- */

static enum row_outcome factorial_row(struct row_call *c, int32_t row)
{
    int64_t n = column_integer(c->args[0], row);
    c->number = 1;
    for (int64_t i = 2; i <= n && n <= 20; i++) {
        c->number *= i;
    }
    return n < 0 || n > 20 ? ROW_NULL : ROW_VALUE;
}

static KERNEL(factorial)
{
    return numbers_by_row(ev, call, args, rows, factorial_row);
}

static enum row_outcome bit_get_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition outside = { "INVALID_PARAMETER_VALUE.BIT_POSITION_RANGE",
                                                  "22023", "SparkIllegalArgumentException" };
    int64_t value = column_integer(c->args[0], row);
    int64_t place = column_integer(c->args[1], row);
    int64_t bits = (int64_t)type_width(c->args[0]->type) * 8;
    if (place < 0 || place >= bits) {
        (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, &outside,
                              "The value of parameter(s) `pos` in `%s` is invalid: expects an "
                              "integer value in [0, %lld), but got %lld.",
                              c->call->function->name, (long long)bits, (long long)place);
        return ROW_FAILED;
    }
    c->number = value >> place & 1;
    return ROW_VALUE;
}

static KERNEL(bit_get_)
{
    return numbers_by_row(ev, call, args, rows, bit_get_row);
}

static enum row_outcome bit_count_row(struct row_call *c, int32_t row)
{
    int64_t value = c->args[0]->type->kind == TYPE_BOOLEAN ? column_bool(c->args[0], row)
                                                           : column_integer(c->args[0], row);
    c->number = __builtin_popcountll((unsigned long long)value);
    return ROW_VALUE;
}

static KERNEL(bit_count)
{
    return numbers_by_row(ev, call, args, rows, bit_count_row);
}

static bool resolve_bit_count(struct analysis *a, struct expression *call)
{
    const struct type *type = call->args[0]->type;
    if (!type_is_integral(type) && type->kind != TYPE_BOOLEAN && type->kind != TYPE_VOID) {
        return analysis_unexpected_type(a, call, 0, "(\"INTEGRAL\" or \"BOOLEAN\")");
    }
    call->type = type_simple(TYPE_INT);
    call->nullable = arguments_nullable(call);
    return true;
}

static enum row_outcome width_bucket_row(struct row_call *c, int32_t row)
{
    double value = column_double(c->args[0], row);
    double from = column_double(c->args[1], row);
    double to = column_double(c->args[2], row);
    int64_t count = column_integer(c->args[3], row);
    if (count <= 0 || count == INT64_MAX || isnan(value) || from == to || !isfinite(from) ||
        !isfinite(to)) {
        return ROW_NULL;
    }
    double low = from < to ? from : to;
    double high = from < to ? to : from;
    bool before = from < to ? value < low : value > high;
    bool behind = from < to ? value >= high : value <= low;
    double share = (from < to ? value - low : high - value) / (high - low);
    c->number = before ? 0 : behind ? count + 1 : (int64_t)((double)count * share) + 1;
    return ROW_VALUE;
}

static KERNEL(width_bucket)
{
    return numbers_by_row(ev, call, args, rows, width_bucket_row);
}

#define UNARY(name_, printed_)                                              \
    {                                                                       \
        .name = name_, .printed = printed_, .takes = "d", .returns = 'd',   \
        .nullable = NULLABLE_ALWAYS, .check = find_unary, .evaluate = unary \
    }
#define BINARY(name_, printed_)                                                               \
    {                                                                                         \
        .name = name_, .printed = printed_, .takes = "dd", .returns = 'd', .evaluate = binary \
    }

const struct function functions_math[] = {
    UNARY("sqrt", "SQRT"),
    UNARY("cbrt", "CBRT"),
    UNARY("exp", "EXP"),
    UNARY("expm1", "EXPM1"),
    UNARY("ln", "ln"),
    UNARY("log10", "LOG10"),
    UNARY("log2", "LOG2"),
    UNARY("log1p", "LOG1P"),
    UNARY("sin", "SIN"),
    UNARY("cos", "COS"),
    UNARY("tan", "TAN"),
    UNARY("asin", "ASIN"),
    UNARY("acos", "ACOS"),
    UNARY("atan", "ATAN"),
    UNARY("sinh", "SINH"),
    UNARY("cosh", "COSH"),
    UNARY("tanh", "TANH"),
    UNARY("asinh", "ASINH"),
    UNARY("acosh", "ACOSH"),
    UNARY("atanh", "ATANH"),
    UNARY("cot", "COT"),
    UNARY("sec", "SEC"),
    UNARY("csc", "CSC"),
    UNARY("radians", "RADIANS"),
    UNARY("degrees", "DEGREES"),
    UNARY("rint", "rint"),
    UNARY("sign", "sign"),
    UNARY("signum", "SIGNUM"),
    BINARY("pow", "pow"),
    BINARY("power", "POWER"),
    BINARY("atan2", "ATAN2"),
    BINARY("hypot", "HYPOT"),
    { .name = "log",
      .takes = "d[d]",
      .returns = 'd',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = logarithm,
      .print = print_logarithm },
    { .name = "e", .printed = "E", .takes = "", .returns = 'd', .evaluate = constant },
    { .name = "pi", .printed = "PI", .takes = "", .returns = 'd', .evaluate = constant },
    { .name = "round", .takes = "x[x]", .resolve = resolve_math_round, .evaluate = math_round },
    { .name = "bround", .takes = "x[x]", .resolve = resolve_math_round, .evaluate = math_round },
    { .name = "floor",
      .printed = "FLOOR",
      .takes = "x[x]",
      .resolve = resolve_math_floor,
      .evaluate = math_floor },
    { .name = "ceil",
      .printed = "CEIL",
      .takes = "x[x]",
      .resolve = resolve_math_floor,
      .evaluate = math_floor },
    { .name = "ceiling", .takes = "x[x]", .resolve = resolve_math_floor, .evaluate = math_floor },
    { .name = "factorial",
      .takes = "i",
      .returns = 'l',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = factorial },
    { .name = "bin", .takes = "l", .returns = 's', .evaluate = math_bin },
    { .name = "conv",
      .takes = "sii",
      .returns = 's',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = math_conv },
    { .name = "width_bucket",
      .takes = "dddl",
      .returns = 'l',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = width_bucket },
    { .name = "bit_get", .takes = "ki", .returns = 'y', .evaluate = bit_get_ },
    { .name = "getbit", .takes = "ki", .returns = 'y', .evaluate = bit_get_ },
    { .name = "bit_count", .takes = "x", .resolve = resolve_bit_count, .evaluate = bit_count },
    { .name = "rand",
      .takes = "[l]",
      .returns = 'd',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .random = true,
      .check = check_math_rand,
      .evaluate = math_rand },
    { .name = "random",
      .takes = "[l]",
      .returns = 'd',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .random = true,
      .check = check_math_rand,
      .evaluate = math_rand },
    { .name = "randn",
      .takes = "[l]",
      .returns = 'd',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .random = true,
      .check = check_math_rand,
      .evaluate = math_rand },
    { .name = "randstr",
      .takes = "i[l]",
      .returns = 's',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .random = true,
      .check = check_math_randstr,
      .evaluate = math_randstr },
    { 0 },
};
