/*
 * Rows in memory for programs: struct weir_rows of weir/stream.h from the inside.
 */
#pragma once

#include "columns/batch.h"
#include "columns/settings.h"
#include "weir/stream.h"

struct weir_rows {
    struct arena arena; /* of texts that were asked for, and of types that are nobody else's */
    struct batch *batch;
    struct sql_settings settings;
    char **names;
    struct column *json; /* every row as JSON, once asked for */
};

/* Takes the batch over; the settings say how times are printed. */
struct weir_rows *result_rows_new(const struct sql_settings *settings, struct batch *batch);
