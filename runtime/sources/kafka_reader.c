/*
 * Reading a range of a Kafka partition: see kafka_reader.h.
 */
#include "sources/kafka_reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "sources/kafka_cluster.h"
#include "sources/kafka_errors.h"

enum {
    POLL_MESSAGES = 1024,             /* taken from librdkafka at once */
    BATCH_BYTES = 16 << 20,           /* a batch of rows ends when it has so many */
    ENOUGH_ROWS = ROWS_PER_BATCH / 4, /* rather a smaller batch than to wait */
    WAIT_SLICE_MS = 100,              /* how soon a stop is seen */
    ENDS_TIMEOUT_MS = 10000,
};

struct kafka_reader {
    struct row_reader base;
    const struct kafka_reading *reading;
    struct kafka_range range;
    struct kafka_place *place;
    struct kafka_rows rows;
    int64_t moved_ms; /* when something came last */
    int32_t header_capacity;
    struct kafka_header *headers; /* of the messages being added */
    rd_kafka_message_t *messages[POLL_MESSAGES];
    struct kafka_record records[POLL_MESSAGES];
};

static bool is_done(const struct kafka_reader *r)
{
    return r->place->next >= r->range.until;
}

/* --- records that are gone --- */

static bool fail_lost_range(const struct kafka_reader *r, struct sql_error *error)
{
    return kafka_fail_lost(error,
                           "Could not read records in offset [%" PRId64 ", %" PRId64
                           ") for topic partition %.*s-%" PRId32 "\nwith consumer group %s.",
                           r->place->next, r->range.until, BYTES_ARG(r->range.topic),
                           r->range.partition, r->reading->group);
}

/* The next offset is not there: an error, or on from where there are records again. */
static bool go_on_behind_gap(struct kafka_reader *r, struct sql_error *error)
{
    if (r->reading->settings->fail_on_data_loss) {
        return fail_lost_range(r, error);
    }
    int64_t first = 0;
    int64_t end = 0;
    int code = kafka_place_ends(r->place, &first, &end, ENDS_TIMEOUT_MS);
    if (code != 0) {
        return kafka_fail_code(error, code);
    }
    int64_t at = r->place->next;
    if (at >= end || first >= r->range.until) {
        r->place->next = r->range.until;
        r->place->low = r->range.until + 1; /* whoever reads on starts anew */
        return true;
    }
    return kafka_place_seek(r->place, at >= first ? at : first, error);
}

/* Nothing has come for too long. */
static bool fail_timeout(struct kafka_reader *r, struct sql_error *error)
{
    int64_t first = 0;
    int64_t end = 0;
    bool known = kafka_place_ends(r->place, &first, &end, ENDS_TIMEOUT_MS) == 0;
    if (known && (r->place->next < first || r->place->next >= end)) {
        r->moved_ms = clock_monotonic_ms();
        return go_on_behind_gap(r, error);
    }
    char trouble[300];
    return sql_fail(error, &kafka_timeout,
                    "Cannot fetch record for offset %" PRId64 " in %" PRId64 " milliseconds%s",
                    r->place->next, r->reading->settings->poll_timeout_ms,
                    kafka_pool_trouble(r->reading->pool, trouble, sizeof(trouble)));
}

/* --- messages --- */

/* What librdkafka says instead of a record. */
static bool on_event(struct kafka_reader *r,
                     const rd_kafka_message_t *message,
                     struct sql_error *error)
{
    switch ((int)message->err) { /* librdkafka's enum and the broker's codes in one */
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (message->offset > r->place->next) {
            r->place->next = message->offset;
        }
        return true;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: return go_on_behind_gap(r, error);
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__FATAL: return kafka_fail_code(error, (int)message->err);
    case RD_KAFKA_RESP_ERR__BAD_MSG:
        return sql_fail(error, &kafka_failure,
                        "Received exception when fetching the next record from %.*s-%" PRId32
                        ". If needed, please seek past the record to continue consumption. (%s)",
                        BYTES_ARG(r->range.topic), r->range.partition,
                        rd_kafka_message_errstr(message));
    default: return true; /* passing trouble: librdkafka goes on trying, and we wait */
    }
}

static int32_t time_type(rd_kafka_timestamp_type_t type)
{
    switch (type) {
    case RD_KAFKA_TIMESTAMP_CREATE_TIME: return KAFKA_CREATE_TIME;
    case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: return KAFKA_LOG_APPEND_TIME;
    case RD_KAFKA_TIMESTAMP_NOT_AVAILABLE: return KAFKA_NO_TIMESTAMP_TYPE;
    }
    return KAFKA_NO_TIMESTAMP_TYPE;
}

/* The headers of a message behind `used` others in r->headers; how many. */
static int32_t read_headers(struct kafka_reader *r, const rd_kafka_message_t *message, int32_t used)
{
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    int32_t count = (int32_t)rd_kafka_header_cnt(headers);
    if (used + count > r->header_capacity) {
        r->header_capacity = 2 * (used + count);
        r->headers = mem_resize(r->headers, (size_t)r->header_capacity, sizeof(*r->headers));
    }
    for (int32_t i = 0; i < count; i++) {
        const char *name = NULL;
        const void *value = NULL;
        size_t len = 0;
        rd_kafka_header_get_all(headers, (size_t)i, &name, &value, &len);
        r->headers[used + i] = (struct kafka_header){ bytes_of(name), { value, len } };
    }
    return count;
}

