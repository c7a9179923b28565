/*
 * Decimals: see decimal.h. Most values are small: what fits 128 bits is computed there, the rest in 384.
 */
#include "columns/decimal.h"

#include <assert.h>

#include "columns/wide.h"

/* A signed exact value. */
struct exact {
    bool negative;
    struct wide size;
    int scale;
};

enum {
    CUT_DIGITS = DECIMAL_MAX_PRECISION +
                 1, /* what Spark keeps of a product or a quotient before it rounds */
    MIN_SCALE = 6,  /* places that are kept before integer digits are */
};

static const int128 POWERS[] = {
#define TEN_19 ((int128)10000000000000000000U)
    1,
    10,
    100,
    1000,
    10000,
    100000,
    1000000,
    10000000,
    100000000,
    1000000000,
    10000000000,
    100000000000,
    1000000000000,
    10000000000000,
    100000000000000,
    1000000000000000,
    10000000000000000,
    100000000000000000,
    1000000000000000000,
    TEN_19,
    TEN_19 * 10,
    TEN_19 * 100,
    TEN_19 * 1000,
    TEN_19 * 10000,
    TEN_19 * 100000,
    TEN_19 * 1000000,
    TEN_19 * 10000000,
    TEN_19 * 100000000,
    TEN_19 * 1000000000,
    TEN_19 * 10000000000,
    TEN_19 * 100000000000,
    TEN_19 * 1000000000000,
    TEN_19 * 10000000000000,
    TEN_19 * 100000000000000,
    TEN_19 * 1000000000000000,
    TEN_19 * 10000000000000000,
    TEN_19 * 100000000000000000,
    TEN_19 * 1000000000000000000,
    TEN_19 *TEN_19,
#undef TEN_19
};

int128 decimal_power(int exponent)
{
    assert(exponent >= 0 && exponent <= DECIMAL_MAX_PRECISION);
    return POWERS[exponent];
}

static uint128 size_of(int128 value)
{
    return value < 0 ? -(uint128)value : (uint128)value;
}

bool decimal_has_digits(int128 value, int precision)
{
    return size_of(value) < (uint128)POWERS[precision];
}

/* --- types --- */

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

struct decimal_shape decimal_shape_for(enum type_kind kind)
{
    static const struct decimal_shape SHAPES[TYPE_KIND_COUNT] = {
        [TYPE_TINYINT] = { 3, 0 }, [TYPE_SMALLINT] = { 5, 0 }, [TYPE_INT] = { 10, 0 },
        [TYPE_BIGINT] = { 20, 0 }, [TYPE_FLOAT] = { 14, 7 },   [TYPE_DOUBLE] = { 30, 15 },
    };
    assert(SHAPES[kind].precision > 0);
    return SHAPES[kind];
}

/* DecimalType.adjustPrecisionScale */
static struct decimal_shape adjusted(int precision, int scale)
{
    if (precision <= DECIMAL_MAX_PRECISION) {
        return (struct decimal_shape){ precision, scale };
    }
    int least = smaller(scale, MIN_SCALE);
    int left = DECIMAL_MAX_PRECISION - (precision - scale);
    return (struct decimal_shape){ DECIMAL_MAX_PRECISION, larger(left, least) };
}

struct decimal_shape decimal_shape_result(enum decimal_operator op,
                                          struct decimal_shape a,
                                          struct decimal_shape b)
{
    int a_whole = a.precision - a.scale;
    int b_whole = b.precision - b.scale;
    int scale = larger(a.scale, b.scale);
    switch (op) {
    case DECIMAL_ADD:
    case DECIMAL_SUBTRACT: return adjusted(larger(a_whole, b_whole) + scale + 1, scale);
    case DECIMAL_MULTIPLY: return adjusted(a.precision + b.precision + 1, a.scale + b.scale);
    case DECIMAL_DIVIDE:
        scale = larger(MIN_SCALE, a.scale + b.precision + 1);
        return adjusted(a_whole + b.scale + scale, scale);
    case DECIMAL_REMAINDER: break;
    }
    return adjusted(smaller(a_whole, b_whole) + scale, scale);
}

struct decimal_shape decimal_shape_whole(struct decimal_shape a, struct decimal_shape b)
{
    int digits = a.precision - a.scale + b.scale;
    return (struct decimal_shape){ smaller(digits > 0 ? digits : 1, DECIMAL_MAX_PRECISION), 0 };
}

