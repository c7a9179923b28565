/*
 * from_json, a token at a time: what Spark makes of any text, broken ones too. Internal to the JSON functions.
 *
 * This is the measure: json_scan.h is a faster way for texts that are in order, with the same results.
 *
 * Source: org.apache.spark.sql.catalyst.json.JacksonParser of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "expressions/json_value.h"

enum json_outcome {
    JSON_DONE,
    JSON_PARTLY,       /* a value, of which parts could not be read */
    JSON_FAILED,       /* no value */
    JSON_FAILED_ARRAY, /* an array where a struct is wanted */
    JSON_EMPTY,        /* nothing but blanks */
};

/*
 * One text, as one value of the builder's type: struct, array or map. A struct's row is left open, with its fields' values in the
 * children, where it has any (a field without value has none yet). After FAILED and EMPTY nothing has been added. `corrupt` is the
 * field that no name in the text stands for, or -1.
 */
enum json_outcome json_convert(struct json_input *in,
                               struct builder *b,
                               int32_t corrupt,
                               struct bytes text);

/* The same of a value inside: `text` is valid JSON, and all of it is taken or (false) nothing. */
bool json_convert_value(struct json_input *in, struct builder *b, struct bytes text);
