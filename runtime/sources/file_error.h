/*
 * The errors of file sources, in Spark's words. Internal to them.
 */
#pragma once

#include "columns/sql_error.h"
#include "columns/type.h"

extern const struct sql_condition file_illegal_argument;
extern const struct sql_condition file_runtime; /* java.io.IOException */
extern const struct sql_condition file_path_not_found;
extern const struct sql_condition file_path_missing;
extern const struct sql_condition file_schema_missing;
extern const struct sql_condition file_schema_unknown;
extern const struct sql_condition file_bad_type;
extern const struct sql_condition file_one_column;
extern const struct sql_condition file_column_twice;
extern const struct sql_condition file_partition_names;
extern const struct sql_condition file_partition_folders;
extern const struct sql_condition file_partition_value;
extern const struct sql_condition file_charset;
extern const struct sql_condition file_only_corrupt;
extern const struct sql_condition file_zone;

/* [FAILED_READ_FILE.NO_HINT] with what happened as its cause, which is finished. Returns false. */
bool file_fail_reading(struct sql_error *error, struct bytes path, struct sql_error *why);

/* The same of a failed call of the system. Reads errno. */
bool file_fail_system(struct sql_error *error, struct bytes path);

/* [UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] The CSV datasource doesn't support the column `a` of the type "...". Returns false. */
bool file_fail_type(struct sql_error *error, const char *label, const struct field *field);

/* Names twice in a schema? Case as the session has it. False: the error is set. */
bool file_check_names(const struct type *schema, bool case_sensitive, struct sql_error *error);

/* A field for corrupt records must be a string. False: the error is set. */
bool file_check_corrupt(const struct type *schema, struct bytes name, struct sql_error *error);