struct decimal_shape decimal_shape_wider(struct decimal_shape a, struct decimal_shape b)
{
    int scale = larger(a.scale, b.scale);
    int precision = larger(a.precision - a.scale, b.precision - b.scale) + scale;
    int over = larger(precision - DECIMAL_MAX_PRECISION, 0); /* digits behind the point go first */
    return (struct decimal_shape){ precision - over, larger(scale - over, 0) };
}

/* --- exact results --- */

static struct exact exact_of(struct decimal d, int scale)
{
    return (struct exact){ d.value < 0, wide_scale_up(wide_of(size_of(d.value)), scale - d.scale),
                           scale };
}

static struct exact exact_sum(struct exact a, struct exact b)
{
    if (a.negative == b.negative) {
        a.size = wide_add(a.size, b.size);
        return a;
    }
    bool a_larger = wide_compare(a.size, b.size) >= 0;
    struct exact sum = a_larger ? a : b;
    sum.size = a_larger ? wide_subtract(a.size, b.size) : wide_subtract(b.size, a.size);
    return sum;
}

/* a / b with `scale` places, cut off. */
static struct exact exact_quotient(struct decimal a, struct decimal b, int scale)
{
    struct wide above = wide_of(size_of(a.value));
    struct wide below = wide_of(size_of(b.value));
    int shift = scale - a.scale + b.scale;
    if (shift >= 0) {
        above = wide_scale_up(above, shift);
    } else {
        below = wide_scale_up(below, -shift);
    }
    return (struct exact){ (a.value < 0) != (b.value < 0), wide_divide(above, below, NULL), scale };
}

/* The result, of a quotient its first `places`. */
static struct exact exact_result(enum decimal_operator op,
                                 struct decimal a,
                                 struct decimal b,
                                 int places)
{
    int scale = larger(a.scale, b.scale);
    struct exact x = exact_of(a, op == DECIMAL_MULTIPLY || op == DECIMAL_DIVIDE ? a.scale : scale);
    switch (op) {
    case DECIMAL_ADD: return exact_sum(x, exact_of(b, scale));
    case DECIMAL_SUBTRACT: {
        struct exact y = exact_of(b, scale);
        y.negative = !y.negative;
        return exact_sum(x, y);
    }
    case DECIMAL_MULTIPLY:
        return (struct exact){ (a.value < 0) != (b.value < 0),
                               wide_product(size_of(a.value), size_of(b.value)),
                               a.scale + b.scale };
    case DECIMAL_DIVIDE: return exact_quotient(a, b, places);
    case DECIMAL_REMAINDER: break;
    }
    (void)wide_divide(x.size, exact_of(b, scale).size,
                      &x.size); /* the sign is that of the dividend */
    return x;
}

/* Rounded half up to the shape; false when it does not fit. */
static bool fit(struct exact x, struct decimal_shape to, int128 *out_value)
{
    int down = x.scale - to.scale;
    if (down > 0) {
        struct wide half = wide_scale_up(wide_of(5), down - 1);
        x.size = wide_scale_down(wide_add(x.size, half), down);
    } else {
        uint128 small = 0;
        if (!wide_to_128(x.size, &small) || small >= (uint128)POWERS[DECIMAL_MAX_PRECISION]) {
            return false;
        }
        x.size = wide_scale_up(x.size, -down);
    }
    uint128 size = 0;
    if (!wide_to_128(x.size, &size) || size >= (uint128)POWERS[to.precision]) {
        return false;
    }
    *out_value = x.negative ? -(int128)size : (int128)size;
    return true;
}

/* --- operators --- */

static bool fit_small(int128 value, int scale, struct decimal_shape to, int128 *out_value)
{
    if (scale > to.scale) {
        int128 unit = POWERS[scale - to.scale];
        int128 half = value < 0 ? -(unit / 2) : unit / 2;
        value = (value + half) / unit;
    } else if (scale < to.scale &&
               __builtin_mul_overflow(value, POWERS[to.scale - scale], &value)) {
        return false;
    }
    if (!decimal_has_digits(value, to.precision)) {
        return false;
    }
    *out_value = value;
    return true;
}

