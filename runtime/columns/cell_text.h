/*
 * Values as text: what a cell of show() says, and what CAST(... AS STRING) gives. They differ in two things:
 *
 *                    show                 cast
 *     null           NULL                 null (inside other values; a null by itself stays null)
 *     binary         [61 62]              its bytes, as they are
 *
 * Everything else is the same: {1, x} [1, 2] {k -> v}, doubles as Java prints them, plain decimals, times in a zone.
 *
 * Thread: any.
 */
#pragma once

#include "columns/column.h"
#include "columns/zone.h"

enum cell_style {
    CELL_SHOW,
    CELL_CAST,
};

/* How values are printed. */
struct cell_format {
    enum cell_style style;
    const struct zone *zone; /* of timestamps; NULL is UTC */
};

void cell_print(struct buffer *out,
                const struct cell_format *format,
                const struct column *c,
                int32_t row);

/* "INTERVAL '1 02:03:04.5' DAY TO SECOND": months or microseconds, under an interval type. */
void cell_print_interval(struct buffer *out, const struct type *type, int64_t value);
