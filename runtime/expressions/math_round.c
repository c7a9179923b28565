/*
 * round, bround, floor, ceil.
 *
 * Doubles are rounded by the digits that they are printed with, as Java's BigDecimal has them: round(2.675, 2) is 2.68.
 */
#include <math.h>

#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/coercion.h"
#include "expressions/math_functions.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_fixed.h"

enum rounding {
    ROUND_HALF_UP,
    ROUND_HALF_EVEN,
    ROUND_FLOOR,
    ROUND_CEILING,
};

static enum rounding rounding_of(const struct expression *call)
{
    switch (call->function->name[0]) {
    case 'b': return ROUND_HALF_EVEN;
    case 'f': return ROUND_FLOOR;
    case 'c': return ROUND_CEILING;
    default: return ROUND_HALF_UP;
    }
}

/* --- whole numbers in 128 bits --- */

/* To a multiple of 10^digits, divided by it. */
static int128 drop_digits(int128 value, int digits, enum rounding rounding)
{
    if (digits <= 0) {
        return value;
    }
    int128 power = digits > DECIMAL_MAX_PRECISION ? 0 : decimal_power(digits);
    int128 whole = power ? value / power : 0;
    int128 rest = power ? value % power : value;
    bool up = false;
    int128 size = rest < 0 ? -rest : rest;
    switch (rounding) {
    case ROUND_HALF_UP: up = power && size >= power - size; break;
    case ROUND_HALF_EVEN:
        up = power && (size > power - size || (size == power - size && whole % 2 != 0));
        break;
    case ROUND_FLOOR: up = rest < 0; break;
    case ROUND_CEILING: up = rest > 0; break;
    }
    return up ? whole + (value < 0 ? -1 : 1) : whole;
}

/* --- types --- */

static const struct type *rounded_decimal(struct arena *arena,
                                          const struct type *from,
                                          int64_t places)
{
    int64_t whole = from->precision - from->scale + 1;
    int64_t scale = 0;
    if (places < 0) {
        whole = whole > 1 - places ? whole : 1 - places;
    } else {
        scale = places < from->scale ? places : from->scale;
        whole += scale;
    }
    return type_decimal(arena, (int)(whole < DECIMAL_MAX_PRECISION ? whole : DECIMAL_MAX_PRECISION),
                        (int)scale);
}

static bool constant_places(struct analysis *a, struct expression *call, int64_t *out)
{
    struct scalar value;
    const struct type *type = implicit_type(a->arena, a->settings, call->args[1]->type, 'i');
    if (!type) {
        return analysis_unexpected_type(a, call, 1, "\"INT\"");
    }
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], type));
    if (!expression_is_constant(call->args[1])) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        expression_print_sql(&text, call->args[1]);
        (void)analysis_mismatch(
            a, call, &sql_non_foldable,
            "the input `scale` should be a foldable \"INT\" expression; however, "
            "got \"%.*s\".",
            BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    if (!analysis_constant(a, call->args[1], &value)) {
        return false;
    }
    *out = value.null ? 0 : value.integer;
    return true;
}

bool resolve_math_round(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 2, scalar_int(0));
    const struct type *type = implicit_type(a->arena, a->settings, call->args[0]->type, 'n');
    int64_t places = 0;
    if (!type) {
        return analysis_unexpected_type(a, call, 0, "\"NUMERIC\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    if (!constant_places(a, call, &places)) {
        return false;
    }
    call->type = type->kind == TYPE_DECIMAL ? rounded_decimal(a->arena, type, places) : type;
    call->nullable = true;
    return true;
}

/* With places: of decimals only. Without: decimals to decimals, all else to bigint. */
bool resolve_math_floor(struct analysis *a, struct expression *call)
{
    const struct type *from = call->args[0]->type;
    const struct type *type = implicit_type(a->arena, a->settings, from, 'n');
    if (!type) {
        return analysis_unexpected_type(
            a, call, 0,
            call->count > 1 ? "\"DECIMAL\"" : "(\"DOUBLE\" or \"DECIMAL\" or \"BIGINT\")");
    }
    call->nullable = true;
    if (call->count == 1) {
        type = type->kind == TYPE_FLOAT ? type_simple(TYPE_DOUBLE) : type;
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
        call->type = type->kind != TYPE_DECIMAL ? type_simple(TYPE_BIGINT)
                     : type->scale == 0         ? type
                                                : rounded_decimal(a->arena, type, 0);
        call->name =
            bytes_of(call->function->printed ? call->function->printed : call->function->name);
        return true;
    }
    int64_t places = 0;
    type = decimal_for_integer(a->arena, type);
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    if (!constant_places(a, call, &places)) {
        return false;
    }
    call->name = bytes_of(call->function->name);
    call->type = rounded_decimal(a->arena, type, places);
    return true;
}

/* --- kernels --- */