static void view(struct kafka_record *out, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    *out = (struct kafka_record){
        .key = { message->key, message->key_len },
        .value = { message->payload, message->len },
        .offset = message->offset,
        .timestamp_ms = ms,
        .timestamp_type = time_type(type),
    };
}

/* Adds messages [from, to): records in a row, within the range. */
static void add_records(struct kafka_reader *r, int32_t from, int32_t to)
{
    int32_t used = 0;
    for (int32_t i = from; i < to; i++) {
        struct kafka_record *record = &r->records[i - from];
        view(record, r->messages[i]);
        if (r->rows.headers) {
            record->header_count = read_headers(r, r->messages[i], used);
            used += record->header_count;
        }
    }
    used = 0;
    for (int32_t i = 0; r->rows.headers && i < to - from; i++) {
        r->records[i].headers = r->headers + used;
        used += r->records[i].header_count;
    }
    if (to > from) {
        kafka_rows_add(&r->rows, r->records, to - from);
        r->place->low = r->messages[to - 1]->offset + 1;
        r->place->next = r->place->low;
    }
}

static bool is_record(const struct kafka_reader *r, const rd_kafka_message_t *message)
{
    return message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset >= r->place->next &&
           message->offset < r->range.until;
}

/* Works through messages [0, count): all that belong to the range; what lies behind it is given back. */
static bool take_messages(struct kafka_reader *r, int32_t count, struct sql_error *error)
{
    int32_t at = 0;
    bool ok = true;
    while (ok && at < count) {
        int32_t end = at;
        while (end < count && is_record(r, r->messages[end])) {
            end++;
        }
        add_records(r, at, end);
        at = end;
        if (at == count) {
            break;
        }
        const rd_kafka_message_t *message = r->messages[at];
        if (message->err) {
            int32_t starts = r->place->starts;
            ok = on_event(r, message, error);
            if (r->place->starts != starts) { /* another position: what else came is of no use */
                at = count;
                break;
            }
        } else if (message->offset >= r->range.until) {
            r->place->next = message->offset;
            break;
        }
        at++;
    }
    kafka_place_unread(r->place, r->messages + at, count - at);
    for (int32_t i = 0; i < at; i++) {
        rd_kafka_message_destroy(r->messages[i]);
    }
    return ok;
}

/* --- rows --- */

/* More messages, if need be after waiting. *out_count 0: nothing has come, but there is enough to go on with. */
static bool fetch(struct kafka_reader *r, int32_t max, int32_t *out_count, struct sql_error *error)
{
    *out_count = kafka_place_poll(r->place, r->messages, max, 0);
    while (*out_count == 0 && r->rows.count < ENOUGH_ROWS) {
        if (kafka_cancelled(r->reading->cancelled)) {
            return sql_fail(error, &kafka_failure, "The query was stopped");
        }
        int64_t left = r->moved_ms + r->reading->settings->poll_timeout_ms - clock_monotonic_ms();
        if (left <= 0) {
            if (!fail_timeout(r, error)) {
                return false;
            }
            return true;
        }
        *out_count = kafka_place_poll(r->place, r->messages, max,
                                      left < WAIT_SLICE_MS ? (int)left : WAIT_SLICE_MS);
    }
    return true;
}

static bool fill(struct kafka_reader *r, struct sql_error *error)
{
    while (!is_done(r) && r->rows.count < ROWS_PER_BATCH && r->rows.bytes < BATCH_BYTES) {
        int32_t room = ROWS_PER_BATCH - r->rows.count;
        int32_t count = 0;
        if (!fetch(r, room < POLL_MESSAGES ? room : POLL_MESSAGES, &count, error)) {
            return false;
        }
        if (count == 0 && r->rows.count >= ENOUGH_ROWS) {
            return true;
        }
        int64_t before = r->place->next;
        if (!take_messages(r, count, error)) {
            return false;
        }
        if (r->place->next != before) {
            r->moved_ms = clock_monotonic_ms();
        }
    }
    return true;
}

static bool reader_next(struct row_reader *base, struct batch **out, struct sql_error *error)
{
    struct kafka_reader *r = (struct kafka_reader *)base;
    *out = NULL;
    r->moved_ms = clock_monotonic_ms();
    if (is_done(r)) {
        return true;
    }
    kafka_rows_begin(&r->rows, ROWS_PER_BATCH);
    if (!fill(r, error)) {
        return false;
    }
    if (r->rows.count > 0) {
        *out = kafka_rows_take(&r->rows);
    }
    return true;
}

static void reader_close(struct row_reader *base)
{
    struct kafka_reader *r = (struct kafka_reader *)base;
    kafka_pool_release(r->reading->pool, r->place);
    kafka_rows_finish(&r->rows);
    free(r->headers);
    free(r);
}

struct row_reader *kafka_reader_open(const struct kafka_reading *reading,
                                     const struct kafka_range *range,
                                     struct sql_error *error)
{
    struct kafka_place *place = kafka_pool_acquire(reading->pool, range, error);
    if (!place) {
        return NULL;
    }
    struct kafka_reader *r = MEM_NEW(struct kafka_reader);
    r->base = (struct row_reader){ .next = reader_next, .close = reader_close };
    r->reading = reading;
    r->range = *range;
    r->place = place;
    kafka_rows_init(&r->rows, &reading->projection, range->topic, range->partition);
    return &r->base;
}
