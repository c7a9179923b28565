/*
 * What a topic's configuration means to its logs. The names are Kafka's, dots as underscores
 * (org.apache.kafka.storage.internals.log.LogConfig).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "protocol/compress.h"

struct log_config {
    int32_t segment_bytes;
    int32_t segment_index_bytes; /* of the offset index; the time index gets as many entries */
    int32_t index_interval_bytes;
    int32_t max_message_bytes;
    int64_t segment_ms;
    int64_t retention_ms;    /* -1: for ever */
    int64_t retention_bytes; /* -1: without bound */
    int64_t flush_messages;  /* fsync after so many records */
    int64_t flush_ms;
    int64_t delete_retention_ms; /* how long tombstones stay */
    int64_t min_compaction_lag_ms;
    double min_cleanable_dirty_ratio;
    int64_t cleaner_dedupe_bytes; /* for the keys that one cleaning takes up; the broker's */
    double cleaner_load_factor;   /* how much of that may be used */
    int64_t file_delete_delay_ms; /* between the rename to .deleted and the end */
    int64_t message_timestamp_before_max_ms;
    int64_t message_timestamp_after_max_ms;
    int64_t producer_id_expiration_ms;
    int64_t segment_jitter_ms;     /* a segment may begin so much earlier than segment_ms says */
    int64_t max_compaction_lag_ms; /* what is compacted is cleaned then at the latest */
    enum codec codec;              /* where `recompress` */
    int32_t codec_level;
    bool recompress;      /* compression.type is not "producer" */
    bool preallocate;     /* the disk's room for a segment is taken when it begins */
    bool compacted;       /* cleanup.policy has "compact" */
    bool deletes;         /* cleanup.policy has "delete" */
    bool log_append_time; /* message.timestamp.type */
};

/* Kafka's defaults. */
static inline struct log_config log_config_default(void)
{
    return (struct log_config){
        .segment_bytes = 1 << 30,
        .segment_index_bytes = 10 << 20,
        .index_interval_bytes = 4096,
        .max_message_bytes = 1048588,
        .segment_ms = 7LL * 24 * 3600 * 1000,
        .retention_ms = 7LL * 24 * 3600 * 1000,
        .retention_bytes = -1,
        .flush_messages = INT64_MAX,
        .flush_ms = INT64_MAX,
        .delete_retention_ms = 86400000,
        .max_compaction_lag_ms = INT64_MAX,
        .min_cleanable_dirty_ratio = 0.5,
        .cleaner_dedupe_bytes = 128 << 20,
        .cleaner_load_factor = 0.9,
        .file_delete_delay_ms = 60000,
        .message_timestamp_before_max_ms = INT64_MAX,
        .message_timestamp_after_max_ms = 3600000,
        .producer_id_expiration_ms = 86400000,
        .deletes = true,
    };
}
