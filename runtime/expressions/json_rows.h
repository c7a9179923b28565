/*
 * Rows of JSON as files have them: a text is a record or an array of records, each a row. Internal to JSON.
 *
 * In all else as from_json(): the fast scan does what is in order, the converter the rest.
 *
 * Source: JacksonParser with arrays as structs, FailureSafeParser of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "expressions/json_scan.h"

/*
 * The rows of a text, more or less of them, in `b`, a struct. `scan` may be NULL; `corrupt` is the field for texts of bad records, or -1.
 * A bad record's row is added too, where there is no partial one as nulls. False: the error is set (FAILFAST).
 */
bool json_add_rows(struct json_input *in,
                   struct json_scan *scan,
                   struct builder *b,
                   int32_t corrupt,
                   struct bytes text,
                   struct sql_error *error);
