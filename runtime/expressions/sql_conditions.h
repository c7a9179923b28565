/*
 * The error conditions that expressions know, by Spark's names. Texts are where they are raised.
 */
#pragma once

#include "columns/sql_error.h"

/* parsing */
extern const struct sql_condition sql_parse_syntax_error;
extern const struct sql_condition sql_parse_empty_statement;
extern const struct sql_condition sql_parse_too_complex;
extern const struct sql_condition sql_invalid_numeric_literal_range;
extern const struct sql_condition sql_invalid_typed_literal;
extern const struct sql_condition sql_unsupported_datatype;
extern const struct sql_condition sql_unsupported_time;
extern const struct sql_condition sql_datatype_missing_size;
extern const struct sql_condition sql_incomplete_array;
extern const struct sql_condition sql_incomplete_map;
extern const struct sql_condition sql_incomplete_struct;
extern const struct sql_condition sql_invalid_identifier;
extern const struct sql_condition sql_decimal_precision;
extern const struct sql_condition sql_decimal_scale;
extern const struct sql_condition sql_mixed_interval_fields;
extern const struct sql_condition sql_invalid_interval_part;
extern const struct sql_condition sql_invalid_attribute_name;
extern const struct sql_condition sql_inline_table_columns;
extern const struct sql_condition sql_inline_table_expression;
extern const struct sql_condition sql_inline_table_types;

/* analysis */
extern const struct sql_condition sql_unresolved_column;
extern const struct sql_condition sql_unresolved_column_alone;
extern const struct sql_condition sql_unresolved_field;
extern const struct sql_condition sql_unresolved_routine;
extern const struct sql_condition sql_wrong_num_args;
extern const struct sql_condition sql_ambiguous_reference;
extern const struct sql_condition sql_field_not_found;
extern const struct sql_condition sql_ambiguous_field;
extern const struct sql_condition sql_extract_base;
extern const struct sql_condition sql_star_expand;
extern const struct sql_condition sql_star_base;
extern const struct sql_condition sql_star_usage;
extern const struct sql_condition sql_mismatch_binary_types;
extern const struct sql_condition sql_mismatch_binary_wrong_type;
extern const struct sql_condition sql_mismatch_data_types;
extern const struct sql_condition sql_mismatch_input_type;
extern const struct sql_condition sql_mismatch_ordering;
extern const struct sql_condition sql_mismatch_cast;
extern const struct sql_condition sql_mismatch_cast_conf;
extern const struct sql_condition sql_mismatch_cast_function;
extern const struct sql_condition sql_mismatch_condition;
extern const struct sql_condition sql_mismatch_filter;
extern const struct sql_condition sql_mismatch_value_range;
extern const struct sql_condition sql_mismatch_null_type;
extern const struct sql_condition sql_non_foldable;
extern const struct sql_condition sql_multi_alias;
extern const struct sql_condition sql_nested_generator;

extern const struct sql_condition sql_missing_group_by;
extern const struct sql_condition sql_missing_aggregation;
extern const struct sql_condition sql_nested_aggregate;

/* evaluation */
extern const struct sql_condition sql_divide_by_zero;
extern const struct sql_condition sql_remainder_by_zero;
extern const struct sql_condition sql_interval_divided_by_zero;
extern const struct sql_condition sql_arithmetic_overflow;
extern const struct sql_condition sql_binary_arithmetic_overflow;
extern const struct sql_condition
    sql_java_arithmetic; /* without a name of Spark's: "long overflow" */
extern const struct sql_condition sql_interrupted;
extern const struct sql_condition sql_java_datetime;
extern const struct sql_condition sql_cast_invalid_input;
extern const struct sql_condition sql_cast_overflow;
extern const struct sql_condition sql_numeric_value_out_of_range;
extern const struct sql_condition sql_invalid_array_index;
extern const struct sql_condition sql_invalid_regex;
