/*
 * Text of doubles and floats: see double_text.h.
 *
 * The number d is B / S * 10^exponent with 1 <= B / S < 10. Digits are the quotients of B / S, 10 * rest / S and so on, until
 * what is left is within M, half the distance to the next number, scaled alike: then the digits so far stand for d alone.
 * Java does this in int, in long or in big numbers, whatever B and S fit into, and not by quite the same rules: in big
 * numbers a tie stops, in small ones it does not, and M may overflow there. All that is kept, since it shows in digits.
 */
#include "columns/double_text.h"

#include <assert.h>
#include <math.h>

#include "columns/big.h"
#include "columns/type.h"

enum {
    DIGITS_MAX = 24,
    FRACTION_BITS = 52,
    DOUBLE_BIAS = 1023,
    FLOAT_FRACTION_BITS = 23,
    FLOAT_BIAS = 127,
    LONG_POWERS = 27, /* 5^26 fits a long */
};

/* d = 0.DIGITS * 10^exponent */
struct digits {
    int count;
    int exponent;
    char text[DIGITS_MAX];
};

/* d = fraction / 2^52 * 2^exponent, the highest bit (52) of the fraction set; `bits` of it count. */
struct binary {
    uint64_t fraction;
    int exponent;
    int bits;
};

/* B, S and M as powers: B = fraction * 5^b5 * 2^b2, S = 5^s5 * 2^s2, M = 5^b5 * 2^m2. */
struct scale {
    uint64_t fraction;
    int exponent; /* decimal */
    int b5;
    int b2;
    int s5;
    int s2;
    int m2;
};

/* Where the digits stopped: below or above d, and by how much the rest is more (or less) than half a digit. */
struct stop {
    bool low;
    bool high;
    int difference;
};

/* Bits of 5^i. */
static const uint8_t BITS_OF_5[LONG_POWERS] = {
    0,  3,  5,  7,  10, 12, 14, 17, 19, 21, 24, 26, 28, 31,
    33, 35, 38, 40, 42, 45, 47, 49, 52, 54, 56, 59, 61,
};

static uint64_t power_of_5(int exponent)
{
    uint64_t power = 1;
    for (int i = 0; i < exponent; i++) {
        power *= 5;
    }
    return power;
}

static int bits_of_5(int exponent)
{
    return exponent < LONG_POWERS ? BITS_OF_5[exponent] : exponent * 3;
}

static void add_digit(struct digits *d, int digit)
{
    assert(d->count < DIGITS_MAX && digit >= 0 && digit < 10);
    d->text[d->count++] = (char)('0' + digit);
}

/* The first digit is left out when it is 0: then the decimal exponent was estimated too high. */
static void add_first_digit(struct digits *d, int digit, bool high, int *exponent)
{
    if (digit == 0 && !high) {
        (*exponent)--;
    } else {
        add_digit(d, digit);
    }
}

/* The form with an E wants two digits. */
static bool wants_more(int exponent)
{
    return exponent < -3 || exponent >= 8;
}

/* --- whole numbers --- */

/* Digits at the end of a whole number that are below its precision, by how many bits are. */
static const uint8_t INSIGNIFICANT[] = {
    0,  0,  0,  0,  1,  1,  1,  2,  2,  2,  3,  3,  3,  3,  4,  4,  4,  5,  5,  5,  6,  6,
    6,  6,  7,  7,  7,  8,  8,  8,  9,  9,  9,  9,  10, 10, 10, 11, 11, 11, 12, 12, 12, 12,
    13, 13, 13, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 17, 17, 17, 18, 18, 18, 19,
};

static void print_whole(struct digits *d, uint64_t value, int insignificant)
{
    d->exponent = insignificant;
    if (insignificant > 0) {
        uint64_t unit = power_of_5(insignificant) << insignificant;
        uint64_t rest = value % unit;
        value = value / unit + (rest >= unit / 2 ? 1 : 0);
    }
    while (value % 10 == 0) {
        value /= 10;
        d->exponent++;
    }
    char reversed[DIGITS_MAX];
    int count = 0;
    for (; value > 0; value /= 10) {
        reversed[count++] = (char)('0' + value % 10);
    }
    for (int i = 0; i < count; i++) {
        d->text[i] = reversed[count - 1 - i];
    }
    d->count = count;
    d->exponent += count;
}

/* --- fractions --- */

/* floor(log10(d)), or one more */
static int estimate_exponent(const struct binary *b)
{
    uint64_t bits =
        (uint64_t)DOUBLE_BIAS << FRACTION_BITS | (b->fraction & ((1ULL << FRACTION_BITS) - 1));
    double fraction = 0;
    memcpy(&fraction, &bits, sizeof(bits));
    /* volatile: each product is rounded by itself, where a machine could fuse it with the sum */
    volatile double slope = (fraction - 1.5) * 0.289529654;
    volatile double power = (double)b->exponent * 0.301029995663981;
    return (int)floor(slope + 0.176091259 + power);
}

