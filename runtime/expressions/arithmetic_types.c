/*
 * The types of arithmetic: see arithmetic.h.
 *
 *     integers     the wider of the two; `/` makes doubles of them, `div` bigints
 *     decimals     DecimalPrecision's rules; an integer beside one becomes a decimal, a literal the smallest that holds it
 *     floating     beside anything: double (float only among floats, or with ansi off beside integers)
 *     a string     beside an integer: bigint; beside others: double; with ansi off always double
 *
 * Source: BinaryArithmetic, AnsiTypeCoercion, DecimalPrecision of Spark 4.1.
 */
#include <string.h>

#include "expressions/arithmetic.h"
#include "expressions/coercion.h"
#include "expressions/datetime.h"
#include "expressions/sql_conditions.h"

enum operation operation_of(const struct function *f)
{
    static const struct {
        const char *name;
        enum operation operation;
    } names[] = {
        { "+", OPERATION_ADD },
        { "try_add", OPERATION_ADD },
        { "-", OPERATION_SUBTRACT },
        { "try_subtract", OPERATION_SUBTRACT },
        { "*", OPERATION_MULTIPLY },
        { "try_multiply", OPERATION_MULTIPLY },
        { "/", OPERATION_DIVIDE },
        { "try_divide", OPERATION_DIVIDE },
        { "%", OPERATION_REMAINDER },
        { "mod", OPERATION_REMAINDER },
        { "try_mod", OPERATION_REMAINDER },
        { "pmod", OPERATION_PMOD },
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(f->name, names[i].name) == 0) {
            return names[i].operation;
        }
    }
    return OPERATION_WHOLE;
}

bool refuse_operand_type(struct analysis *a, const struct expression *call, enum operation op)
{
    static const char numbers_and_intervals[] =
        "(\"NUMERIC\" or \"INTERVAL DAY TO SECOND\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL\")";
    static const char *const wanted[] = {
        [OPERATION_ADD] = numbers_and_intervals,
        [OPERATION_SUBTRACT] = numbers_and_intervals,
        [OPERATION_MULTIPLY] = "\"NUMERIC\"",
        [OPERATION_DIVIDE] = "(\"DOUBLE\" or \"DECIMAL\")",
        [OPERATION_REMAINDER] = "\"NUMERIC\"",
        [OPERATION_PMOD] = "\"NUMERIC\"",
        [OPERATION_WHOLE] =
            "(\"BIGINT\" or \"DECIMAL\" or \"INTERVAL YEAR TO MONTH\" or \"INTERVAL "
            "DAY TO SECOND\")",
    };
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "the binary operator requires the input type %s, not \"", wanted[op]);
    type_print_sql(&text, call->args[0]->type);
    buffer_append_text(&text, "\".");
    (void)analysis_mismatch(a, call, &sql_mismatch_binary_wrong_type, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

static void cast_both(struct analysis *a,
                      struct expression *call,
                      const struct type *x,
                      const struct type *y)
{
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], x));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], y));
}

/* The decimal that an integer beside a decimal becomes: of a literal no more digits than it has. */
static const struct type *decimal_beside(struct analysis *a, const struct expression *e)
{
    if (e->type->kind == TYPE_DECIMAL) {
        return e->type;
    }
    if (e->kind == EXPRESSION_LITERAL && !e->scalar.null && e->type->kind != TYPE_TINYINT) {
        int digits = 1;
        int64_t value = e->scalar.integer;
        for (; value > 9 || value < -9; value /= 10) {
            digits++;
        }
        return type_decimal(a->arena, digits, 0);
    }
    return decimal_for_integer(a->arena, e->type);
}

static bool resolve_decimals(struct analysis *a, struct expression *call, enum operation op)
{
    static const enum decimal_operator operators[] = {
        [OPERATION_ADD] = DECIMAL_ADD,
        [OPERATION_SUBTRACT] = DECIMAL_SUBTRACT,
        [OPERATION_MULTIPLY] = DECIMAL_MULTIPLY,
        [OPERATION_DIVIDE] = DECIMAL_DIVIDE,
        [OPERATION_REMAINDER] = DECIMAL_REMAINDER,
        [OPERATION_PMOD] = DECIMAL_REMAINDER,
        [OPERATION_WHOLE] = DECIMAL_DIVIDE,
    };
    const struct type *x = decimal_beside(a, call->args[0]);
    const struct type *y = decimal_beside(a, call->args[1]);
    cast_both(a, call, x, y);
    if (op == OPERATION_WHOLE) {
        call->type = type_simple(TYPE_BIGINT);
    } else {
        struct decimal_shape shape =
            decimal_shape_result(operators[op], decimal_shape_of(x), decimal_shape_of(y));
        call->type = type_decimal(a->arena, shape.precision, shape.scale);
    }
    call->nullable = call->nullable || arguments_nullable(call) || !a->settings->ansi;
    return true;
}

