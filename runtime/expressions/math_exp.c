/*
 * e^x, cosh and the cube root as java.lang.StrictMath has them: see math_functions.h.
 *
 * The algorithm is that of FDLIBM (e_exp.c, e_cosh.c): x = k ln 2 + r, and e^r by a rational approximation. Its results are within one
 * unit in the last place, and so is libc's, but not the same: e^1 is 2.7182818284590455 here.
 */
#include <math.h>

#include "expressions/math_functions.h"

static double high_word_only(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, 8);
    bits &= 0xffffffff00000000U;
    memcpy(&x, &bits, 8);
    return x;
}

/* x * 2^k, by adding to the exponent. */
static double add_exponent(double x, int k)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, 8);
    bits += (uint64_t)(int64_t)k << 52;
    memcpy(&x, &bits, 8);
    return x;
}

double strict_exp(double x)
{
    static const double LN2_HIGH = 6.93147180369123816490e-01;
    static const double LN2_LOW = 1.90821492927058770002e-10;
    static const double P[] = { 1.66666666666666019037e-01, -2.77777777770155933842e-03,
                                6.61375632143793436117e-05, -1.65339022054652515390e-06,
                                4.13813679705723846039e-08 };
    if (isnan(x) || x > 7.09782712893383973096e+02) {
        return isnan(x) ? x : (double)INFINITY;
    }
    if (x < -7.45133219101941108420e+02) {
        return 0;
    }
    double high = 0;
    double low = 0;
    int k = 0;
    double size = fabs(x);
    if (high_word_only(size) > high_word_only(0.34657359027997264)) { /* ln 2 / 2 */
        if (high_word_only(size) < high_word_only(1.0397207708399179)) {
            k = x < 0 ? -1 : 1;
        } else {
            k = (int)(1.44269504088896338700 * x + (x < 0 ? -0.5 : 0.5));
        }
        high = x - k * LN2_HIGH;
        low = k * LN2_LOW;
        x = high - low;
    } else if (size < 0x1p-28) {
        return 1 + x;
    }
    double t = x * x;
    double c = x - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))));
    if (k == 0) {
        return 1 - ((x * c) / (c - 2.0) - x);
    }
    double y = 1 - ((low - (x * c) / (2.0 - c)) - high);
    return k >= -1021 ? k == 1024 ? add_exponent(y, 1023) * 2 : add_exponent(y, k)
                      : add_exponent(y, k + 1000) * 9.33263618503218878990e-302;
}

double strict_cosh(double x)
{
    double size = fabs(x);
    if (!isfinite(x)) {
        return x * x;
    }
    if (size < 0.34657359027997264) {
        double t = expm1(size);
        double w = 1 + t;
        return size < 0x1p-55 ? w : 1 + (t * t) / (w + w);
    }
    if (size < 22) {
        double t = strict_exp(size);
        return 0.5 * t + 0.5 / t;
    }
    if (size < 709.78) {
        return 0.5 * strict_exp(size);
    }
    double w = strict_exp(0.5 * size);
    return 0.5 * w * w;
}

/* The high half of a double's bits as an integer, for a first guess. */
static double with_high_word(uint32_t word)
{
    uint64_t bits = (uint64_t)word << 32;
    double x = 0;
    memcpy(&x, &bits, 8);
    return x;
}

static uint32_t high_word(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, 8);
    return (uint32_t)(bits >> 32);
}

/* FDLIBM's s_cbrt.c: a guess by dividing the exponent, 23 bits by a rational approximation, the rest by one step of Newton's. */
double strict_cbrt(double x)
{
    if (!isfinite(x) || x == 0) {
        return x;
    }
    double size = fabs(x);
    double t = high_word(size) < 0x00100000
                   ? with_high_word(high_word(size * 0x1p54) / 3 + 696219795)
                   : with_high_word(high_word(size) / 3 + 715094163);
    double r = t * t / size;
    double s = 5.42857142857142815906e-01 + r * t;
    t *= 3.57142857142857150787e-01 +
         1.60714285714285720630e+00 /
             (s + 1.41428571428571436819e+00 + -7.05306122448979611050e-01 / s);
    t = with_high_word(high_word(t) + 1);
    s = t * t;
    r = size / s;
    r = (r - t) / (t + t + r);
    t = t + t * r;
    return x < 0 ? -t : t;
}
