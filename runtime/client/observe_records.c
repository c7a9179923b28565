/*
 * Reading what a partition holds, and appending to it; see observe.h.
 *
 * A Fetch may answer with more than was asked for (whole batches, from the one that holds the offset) and with less
 * (as many batches as fit): the loop asks on from behind the last batch, up to the end offset that it found first.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/observe.h"
#include "protocol/batch.h"
#include "protocol/batch_builder.h"
#include "protocol/kafka_error.h"
#include "protocol/record.h"

enum {
    FETCH_BYTES = 8 << 20,
    FETCH_WAIT_MS = 500,
    ACKS_ALL = -1,
    APPEND_BYTES_MAX = 64 << 20,
    APPEND_TIMEOUT_MS = 10000,
    /* From version 13 on Fetch and Produce name topics by id alone. */
    FETCH_BY_NAME = 12,
    PRODUCE_BY_NAME = 12,
};

/* Room for the records found so far; doubled when it is full. */
struct collection {
    struct observed_record *items; /* from malloc */
    size_t count;
    size_t capacity;
};

static void ask_fetch(struct fetch_request *request,
                      const struct observed_partition *partition,
                      int64_t offset,
                      struct arena *arena)
{
    message_init(&fetch_request_type, request);
    request->max_wait_ms = FETCH_WAIT_MS;
    request->min_bytes = 1;
    request->max_bytes = FETCH_BYTES;
    request->topics = message_new(&fetch_request_topic_type, arena, 1);
    request->topics_count = 1;
    request->topics[0].topic = partition->topic;
    request->topics[0].partitions = message_new(&fetch_request_partition_type, arena, 1);
    request->topics[0].partitions_count = 1;
    request->topics[0].partitions[0].partition = partition->partition;
    request->topics[0].partitions[0].fetch_offset = offset;
    request->topics[0].partitions[0].partition_max_bytes = FETCH_BYTES;
}

/* Key, value and headers may point into a decompressed block that goes away: all are copied. */
static void collect(struct collection *found,
                    const struct record *record,
                    const struct observed_partition *partition,
                    const struct batch_header *batch,
                    struct arena *arena)
{
    if (found->count == found->capacity) {
        found->capacity = found->capacity ? 2 * found->capacity : 256;
        found->items = mem_resize(found->items, found->capacity, sizeof(*found->items));
    }
    struct observed_header *headers =
        ARENA_NEW(arena, struct observed_header, (size_t)record->header_count);
    struct record_header header;
    struct reader rest;
    int32_t count = 0;
    reader_init(&rest, record->headers);
    while (count < record->header_count && record_next_header(&rest, &header)) {
        headers[count].key = arena_copy(arena, header.key);
        headers[count++].value = arena_copy(arena, header.value);
    }
    found->items[found->count++] = (struct observed_record){
        .offset = record->offset,
        .timestamp_ms = record->timestamp,
        .log_append_time = (batch->attributes & BATCH_LOG_APPEND_TIME) != 0,
        .key = arena_copy(arena, record->key),
        .value = arena_copy(arena, record->value),
        .headers = headers,
        .header_count = count,
        .partition = partition->partition,
    };
}

/* The data records of one batch with offset >= from. */
static enum weir_status take_batch(struct bytes batch,
                                   int64_t from,
                                   const struct observed_partition *partition,
                                   struct collection *found,
                                   struct arena *arena,
                                   struct weir_error *err)
{
    if (!batch_intact(batch)) {
        return weir_fail(err, WEIR_ECORRUPT, "partition %d: a batch that does not check out",
                         partition->partition);
    }
    struct record_reader reader;
    struct record record;
    enum weir_status rc = record_reader_init(&reader, batch, err);
    bool control = (reader.header.attributes & BATCH_CONTROL) != 0;
    int more = 1;
    while (rc == WEIR_OK && !control && more == 1) {
        more = record_next(&reader, &record, err);
        if (more == 1 && record.offset >= from) {
            collect(found, &record, partition, &reader.header, arena);
        }
    }
    record_reader_finish(&reader);
    return rc < 0 ? rc : more < 0 ? (enum weir_status)more : WEIR_OK;
}

/* Takes all batches of an answer; *offset moves behind the last one. */
static enum weir_status take_batches(struct bytes batches,
                                     const struct observed_partition *partition,
                                     int64_t *offset,
                                     struct collection *found,
                                     struct arena *arena,
                                     struct weir_error *err)
{
    struct bytes batch;
    int64_t from = *offset;
    enum weir_status rc = WEIR_OK;
    while (rc == WEIR_OK && batch_split(&batches, &batch) == BATCH_SPLIT_FOUND) {
        if (!batch_is_v2(batch)) {
            return weir_fail(err, WEIR_EINVAL, "partition %d: batches of before Kafka 0.11",
                             partition->partition);
        }
        struct batch_header header;
        batch_header_read(batch.data, &header);
        rc = take_batch(batch, from, partition, found, arena, err);
        *offset = batch_next_offset(&header);
    }
    return rc;
}

