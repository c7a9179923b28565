/*
 * Arithmetic: see function.h. Types are settled in arithmetic_types.c, values in arithmetic.c; here is what has one argument, bits, and
 * the table.
 */
#include <math.h>

#include "expressions/arithmetic.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"

/* --- one argument --- */

static bool resolve_unary(struct analysis *a, struct expression *call)
{
    const struct type *type = implicit_type(a->arena, a->settings, call->args[0]->type, 'm');
    if (!type) {
        return analysis_unexpected_type(
            a, call, 0,
            "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    call->type = type;
    call->nullable = call->args[0]->nullable;
    return true;
}

static struct column *negation_overflow(struct evaluation *ev, const struct type *type)
{
    static const char *const names[TYPE_KIND_COUNT] = { [TYPE_TINYINT] = "byte",
                                                        [TYPE_SMALLINT] = "short",
                                                        [TYPE_INT] = "integer",
                                                        [TYPE_INTERVAL_MONTHS] = "integer" };
    const struct expression nowhere = { .span = span_none() };
    return evaluation_fail(
        ev, &nowhere, &sql_arithmetic_overflow,
        "%s overflow. If necessary set \"spark.sql.ansi.enabled\" to \"false\" to bypass "
        "this error.",
        names[type->kind] ? names[type->kind] : "long");
}

static int64_t least_of(size_t width)
{
    return width >= 8 ? INT64_MIN : -((int64_t)1 << (width * 8 - 1));
}

static void store_integer(const struct vector *v, int32_t row, int64_t value)
{
    switch (type_width(v->type)) {
    case 1: ((int8_t *)v->values)[row] = (int8_t)value; break;
    case 2: ((int16_t *)v->values)[row] = (int16_t)value; break;
    case 4: ((int32_t *)v->values)[row] = (int32_t)value; break;
    default: ((int64_t *)v->values)[row] = value; break;
    }
}

/* Negative, or (abs) negative only where it is below zero. */
static struct column *negate(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    bool absolute = call->function->name[0] == 'a';
    const struct type *type = call->type;
    struct vector v = vector_new(type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        if (type->kind == TYPE_DECIMAL) {
            int128 value = column_decimal(args[0], i);
            ((int128 *)v.values)[i] = absolute && value >= 0 ? value : -value;
        } else if (type->kind == TYPE_DOUBLE) {
            double value = column_double(args[0], i);
            ((double *)v.values)[i] = absolute ? fabs(value) : -value;
        } else if (type->kind == TYPE_FLOAT) {
            float value = (float)column_double(args[0], i);
            ((float *)v.values)[i] = absolute ? fabsf(value) : -value;
        } else {
            int64_t value = column_integer(args[0], i);
            bool turned = !absolute || value < 0;
            if (turned && value == least_of(type_width(type)) &&
                (ev->settings->ansi || type_is_interval(type))) {
                vector_drop(&v);
                return negation_overflow(ev, type);
            }
            store_integer(&v, i, turned ? (int64_t)(0 - (uint64_t)value) : value);
        }
    }
    return vector_finish(&v);
}

static struct column *positive(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    (void)ev;
    (void)call;
    (void)rows;
    return column_retain(args[0]);
}

/* As an operator; negative(a) is printed as it is written. */
static void print_negative(struct buffer *out,
                           const struct expression *call,
                           expression_printer *argument)
{
    buffer_append_text(out, "(- ");
    argument(out, call->args[0]);
    buffer_append_text(out, ")");
}

static void print_positive(struct buffer *out,
                           const struct expression *call,
                           expression_printer *argument)
{
    buffer_append_text(out, "(+ ");
    argument(out, call->args[0]);
    buffer_append_text(out, ")");
}

/* --- bits --- */

static bool resolve_bits(struct analysis *a, struct expression *call)
{
    const struct type *common = call->args[0]->type;
    if (call->count == 2) {
        common = wider_type(a->arena, a->settings, common, call->args[1]->type);
    }
    if (!common) {
        return binary_types_differ(a, call);
    }
    const struct type *type = implicit_type(a->arena, a->settings, common, 'k');
    if (!type) {
        return analysis_unexpected_type(a, call, 0, "\"INTEGRAL\"");
    }
    for (int32_t i = 0; i < call->count; i++) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type;
    call->nullable = arguments_nullable(call);
    return true;
}

static struct column *bits(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    (void)ev;
    char op = call->function->name[0];
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t x = column_integer(args[0], i);
            int64_t y = call->count == 2 ? column_integer(args[1], i) : 0;
            store_integer(&v, i, op == '&' ? x & y : op == '|' ? x | y : op == '^' ? x ^ y : ~x);
        }
    }
    return vector_finish(&v);
}

