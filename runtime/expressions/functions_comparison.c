/*
 * Comparison: see function.h. What is compared with null is null, but for <=>.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/expression_text.h"
#include "expressions/sql_conditions.h"

/* --- analysis --- */

static bool has_order(const struct type *t, bool equality_only)
{
    if (t->kind == TYPE_MAP) {
        return false;
    }
    if (t->kind == TYPE_ARRAY) {
        return has_order(t->element, equality_only);
    }
    for (int32_t i = 0; i < t->field_count; i++) {
        if (!has_order(t->fields[i].type, equality_only)) {
            return false;
        }
    }
    return true;
}

bool check_order(struct analysis *a, const struct expression *call, const struct type *type)
{
    if (has_order(type, false)) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "The `%s` does not support ordering on type \"", call->function->name);
    type_print_sql(&text, type);
    buffer_append_text(&text, "\".");
    (void)analysis_mismatch(a, call, &sql_mismatch_ordering, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

bool binary_types_differ(struct analysis *a, const struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(
        &text, "the left and right operands of the binary operator have incompatible types (\"");
    type_print_sql(&text, call->args[0]->type);
    buffer_append_text(&text, "\" and \"");
    type_print_sql(&text, call->args[1]->type);
    buffer_append_text(&text, "\").");
    (void)analysis_mismatch(a, call, &sql_mismatch_binary_types, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* With ansi off a string is read as what it is compared with, and true is 1. */
static const struct type *legacy_comparison_type(struct analysis *a,
                                                 const struct type *x,
                                                 const struct type *y)
{
    const struct type *other = x->kind == TYPE_STRING ? y : x;
    bool string = (x->kind == TYPE_STRING) != (y->kind == TYPE_STRING);
    if (string && other->kind != TYPE_BINARY && !type_is_nested(other) &&
        other->kind != TYPE_VOID) {
        return other->kind == TYPE_DECIMAL ? type_simple(TYPE_DOUBLE) : other;
    }
    if (string && other->kind == TYPE_BINARY) {
        return type_simple(TYPE_BINARY);
    }
    return wider_type(a->arena, a->settings, x, y);
}

/*
 * An integer compared with a decimal literal stays an integer: i < 2.5 is i < 3, for the literal is rounded towards where it makes no
 * difference.
 */
static bool round_literal(struct analysis *a, struct expression *call)
{
    const char *name = call->function->name;
    int at = call->args[0]->kind == EXPRESSION_LITERAL && call->args[0]->type->kind == TYPE_DECIMAL
                 ? 0
                 : 1;
    const struct expression *literal = call->args[at];
    bool applies = (name[0] == '<' || name[0] == '>') && strcmp(name, "<=>") != 0 &&
                   literal->kind == EXPRESSION_LITERAL && literal->type->kind == TYPE_DECIMAL &&
                   !literal->scalar.null && type_is_integral(call->args[1 - at]->type);
    if (!applies) {
        return false;
    }
    bool less = (name[0] == '<') == (at == 1); /* integer < literal */
    bool equal = name[1] == '=';
    bool up = less != equal;
    int128 power = decimal_power(literal->type->scale);
    int128 whole = literal->scalar.decimal / power;
    int128 rest = literal->scalar.decimal % power;
    whole += up && rest > 0;
    whole -= !up && rest < 0;
    if (whole > INT64_MAX || whole < INT64_MIN) {
        return false;
    }
    struct scalar value = scalar_of_integer(type_simple(TYPE_BIGINT), (int64_t)whole);
    analysis_set_arg(call, at, analysis_literal(a, value, literal));
    return true;
}

/*
 * An integer literal beside a decimal becomes the smallest decimal that holds it first; that such a cast might fail is why Spark
 * has the comparison nullable.
 */
static bool narrows_literal(const struct expression *call)
{
    const struct expression *x = call->args[0];
    const struct expression *y = call->args[1];
    const struct expression *integer = x->type->kind == TYPE_DECIMAL ? y : x;
    const struct expression *other = integer == x ? y : x;
    return integer->kind == EXPRESSION_LITERAL && !integer->scalar.null &&
           type_is_integral(integer->type) && integer->type->kind != TYPE_TINYINT &&
           other->type->kind == TYPE_DECIMAL;
}

static bool resolve_comparison(struct analysis *a, struct expression *call)
{
    (void)round_literal(a, call);
    bool narrows = narrows_literal(call);
    const struct type *x = call->args[0]->type;
    const struct type *y = call->args[1]->type;
    bool equality = call->function->name[0] == '=' || call->function->name[1] == '=';
    const struct type *common = a->settings->ansi ? wider_type(a->arena, a->settings, x, y)
                                                  : legacy_comparison_type(a, x, y);
    if (!common && !a->settings->ansi && equality &&
        (x->kind == TYPE_BOOLEAN || y->kind == TYPE_BOOLEAN)) {
        const struct type *number = x->kind == TYPE_BOOLEAN ? y : x;
        common = type_is_numeric(number) ? number : NULL;
    }
    if (!common) {
        return binary_types_differ(a, call);
    }
    if (!check_order(a, call, common)) {
        return false;
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], common));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], common));
    call->type = type_simple(TYPE_BOOLEAN);
    call->nullable =
        call->function->nullable != NULLABLE_NEVER && (narrows || arguments_nullable(call));
    return true;
}

