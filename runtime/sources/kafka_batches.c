/*
 * Records out of what a Fetch brought: see kafka_batches.h.
 */
#include "sources/kafka_batches.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"

enum { RECORDS = 256 /* added to the rows at once */, HEADERS_MAX = 1 << 20 };

void kafka_batches_init(struct kafka_batches *b, bool committed, bool check_crcs)
{
    *b = (struct kafka_batches){ .committed = committed, .check_crcs = check_crcs };
}

static void close_batch(struct kafka_batches *b)
{
    if (b->open) {
        record_reader_finish(&b->reader);
        b->open = false;
    }
    b->has_pending = false;
}

void kafka_batches_clear(struct kafka_batches *b)
{
    close_batch(b);
    b->rest = (struct bytes){ 0 };
    b->aborted_count = 0;
    b->aborted_at = 0;
    b->producer_count = 0;
}

void kafka_batches_finish(struct kafka_batches *b)
{
    kafka_batches_clear(b);
    free(b->producers);
    free(b->headers);
}

static int by_offset(const void *left, const void *right)
{
    const struct fetch_response_aborted_transaction *a = left;
    const struct fetch_response_aborted_transaction *b = right;
    return (a->first_offset > b->first_offset) - (a->first_offset < b->first_offset);
}

void kafka_batches_start(struct kafka_batches *b, struct fetch_response_partition *response)
{
    kafka_batches_clear(b);
    b->rest = response->records.data;
    if (b->committed && response->aborted_transactions_count > 0) {
        b->aborted = response->aborted_transactions;
        b->aborted_count = response->aborted_transactions_count;
        qsort(b->aborted, (size_t)b->aborted_count, sizeof(*b->aborted), by_offset);
    }
}

/* The offset behind a batch; false: there can be none. */
static bool end_of(const struct batch_header *h, int64_t *out)
{
    return h->base_offset >= 0 && h->last_offset_delta >= 0 &&
           !__builtin_add_overflow(h->base_offset, (int64_t)h->last_offset_delta + 1, out);
}

bool kafka_batches_any(struct bytes records)
{
    struct bytes batch;
    return batch_split(&records, &batch) != BATCH_SPLIT_END;
}

int64_t kafka_batches_end(struct bytes records)
{
    int64_t end = -1;
    struct bytes batch;
    while (batch_split(&records, &batch) == BATCH_SPLIT_FOUND) {
        if (batch_is_v2(batch)) {
            struct batch_header header;
            batch_header_read(batch.data, &header);
            int64_t behind = 0;
            if (!end_of(&header, &behind)) {
                break;
            }
            end = behind;
        }
    }
    return end;
}

/* --- transactions --- */

static int32_t find_producer(const struct kafka_batches *b, int64_t id)
{
    for (int32_t i = 0; i < b->producer_count; i++) {
        if (b->producers[i] == id) {
            return i;
        }
    }
    return -1;
}

/* Aborted transactions that have begun by `offset`. */
static void begin_aborted(struct kafka_batches *b, int64_t offset)
{
    while (b->aborted_at < b->aborted_count && b->aborted[b->aborted_at].first_offset <= offset) {
        int64_t id = b->aborted[b->aborted_at++].producer_id;
        if (find_producer(b, id) >= 0) {
            continue;
        }
        if (b->producer_count == b->producer_capacity) {
            b->producer_capacity = b->producer_capacity ? b->producer_capacity * 2 : 8;
            b->producers =
                mem_resize(b->producers, (size_t)b->producer_capacity, sizeof(*b->producers));
        }
        b->producers[b->producer_count++] = id;
    }
}

/* A mark's key: version int16, type int16: 0 abort, 1 commit. */
static bool is_abort(struct bytes batch)
{
    struct record_reader reader;
    struct record mark;
    struct weir_error ignored;
    bool abort = false;
    if (record_reader_init(&reader, batch, &ignored) == WEIR_OK &&
        record_next(&reader, &mark, &ignored) == 1) {
        abort = mark.key.len >= 4 && mark.key.data[2] == 0 && mark.key.data[3] == 0;
    }
    record_reader_finish(&reader);
    return abort;
}

/* Is all of this batch to be left out? */
static bool is_skipped(struct kafka_batches *b, struct bytes batch, const struct batch_header *h)
{
    if (b->committed) {
        begin_aborted(b, batch_last_offset(h));
    }
    int32_t aborted = find_producer(b, h->producer_id);
    if (h->attributes & BATCH_CONTROL) {
        if (aborted >= 0 && is_abort(batch)) {
            b->producers[aborted] = b->producers[--b->producer_count];
        }
        return true;
    }
    return (h->attributes & BATCH_TRANSACTIONAL) && aborted >= 0;
}

/* --- batches --- */

