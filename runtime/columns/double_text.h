/*
 * Floating point numbers as text, in Java's form and to the digit of Java 17.
 *
 *     1.0   0.001   1.0E-4   1234567.0   1.2345678E7   NaN   -Infinity
 *
 * Java before 19 does not always print the fewest digits that give the number back: 2.0E23 is 1.9999999999999998E23 and
 * 4.9E-324 has a digit too many. Spark's results hold these texts, so the same digits come out here, by the same algorithm
 * (jdk.internal.math.FloatingDecimal). Numbers of up to 15 digits between 0.001 and 10^7, which are most, take a short way.
 *
 * Thread: any.
 */
#pragma once

#include "base/bytes.h"

enum { DOUBLE_TEXT_MAX = 32 }; /* bytes of the longest text, and some more */

/* Writes the text, not terminated; returns its length. */
size_t double_text(char out[DOUBLE_TEXT_MAX], double value);
size_t float_text(char out[DOUBLE_TEXT_MAX], float value);

/*
 * Reads what Double.parseDouble() and Float.parseFloat() take but for the words NaN and Infinity, which callers have rules of
 * their own for: blanks around it, a sign, decimal or hexadecimal (0x1.8p3) digits, an exponent, one of dDfF at the end. The
 * nearest number; too large ones are infinite. False when it is no number.
 */
bool double_parse(struct bytes text, double *out_value);
bool float_parse(struct bytes text, float *out_value);