static struct scale scale_of(const struct binary *b, int fraction_bits, int tiny_bits)
{
    struct scale s = { .exponent = estimate_exponent(b) };
    s.b5 = s.exponent < 0 ? -s.exponent : 0;
    s.s5 = s.exponent > 0 ? s.exponent : 0;
    s.b2 = s.b5 + tiny_bits + b->exponent;
    s.s2 = s.s5 + tiny_bits;
    s.m2 = s.b2 - b->bits;
    s.fraction = b->fraction >> (FRACTION_BITS + 1 - fraction_bits);
    s.b2 -= fraction_bits - 1;
    int common = s.b2 < s.s2 ? s.b2 : s.s2;
    s.b2 -= common;
    s.s2 -= common;
    s.m2 -= common;
    if (fraction_bits == 1) {
        s.m2--; /* below a power of two the next number is half as far */
    }
    if (s.m2 < 0) {
        s.b2 -= s.m2;
        s.s2 -= s.m2;
        s.m2 = 0;
    }
    return s;
}

/* In ints. Sums and products may overflow as Java's do. */
static struct stop print_int(struct digits *d, struct scale *s)
{
    int32_t unit = (int32_t)((uint32_t)power_of_5(s->s5) << s->s2);
    int32_t b = (int32_t)(((uint32_t)s->fraction * (uint32_t)power_of_5(s->b5)) << s->b2);
    int32_t m = (int32_t)((uint32_t)power_of_5(s->b5) << s->m2);
    int32_t tens = (int32_t)((uint32_t)unit * 10);
    struct stop stop = { 0 };
    for (bool first = true; first || (!stop.low && !stop.high); first = false) {
        int digit = b / unit;
        b = (int32_t)(10 * (uint32_t)(b % unit));
        m = (int32_t)((uint32_t)m * 10);
        stop.low = (!first && m <= 0) || b < m;
        stop.high = (!first && m <= 0) || (int32_t)((uint32_t)b + (uint32_t)m) > tens;
        if (first) {
            add_first_digit(d, digit, stop.high, &s->exponent);
            if (wants_more(s->exponent)) {
                stop = (struct stop){ 0 };
            }
        } else {
            add_digit(d, digit);
        }
    }
    int32_t difference = (int32_t)(((uint32_t)b << 1) - (uint32_t)tens);
    stop.difference = (difference > 0) - (difference < 0);
    return stop;
}

static struct stop print_long(struct digits *d, struct scale *s)
{
    int64_t unit = (int64_t)(power_of_5(s->s5) << s->s2);
    int64_t b = (int64_t)((s->fraction * power_of_5(s->b5)) << s->b2);
    int64_t m = (int64_t)(power_of_5(s->b5) << s->m2);
    int64_t tens = (int64_t)((uint64_t)unit * 10);
    struct stop stop = { 0 };
    for (bool first = true; first || (!stop.low && !stop.high); first = false) {
        int digit = (int)(b / unit);
        b = (int64_t)(10 * (uint64_t)(b % unit));
        m = (int64_t)((uint64_t)m * 10);
        stop.low = (!first && m <= 0) || b < m;
        stop.high = (!first && m <= 0) || (int64_t)((uint64_t)b + (uint64_t)m) > tens;
        if (first) {
            add_first_digit(d, digit, stop.high, &s->exponent);
            if (wants_more(s->exponent)) {
                stop = (struct stop){ 0 };
            }
        } else {
            add_digit(d, digit);
        }
    }
    int64_t difference = (int64_t)(((uint64_t)b << 1) - (uint64_t)tens);
    stop.difference = (difference > 0) - (difference < 0);
    return stop;
}

/* What Java does in big numbers, where 128 bits hold them: the same rules, since nothing overflows. */
static struct stop print_128(struct digits *d, struct scale *s)
{
    uint128 unit = (uint128)power_of_5(s->s5) << s->s2;
    uint128 b = ((uint128)s->fraction * power_of_5(s->b5)) << s->b2;
    uint128 m = (uint128)power_of_5(s->b5) << s->m2;
    uint128 tens = unit * 10;
    int shift =
        s->s2 + bits_of_5(s->s5) - 58; /* the highest 58 bits decide a quotient, or nearly */
    shift = shift > 0 ? shift : 0;
    double inverse = 1 / (double)(int64_t)(unit >> shift);
    struct stop stop = { 0 };
    for (bool first = true; first || (!stop.low && !stop.high); first = false) {
        int digit = (int)((double)(int64_t)(b >> shift) * inverse); /* right, or one off */
        uint128 product = unit * (unsigned)digit;
        if (product > b) {
            digit--;
            product -= unit;
        } else if (b - product >= unit) {
            digit++;
            product += unit;
        }
        b = 10 * (b - product);
        m *= 10;
        stop.low = b < m;
        stop.high = tens <= b + m;
        if (first) {
            add_first_digit(d, digit, stop.high, &s->exponent);
            if (wants_more(s->exponent)) {
                stop = (struct stop){ 0 };
            }
        } else {
            add_digit(d, digit);
        }
    }
    stop.difference = (b << 1 > tens) - (b << 1 < tens);
    return stop;
}