static void print_not_bits(struct buffer *out,
                           const struct expression *call,
                           expression_printer *argument)
{
    buffer_append_text(out, "~");
    argument(out, call->args[0]);
}

/* Of ints and bigints, by the lowest 5 or 6 bits of the second. */
static bool resolve_shift(struct analysis *a, struct expression *call)
{
    enum type_kind kind = call->args[0]->type->kind == TYPE_BIGINT ? TYPE_BIGINT : TYPE_INT;
    const struct type *left =
        implicit_type(a->arena, a->settings, call->args[0]->type, kind == TYPE_BIGINT ? 'l' : 'i');
    const struct type *right = implicit_type(a->arena, a->settings, call->args[1]->type, 'i');
    if (!left) {
        return analysis_unexpected_type(a, call, 0, "(\"INT\" or \"BIGINT\")");
    }
    if (!right) {
        return analysis_unexpected_type(a, call, 1, "\"INT\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], left));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], right));
    call->type = left;
    call->nullable = arguments_nullable(call);
    return true;
}

static int64_t shifted(const char *name, int64_t value, int32_t by, bool wide)
{
    int bits = by & (wide ? 63 : 31);
    bool left = name[0] == '<' || strcmp(name, "shiftleft") == 0;
    bool logical = strcmp(name, ">>>") == 0 || strcmp(name, "shiftrightunsigned") == 0;
    if (left) {
        return wide ? (int64_t)((uint64_t)value << bits) : (int32_t)((uint32_t)value << bits);
    }
    if (logical) {
        return wide ? (int64_t)((uint64_t)value >> bits) : (int32_t)((uint32_t)value >> bits);
    }
    return value >> bits;
}

static struct column *shift(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    bool wide = call->type->kind == TYPE_BIGINT;
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            store_integer(&v, i,
                          shifted(call->function->name, column_integer(args[0], i),
                                  (int32_t)column_integer(args[1], i), wide));
        }
    }
    return vector_finish(&v);
}

const struct function functions_arithmetic[] = {
    { .name = "+",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "-",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "*",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "/",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "%",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "div",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic,
      .print = print_infix },
    { .name = "mod", .takes = "xx", .resolve = resolve_arithmetic, .evaluate = arithmetic },
    { .name = "pmod", .takes = "xx", .resolve = resolve_arithmetic, .evaluate = arithmetic },
    { .name = "try_add", .takes = "xx", .resolve = resolve_arithmetic, .evaluate = arithmetic },
    { .name = "try_subtract",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic },
    { .name = "try_multiply",
      .takes = "xx",
      .resolve = resolve_arithmetic,
      .evaluate = arithmetic },
    { .name = "try_divide", .takes = "xx", .resolve = resolve_arithmetic, .evaluate = arithmetic },
    { .name = "try_mod", .takes = "xx", .resolve = resolve_arithmetic, .evaluate = arithmetic },
    { .name = "unary -",
      .takes = "x",
      .resolve = resolve_unary,
      .evaluate = negate,
      .print = print_negative },
    { .name = "unary +",
      .takes = "x",
      .resolve = resolve_unary,
      .evaluate = positive,
      .print = print_positive },
    { .name = "negative", .takes = "x", .resolve = resolve_unary, .evaluate = negate },
    { .name = "positive",
      .takes = "x",
      .resolve = resolve_unary,
      .evaluate = positive,
      .print = print_positive },
    { .name = "abs", .takes = "x", .resolve = resolve_unary, .evaluate = negate },
    { .name = "&", .takes = "xx", .resolve = resolve_bits, .evaluate = bits, .print = print_infix },
    { .name = "|", .takes = "xx", .resolve = resolve_bits, .evaluate = bits, .print = print_infix },
    { .name = "^", .takes = "xx", .resolve = resolve_bits, .evaluate = bits, .print = print_infix },
    { .name = "~",
      .takes = "x",
      .resolve = resolve_bits,
      .evaluate = bits,
      .print = print_not_bits },
    { .name = "<<",
      .takes = "xx",
      .resolve = resolve_shift,
      .evaluate = shift,
      .print = print_infix },
    { .name = ">>",
      .takes = "xx",
      .resolve = resolve_shift,
      .evaluate = shift,
      .print = print_infix },
    { .name = ">>>",
      .takes = "xx",
      .resolve = resolve_shift,
      .evaluate = shift,
      .print = print_infix },
    { .name = "shiftleft", .takes = "xx", .resolve = resolve_shift, .evaluate = shift },
    { .name = "shiftright", .takes = "xx", .resolve = resolve_shift, .evaluate = shift },
    { .name = "shiftrightunsigned", .takes = "xx", .resolve = resolve_shift, .evaluate = shift },
    { 0 },
};
