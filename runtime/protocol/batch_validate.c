/*
 * The checks of a produced batch: see batch_validate.h.
 */
#include "protocol/batch_validate.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "protocol/compress.h"
#include "protocol/record.h"

enum { RECORD_ERRORS_SHOWN = 3, MESSAGE_MAX = 512 };

static enum kafka_error refuse(struct batch_verdict *v,
                               enum kafka_error error,
                               bool at_log,
                               struct bytes message)
{
    v->error = error;
    v->at_log = at_log;
    v->message = message;
    return error;
}

static const struct bytes no_message = { NULL, 0 };

/* --- the request: exactly one batch of magic 2 --- */

static enum kafka_error check_shape(struct bytes records,
                                    const struct batch_rules *rules,
                                    struct arena *arena,
                                    struct batch_verdict *v)
{
    struct bytes rest = records;
    struct bytes extra;
    enum batch_split split = batch_split(&rest, &v->batch);
    if (split == BATCH_SPLIT_BAD_MAGIC) {
        return refuse(v, KAFKA_CORRUPT_MESSAGE, false,
                      arena_printf(arena, "Invalid magic found in record: %d",
                                   (int8_t)rest.data[BATCH_AT_MAGIC]));
    }
    if (split == BATCH_SPLIT_BAD_SIZE) {
        return refuse(v, KAFKA_CORRUPT_MESSAGE, false, no_message);
    }
    if (split == BATCH_SPLIT_END || v->batch.data[BATCH_AT_MAGIC] != BATCH_MAGIC) {
        return refuse(v, KAFKA_INVALID_RECORD, false, no_message);
    }
    if (v->batch.len < BATCH_HEADER_SIZE) {
        return refuse(v, KAFKA_CORRUPT_MESSAGE, false, no_message);
    }
    batch_header_read(v->batch.data, &v->header);
    if ((v->header.attributes & BATCH_CODEC_MASK) == CODEC_ZSTD && !rules->zstd_allowed) {
        return refuse(v, KAFKA_UNSUPPORTED_COMPRESSION_TYPE, false, no_message);
    }
    split = batch_split(&rest, &extra);
    if (split == BATCH_SPLIT_FOUND) {
        return refuse(v, KAFKA_INVALID_RECORD, false, no_message);
    }
    if (split == BATCH_SPLIT_BAD_SIZE || split == BATCH_SPLIT_BAD_MAGIC) {
        return refuse(v, KAFKA_CORRUPT_MESSAGE, false, no_message);
    }
    return KAFKA_NONE;
}

/* --- the log: header fields --- */

static enum kafka_error check_header(const struct batch_rules *rules, struct batch_verdict *v)
{
    const struct batch_header *h = &v->header;
    bool client = rules->origin == BATCH_ORIGIN_CLIENT;
    if (client && h->base_offset != 0) {
        return refuse(v, KAFKA_INVALID_RECORD, true, no_message);
    }
    bool marker =
        !client && (h->attributes & BATCH_CONTROL); /* must get in, however small the limit */
    if (!marker && (int64_t)v->batch.len > rules->max_message_bytes) {
        return refuse(v, KAFKA_MESSAGE_TOO_LARGE, false, no_message);
    }
    if (h->crc != batch_crc(v->batch)) {
        return refuse(v, KAFKA_CORRUPT_MESSAGE, false, no_message);
    }
    if (!client) {
        return KAFKA_NONE;
    }
    bool counts_agree = h->record_count > 0 && h->record_count <= LIMIT_BATCH_RECORDS &&
                        h->last_offset_delta == h->record_count - 1;
    bool sequence_missing = h->producer_id >= 0 && h->base_sequence < 0;
    if (!counts_agree || (h->attributes & BATCH_CONTROL) || sequence_missing) {
        return refuse(v, KAFKA_INVALID_RECORD, true, no_message);
    }
    return KAFKA_NONE;
}

/* --- the log: every record --- */

/* The running state of one pass over the records. */
struct record_check {
    const struct batch_rules *rules;
    struct arena *arena;
    struct batch_verdict *verdict;
    bool compressed;
    int32_t index;
    int32_t error_count; /* of the kind that the verdict has */
    int64_t max_timestamp;
};

static void add_record_error(struct record_check *c, enum kafka_error error, struct bytes message)
{
    struct batch_verdict *v = c->verdict;
    if (!v->record_errors) {
        v->record_errors = ARENA_NEW(c->arena, struct batch_record_error, RECORD_ERRORS_MAX);
        v->error = error;
    }
    if (error != v->error) {
        return; /* an answer has one error, so it lists one kind */
    }
    if (c->error_count++ < RECORD_ERRORS_MAX) {
        v->record_errors[v->record_error_count++] =
            (struct batch_record_error){ c->index, arena_copy(c->arena, message) };
    }
}

/* How far apart two times are; saturated, because both come from clients. */
static int64_t minus_saturated(int64_t a, int64_t b)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference)) {
        return a < b ? INT64_MIN : INT64_MAX;
    }
    return difference;
}