static struct stop print_big(struct digits *d, struct scale *s)
{
    struct big unit;
    struct big tens;
    struct big b;
    struct big m;
    big_make(&unit, 1, s->s5, s->s2);
    big_make(&tens, 10, s->s5, s->s2);
    big_make(&b, s->fraction, s->b5, s->b2);
    big_make(&m, 1, s->b5, s->m2);
    struct stop stop = { 0 };
    for (bool first = true; first || (!stop.low && !stop.high); first = false) {
        int digit = big_divide(&b, &unit);
        big_multiply(&b, 10);
        big_multiply(&m, 10);
        stop.low = big_compare(&b, &m) < 0;
        stop.high = big_compare_sum(&tens, &b, &m) <= 0;
        if (first) {
            add_first_digit(d, digit, stop.high, &s->exponent);
            if (wants_more(s->exponent)) {
                stop = (struct stop){ 0 };
            }
        } else {
            add_digit(d, digit);
        }
    }
    big_multiply(&b, 2);
    stop.difference = big_compare(&b, &tens);
    return stop;
}

static void round_up(struct digits *d)
{
    int i = d->count - 1;
    while (i > 0 && d->text[i] == '9') {
        d->text[i--] = '0';
    }
    if (d->text[i] == '9') {
        d->exponent++;
        d->text[i] = '1';
    } else {
        d->text[i]++;
    }
}

static void print_digits(struct digits *d, const struct binary *b)
{
    int fraction_bits = FRACTION_BITS + 1 - __builtin_ctzll(b->fraction);
    int tiny_bits = fraction_bits - b->exponent - 1; /* behind the point */
    d->count = 0;
    if (tiny_bits <= 0 && b->exponent <= 62) {
        int cut = b->exponent > b->bits ? INSIGNIFICANT[b->exponent - b->bits - 1] : 0;
        bool left = b->exponent >= FRACTION_BITS;
        print_whole(d,
                    left ? b->fraction << (b->exponent - FRACTION_BITS)
                         : b->fraction >> (FRACTION_BITS - b->exponent),
                    cut);
        return;
    }
    struct scale s = scale_of(b, fraction_bits, tiny_bits > 0 ? tiny_bits : 0);
    int b_bits = fraction_bits + s.b2 + bits_of_5(s.b5);
    int tens_bits = s.s2 + 1 + bits_of_5(s.s5 + 1);
    struct stop stop = { 0 };
    if (b_bits < 32 && tens_bits < 32) {
        stop = print_int(d, &s);
    } else if (b_bits < 64 && tens_bits < 64) {
        stop = print_long(d, &s);
    } else if (b_bits < 122 && tens_bits < 122 && s.b5 < LONG_POWERS && s.s5 < LONG_POWERS) {
        stop = print_128(d, &s);
    } else {
        stop = print_big(d, &s);
    }
    d->exponent = s.exponent + 1;
    bool odd = (d->text[d->count - 1] & 1) != 0;
    if (stop.high && (!stop.low || stop.difference > 0 || (stop.difference == 0 && odd))) {
        round_up(d);
    }
}

/* --- text --- */

static char *put(char *out, const char *text, int len)
{
    memcpy(out, text, (size_t)len);
    return out + len;
}

static char *put_zeros(char *out, int count)
{
    memset(out, '0', (size_t)count);
    return out + count;
}

static char *print_exponent(char *out, int exponent)
{
    *out++ = 'E';
    if (exponent < 0) {
        *out++ = '-';
        exponent = -exponent;
    }
    if (exponent >= 100) {
        *out++ = (char)('0' + exponent / 100);
    }
    if (exponent >= 10) {
        *out++ = (char)('0' + exponent / 10 % 10);
    }
    *out++ = (char)('0' + exponent % 10);
    return out;
}

