/*
 * Functions of numbers that functions_math.c has in its table, by the files that they are in. Internal to expressions.
 */
#pragma once

#include "expressions/analysis.h"
#include "expressions/string_parts.h"

/* --- math_round.c --- */
KERNEL(math_round);
KERNEL(math_floor);
bool resolve_math_round(struct analysis *a, struct expression *call);
bool resolve_math_floor(struct analysis *a, struct expression *call);

/* --- math_random.c --- */
KERNEL(math_rand);
KERNEL(math_randstr);
bool check_math_rand(struct analysis *a, struct expression *call);
bool check_math_randstr(struct analysis *a, struct expression *call);

/* --- math_text.c --- */
KERNEL(math_bin);
KERNEL(math_conv);

/* --- math_exp.c: Java's StrictMath, which is FDLIBM and not always the nearest number --- */
double strict_exp(double x);
double strict_cosh(double x);
double strict_cbrt(double x);