/* What is wrong with one record; KAFKA_NONE, or an error and its text in `out` (capacity MESSAGE_MAX). */
static enum kafka_error judge_record(const struct record_check *c,
                                     const struct record *r,
                                     char *out)
{
    const struct batch_rules *rules = c->rules;
    if (rules->compacted && !r->key.data) {
        (void)snprintf(out, MESSAGE_MAX,
                       "Compacted topic cannot accept message without key in topic partition %.*s",
                       BYTES_ARG(rules->partition_name));
        return KAFKA_INVALID_RECORD;
    }
    int64_t age = minus_saturated(rules->now_ms, r->timestamp);
    int64_t ahead = minus_saturated(r->timestamp, rules->now_ms);
    bool timed = !rules->log_append_time && r->timestamp != NO_TIMESTAMP;
    if (timed && (age > rules->timestamp_before_max_ms || ahead > rules->timestamp_after_max_ms)) {
        uint64_t now = (uint64_t)rules->now_ms;
        (void)snprintf(out, MESSAGE_MAX,
                       "Timestamp %" PRId64 " of message with offset %d is out of range. The "
                       "timestamp should be within [%" PRId64 ", %" PRId64 "]",
                       r->timestamp, c->index,
                       (int64_t)(now - (uint64_t)rules->timestamp_before_max_ms),
                       (int64_t)(now + (uint64_t)rules->timestamp_after_max_ms));
        return KAFKA_INVALID_TIMESTAMP;
    }
    if (c->compressed && r->offset_delta != c->index) {
        (void)snprintf(out, MESSAGE_MAX,
                       "Inner record %d inside the compressed record set does not have incremental "
                       "offsets, expected offset is %d in topic partition %.*s.",
                       r->offset_delta, c->index, BYTES_ARG(rules->partition_name));
        return KAFKA_INVALID_RECORD;
    }
    return KAFKA_NONE;
}

static void check_record(struct record_check *c, const struct record *r)
{
    char message[MESSAGE_MAX];
    enum kafka_error error = judge_record(c, r, message);
    if (error != KAFKA_NONE) {
        add_record_error(c, error, bytes_of(message));
    }
    if (c->index == 0 || r->timestamp > c->max_timestamp) {
        c->max_timestamp = r->timestamp;
    }
    c->index++;
}

/* The error message of a batch whose records have errors, worded as Kafka's. */
static struct bytes record_errors_message(const struct record_check *c)
{
    const struct batch_verdict *v = c->verdict;
    if (v->error == KAFKA_INVALID_TIMESTAMP) {
        return bytes_of("One or more records have been rejected due to invalid timestamp");
    }
    struct buffer text;
    buffer_init(&text, (size_t)MESSAGE_MAX * (RECORD_ERRORS_SHOWN + 1));
    buffer_printf(&text,
                  "One or more records have been rejected due to %d record errors in total, and "
                  "only showing the first three errors at most: [",
                  c->error_count);
    for (int32_t i = 0; i < v->record_error_count && i < RECORD_ERRORS_SHOWN; i++) {
        buffer_printf(&text, "%sRecordError(batchIndex=%d, message='%.*s')", i > 0 ? ", " : "",
                      v->record_errors[i].batch_index, BYTES_ARG(v->record_errors[i].message));
    }
    buffer_append_text(&text, "]");
    struct bytes copy = arena_copy(c->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return copy;
}

static enum kafka_error check_records(const struct batch_rules *rules,
                                      struct arena *arena,
                                      struct batch_verdict *v,
                                      int64_t *out_max_timestamp)
{
    struct record_check check = {
        .rules = rules,
        .arena = arena,
        .verdict = v,
        .compressed = (v->header.attributes & BATCH_CODEC_MASK) != CODEC_NONE,
    };
    struct record_reader reader;
    struct record record;
    int found = 0;
    enum weir_status rc = record_reader_init(&reader, v->batch, NULL);
    /* What the records say about their time counts, not what the batch claims. */
    reader.header.attributes &= (int16_t)~BATCH_LOG_APPEND_TIME;
    while (rc == WEIR_OK && (found = record_next(&reader, &record, NULL)) > 0) {
        check_record(&check, &record);
    }
    record_reader_finish(&reader);
    if (rc < 0) {
        return refuse(v, KAFKA_UNKNOWN_SERVER_ERROR, true, no_message);
    }
    if (found < 0) {
        v->record_error_count = 0;
        return refuse(v, KAFKA_INVALID_RECORD, true, no_message);
    }
    if (v->record_error_count > 0) {
        return refuse(v, v->error, true, record_errors_message(&check));
    }
    *out_max_timestamp = check.max_timestamp;
    return KAFKA_NONE;
}

/* --- what is stored --- */

static void settle_header(const struct batch_rules *rules,
                          int64_t max_timestamp,
                          struct batch_verdict *v)
{
    struct batch_header *h = &v->header;
    int bit = rules->log_append_time ? BATCH_LOG_APPEND_TIME : 0;
    int16_t attributes = (int16_t)((h->attributes & ~BATCH_LOG_APPEND_TIME) | bit);
    if (rules->log_append_time) {
        max_timestamp = rules->now_ms;
    }
    if (attributes == h->attributes && max_timestamp == h->max_timestamp) {
        return;
    }
    uint8_t header[BATCH_HEADER_SIZE];
    struct bytes records = { v->batch.data + BATCH_HEADER_SIZE, v->batch.len - BATCH_HEADER_SIZE };
    h->attributes = attributes;
    h->max_timestamp = max_timestamp;
    batch_header_write(h, header);
    h->crc = batch_crc_parts(header, records);
    v->header_changed = true;
}

enum kafka_error batch_validate(struct bytes records,
                                const struct batch_rules *rules,
                                struct arena *arena,
                                struct batch_verdict *out_verdict)
{
    struct batch_verdict *v = out_verdict;
    int64_t max_timestamp = NO_TIMESTAMP;
    *v = (struct batch_verdict){ .error = KAFKA_NONE };
    enum kafka_error error = check_shape(records, rules, arena, v);
    if (error == KAFKA_NONE) {
        error = check_header(rules, v);
    }
    if (error == KAFKA_NONE) {
        error = check_records(rules, arena, v, &max_timestamp);
    }
    if (error == KAFKA_NONE && rules->origin != BATCH_ORIGIN_REPLICATION) {
        settle_header(rules, max_timestamp, v);
    }
    return error;
}
