/*
 * Where a Kafka source began: file 0 of its own folder in the checkpoint, written once.
 *
 *     \0 v1 \n {"topic":{"0":23,"1":0}}        the zero byte: for readers of long ago (SPARK-19517)
 *
 * Source: KafkaSourceInitialOffsetWriter. Thread: one at a time.
 */
#pragma once

#include "columns/sql_error.h"
#include "sources/kafka_offsets.h"

/* *out_found: is there one? False: the error is set. */
bool kafka_log_read(const char *folder,
                    bool sync,
                    struct arena *arena,
                    struct kafka_offsets *out,
                    bool *out_found,
                    struct sql_error *error);

bool kafka_log_write(const char *folder,
                     bool sync,
                     const struct kafka_offsets *offsets,
                     struct sql_error *error);
