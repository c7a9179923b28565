/*
 * What a call of from_json, to_json or schema_of_json settles by its options. Internal to the JSON functions.
 *
 * Ownership: texts live in the arena of the analysis. Thread: immutable once read.
 */
#pragma once

#include "expressions/analysis.h"
#include "expressions/json_reader.h"

struct json_options {
    struct json_leniency allow;
    bool fail_fast;
    bool drop_malformed; /* not allowed; found out when rows are read */
    bool keep_nulls;     /* to_json: ignoreNullFields is false */
    bool has_keep_nulls;
    bool pretty;
    bool ascii;
    bool primitives_as_string;
    bool
        exact_strings; /* what is no string becomes one as it stands, not as Jackson would write it: so files are read */
    bool infer_timestamp;
    bool drop_all_null; /* inference: fields that are null, or empty, in every record */
    bool prefers_decimal;
    bool comma_decimals;      /* a locale whose numbers have a decimal comma */
    struct bytes date_format; /* null: the default */
    struct bytes timestamp_format;
    struct bytes timestamp_ntz_format;
    struct bytes corrupt_column;
    struct bytes zone; /* null: the session's */
};

/* The defaults. */
void json_options_init(struct json_options *o);

/* One option, by its name; names that JSON does not know are passed over. Texts are copied. */
void json_options_set(struct json_options *o,
                      struct arena *arena,
                      struct bytes name,
                      struct bytes value);

/* From argument `i` of the call, a map of constants, if the call has so many. False: the error is set. */
bool json_options_read(struct analysis *a,
                       const struct expression *call,
                       int32_t i,
                       struct json_options *out);

/* The text of a constant argument, NULL when it is none, or null. */
bool json_constant_text(struct analysis *a, const struct expression *e, struct bytes *out);