static char *print_number(char *out, const struct digits *d)
{
    int point = d->exponent;
    if (point > 0 && point < 8) {
        int before = d->count < point ? d->count : point;
        out = put_zeros(put(out, d->text, before), point - before);
        *out++ = '.';
        return d->count > point ? put(out, d->text + point, d->count - point) : put_zeros(out, 1);
    }
    if (point <= 0 && point > -3) {
        out = put_zeros(put(out, "0.", 2), -point);
        return put(out, d->text, d->count);
    }
    *out++ = d->text[0];
    *out++ = '.';
    out = d->count > 1 ? put(out, d->text + 1, d->count - 1) : put_zeros(out, 1);
    return print_exponent(out, point - 1);
}

static size_t finish(char *out, char *at, struct binary b, int shift)
{
    if (b.fraction >> (FRACTION_BITS - shift) == 0) { /* subnormal */
        int up = FRACTION_BITS - shift - (63 - __builtin_clzll(b.fraction));
        b.bits = 64 - __builtin_clzll(b.fraction);
        b.fraction <<= up;
        b.exponent += 1 - up;
    }
    b.fraction <<= shift;
    struct digits digits;
    print_digits(&digits, &b);
    return (size_t)(print_number(at, &digits) - out);
}

/* --- the short way --- */

/*
 * `value` is whole / 10^places with at most 15 digits (6 of a float): then no other number of so few digits is as near, and
 * those digits are what the long way finds. A power of two has nearer neighbours below, so it takes the long way.
 */
static char *print_short(char *out, uint64_t whole, int places)
{
    char text[DIGITS_MAX];
    int at = DIGITS_MAX;
    while (places > 1 && whole % 10 == 0) {
        whole /= 10;
        places--;
    }
    for (int i = 0; i < places; i++, whole /= 10) {
        text[--at] = (char)('0' + whole % 10);
    }
    text[--at] = '.';
    do {
        text[--at] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole > 0);
    return put(out, text + at, DIGITS_MAX - at);
}

/* The text of a positive number, or NULL when it is not of that kind. */
static char *try_short(char *out, double value, double whole_max, bool is_float)
{
    static const double POWERS[] = { 1e1, 1e2, 1e3, 1e4, 1e5, 1e6 };
    if (!(value >= 1e-3 && value < 1e7)) {
        return NULL;
    }
    for (int i = 0; i < 6; i++) {
        double scaled = value * POWERS[i];
        if (scaled > whole_max) {
            return NULL;
        }
        double whole = (double)(int64_t)(scaled + 0.5);
        double back = whole / POWERS[i];
        if (is_float ? (float)back == (float)value : back == value) {
            return print_short(out, (uint64_t)whole, i + 1);
        }
    }
    return NULL;
}

size_t double_text(char out[DOUBLE_TEXT_MAX], double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    uint64_t fraction = bits & ((1ULL << FRACTION_BITS) - 1);
    int exponent = (int)(bits >> FRACTION_BITS & 0x7ff);
    char *at = out;
    if (exponent == 0x7ff && fraction != 0) {
        return (size_t)(put(out, "NaN", 3) - out);
    }
    if (bits >> 63) {
        *at++ = '-';
    }
    if (exponent == 0x7ff) {
        return (size_t)(put(at, "Infinity", 8) - out);
    }
    if (exponent == 0 && fraction == 0) {
        return (size_t)(put(at, "0.0", 3) - out);
    }
    char *end = fraction != 0 ? try_short(at, fabs(value), 999999999999999.0, false) : NULL;
    if (end) {
        return (size_t)(end - out);
    }
    struct binary b = { .fraction = exponent ? fraction | 1ULL << FRACTION_BITS : fraction,
                        .exponent = exponent - DOUBLE_BIAS,
                        .bits = FRACTION_BITS + 1 };
    return finish(out, at, b, 0);
}

size_t float_text(char out[DOUBLE_TEXT_MAX], float value)
{
    uint32_t bits = 0;
    memcpy(&bits, &value, sizeof(bits));
    uint32_t fraction = bits & ((1U << FLOAT_FRACTION_BITS) - 1);
    int exponent = (int)(bits >> FLOAT_FRACTION_BITS & 0xff);
    char *at = out;
    if (exponent == 0xff) {
        return double_text(out, (double)value);
    }
    if (bits >> 31) {
        *at++ = '-';
    }
    if (exponent == 0 && fraction == 0) {
        return (size_t)(put(at, "0.0", 3) - out);
    }
    char *end = fraction != 0 ? try_short(at, (double)fabsf(value), 999999.0, true) : NULL;
    if (end) {
        return (size_t)(end - out);
    }
    struct binary b = { .fraction = exponent ? fraction | 1U << FLOAT_FRACTION_BITS : fraction,
                        .exponent = exponent - FLOAT_BIAS,
                        .bits = FLOAT_FRACTION_BITS + 1 };
    return finish(out, at, b, FRACTION_BITS - FLOAT_FRACTION_BITS);
}
