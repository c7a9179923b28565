/*
 * Error conditions: see sql_conditions.h. From Spark 4.1's error-conditions.json; the classes are those that its code throws.
 */
#include "expressions/sql_conditions.h"

#define PARSE      "ParseException"
#define ANALYSIS   "AnalysisException"
#define EXTENDED   "ExtendedAnalysisException"
#define ARITHMETIC "SparkArithmeticException"
#define RUNTIME    "SparkRuntimeException"

const struct sql_condition sql_parse_syntax_error = { "PARSE_SYNTAX_ERROR", "42601", PARSE };
const struct sql_condition sql_parse_empty_statement = { "PARSE_EMPTY_STATEMENT", "42617", PARSE };
const struct sql_condition sql_parse_too_complex = { "FAILED_TO_PARSE_TOO_COMPLEX", "54001",
                                                     PARSE };
const struct sql_condition sql_invalid_numeric_literal_range = { "INVALID_NUMERIC_LITERAL_RANGE",
                                                                 "22003", PARSE };
const struct sql_condition sql_invalid_typed_literal = { "INVALID_TYPED_LITERAL", "42604", PARSE };
const struct sql_condition sql_unsupported_datatype = { "UNSUPPORTED_DATATYPE", "0A000", PARSE };
const struct sql_condition sql_unsupported_time = { "UNSUPPORTED_TIME_TYPE", "0A000", ANALYSIS };
const struct sql_condition sql_datatype_missing_size = { "DATATYPE_MISSING_SIZE", "42K01", PARSE };
const struct sql_condition sql_incomplete_array = { "INCOMPLETE_TYPE_DEFINITION.ARRAY", "42K01",
                                                    PARSE };
const struct sql_condition sql_incomplete_map = { "INCOMPLETE_TYPE_DEFINITION.MAP", "42K01",
                                                  PARSE };
const struct sql_condition sql_incomplete_struct = { "INCOMPLETE_TYPE_DEFINITION.STRUCT", "42K01",
                                                     PARSE };
const struct sql_condition sql_invalid_identifier = { "INVALID_IDENTIFIER", "42602", PARSE };
const struct sql_condition sql_decimal_precision = { "DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION",
                                                     "22003", ARITHMETIC };
const struct sql_condition sql_decimal_scale = { "_LEGACY_ERROR_TEMP_1228", "", PARSE };
const struct sql_condition sql_mixed_interval_fields = { "_LEGACY_ERROR_TEMP_0029", "", PARSE };
const struct sql_condition sql_invalid_interval_part = { "_LEGACY_ERROR_TEMP_0062", "", PARSE };
const struct sql_condition sql_invalid_attribute_name = { "INVALID_ATTRIBUTE_NAME_SYNTAX", "42601",
                                                          ANALYSIS };
const struct sql_condition sql_inline_table_columns = { "INVALID_INLINE_TABLE.NUM_COLUMNS_MISMATCH",
                                                        "42000", PARSE };
const struct sql_condition sql_inline_table_expression = {
    "INVALID_INLINE_TABLE.CANNOT_EVALUATE_EXPRESSION_IN_INLINE_TABLE", "42000", ANALYSIS
};
const struct sql_condition sql_inline_table_types = {
    "INVALID_INLINE_TABLE.INCOMPATIBLE_TYPES_IN_INLINE_TABLE", "42000", ANALYSIS
};

const struct sql_condition sql_unresolved_column = { "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703",
                                                     EXTENDED };
const struct sql_condition sql_unresolved_column_alone = { "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
                                                           "42703", EXTENDED };
const struct sql_condition sql_unresolved_field = { "UNRESOLVED_FIELD.WITH_SUGGESTION", "42703",
                                                    ANALYSIS };
const struct sql_condition sql_unresolved_routine = { "UNRESOLVED_ROUTINE", "42883", ANALYSIS };
const struct sql_condition sql_wrong_num_args = { "WRONG_NUM_ARGS.WITHOUT_SUGGESTION", "42605",
                                                  ANALYSIS };
const struct sql_condition sql_ambiguous_reference = { "AMBIGUOUS_REFERENCE", "42704", ANALYSIS };
const struct sql_condition sql_field_not_found = { "FIELD_NOT_FOUND", "42704", ANALYSIS };
const struct sql_condition sql_ambiguous_field = { "AMBIGUOUS_REFERENCE_TO_FIELDS", "42000",
                                                   ANALYSIS };
const struct sql_condition sql_extract_base = { "INVALID_EXTRACT_BASE_FIELD_TYPE", "42000",
                                                ANALYSIS };
