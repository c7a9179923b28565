/*
 * The error conditions that plans know, by Spark's names. Texts are where they are raised.
 */
#pragma once

#include "columns/sql_error.h"

/* analysis */
extern const struct sql_condition plan_too_large;
extern const struct sql_condition plan_assignment_arity;
extern const struct sql_condition plan_no_such_column; /* dropDuplicates */
extern const struct sql_condition plan_column_exists;
extern const struct sql_condition plan_where_condition;
extern const struct sql_condition plan_misplaced_generator;
extern const struct sql_condition plan_alias_count;
extern const struct sql_condition plan_group_by_aggregate;
extern const struct sql_condition plan_group_by_position;
extern const struct sql_condition plan_order_by_position;
extern const struct sql_condition plan_group_by_position_aggregate;
extern const struct sql_condition plan_num_columns;
extern const struct sql_condition plan_incompatible_column;
extern const struct sql_condition plan_negative_limit;
extern const struct sql_condition plan_event_time_type;
extern const struct sql_condition plan_bad_interval;
extern const struct sql_condition plan_illegal_argument;
extern const struct sql_condition plan_number_format;

/* checks */
extern const struct sql_condition plan_unsupported; /* _LEGACY_ERROR_TEMP_3102 */
extern const struct sql_condition
    plan_output_mode; /* STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION */
extern const struct sql_condition plan_static_as_stream; /* WRITE_STREAM_NOT_ALLOWED */
extern const struct sql_condition plan_watermark_again;

/* statements */
extern const struct sql_condition plan_table_not_found;
extern const struct sql_condition plan_table_function;
extern const struct sql_condition plan_namespace;
extern const struct sql_condition plan_limit_type;
extern const struct sql_condition plan_limit_null;
extern const struct sql_condition plan_limit_foldable;
