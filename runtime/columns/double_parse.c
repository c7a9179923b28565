/*
 * Reading doubles and floats: see double_text.h.
 *
 * Up to 19 digits and a power of ten up to 22 are exact in a double, so one multiplication or division rounds right: nearly all
 * numbers that occur. The others go to the C library, which rounds right as well, in the C locale.
 */
#include <locale.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/double_text.h"

enum {
    EXACT_POWER = 22,
    EXACT_DIGITS = 19,
    EXPONENT_MAX = 100000, /* more is infinity or zero as well */
    COPY_MAX = 128,        /* longer texts are copied to the heap */
};

static const double POWERS[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* A number taken apart. */
struct parsed {
    bool negative;
    bool hex;
    struct bytes body; /* without blanks, sign and suffix */
    uint64_t digits;   /* decimal: the first 19 that are not leading zeros */
    int digit_count;
    int exponent; /* ... times 10^exponent */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_digit(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* "e-12" from `at` on: the end of it, or `at` when it is none. */
static size_t read_exponent(struct bytes b, size_t at, int *out_exponent)
{
    size_t i = at + 1;
    bool negative = i < b.len && b.data[i] == '-';
    if (i < b.len && (b.data[i] == '-' || b.data[i] == '+')) {
        i++;
    }
    size_t first = i;
    int value = 0;
    for (; i < b.len && is_digit(b.data[i]); i++) {
        value = value < EXPONENT_MAX ? value * 10 + (b.data[i] - '0') : value;
    }
    if (i == first) {
        return at;
    }
    *out_exponent = negative ? -value : value;
    return i;
}

/* The digits and the point; false when there is no digit. */
static bool read_digits(struct parsed *p, struct bytes b, size_t *at)
{
    size_t i = *at;
    bool point = false;
    bool any = false;
    for (; i < b.len; i++) {
        uint8_t c = b.data[i];
        if (c == '.' && !point) {
            point = true;
        } else if (p->hex ? is_hex_digit(c) : is_digit(c)) {
            any = true;
            p->exponent -= point ? 1 : 0;
            if (p->digit_count < EXACT_DIGITS) {
                p->digits = p->digits * 10 + (uint64_t)(c - '0');
                p->digit_count += p->digits > 0 ? 1 : 0;
            } else {
                p->digit_count++;
                p->exponent++;
            }
        } else {
            break;
        }
    }
    *at = i;
    return any;
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
    size_t i = 0;
    if (b.len > 0 && (b.data[0] == '-' || b.data[0] == '+')) {
        p->negative = b.data[0] == '-';
        b.data++;
        b.len--;
    }
    p->hex = b.len > 1 && b.data[0] == '0' && (b.data[1] | 0x20) == 'x';
    i = p->hex ? 2 : 0;
    if (!read_digits(p, b, &i)) {
        return false;
    }
    if (i < b.len && (b.data[i] | 0x20) == (p->hex ? 'p' : 'e')) {
        int exponent = 0;
        size_t end = read_exponent(b, i, &exponent);
        if (end == i) {
            return false;
        }
        p->exponent += exponent;
        i = end;
    } else if (p->hex) {
        return false; /* Java wants the exponent there */
    }
    p->body = (struct bytes){ b.data, i };
    if (i < b.len && ((b.data[i] | 0x20) == 'd' || (b.data[i] | 0x20) == 'f')) {
        i++;
    }
    return i == b.len;
}

/* The number by the C library; the body's grammar is checked, and is C's too. */
static void convert(const struct parsed *p, double *out_double, float *out_float)
{
    char small[COPY_MAX];
    char *copy = p->body.len < COPY_MAX ? small : mem_text(p->body.data, p->body.len);
    if (copy == small) {
        (void)bytes_to_text(p->body, small, sizeof(small));
    }
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (out_double) {
        *out_double = strtod_l(copy, NULL, c_locale);
    } else {
        *out_float = strtof_l(copy, NULL, c_locale);
    }
    freelocale(c_locale);
    if (copy != small) {
        free(copy);
    }
}

/* Digits and power are exact in a number with `bits` bits of which powers of ten up to 10^max are exact. */
static bool is_exact(const struct parsed *p, int bits, int max)
{
    return !p->hex && p->digits <= 1ULL << bits && /* so there are no more digits than were read */
           p->exponent >= -max && p->exponent <= max;
}

bool double_parse(struct bytes text, double *out_value)
{
    struct parsed p = { 0 };
    if (!take_apart(text, &p)) {
        return false;
    }
    double value = 0;
    if (is_exact(&p, 53, EXACT_POWER)) {
        value = p.exponent < 0 ? (double)p.digits / POWERS[-p.exponent]
                               : (double)p.digits * POWERS[p.exponent];
    } else {
        convert(&p, &value, NULL);
    }
    *out_value = p.negative ? -value : value;
    return true;
}

bool float_parse(struct bytes text, float *out_value)
{
    struct parsed p = { 0 };
    if (!take_apart(text, &p)) {
        return false;
    }
    float value = 0;
    if (is_exact(&p, 24, 10)) {
        value = p.exponent < 0 ? (float)p.digits / (float)POWERS[-p.exponent]
                               : (float)p.digits * (float)POWERS[p.exponent];
    } else {
        convert(&p, NULL, &value);
    }
    *out_value = p.negative ? -value : value;
    return true;
}