const struct sql_condition sql_star_expand = { "CANNOT_RESOLVE_STAR_EXPAND", "42704", ANALYSIS };
const struct sql_condition sql_star_base = { "_LEGACY_ERROR_TEMP_1050", "", ANALYSIS };
const struct sql_condition sql_star_usage = { "INVALID_USAGE_OF_STAR_OR_REGEX", "42000", ANALYSIS };
const struct sql_condition sql_mismatch_binary_types = { "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES",
                                                         "42K09", EXTENDED };
const struct sql_condition sql_mismatch_binary_wrong_type = {
    "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", "42K09", EXTENDED
};
const struct sql_condition sql_mismatch_data_types = { "DATATYPE_MISMATCH.DATA_DIFF_TYPES", "42K09",
                                                       EXTENDED };
const struct sql_condition sql_mismatch_input_type = { "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                                                       "42K09", EXTENDED };
const struct sql_condition sql_mismatch_ordering = { "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE",
                                                     "42K09", EXTENDED };
const struct sql_condition sql_mismatch_cast = { "DATATYPE_MISMATCH.CAST_WITHOUT_SUGGESTION",
                                                 "42K09", EXTENDED };
const struct sql_condition sql_mismatch_cast_conf = { "DATATYPE_MISMATCH.CAST_WITH_CONF_SUGGESTION",
                                                      "42K09", EXTENDED };
const struct sql_condition sql_mismatch_cast_function = {
    "DATATYPE_MISMATCH.CAST_WITH_FUNC_SUGGESTION", "42K09", EXTENDED
};
const struct sql_condition sql_mismatch_condition = { "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                                                      "42K09", EXTENDED };
const struct sql_condition sql_mismatch_filter = { "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09",
                                                   EXTENDED };
const struct sql_condition sql_mismatch_value_range = { "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE",
                                                        "42K09", EXTENDED };
const struct sql_condition sql_mismatch_null_type = { "DATATYPE_MISMATCH.NULL_TYPE", "42K09",
                                                      EXTENDED };
const struct sql_condition sql_non_foldable = { "DATATYPE_MISMATCH.NON_FOLDABLE_INPUT", "42K09",
                                                EXTENDED };
const struct sql_condition sql_nested_generator = { "UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS",
                                                    "42K0E", ANALYSIS };
const struct sql_condition sql_multi_alias = { "MULTI_ALIAS_WITHOUT_GENERATOR", "42K0E", EXTENDED };

const struct sql_condition sql_missing_group_by = { "MISSING_GROUP_BY", "42803", EXTENDED };
const struct sql_condition sql_missing_aggregation = { "MISSING_AGGREGATION", "42803", EXTENDED };
const struct sql_condition sql_nested_aggregate = { "NESTED_AGGREGATE_FUNCTION", "42607",
                                                    EXTENDED };

const struct sql_condition sql_divide_by_zero = { "DIVIDE_BY_ZERO", "22012", ARITHMETIC };
const struct sql_condition sql_remainder_by_zero = { "REMAINDER_BY_ZERO", "22012", ARITHMETIC };
const struct sql_condition sql_interval_divided_by_zero = { "INTERVAL_DIVIDED_BY_ZERO", "22012",
                                                            ARITHMETIC };
const struct sql_condition sql_arithmetic_overflow = { "ARITHMETIC_OVERFLOW", "22003", ARITHMETIC };
const struct sql_condition sql_binary_arithmetic_overflow = { "BINARY_ARITHMETIC_OVERFLOW", "22003",
                                                              ARITHMETIC };
const struct sql_condition sql_java_arithmetic = { "", "", "ArithmeticException" };
const struct sql_condition sql_interrupted = { "", "", "java.lang.InterruptedException" };
const struct sql_condition sql_java_datetime = { "", "", "DateTimeException" };
/* The class depends on the types: SparkNumberFormatException, SparkDateTimeException, SparkRuntimeException. */
const struct sql_condition sql_cast_invalid_input = { "CAST_INVALID_INPUT", "22018", RUNTIME };
const struct sql_condition sql_cast_overflow = { "CAST_OVERFLOW", "22003", ARITHMETIC };
const struct sql_condition sql_numeric_value_out_of_range = {
    "NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION", "22003", ARITHMETIC
};
const struct sql_condition sql_invalid_array_index = { "INVALID_ARRAY_INDEX", "22003",
                                                       "SparkArrayIndexOutOfBoundsException" };
const struct sql_condition sql_invalid_regex = { "INVALID_PARAMETER_VALUE.PATTERN", "22023",
                                                 RUNTIME };
