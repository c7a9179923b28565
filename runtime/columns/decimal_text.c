/*
 * Decimals from and to other forms: see decimal.h.
 */
#include <math.h>

#include "columns/decimal.h"
#include "columns/double_text.h"

enum { EXPONENT_MAX = 1000000000 };

size_t decimal_text(char out[DECIMAL_TEXT_MAX], struct decimal d)
{
    char text[DECIMAL_TEXT_MAX];
    int at = DECIMAL_TEXT_MAX;
    uint128 rest = d.value < 0 ? -(uint128)d.value : (uint128)d.value;
    for (int i = 0; i <= d.scale || rest > 0; i++) {
        if (i == d.scale && i > 0) {
            text[--at] = '.';
        }
        if (rest <= UINT64_MAX) { /* divides by a constant, where 128 bits would take a call */
            uint64_t low = (uint64_t)rest;
            text[--at] = (char)('0' + low % 10);
            rest = low / 10;
        } else {
            text[--at] = (char)('0' + (int)(rest % 10));
            rest /= 10;
        }
    }
    if (d.value < 0) {
        text[--at] = '-';
    }
    memcpy(out, text + at, (size_t)(DECIMAL_TEXT_MAX - at));
    return (size_t)(DECIMAL_TEXT_MAX - at);
}

/* A number taken apart: the digits of `body` without its point, times 10^exponent. */
struct parsed {
    bool negative;
    struct bytes body;
    int64_t exponent;
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* "e+12", all of it. */
static bool read_exponent(struct bytes b, int64_t *out_exponent)
{
    bool negative = b.len > 1 && b.data[1] == '-';
    size_t i = b.len > 1 && (b.data[1] == '-' || b.data[1] == '+') ? 2 : 1;
    int64_t value = 0;
    if (i >= b.len) {
        return false;
    }
    for (; i < b.len; i++) {
        if (!is_digit(b.data[i])) {
            return false;
        }
        value = value < EXPONENT_MAX ? value * 10 + (b.data[i] - '0') : value;
    }
    *out_exponent = negative ? -value : value;
    return value < EXPONENT_MAX * 10LL;
}

static bool take_apart(struct bytes b, struct parsed *p)
{
    while (b.len > 0 && b.data[0] <= ' ') {
        b.data++;
        b.len--;
    }
    while (b.len > 0 && b.data[b.len - 1] <= ' ') {
        b.len--;
    }
    if (b.len > 0 && (b.data[0] == '-' || b.data[0] == '+')) {
        p->negative = b.data[0] == '-';
        b.data++;
        b.len--;
    }
    bool point = false;
    bool any = false;
    size_t i = 0;
    for (; i < b.len && (is_digit(b.data[i]) || (b.data[i] == '.' && !point)); i++) {
        p->exponent -= point ? 1 : 0;
        any = any || b.data[i] != '.';
        point = point || b.data[i] == '.';
    }
    p->body = (struct bytes){ b.data, i };
    if (!any || i == b.len) {
        return any;
    }
    int64_t exponent = 0;
    if ((b.data[i] | 0x20) != 'e' ||
        !read_exponent((struct bytes){ b.data + i, b.len - i }, &exponent)) {
        return false;
    }
    p->exponent += exponent;
    return true;
}

enum decimal_outcome decimal_parse(struct bytes text, struct decimal_shape to, int128 *out_value)
{
    struct parsed p = { 0 };
    if (!take_apart(text, &p)) {
        return DECIMAL_NO_NUMBER;
    }
    uint128 limit = (uint128)decimal_power(to.precision);
    int64_t left =
        p.exponent + to.scale; /* 10^left is the last digit's worth, in units of the result */
    for (size_t i = 0; i < p.body.len; i++) {
        left += p.body.data[i] != '.' ? 1 : 0;
    }
    left--; /* now of the first digit; counts down to the one that decides the rounding, at -1 */
    uint128 value = 0;
    bool up = false;
    for (size_t i = 0; i < p.body.len && left >= -1; i++) {
        int digit = p.body.data[i] - '0';
        if (p.body.data[i] == '.') {
            continue;
        }
        if (left >= 0) {
            value = value * 10 + (unsigned)digit;
        } else {
            up = digit >= 5;
        }
        if (value >= limit) {
            return DECIMAL_OVERFLOWS;
        }
        left--;
    }
    for (; left >= 0 && value > 0; left--) {
        value *= 10;
        if (value >= limit) {
            return DECIMAL_OVERFLOWS;
        }
    }
    value += up ? 1 : 0;
    if (value >= limit) {
        return DECIMAL_OVERFLOWS;
    }
    *out_value = p.negative ? -(int128)value : (int128)value;
    return DECIMAL_FITS;
}

enum decimal_outcome decimal_of_double(double value, struct decimal_shape to, int128 *out_value)
{
    if (!isfinite(value)) {
        return DECIMAL_NO_NUMBER;
    }
    char text[DOUBLE_TEXT_MAX];
    size_t len = double_text(text, value);
    return decimal_parse((struct bytes){ (const uint8_t *)text, len }, to, out_value);
}

double decimal_to_double(struct decimal d)
{
    char text[DECIMAL_TEXT_MAX];
    double value = 0;
    size_t len = decimal_text(text, d);
    (void)double_parse((struct bytes){ (const uint8_t *)text, len }, &value);
    return d.value == 0 ? 0 : value;
}

float decimal_to_float(struct decimal d)
{
    char text[DECIMAL_TEXT_MAX];
    float value = 0;
    size_t len = decimal_text(text, d);
    (void)float_parse((struct bytes){ (const uint8_t *)text, len }, &value);
    return d.value == 0 ? 0 : value;
}

bool decimal_to_integer(struct decimal d, int64_t *out_value)
{
    int128 whole = d.value / decimal_power(d.scale);
    *out_value = (int64_t)whole;
    return whole >= INT64_MIN && whole <= INT64_MAX;
}
