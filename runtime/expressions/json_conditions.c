/*
 * See json_conditions.h.
 */
#include "expressions/json_conditions.h"

#define ANALYSIS "AnalysisException"

const struct sql_condition sql_json_malformed = { "MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION",
                                                  "22023", "SparkException" };
const struct sql_condition sql_json_array_as_struct = {
    "MALFORMED_RECORD_IN_PARSING.CANNOT_PARSE_JSON_ARRAYS_AS_STRUCTS", "22023",
    "SparkRuntimeException"
};
const struct sql_condition sql_json_mode = { "PARSE_MODE_UNSUPPORTED", "42601", ANALYSIS };
const struct sql_condition sql_json_corrupt_type = { "INVALID_CORRUPT_RECORD_TYPE", "42804",
                                                     ANALYSIS };
const struct sql_condition sql_json_schema = { "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA", "42K09",
                                               "ExtendedAnalysisException" };
const struct sql_condition sql_json_map_key = { "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
                                                "42K09", "ExtendedAnalysisException" };
const struct sql_condition sql_json_schema_text = { "INVALID_SCHEMA.NON_STRING_LITERAL", "42K07",
                                                    ANALYSIS };
const struct sql_condition sql_options_not_map = { "INVALID_OPTIONS.NON_MAP_FUNCTION", "42K06",
                                                   ANALYSIS };
const struct sql_condition sql_options_not_strings = { "INVALID_OPTIONS.NON_STRING_TYPE", "42K06",
                                                       ANALYSIS };
const struct sql_condition sql_json_eof = { "", "", "JsonEOFException" };
const struct sql_condition sql_json_parse = { "", "", "JsonParseException" };
