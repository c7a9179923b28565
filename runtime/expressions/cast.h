/*
 * Conversions between types: CAST, and all that Spark puts in by itself.
 *
 * Source: org.apache.spark.sql.catalyst.expressions.Cast. Whether a cast may be written at all is a matter of analysis
 * (coercion.h); here it is done. Thread: any.
 */
#pragma once

#include "expressions/evaluate.h"

/* `from` as call->type, under call->cast_mode. NULL: the error is set, with the call's fragment. */
struct column *cast_column(struct evaluation *ev,
                           const struct expression *call,
                           struct column *from,
                           const struct rows *rows);

/* One value, where there is no evaluation: defaults, constants, options. False: it cannot be. */
bool cast_scalar(const struct sql_settings *settings,
                 struct arena *arena,
                 const struct scalar *from,
                 const struct type *to,
                 struct scalar *out);
