/*
 * The text of offsets/N and commits/N, byte for byte as Spark 4.1 writes it.
 *
 *     v1                                                                        v1
 *     {"batchWatermarkMs":0,"batchTimestampMs":1502872590006,"conf":{...}}      {"nextBatchWatermarkMs":0}
 *     {"t":{"0":51}}              one line a source; "-": it has no offset
 *
 * No line end at the end. What is read may have been written by Spark, also an older one: fields that are not known are skipped.
 * Source: OffsetSeqLog, OffsetSeqMetadata, CommitLog. Pure; thread: any.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/log_error.h"

void batch_log_print_offsets(struct buffer *out, const struct batch_offsets *offsets);
void batch_log_print_commit(struct buffer *out, int64_t watermark_ms);

/* False: *fault says why. Texts live in the arena or in `text`. */
bool batch_log_parse_offsets(struct bytes text,
                             struct arena *arena,
                             struct batch_offsets *out,
                             struct log_fault *fault);
bool batch_log_parse_commit(struct bytes text,
                            struct arena *arena,
                            int64_t *out_watermark_ms,
                            struct log_fault *fault);
