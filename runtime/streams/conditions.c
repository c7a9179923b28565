/*
 * The error conditions of streams: see conditions.h.
 */
#include "streams/conditions.h"

/* clang-format off */
const struct sql_condition stream_invalid_zone = { "INVALID_CONF_VALUE.TIME_ZONE", "22022", "SparkIllegalArgumentException" };
const struct sql_condition stream_conf_type = { "INVALID_CONF_VALUE.TYPE_MISMATCH", "22022", "SparkIllegalArgumentException" };
const struct sql_condition stream_conf_requirement = { "INVALID_CONF_VALUE.REQUIREMENT", "22022", "SparkIllegalArgumentException" };
const struct sql_condition stream_data_source_not_found = { "DATA_SOURCE_NOT_FOUND", "42K02", "SparkClassNotFoundException" };
const struct sql_condition stream_table_not_found = { "TABLE_OR_VIEW_NOT_FOUND", "42P01", "AnalysisException" };
const struct sql_condition stream_temp_view_exists = { "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "42P07", "AnalysisException" };
const struct sql_condition stream_illegal_argument = { "", "", "IllegalArgumentException" };
const struct sql_condition stream_illegal_state = { "", "", "IllegalStateException" };
const struct sql_condition stream_analysis = { "", "", "AnalysisException" };
const struct sql_condition stream_output_mode = { "STREAMING_OUTPUT_MODE.INVALID", "42KDE", "SparkIllegalArgumentException" };
const struct sql_condition stream_output_mode_source = { "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE", "42KDE", "AnalysisException" };
const struct sql_condition stream_not_streaming = { "WRITE_STREAM_NOT_ALLOWED", "42601", "AnalysisException" };
const struct sql_condition stream_failed = { "STREAM_FAILED", "XXKST", "StreamingQueryException" };
const struct sql_condition stream_user_function = { "FOREACH_BATCH_USER_FUNCTION_ERROR", "39000", "ForeachBatchUserFuncException" };
const struct sql_condition stream_single_trigger = { "ONLY_ALLOW_SINGLE_TRIGGER", "", "PySparkValueError" };
const struct sql_condition stream_cancelled = { "OPERATION_CANCELED", "HY008", "SparkException" };
const struct sql_condition stream_sources_changed = { "", "", "IllegalStateException" };
const struct sql_condition stream_no_checkpoint = { "_LEGACY_ERROR_TEMP_1298", "", "AnalysisException" };
const struct sql_condition stream_no_recovery = { "_LEGACY_ERROR_TEMP_1299", "", "AnalysisException" };
const struct sql_condition stream_interval_number = { "INVALID_INTERVAL_FORMAT.UNRECOGNIZED_NUMBER", "22006", "SparkIllegalArgumentException" };
const struct sql_condition stream_interval_unit = { "INVALID_INTERVAL_FORMAT.INVALID_UNIT", "22006", "SparkIllegalArgumentException" };
const struct sql_condition stream_interval_no_unit = { "INVALID_INTERVAL_FORMAT.MISSING_UNIT", "22006", "SparkIllegalArgumentException" };
const struct sql_condition stream_interval_value = { "INVALID_INTERVAL_FORMAT.INVALID_VALUE", "22006", "SparkIllegalArgumentException" };
const struct sql_condition stream_month_interval = { "_LEGACY_ERROR_TEMP_3262", "", "SparkIllegalArgumentException" };
const struct sql_condition stream_write_on_stream = { "CALL_ON_STREAMING_DATASET_UNSUPPORTED", "42KDE", "AnalysisException" };
const struct sql_condition stream_empty_max = { "", "", "UnsupportedOperationException" };
const struct sql_condition stream_io = { "", "", "IOException" };
/* clang-format on */
