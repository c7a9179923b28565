/*
 * What a broker checks before a batch may enter a log, and the header it is stored with
 * (ProduceRequest.validateRecords, UnifiedLog.analyzeAndValidateRecords, LogValidator).
 *
 * The order of the checks decides which error a client sees; it is Kafka's. Two things are not errors, again as in
 * Kafka: bytes after the batch that are too few to be another one are dropped, and a max_timestamp or a LogAppendTime
 * bit that does not fit is corrected.
 *
 * Pure: time comes as an argument. Thread: any; no lock is needed, so it runs before the log's lock is taken.
 */
#pragma once

#include "base/arena.h"
#include "protocol/batch.h"
#include "protocol/kafka_error.h"

enum batch_origin {
    BATCH_ORIGIN_CLIENT,
    BATCH_ORIGIN_COORDINATOR, /* our own records: may be control batches */
    BATCH_ORIGIN_REPLICATION, /* offsets and epoch come with the batch */
};

/* The topic's and the request's side of the checks. */
struct batch_rules {
    enum batch_origin origin;
    bool compacted;                  /* cleanup.policy has "compact": every record needs a key */
    bool log_append_time;            /* message.timestamp.type */
    bool zstd_allowed;               /* Produce 7 and later */
    int32_t max_message_bytes;       /* max.message.bytes, of the batch as it comes */
    int64_t timestamp_before_max_ms; /* message.timestamp.before.max.ms */
    int64_t timestamp_after_max_ms;
    int64_t now_ms;              /* real time */
    struct bytes partition_name; /* "topic-0", for messages */
};

struct batch_record_error {
    int32_t batch_index; /* of the record in the batch */
    struct bytes message;
};

/* Kafka lists every bad record; a batch of millions would make that gigabytes of text. */
enum { RECORD_ERRORS_MAX = 1000 };

struct batch_verdict {
    enum kafka_error error;
    bool
        at_log; /* the log refused it, so the answer carries the log start offset (a quirk of Kafka's) */
    bool header_changed;        /* attributes or max_timestamp were corrected: the CRC is new too */
    struct batch_header header; /* as it is to be stored, without base offset and leader epoch */
    struct bytes batch;         /* the one batch, without what followed it */
    struct bytes message;       /* null: the error's own text says it */
    struct batch_record_error *record_errors; /* in the arena; at most RECORD_ERRORS_MAX */
    int32_t record_error_count;
};

/* `records` is the partition's field of a Produce request, null included. Messages go to `arena`. */
enum kafka_error batch_validate(struct bytes records,
                                const struct batch_rules *rules,
                                struct arena *arena,
                                struct batch_verdict *out_verdict);
