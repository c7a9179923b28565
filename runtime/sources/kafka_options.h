/*
 * The options of a Kafka source: read, checked, and refused in Spark's words.
 *
 * Spark looks at them in two steps, and so does this: some faults are found when a frame is made (kafka_options_check), the others
 * when the query starts (kafka_options_read).
 *
 * One option is ours: "weir.kafka.reader", "librdkafka" for connections by that library also where they are plain (they are our own
 * otherwise: "direct").
 *
 * Source: org.apache.spark.sql.kafka010.KafkaSourceProvider. Ownership: results live in the arena given. Pure. Thread: any.
 */
#pragma once

#include <stdatomic.h>

#include "base/buffer.h"
#include "plan/options.h"
#include "sources/kafka_offsets.h"
#include "sources/kafka_split.h"

/* Has the query been told to stop? NULL: it never is. Thread: any. */
static inline bool kafka_cancelled(const atomic_bool *cancelled)
{
    return cancelled && atomic_load_explicit(cancelled, memory_order_relaxed);
}

enum kafka_strategy {
    KAFKA_ASSIGN,
    KAFKA_SUBSCRIBE,
    KAFKA_SUBSCRIBE_PATTERN,
};

enum kafka_bound_kind {
    KAFKA_BOUND_EARLIEST,
    KAFKA_BOUND_LATEST,
    KAFKA_BOUND_OFFSETS,    /* of each partition */
    KAFKA_BOUND_TIMESTAMPS, /* of each partition, in ms */
    KAFKA_BOUND_TIMESTAMP,  /* of all */
};

/* Where to begin, or to end. */
struct kafka_bound {
    enum kafka_bound_kind kind;
    struct kafka_offsets offsets; /* OFFSETS, TIMESTAMPS; sorted */
    int64_t timestamp_ms;
    bool latest_if_none; /* a time that no record has reached: the end; otherwise it is an error */
};

struct kafka_settings {
    enum kafka_strategy strategy;
    int32_t topic_count; /* SUBSCRIBE: as they were given */
    struct bytes *topics;
    struct kafka_offsets assigned; /* ASSIGN: as they were given */
    struct bytes pattern;          /* SUBSCRIBE_PATTERN */
    struct kafka_bound start;
    struct kafka_bound end; /* of a batch */
    bool fail_on_data_loss;
    bool include_headers;
    bool librdkafka;      /* weir.kafka.reader */
    bool has_offsets_max; /* maxOffsetsPerTrigger */
    bool has_offsets_min;
    int64_t offsets_max;
    int64_t offsets_min;
    int64_t trigger_delay_max_ms;
    struct kafka_split split;
    int64_t fetch_attempts; /* fetchOffset.numRetries */
    int64_t fetch_interval_ms;
    int64_t poll_timeout_ms;
    struct bytes group_prefix; /* null: not given */
    struct bytes group_id;     /* kafka.group.id; null: not given */
    struct bytes servers;
    struct options kafka; /* those that begin with "kafka.", without that, in lower case */
};

bool kafka_options_check(const struct options *options, bool streaming, struct sql_error *error);

/* Of options that kafka_options_check() took. */
bool kafka_options_read(struct arena *arena,
                        const struct options *options,
                        bool streaming,
                        struct kafka_settings *out,
                        struct sql_error *error);

/* "Subscribe[a, b]", "SubscribePattern[t.*]", "Assign[a-0, a-1]". */
void kafka_settings_describe(const struct kafka_settings *settings, struct buffer *out);
