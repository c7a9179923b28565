/*
 * Rows in memory for programs: struct weir_rows of weir/stream.h from the inside.
 */
#pragma once

#include "columns/batch.h"
#include "columns/settings.h"
#include "weir/stream.h"

struct weir_rows {
    struct arena arena; /* of the rows' types, where they are not somebody else's */
    struct batch *batch;
    struct sql_settings settings;
    char **names;
    struct column *json; /* every row as JSON, once asked for */
    char *text;          /* of the last weir_rows_text() or weir_rows_json() */
};

/* Takes the batch over; the settings say how times are printed. */
struct weir_rows *result_rows_new(const struct sql_settings *settings, struct batch *batch);