/* --- comparison --- */

/* What the operator says of less, equal and greater. */
struct verdict {
    bool less;
    bool equal;
    bool greater;
};

static struct verdict verdict_of(const char *name)
{
    return (struct verdict){
        .less = name[0] == '<',
        .equal = name[0] == '=' || name[1] == '=',
        .greater = name[0] == '>',
    };
}

static inline void put(uint8_t *bits, int32_t row, bool value)
{
    bits[row >> 3] = (uint8_t)(bits[row >> 3] | ((unsigned)value << (row & 7)));
}

static void compare_int32(
    uint8_t *out, const struct column *a, const struct column *b, int32_t rows, struct verdict v)
{
    const int32_t *x = a->values;
    const int32_t *y = b->values;
    int32_t x_step = !a->constant;
    int32_t y_step = !b->constant;
    for (int32_t i = 0; i < rows; i++) {
        int32_t p = x[i * x_step];
        int32_t q = y[i * y_step];
        put(out, i, p < q ? v.less : p > q ? v.greater : v.equal);
    }
}

static void compare_int64(
    uint8_t *out, const struct column *a, const struct column *b, int32_t rows, struct verdict v)
{
    const int64_t *x = a->values;
    const int64_t *y = b->values;
    int32_t x_step = !a->constant;
    int32_t y_step = !b->constant;
    for (int32_t i = 0; i < rows; i++) {
        int64_t p = x[i * x_step];
        int64_t q = y[i * y_step];
        put(out, i, p < q ? v.less : p > q ? v.greater : v.equal);
    }
}

static void compare_any(uint8_t *out,
                        struct column *const *args,
                        const struct rows *rows,
                        struct verdict v)
{
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int order = column_compare(args[0], i, args[1], i);
            put(out, i, order < 0 ? v.less : order > 0 ? v.greater : v.equal);
        }
    }
}

static struct column *compare(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    (void)ev;
    struct verdict v = verdict_of(call->function->name);
    struct vector out = vector_new(call->type, rows);
    switch (args[0]->type->kind) {
    case TYPE_INT:
    case TYPE_DATE: compare_int32(out.values, args[0], args[1], rows->count, v); break;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: compare_int64(out.values, args[0], args[1], rows->count, v); break;
    default: compare_any(out.values, args, rows, v); break;
    }
    return vector_finish(&out);
}

static struct column *null_safe_equal(struct evaluation *ev,
                                      const struct expression *call,
                                      struct column *const *args,
                                      const struct rows *rows)
{
    (void)ev;
    struct vector out = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        bool a = column_is_null(args[0], i);
        bool b = column_is_null(args[1], i);
        put(out.values, i, a || b ? a && b : column_compare(args[0], i, args[1], i) == 0);
    }
    return vector_finish(&out);
}

const struct function functions_comparison[] = {
    { .name = "=",
      .takes = "xx",
      .resolve = resolve_comparison,
      .evaluate = compare,
      .print = print_infix },
    { .name = "<",
      .takes = "xx",
      .resolve = resolve_comparison,
      .evaluate = compare,
      .print = print_infix },
    { .name = "<=",
      .takes = "xx",
      .resolve = resolve_comparison,
      .evaluate = compare,
      .print = print_infix },
    { .name = ">",
      .takes = "xx",
      .resolve = resolve_comparison,
      .evaluate = compare,
      .print = print_infix },
    { .name = ">=",
      .takes = "xx",
      .resolve = resolve_comparison,
      .evaluate = compare,
      .print = print_infix },
    { .name = "<=>",
      .takes = "xx",
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .resolve = resolve_comparison,
      .evaluate = null_safe_equal,
      .print = print_infix },
    { .name = "equal_null",
      .takes = "xx",
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .resolve = resolve_comparison,
      .evaluate = null_safe_equal },
    { 0 },
};
