/*
 * Intervals from text. Source: IntervalUtils of Spark 4.1. Pure; thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "columns/type.h"

enum interval_problem {
    INTERVAL_OK,
    INTERVAL_MALFORMED,
    INTERVAL_MIXED, /* years or months together with days or less */
    INTERVAL_OVERFLOW,
};

struct interval_value {
    enum interval_unit from; /* the largest unit that it names ... */
    enum interval_unit to;   /* ... and the smallest */
    int32_t months;
    int64_t micros;
};

/* Adds `number` ("1", "-4.5") of `unit` ("day", "HOURS"); weeks, milliseconds and microseconds too. `first`: sets from and to. */
enum interval_problem interval_add_unit(struct interval_value *value,
                                        bool first,
                                        struct bytes number,
                                        struct bytes unit);

/* "1 day -2 hours", with or without "interval" in front. */
enum interval_problem interval_parse_units(struct bytes text, struct interval_value *out);

/* "1-2" or "1 02:03:04.5", as value->from and value->to say; a sign may be in front. */
enum interval_problem interval_parse_range(struct bytes text, struct interval_value *value);

/* What a cast takes: the same, or a whole literal, "INTERVAL -'1-2' YEAR TO MONTH", of exactly these units. */
enum interval_problem interval_parse_cast(struct bytes text, struct interval_value *value);

/* How such text looks, for messages: "`[+|-]d h:m`, `INTERVAL [+|-]'[+|-]d h:m' DAY TO MINUTE`". */
void interval_print_formats(struct buffer *out, enum interval_unit from, enum interval_unit to);

/* Of one unit: months for years and months, microseconds for the others. */
int64_t interval_unit_size(enum interval_unit unit);
