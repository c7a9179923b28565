/*
 * The error conditions of sessions, frames and queries, by Spark's names. Texts are where they are raised.
 */
#pragma once

#include "columns/sql_error.h"

extern const struct sql_condition stream_invalid_zone;
extern const struct sql_condition stream_conf_type;
extern const struct sql_condition stream_conf_requirement;
extern const struct sql_condition stream_data_source_not_found;
extern const struct sql_condition stream_table_not_found;
extern const struct sql_condition stream_temp_view_exists;
extern const struct sql_condition
    stream_illegal_argument; /* Java's IllegalArgumentException, text alone */
extern const struct sql_condition
    stream_illegal_state;                          /* Java's IllegalStateException, text alone */
extern const struct sql_condition stream_analysis; /* an AnalysisException without a name */
extern const struct sql_condition stream_output_mode;
extern const struct sql_condition stream_output_mode_source;
extern const struct sql_condition stream_not_streaming;
extern const struct sql_condition stream_failed;
extern const struct sql_condition stream_user_function;
extern const struct sql_condition stream_single_trigger;
extern const struct sql_condition stream_cancelled;
extern const struct sql_condition stream_sources_changed;
extern const struct sql_condition stream_no_checkpoint;
extern const struct sql_condition stream_no_recovery;
extern const struct sql_condition stream_interval_number;
extern const struct sql_condition stream_interval_unit;
extern const struct sql_condition stream_interval_no_unit;
extern const struct sql_condition stream_interval_value;
extern const struct sql_condition stream_month_interval;
extern const struct sql_condition stream_write_on_stream;
extern const struct sql_condition stream_empty_max; /* what Scala's max of nothing says */
extern const struct sql_condition stream_io;