/* What a string is read as beside `other`; NULL: it is not. */
static const struct type *string_beside(const struct analysis *a, const struct type *other)
{
    if (!a->settings->ansi) {
        return type_is_numeric(other) || other->kind == TYPE_STRING || other->kind == TYPE_VOID
                   ? type_simple(TYPE_DOUBLE)
                   : NULL;
    }
    if (type_is_integral(other)) {
        return type_simple(TYPE_BIGINT);
    }
    return type_is_fractional(other) || other->kind == TYPE_VOID ? type_simple(TYPE_DOUBLE) : NULL;
}

static void read_strings(struct analysis *a, struct expression *call)
{
    const struct type *x = call->args[0]->type;
    const struct type *y = call->args[1]->type;
    const struct type *x_read = x->kind == TYPE_STRING ? string_beside(a, y) : NULL;
    const struct type *y_read = y->kind == TYPE_STRING ? string_beside(a, x) : NULL;
    bool both = (x_read && x_read->kind == TYPE_DOUBLE && type_is_numeric(y)) ||
                (y_read && y_read->kind == TYPE_DOUBLE && type_is_numeric(x));
    cast_both(a, call,
              both     ? type_simple(TYPE_DOUBLE)
              : x_read ? x_read
                       : x,
              both     ? type_simple(TYPE_DOUBLE)
              : y_read ? y_read
                       : y);
    x = call->args[0]->type;
    y = call->args[1]->type;
    if (x->kind == TYPE_VOID && y->kind != TYPE_VOID) {
        cast_both(a, call, y, y);
    } else if (y->kind == TYPE_VOID && x->kind != TYPE_VOID) {
        cast_both(a, call, x, x);
    } else if (x->kind == TYPE_VOID) {
        cast_both(a, call, type_simple(TYPE_DOUBLE), type_simple(TYPE_DOUBLE));
    }
}

/* Not decimals. */
static bool resolve_numbers(struct analysis *a, struct expression *call, enum operation op)
{
    const struct type *x = call->args[0]->type;
    const struct type *y = call->args[1]->type;
    const struct type *common = common_type(a->arena, a->settings, x, y);
    if (op == OPERATION_DIVIDE) {
        common = type_simple(TYPE_DOUBLE);
    } else if (op == OPERATION_WHOLE) {
        const struct type *bigint = type_simple(TYPE_BIGINT);
        cast_both(a, call, type_is_integral(x) ? bigint : x, type_is_integral(y) ? bigint : y);
        if (!type_equal(call->args[0]->type, call->args[1]->type)) {
            return binary_types_differ(a, call);
        }
        if (!type_is_integral(x)) {
            return refuse_operand_type(a, call, op);
        }
        common = bigint;
    }
    cast_both(a, call, common, common);
    call->type = common;
    return true;
}

bool resolve_arithmetic(struct analysis *a, struct expression *call)
{
    enum operation op = operation_of(call->function);
    if (is_time_arithmetic(call)) {
        return resolve_time_arithmetic(a, call);
    }
    read_strings(a, call);
    const struct type *x = call->args[0]->type;
    const struct type *y = call->args[1]->type;
    if (!type_is_numeric(x) || !type_is_numeric(y)) {
        return type_equal(x, y) ? refuse_operand_type(a, call, op) : binary_types_differ(a, call);
    }
    call->nullable =
        arguments_nullable(call) || op >= OPERATION_DIVIDE || operation_tries(call->function);
    bool floating = x->kind == TYPE_FLOAT || x->kind == TYPE_DOUBLE || y->kind == TYPE_FLOAT ||
                    y->kind == TYPE_DOUBLE;
    bool decimal = x->kind == TYPE_DECIMAL || y->kind == TYPE_DECIMAL;
    return decimal && !floating ? resolve_decimals(a, call, op) : resolve_numbers(a, call, op);
}
