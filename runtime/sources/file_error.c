/*
 * Errors of file sources: see file_error.h.
 */
#include "sources/file_error.h"

#include <errno.h>

#include "base/error.h"
#include "checkpoint/file_entry.h"
#include "expressions/json_conditions.h"

#define ANALYSIS "AnalysisException"

const struct sql_condition file_illegal_argument = { "", "", "IllegalArgumentException" };
const struct sql_condition file_runtime = { "", "", "IOException" };
const struct sql_condition file_path_not_found = { "PATH_NOT_FOUND", "42K03", ANALYSIS };
const struct sql_condition file_path_missing = { "_LEGACY_ERROR_TEMP_2047", "",
                                                 "SparkIllegalArgumentException" };
const struct sql_condition file_schema_missing = { "_LEGACY_ERROR_TEMP_2048", "",
                                                   "SparkIllegalArgumentException" };
const struct sql_condition file_schema_unknown = { "UNABLE_TO_INFER_SCHEMA", "42KD9", ANALYSIS };
const struct sql_condition file_bad_type = { "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000",
                                             ANALYSIS };
const struct sql_condition file_one_column = { "_LEGACY_ERROR_TEMP_1290", "", ANALYSIS };
const struct sql_condition file_column_twice = { "COLUMN_ALREADY_EXISTS", "42711", ANALYSIS };
const struct sql_condition file_partition_names = { "CONFLICTING_PARTITION_COLUMN_NAMES", "KD009",
                                                    "SparkRuntimeException" };
const struct sql_condition file_partition_folders = { "CONFLICTING_DIRECTORY_STRUCTURES", "KD009",
                                                      "SparkRuntimeException" };
const struct sql_condition file_partition_value = { "INVALID_PARTITION_VALUE", "42846",
                                                    "SparkRuntimeException" };
const struct sql_condition file_charset = { "INVALID_PARAMETER_VALUE.CHARSET", "22023",
                                            "SparkIllegalArgumentException" };
const struct sql_condition file_only_corrupt = {
    "UNSUPPORTED_FEATURE.QUERY_ONLY_CORRUPT_RECORD_COLUMN", "0A000", ANALYSIS
};
const struct sql_condition file_zone = { "INVALID_TIMEZONE", "22009", "SparkDateTimeException" };

static const struct sql_condition failed_read = { "FAILED_READ_FILE.NO_HINT", "KD001",
                                                  "SparkException" };

bool file_fail_reading(struct sql_error *error, struct bytes path, struct sql_error *why)
{
    struct buffer uri;
    buffer_init(&uri, SQL_ERROR_MAX);
    file_uri_print(&uri, path);
    if (!sql_failed(error)) {
        (void)sql_fail(error, &failed_read, "Encountered error while reading file %.*s. ",
                       BYTES_ARG(buffer_bytes(&uri)));
        sql_error_set_cause(error, why);
    }
    buffer_finish(&uri);
    sql_error_finish(why);
    return false;
}

bool file_fail_system(struct sql_error *error, struct bytes path)
{
    struct weir_error said;
    (void)weir_fail_errno(&said, "%.*s", BYTES_ARG(path));
    struct sql_error why = { 0 };
    (void)sql_fail(&why, &file_runtime, "%s", said.message);
    return file_fail_reading(error, path, &why);
}

bool file_fail_type(struct sql_error *error, const char *label, const struct field *field)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, field->type);
    (void)sql_fail(error, &file_bad_type,
                   "The %s datasource doesn't support the column `%.*s` of the type \"%.*s\".",
                   label, BYTES_ARG(field->name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

bool file_check_names(const struct type *schema, bool case_sensitive, struct sql_error *error)
{
    for (int32_t i = 1; i < schema->field_count; i++) {
        struct type before = *schema;
        before.field_count = i;
        struct bytes name = schema->fields[i].name;
        int32_t same = type_field_index(&before, name, case_sensitive);
        if (same >= 0) {
            struct buffer lower;
            buffer_init(&lower, SQL_ERROR_MAX);
            for (size_t k = 0; k < name.len; k++) {
                bool upper = !case_sensitive && name.data[k] >= 'A' && name.data[k] <= 'Z';
                uint8_t c = (uint8_t)(name.data[k] + (upper ? 'a' - 'A' : 0));
                buffer_append(&lower, &c, 1);
            }
            (void)sql_fail(error, &file_column_twice,
                           "The column `%.*s` already exists. Choose another name or rename the "
                           "existing column.",
                           BYTES_ARG(buffer_bytes(&lower)));
            buffer_finish(&lower);
            return false;
        }
    }
    return true;
}

bool file_check_corrupt(const struct type *schema, struct bytes name, struct sql_error *error)
{
    int32_t i = type_field_index(schema, name, true);
    if (i < 0 || schema->fields[i].type->kind == TYPE_STRING) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, schema->fields[i].type);
    (void)sql_fail(error, &sql_json_corrupt_type,
                   "The column `%.*s` for corrupt records must have the nullable STRING type, but "
                   "got \"%.*s\".",
                   BYTES_ARG(name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}