/* `places` may be negative: digits before the point. Not of NaN and infinity. */
static double round_floating(const struct column *c, int32_t row, int64_t places, bool half_up)
{
    struct fixed f;
    fixed_of_row(&f, c, row);
    if (places >= (int64_t)f.fraction) {
        double value = column_double(c, row);
        return value == 0 ? 0 : value;
    }
    size_t moved = places < 0 ? (size_t)-places : 0;
    if (moved > f.whole) {
        return 0;
    }
    if (moved > 0) {
        memmove(f.digits + 1, f.digits,
                f.whole + f.fraction); /* so that a digit is left before the point */
        f.digits[0] = '0';
        f.whole = f.whole + 1 - moved;
        f.fraction += moved;
        places = 0;
    }
    fixed_round(&f, (size_t)places, half_up);
    struct buffer text;
    buffer_init(&text, FIXED_MAX + 400);
    buffer_append_text(&text, f.negative ? "-" : "");
    fixed_print(&text, &f, (size_t)places, 0);
    for (size_t i = 0; i < moved; i++) {
        buffer_append_text(&text, "0");
    }
    double value = 0;
    float narrow = 0;
    if (c->type->kind == TYPE_FLOAT) {
        (void)float_parse(buffer_bytes(&text), &narrow);
        value = (double)narrow;
    } else {
        (void)double_parse(buffer_bytes(&text), &value);
    }
    buffer_finish(&text);
    return value == 0 ? 0 : value;
}

static bool fits_integer(int128 value, size_t width)
{
    int128 most = ((int128)1 << (width * 8 - 1)) - 1;
    return value <= most && value >= -most - 1;
}

static struct column *round_integers(struct evaluation *ev,
                                     const struct expression *call,
                                     const struct column *from,
                                     const struct rows *rows,
                                     int64_t places)
{
    struct vector v = vector_new(call->type, rows);
    size_t width = type_width(call->type);
    int digits = places >= 0 ? 0 : places < -20 ? 20 : (int)-places;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int128 value =
            drop_digits(column_integer(from, i), digits, rounding_of(call)) * decimal_power(digits);
        if (!fits_integer(value, width) && ev->settings->ansi) {
            vector_drop(&v);
            return evaluation_fail(ev, call, &sql_arithmetic_overflow,
                                   "Overflow. If necessary set \"spark.sql.ansi.enabled\" to "
                                   "\"false\" to bypass this error.");
        }
        int64_t low = (int64_t)(uint64_t)(uint128)value;
        memcpy((uint8_t *)v.values + (size_t)i * width, &low, width);
    }
    return vector_finish(&v);
}

static struct column *round_decimals(const struct expression *call,
                                     const struct column *from,
                                     const struct rows *rows,
                                     int64_t places)
{
    struct vector v = vector_new(call->type, rows);
    int64_t kept = places < from->type->scale ? places : from->type->scale;
    int64_t dropped = from->type->scale - kept;
    int digits = dropped > 100 ? 100 : (int)dropped;
    int back = kept < 0 ? kept < -DECIMAL_MAX_PRECISION ? DECIMAL_MAX_PRECISION : (int)-kept : 0;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int128 value = drop_digits(column_decimal(from, i), digits, rounding_of(call));
        int128 out = 0;
        if (__builtin_mul_overflow(value, decimal_power(back), &out) ||
            !decimal_has_digits(out, call->type->precision)) {
            vector_null(&v, i);
        } else {
            ((int128 *)v.values)[i] = out;
        }
    }
    return vector_finish(&v);
}

KERNEL(math_round)
{
    int64_t places = column_integer(args[1], 0);
    if (args[0]->type->kind == TYPE_DECIMAL) {
        return round_decimals(call, args[0], rows, places);
    }
    if (type_is_integral(args[0]->type)) {
        return round_integers(ev, call, args[0], rows, places);
    }
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        double value = column_double(args[0], i);
        if (isfinite(value)) {
            value = round_floating(args[0], i, places, rounding_of(call) == ROUND_HALF_UP);
        }
        if (call->type->kind == TYPE_FLOAT) {
            ((float *)v.values)[i] = (float)value;
        } else {
            ((double *)v.values)[i] = value;
        }
    }
    return vector_finish(&v);
}

/* As Java's cast: NaN is 0, what is too large the largest. */
static int64_t saturated(double value)
{
    return isnan(value)                      ? 0
           : value >= 9223372036854775807.0  ? INT64_MAX
           : value <= -9223372036854775808.0 ? INT64_MIN
                                             : (int64_t)value;
}

KERNEL(math_floor)
{
    const struct column *from = args[0];
    if (from->type->kind == TYPE_DECIMAL) {
        return round_decimals(call, from, rows, call->count > 1 ? column_integer(args[1], 0) : 0);
    }
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    int64_t *out = v.values;
    bool down = rounding_of(call) == ROUND_FLOOR;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        if (from->type->kind == TYPE_DOUBLE) {
            double value = column_double(from, i);
            out[i] = saturated(down ? floor(value) : ceil(value));
        } else {
            out[i] = column_integer(from, i);
        }
    }
    return vector_finish(&v);
}