/* One Fetch from *offset on. */
static enum weir_status fetch_once(struct channel *channel,
                                   const struct observed_partition *partition,
                                   int64_t *offset,
                                   struct collection *found,
                                   struct arena *arena,
                                   struct weir_error *err)
{
    struct fetch_request request;
    struct fetch_response response;
    struct arena frame;
    int64_t before = *offset;
    arena_init(&frame, 0);
    ask_fetch(&request, partition, *offset, &frame);
    enum weir_status rc = channel_call(channel, API_FETCH, &request, &frame, &response, err);
    if (rc == WEIR_OK && response.error_code != KAFKA_NONE) {
        rc = channel_refused("fetching", response.error_code, bytes_of(NULL), err);
    } else if (rc == WEIR_OK &&
               (response.responses_count != 1 || response.responses[0].partitions_count != 1)) {
        rc = weir_fail(err, WEIR_EPROTO, "%s: Fetch: not one partition in the answer",
                       channel_address(channel));
    }
    if (rc == WEIR_OK) {
        const struct fetch_response_partition *got = &response.responses[0].partitions[0];
        if (got->error_code != KAFKA_NONE) {
            rc = channel_refused("fetching", got->error_code, bytes_of(NULL), err);
        } else {
            rc = take_batches(got->records.data, partition, offset, found, arena, err);
        }
    }
    if (rc == WEIR_OK && *offset == before) {
        rc = weir_fail(err, WEIR_EPROTO,
                       "%s: Fetch: nothing at offset %lld of partition %d, before its end",
                       channel_address(channel), (long long)before, partition->partition);
    }
    arena_finish(&frame);
    return rc;
}

enum weir_status observe_records(struct channel *channel,
                                 const struct observed_partition *partition,
                                 struct arena *arena,
                                 struct observed_records *out_records,
                                 struct weir_error *err)
{
    struct collection found = { 0 };
    int64_t offset = 0;
    int64_t end = 0;
    channel_limit_version(channel, API_FETCH, FETCH_BY_NAME);
    enum weir_status rc = observe_offset(channel, partition, OBSERVE_BEGIN, &offset, err);
    if (rc == WEIR_OK) {
        rc = observe_offset(channel, partition, OBSERVE_END, &end, err);
    }
    while (rc == WEIR_OK && offset < end) {
        rc = fetch_once(channel, partition, &offset, &found, arena, err);
    }
    if (rc == WEIR_OK) {
        out_records->items = ARENA_NEW(arena, struct observed_record, found.count);
        out_records->count = found.count;
        if (found.count > 0) {
            memcpy(out_records->items, found.items, found.count * sizeof(*found.items));
        }
    }
    free(found.items);
    return rc;
}

static enum weir_status send_batch(struct channel *channel,
                                   const struct observed_partition *partition,
                                   struct bytes batch,
                                   int64_t *out_base_offset,
                                   struct weir_error *err)
{
    struct produce_request request;
    struct produce_response response;
    struct arena arena;
    arena_init(&arena, 0);
    message_init(&produce_request_type, &request);
    request.acks = ACKS_ALL;
    request.timeout_ms = APPEND_TIMEOUT_MS;
    request.topic_data = message_new(&produce_request_topic_type, &arena, 1);
    request.topic_data_count = 1;
    request.topic_data[0].name = partition->topic;
    request.topic_data[0].partition_data = message_new(&produce_request_partition_type, &arena, 1);
    request.topic_data[0].partition_data_count = 1;
    request.topic_data[0].partition_data[0].index = partition->partition;
    request.topic_data[0].partition_data[0].records.data = batch;
    channel_limit_version(channel, API_PRODUCE, PRODUCE_BY_NAME);
    enum weir_status rc = channel_call(channel, API_PRODUCE, &request, &arena, &response, err);
    if (rc == WEIR_OK &&
        (response.responses_count != 1 || response.responses[0].partition_responses_count != 1)) {
        rc = weir_fail(err, WEIR_EPROTO, "%s: Produce: not one partition in the answer",
                       channel_address(channel));
    }
    if (rc == WEIR_OK) {
        const struct produce_response_partition *got =
            &response.responses[0].partition_responses[0];
        *out_base_offset = got->base_offset;
        if (got->error_code != KAFKA_NONE) {
            rc = channel_refused("appending", got->error_code, got->error_message, err);
        }
    }
    arena_finish(&arena);
    return rc;
}

enum weir_status observe_append(struct channel *channel,
                                const struct observed_partition *partition,
                                const struct observed_records *records,
                                int64_t *out_base_offset,
                                struct weir_error *err)
{
    struct batch_builder builder;
    struct bytes batch;
    struct arena arena;
    arena_init(&arena, 0);
    batch_builder_init(&builder, APPEND_BYTES_MAX);
    for (size_t i = 0; i < records->count; i++) {
        const struct observed_record *record = &records->items[i];
        struct record_header *headers =
            ARENA_NEW(&arena, struct record_header, (size_t)record->header_count);
        for (int32_t h = 0; h < record->header_count; h++) {
            headers[h] = (struct record_header){ record->headers[h].key, record->headers[h].value };
        }
        batch_builder_add(&builder, record->timestamp_ms, record->key, record->value, headers,
                          record->header_count);
    }
    enum weir_status rc = batch_builder_finish(&builder, CODEC_NONE, &batch, err);
    if (rc == WEIR_OK) {
        rc = send_batch(channel, partition, batch, out_base_offset, err);
    }
    batch_builder_release(&builder);
    arena_finish(&arena);
    return rc;
}
