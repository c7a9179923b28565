/*
 * Scans of files: which parts of which files make a partition, and their rows.
 *
 *     files, the largest first     [64 MB][60 MB][1 MB][1 MB]
 *     parts of up to a limit       |a a a a|b b b b|c|d|          packed one after the other: partition 0, 1, 2, ...
 *
 * The limit is spark.sql.files.maxPartitionBytes, or less when there are threads enough to read smaller parts. So the rows of a small
 * batch come in one partition, in the order of its files' sizes, as in Spark.
 *
 * Source: FilePartition, FileScanRDD of Spark 4.1. Thread: as plan/rows.h says.
 */
#pragma once

#include "sources/file_format.h"
#include "sources/file_partitions.h"

/* Everything is copied. */
struct file_scan_query {
    const struct file_request *request;
    const struct type *schema; /* of all rows: what files have, and what folders say */
    const int32_t *columns;    /* of it, that are wanted */
    int32_t column_count;
    const struct found_file *files; /* in the order of their paths */
    int32_t file_count;
    const struct bytes *bases;
    int32_t base_count;
    bool flat; /* folders say nothing (recursiveFileLookup) */
};

/* NULL: the error is set. */
struct scan *file_scan_new(const struct file_scan_query *q, struct sql_error *error);

/* A copy of a request, in the arena. */
struct file_request *file_request_copy(struct arena *arena, const struct file_request *r);
