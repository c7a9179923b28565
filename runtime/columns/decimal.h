/*
 * Decimals: an integer of up to 38 digits, divided by a power of ten that the type says.
 *
 * Operators compute exactly, then round half up (away from zero) to the scale of the result's type; what has more digits than that
 * type allows overflows. Types of results are Spark's (DecimalPrecision, with loss of precision allowed): where 38 digits
 * are not enough, digits behind the point are given up first, down to 6.
 *
 * Source: org.apache.spark.sql.types.Decimal, DecimalPrecision. Thread: any.
 */
#pragma once

#include "columns/type.h"

struct decimal {
    int128 value; /* unscaled */
    int scale;
};

/* Precision and scale of a type. */
struct decimal_shape {
    int precision;
    int scale;
};

enum decimal_operator {
    DECIMAL_ADD,
    DECIMAL_SUBTRACT,
    DECIMAL_MULTIPLY,
    DECIMAL_DIVIDE,
    DECIMAL_REMAINDER,
};

enum decimal_outcome {
    DECIMAL_FITS,
    DECIMAL_OVERFLOWS,
    DECIMAL_NO_NUMBER, /* of text only */
};

enum { DECIMAL_TEXT_MAX = 48 }; /* bytes of the longest text, and some more */

/* --- types --- */

static inline struct decimal_shape decimal_shape_of(const struct type *type);

/* The decimal that holds every value of an integer type, or, as Spark sees it, of float (14, 7) and double (30, 15). */
struct decimal_shape decimal_shape_for(enum type_kind kind);

struct decimal_shape decimal_shape_result(enum decimal_operator op,
                                          struct decimal_shape a,
                                          struct decimal_shape b);

/* Of `div`, before it becomes a bigint. */
struct decimal_shape decimal_shape_whole(struct decimal_shape a, struct decimal_shape b);

/* Holds values of both. */
struct decimal_shape decimal_shape_wider(struct decimal_shape a, struct decimal_shape b);

/* --- values --- */

/* False on overflow. A divisor must not be 0. */
bool decimal_operate(enum decimal_operator op,
                     struct decimal a,
                     struct decimal b,
                     struct decimal_shape result,
                     int128 *out_value);

/* The exact result in plain digits, as messages about an overflow show it: 39 digits, or 39 places of a quotient, cut off. */
void decimal_print_exact(struct buffer *out,
                         enum decimal_operator op,
                         struct decimal a,
                         struct decimal b);

/* The integer part of a / b; false when it does not fit. b must not be 0. */
bool decimal_divide_whole(struct decimal a, struct decimal b, int64_t *out_value);

/* To another precision and scale, rounded half up; false on overflow. */
bool decimal_rescale(struct decimal d, struct decimal_shape to, int128 *out_value);

/* Negative, 0, positive; across scales. */
int decimal_compare(struct decimal a, struct decimal b);

/* Fewer than `precision` + 1 digits? */
bool decimal_has_digits(int128 value, int precision);

/* 10^exponent, for 0 to 38. */
int128 decimal_power(int exponent);

/* --- conversions --- */

/* Plain digits, "-0.0100"; not terminated; returns the length. */
size_t decimal_text(char out[DECIMAL_TEXT_MAX], struct decimal d);

/* What Java's BigDecimal reads: blanks around, sign, digits, point, exponent. Rounded half up. */
enum decimal_outcome decimal_parse(struct bytes text, struct decimal_shape to, int128 *out_value);

/* By way of the number's text, as in Spark: 0.015 is 0.015 and not a little less. Not of NaN or infinity (NO_NUMBER). */
enum decimal_outcome decimal_of_double(double value, struct decimal_shape to, int128 *out_value);

/* The nearest. */
double decimal_to_double(struct decimal d);
float decimal_to_float(struct decimal d);

/* Without what is behind the point; false when it does not fit. */
bool decimal_to_integer(struct decimal d, int64_t *out_value);

/* --- inline bodies --- */

static inline struct decimal_shape decimal_shape_of(const struct type *type)
{
    return (struct decimal_shape){ type->precision, type->scale };
}