/* Goes on to the next batch that has records for us; *next goes on over those that have none. False at the end, or with `err`. */
static bool open_batch(struct kafka_batches *b, int64_t *next, struct weir_error *err)
{
    for (;;) {
        struct bytes batch;
        switch (batch_split(&b->rest, &batch)) {
        case BATCH_SPLIT_FOUND: break;
        case BATCH_SPLIT_END: b->rest = (struct bytes){ 0 }; return false;
        case BATCH_SPLIT_BAD_SIZE:
            (void)weir_fail(err, WEIR_ECORRUPT, "a record batch has a length that none can have");
            return false;
        case BATCH_SPLIT_BAD_MAGIC:
            (void)weir_fail(err, WEIR_ECORRUPT, "a record batch of an unknown version");
            return false;
        }
        if (!batch_is_v2(batch)) {
            (void)weir_fail(err, WEIR_EINVAL, "record batches of before Kafka 0.11 cannot be read");
            return false;
        }
        if (b->check_crcs && !batch_intact(batch)) {
            (void)weir_fail(err, WEIR_ECORRUPT, "Record batch is corrupt: its checksum differs");
            return false;
        }
        struct batch_header header;
        batch_header_read(batch.data, &header);
        int64_t end = 0;
        if (!end_of(&header, &end)) {
            (void)weir_fail(err, WEIR_ECORRUPT, "a record batch with offsets that cannot be");
            return false;
        }
        bool skipped = is_skipped(b, batch, &header);
        if (!skipped && end > *next) {
            b->open = true;
            return record_reader_init(&b->reader, batch, err) == WEIR_OK;
        }
        *next = end > *next ? end : *next;
    }
}

/* --- records --- */

/* The headers of a record behind `used` others; how many; -1: they are none. */
static int32_t read_headers(struct kafka_batches *b, const struct record *record, int32_t used)
{
    int32_t count = record->header_count;
    if (count > HEADERS_MAX - used) {
        return -1;
    }
    if (used + count > b->header_capacity) {
        b->header_capacity = 2 * (used + count);
        b->headers = mem_resize(b->headers, (size_t)b->header_capacity, sizeof(*b->headers));
    }
    struct reader rest;
    struct record_header header;
    reader_init(&rest, record->headers);
    for (int32_t i = 0; i < count; i++) {
        if (!record_next_header(&rest, &header)) {
            return -1;
        }
        b->headers[used + i] = (struct kafka_header){ header.key, header.value };
    }
    return count;
}

struct chunk {
    int32_t count;
    int32_t headers;
    struct kafka_record records[RECORDS];
};

static bool add_record(struct kafka_batches *b,
                       struct chunk *chunk,
                       const struct record *record,
                       bool with_headers)
{
    bool appended = b->reader.header.attributes & BATCH_LOG_APPEND_TIME;
    struct kafka_record *out = &chunk->records[chunk->count++];
    *out = (struct kafka_record){
        .key = record->key,
        .value = record->value,
        .offset = record->offset,
        .timestamp_ms = record->timestamp,
        .timestamp_type = appended ? KAFKA_LOG_APPEND_TIME : KAFKA_CREATE_TIME,
    };
    if (with_headers && record->header_count > 0) {
        int32_t count = read_headers(b, record, chunk->headers);
        out->header_count = count > 0 ? count : 0;
        chunk->headers += out->header_count;
        return count >= 0;
    }
    return true;
}

static void flush(struct kafka_batches *b, struct chunk *chunk, struct kafka_rows *rows)
{
    int32_t used = 0;
    for (int32_t i = 0; i < chunk->count && chunk->headers > 0; i++) {
        chunk->records[i].headers = b->headers + used;
        used += chunk->records[i].header_count;
    }
    kafka_rows_add(rows, chunk->records, chunk->count);
    chunk->count = 0;
    chunk->headers = 0;
}

/* The record that waits, or the next one: 1. 0: the batch has no more. */
static int next_record(struct kafka_batches *b, struct record *out, struct weir_error *err)
{
    if (b->has_pending) {
        *out = b->pending;
        b->has_pending = false;
        return 1;
    }
    return record_next(&b->reader, out, err);
}

/* Of the batch that is open, up to RECORDS records at once. */
static bool take_chunk(struct kafka_batches *b,
                       struct kafka_rows *rows,
                       int64_t until,
                       int64_t *low,
                       int64_t *next,
                       struct weir_error *err)
{
    struct chunk chunk;
    int32_t room = rows->capacity - rows->count;
    struct record record;
    int more = 1;
    bool ok = true;
    chunk.count = 0;
    chunk.headers = 0;
    room = room < RECORDS ? room : RECORDS;
    while (ok && chunk.count < room && (more = next_record(b, &record, err)) == 1) {
        if (record.offset >= until) {
            b->pending = record;
            b->has_pending = true;
            *next = record.offset;
            break;
        }
        if (record.offset >= *next) {
            ok = add_record(b, &chunk, &record, rows->headers != NULL);
            *low = record.offset + 1;
            *next = *low;
        }
    }
    flush(b, &chunk, rows);
    if (!ok) {
        (void)weir_fail(err, WEIR_ECORRUPT, "a record's headers cannot be read");
    }
    if (more == 0) {
        int64_t end = batch_next_offset(&b->reader.header);
        *next = end > *next ? end : *next;
        close_batch(b);
    }
    return ok && more >= 0;
}

bool kafka_batches_take(struct kafka_batches *b,
                        struct kafka_rows *rows,
                        int64_t until,
                        int64_t *low,
                        int64_t *next,
                        struct weir_error *err)
{
    err->status = WEIR_OK;
    while (*next < until && !kafka_rows_full(rows)) {
        if (!b->open && !open_batch(b, next, err)) {
            return err->status == WEIR_OK;
        }
        if (!take_chunk(b, rows, until, low, next, err)) {
            return false;
        }
    }
    return true;
}
