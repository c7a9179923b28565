/*
 * Some expressions over a few rows, from text to values: what `weir expr` does, tests do, and foldable arguments need.
 */
#pragma once

#include "columns/batch.h"
#include "expressions/analysis.h"

struct scratch {
    struct arena arena;
    struct sql_settings settings; /* the caller's to set, before scratch_run() */
    struct sql_error error;
    const struct type *schema; /* of the result; NULL when analysis failed */
    struct batch *result;      /* NULL when anything failed */
};

void scratch_init(struct scratch *s);
void scratch_finish(struct scratch *s);

/*
 * `from` is VALUES (...), (...) AS t(a, b), or NULL for one row with one column z. Aggregate functions count all rows. What
 * failed is in s->error.
 */
void scratch_run(struct scratch *s,
                 const char *const *expressions,
                 int32_t count,
                 const char *from);
