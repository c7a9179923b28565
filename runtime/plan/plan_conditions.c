/*
 * Error conditions: see plan_conditions.h. From Spark 4.1's error-conditions.json; the classes are those that its code throws.
 */
#include "plan/plan_conditions.h"

#define ANALYSIS "AnalysisException"
#define EXTENDED "ExtendedAnalysisException"
#define ILLEGAL  "IllegalArgumentException"

const struct sql_condition plan_too_large = { "", "", ILLEGAL };
const struct sql_condition plan_assignment_arity = { "ASSIGNMENT_ARITY_MISMATCH", "42802",
                                                     ANALYSIS };
const struct sql_condition plan_no_such_column = { "_LEGACY_ERROR_TEMP_1201", "", ANALYSIS };
const struct sql_condition plan_column_exists = { "COLUMN_ALREADY_EXISTS", "42711", ANALYSIS };
const struct sql_condition plan_where_condition = { "INVALID_WHERE_CONDITION", "42903", EXTENDED };
const struct sql_condition plan_misplaced_generator = { "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                                                        "42K0E", ANALYSIS };
const struct sql_condition plan_alias_count = { "UDTF_ALIAS_NUMBER_MISMATCH", "42802", ANALYSIS };
const struct sql_condition plan_group_by_aggregate = { "GROUP_BY_AGGREGATE", "42903", ANALYSIS };
const struct sql_condition plan_group_by_position = { "GROUP_BY_POS_OUT_OF_RANGE", "42805",
                                                      ANALYSIS };
const struct sql_condition plan_order_by_position = { "ORDER_BY_POS_OUT_OF_RANGE", "42805",
                                                      ANALYSIS };
const struct sql_condition plan_group_by_position_aggregate = { "GROUP_BY_POS_AGGREGATE", "42903",
                                                                ANALYSIS };
const struct sql_condition plan_num_columns = { "NUM_COLUMNS_MISMATCH", "42826", EXTENDED };
const struct sql_condition plan_incompatible_column = { "INCOMPATIBLE_COLUMN_TYPE", "42825",
                                                        EXTENDED };
const struct sql_condition plan_negative_limit = { "INVALID_LIMIT_LIKE_EXPRESSION.IS_NEGATIVE",
                                                   "42K0E", EXTENDED };
const struct sql_condition plan_event_time_type = { "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE", "42K09",
                                                    EXTENDED };
const struct sql_condition plan_bad_interval = { "CANNOT_PARSE_INTERVAL", "22006", ANALYSIS };
const struct sql_condition plan_illegal_argument = { "", "", ILLEGAL };
const struct sql_condition plan_number_format = { "", "", "NumberFormatException" };

const struct sql_condition plan_unsupported = { "_LEGACY_ERROR_TEMP_3102", "", EXTENDED };
const struct sql_condition plan_output_mode = { "STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION",
                                                "42KDE", ANALYSIS };
const struct sql_condition plan_static_as_stream = { "WRITE_STREAM_NOT_ALLOWED", "42601",
                                                     ANALYSIS };
const struct sql_condition plan_watermark_again = { "", "", ANALYSIS };

const struct sql_condition plan_table_not_found = { "TABLE_OR_VIEW_NOT_FOUND", "42P01", EXTENDED };
const struct sql_condition plan_table_function = { "UNRESOLVABLE_TABLE_VALUED_FUNCTION", "42883",
                                                   ANALYSIS };
const struct sql_condition plan_namespace = { "REQUIRES_SINGLE_PART_NAMESPACE", "42K05", ANALYSIS };
const struct sql_condition plan_limit_type = { "INVALID_LIMIT_LIKE_EXPRESSION.DATA_TYPE", "42K0E",
                                               EXTENDED };
const struct sql_condition plan_limit_null = { "INVALID_LIMIT_LIKE_EXPRESSION.IS_NULL", "42K0E",
                                               EXTENDED };
const struct sql_condition plan_limit_foldable = { "INVALID_LIMIT_LIKE_EXPRESSION.IS_UNFOLDABLE",
                                                   "42K0E", EXTENDED };
