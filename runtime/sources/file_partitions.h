/*
 * Columns whose values are the names of folders: in/year=2024/month=1/a.json has the columns year and month.
 *
 * Names are unescaped (%2F), __HIVE_DEFAULT_PARTITION__ is null, and types are found from all values: int, bigint, decimal, double, timestamp,
 * date, string. Types that the user gives count more.
 *
 * Source: PartitioningUtils of Spark 4.1. Thread: one at a time; immutable once made.
 */
#pragma once

#include "columns/scalar.h"
#include "sources/file_listing.h"

#define PARTITION_NULL "__HIVE_DEFAULT_PARTITION__"

struct partitions {
    int32_t count; /* of columns; 0: files are in no such folders */
    const struct field *fields;
    int32_t file_count; /* files of the listing, in its order */
    const struct bytes *const
        *values; /* of each file, a text a column; NULL: the file is in no such folder */
};

/* What is asked. `files` and `bases` are borrowed. */
struct partitions_query {
    const struct sql_settings *settings;
    const struct type *schema; /* the user's types, by name; NULL: none */
    bool infer_types;          /* spark.sql.sources.partitionColumnTypeInference.enabled */
    const struct bytes *bases;
    int32_t base_count;
    const struct found_file *files;
    int32_t file_count;
};

/* Everything lives in the arena. False: folders contradict each other; the error is set. */
bool partitions_find(const struct partitions_query *q,
                     struct arena *arena,
                     struct partitions *out,
                     struct sql_error *error);

/* A text as a value of the field's type. False: it is none, and the error is set. */
bool partition_value(const struct sql_settings *settings,
                     struct arena *arena,
                     const struct field *field,
                     struct bytes text,
                     struct scalar *out,
                     struct sql_error *error);