/* The same where everything fits 128 bits: sets *out_fits and returns true, or returns false and leaves it to the long way. */
static bool operate_small(enum decimal_operator op,
                          struct decimal a,
                          struct decimal b,
                          struct decimal_shape result,
                          int128 *out_value,
                          bool *out_fits)
{
    int scale = larger(a.scale, b.scale);
    int128 value = 0;
    if (op == DECIMAL_DIVIDE) {
        return false;
    }
    if (op == DECIMAL_MULTIPLY) {
        scale = a.scale + b.scale;
        if (__builtin_mul_overflow(a.value, b.value, &value)) {
            return false;
        }
    } else {
        if (__builtin_mul_overflow(a.value, POWERS[scale - a.scale], &a.value) ||
            __builtin_mul_overflow(b.value, POWERS[scale - b.scale], &b.value)) {
            return false;
        }
        if (op == DECIMAL_REMAINDER) {
            value = a.value % b.value;
        } else if (op == DECIMAL_ADD ? __builtin_add_overflow(a.value, b.value, &value)
                                     : __builtin_sub_overflow(a.value, b.value, &value)) {
            return false;
        }
    }
    if (scale - result.scale > DECIMAL_MAX_PRECISION ||
        !decimal_has_digits(value, DECIMAL_MAX_PRECISION)) {
        return false;
    }
    *out_fits = fit_small(value, scale, result, out_value);
    return true;
}

bool decimal_operate(enum decimal_operator op,
                     struct decimal a,
                     struct decimal b,
                     struct decimal_shape result,
                     int128 *out_value)
{
    assert((op != DECIMAL_DIVIDE && op != DECIMAL_REMAINDER) || b.value != 0);
    bool fits = false;
    if (operate_small(op, a, b, result, out_value, &fits)) {
        return fits;
    }
    /* one place more than the result has decides how a quotient is rounded */
    return fit(exact_result(op, a, b, result.scale + 1), result, out_value);
}

bool decimal_divide_whole(struct decimal a, struct decimal b, int64_t *out_value)
{
    assert(b.value != 0);
    struct exact x = exact_quotient(a, b, 0);
    uint128 size = 0;
    if (!wide_to_128(x.size, &size) || size > (uint128)INT64_MAX + (x.negative ? 1 : 0)) {
        return false;
    }
    *out_value = (int64_t)(x.negative ? -size : size);
    return true;
}

bool decimal_rescale(struct decimal d, struct decimal_shape to, int128 *out_value)
{
    if (decimal_has_digits(d.value, DECIMAL_MAX_PRECISION)) {
        return fit_small(d.value, d.scale, to, out_value);
    }
    return fit((struct exact){ d.value < 0, wide_of(size_of(d.value)), d.scale }, to, out_value);
}

int decimal_compare(struct decimal a, struct decimal b)
{
    if (a.scale == b.scale || (a.value < 0) != (b.value < 0)) {
        return (a.value > b.value) - (a.value < b.value);
    }
    int scale = larger(a.scale, b.scale);
    int order = wide_compare(exact_of(a, scale).size, exact_of(b, scale).size);
    return a.value < 0 ? -order : order;
}

/* --- exact text --- */

static int digit_count(struct wide size)
{
    int count = 0;
    for (; !wide_is_zero(size); count++) {
        (void)wide_divide_word(&size, 10);
    }
    return count;
}

void decimal_print_exact(struct buffer *out,
                         enum decimal_operator op,
                         struct decimal a,
                         struct decimal b)
{
    struct exact x = exact_result(op, a, b, CUT_DIGITS);
    int extra = op == DECIMAL_MULTIPLY ? larger(digit_count(x.size) - CUT_DIGITS, 0) : 0;
    x.size = wide_scale_up(wide_scale_down(x.size, extra), extra < x.scale ? 0 : extra - x.scale);
    x.scale = larger(x.scale - extra, 0);
    char text[160];
    size_t at = sizeof(text);
    for (int i = 0; i <= x.scale || !wide_is_zero(x.size); i++) {
        if (i == x.scale && i > 0) {
            text[--at] = '.';
        }
        text[--at] = (char)('0' + wide_divide_word(&x.size, 10));
    }
    if (x.negative) {
        text[--at] = '-';
    }
    buffer_append(out, text + at, sizeof(text) - at);
}
