/*
 * Tables as Dataset.show() prints them, byte by byte as Spark 4.1.
 *
 *     +---+-----+        -RECORD 0-----
 *     | id| name|         id   | 1
 *     +---+-----+         name | a
 *     |  1|    a|
 *     +---+-----+
 *     only showing top 1 row
 *
 * Cells are cut and padded in UTF-16 units, as Java counts text: one beyond U+FFFF is two, and may be cut in half, which prints
 * "?". East Asian wide characters take two columns; cells are cut without regard to that. Bytes that are no UTF-8 print as U+FFFD.
 *
 * Source: Dataset.showString, Utils.stringHalfWidth. Thread: any.
 */
#pragma once

#include "columns/batch.h"
#include "columns/zone.h"

enum {
    SHOW_ROWS = 20, /* what show() without arguments shows */
    SHOW_TRUNCATE = 20,
};

struct show_options {
    int32_t rows;     /* negative: none */
    int32_t truncate; /* units of a cell; 0 or less: whole cells, aligned to the left */
    bool vertical;
    const struct zone *zone; /* NULL is UTC */
};

/*
 * The text with its last line's end: what println() writes of showString(). `batch` has the rows to show, and at least one more when
 * there are more: that they are not all is said below the table. False, and nothing is printed, when rows without columns are to
 * be shown vertically: Spark fails there with "empty.max".
 */
bool show_print(struct buffer *out, const struct batch *batch, const struct show_options *options);
