/*
 * The schema of CSV: a type for each column that every value has. Internal to CSV.
 *
 * Source: CSVInferSchema, CSVUtils.makeSafeHeader of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "expressions/csv_options.h"

struct csv_inference;

/* `names` become the columns': all of them, or numbers where there is no header. Types live in the arena; the rest is borrowed. */
struct csv_inference *csv_inference_new(struct arena *arena,
                                        const struct csv_options *options,
                                        const struct sql_settings *settings,
                                        const struct bytes *names,
                                        int32_t count);
void csv_inference_free(struct csv_inference *s);

/* One record more. */
void csv_inference_add(struct csv_inference *s, const struct bytes *values, int32_t count);

/* The schema: strings only where inferSchema is off. */
const struct type *csv_inference_type(struct csv_inference *s);
