/*
 * Rows that a source makes up itself: a time and a number each, as the sources rate and rate-micro-batch give them.
 *
 *     partition p of n:   values first + p, first + p + n, first + p + 2n, ... below `end`
 *
 * Internal to those sources. Thread: as of scans.
 */
#pragma once

#include "plan/rows.h"

struct generated {
    int64_t first;
    int64_t end;
    int32_t partitions;
    int64_t start_ms;    /* of the first value */
    double ms_per_value; /* rounded for each */
};

/* timestamp timestamp, value bigint; in the arena. */
const struct type *generated_schema(struct arena *arena);

/* `schema` as above, borrowed; only the columns named are made. */
struct scan *generated_scan(const struct generated *g,
                            const struct type *schema,
                            const int32_t *columns,
                            int32_t column_count);
