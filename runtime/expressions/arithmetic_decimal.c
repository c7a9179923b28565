/*
 * Arithmetic over decimals: see arithmetic.h. The numbers themselves are in columns/decimal.
 */
#include "expressions/arithmetic.h"
#include "expressions/sql_conditions.h"

static struct column *out_of_range(struct evaluation *ev,
                                   const struct expression *call,
                                   enum decimal_operator op,
                                   struct decimal x,
                                   struct decimal y)
{
    struct buffer text;
    buffer_init(&text, 4096);
    decimal_print_exact(&text, op, x, y);
    (void)evaluation_fail(
        ev, call, &sql_numeric_value_out_of_range,
        " %.*s cannot be represented as Decimal(%d, %d). If necessary set "
        "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and return NULL "
        "instead.",
        BYTES_ARG(buffer_bytes(&text)), call->type->precision, call->type->scale);
    buffer_finish(&text);
    return NULL;
}

static bool operate(
    enum operation op, struct decimal x, struct decimal y, struct decimal_shape shape, int128 *out)
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
    if (!decimal_operate(operators[op], x, y, shape, out)) {
        return false;
    }
    if (op != OPERATION_PMOD || *out >= 0) {
        return true;
    }
    int128 sum = 0;
    return decimal_operate(DECIMAL_ADD, (struct decimal){ *out, shape.scale }, y,
                           (struct decimal_shape){ DECIMAL_MAX_PRECISION, shape.scale }, &sum) &&
           decimal_operate(DECIMAL_REMAINDER, (struct decimal){ sum, shape.scale }, y, shape, out);
}

struct column *arithmetic_decimal(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *const *args,
                                  const struct rows *rows)
{
    enum operation op = operation_of(call->function);
    bool fails = ev->settings->ansi && !operation_tries(call->function);
    struct decimal_shape shape = decimal_shape_of(call->type);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        struct decimal x = { column_decimal(args[0], i), args[0]->type->scale };
        struct decimal y = { column_decimal(args[1], i), args[1]->type->scale };
        bool zero = op >= OPERATION_DIVIDE && y.value == 0;
        bool good =
            !zero && (op == OPERATION_WHOLE ? decimal_divide_whole(x, y, &((int64_t *)v.values)[i])
                                            : operate(op, x, y, shape, &((int128 *)v.values)[i]));
        if (good) {
            continue;
        }
        if (fails) {
            vector_drop(&v);
            return zero ? division_by_zero(ev, call)
                        : out_of_range(ev, call, (enum decimal_operator)op, x, y);
        }
        vector_null(&v, i);
    }
    return vector_finish(&v);
}
