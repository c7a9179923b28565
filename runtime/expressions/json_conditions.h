/*
 * The errors of the JSON functions. Internal to them.
 */
#pragma once

#include "columns/sql_error.h"

extern const struct sql_condition sql_json_malformed;
extern const struct sql_condition sql_json_array_as_struct;
extern const struct sql_condition sql_json_mode;
extern const struct sql_condition sql_json_corrupt_type;
extern const struct sql_condition sql_json_schema;
extern const struct sql_condition sql_json_map_key;
extern const struct sql_condition sql_json_schema_text;
extern const struct sql_condition sql_options_not_map;
extern const struct sql_condition sql_options_not_strings;
extern const struct sql_condition sql_json_eof; /* Jackson's own */
extern const struct sql_condition sql_json_parse;
