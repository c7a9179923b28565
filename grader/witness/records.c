/*
 * Records as the check sends and reads them.
 */
#include <poll.h>

#include "base/arena.h"
#include "base/clock.h"
#include "weir/producer.h"
#include "witness/clients.h"

static struct weir_slice slice_of(struct bytes b)
{
    return (struct weir_slice){ b.data, b.len };
}

static struct bytes keep(struct arena *a, struct weir_slice s)
{
    return arena_copy(a, (struct bytes){ s.data, s.len });
}

/* --- reading --- */

static void keep_record(struct arena *a,
                        const struct weir_record *record,
                        struct witnessed_record *out)
{
    struct witnessed_header *headers = ARENA_NEW(a, struct witnessed_header, record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        headers[i].name = arena_text(a, bytes_of(record->headers[i].name));
        headers[i].value = keep(a, record->headers[i].value);
    }
    *out = (struct witnessed_record){
        .partition = record->partition,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .timestamp_type = record->timestamp_type,
        .key = keep(a, record->key),
        .value = keep(a, record->value),
        .headers = headers,
        .header_count = record->header_count,
    };
}

/* Room for one more; the arena keeps what was outgrown until the check ends. */
static struct witnessed_record *push(struct arena *a,
                                     struct witnessed_records *records,
                                     size_t *capacity)
{
    if (records->count == *capacity) {
        size_t wider = *capacity == 0 ? 256 : *capacity * 2;
        struct witnessed_record *items = ARENA_NEW(a, struct witnessed_record, wider);
        for (size_t i = 0; i < records->count; i++) {
            items[i] = records->items[i];
        }
        records->items = items;
        *capacity = wider;
    }
    return &records->items[records->count++];
}

/* A broker that has just become a partition's leader may not know it yet (NOT_LEADER_OR_FOLLOWER): it is asked again. */
static bool ask_offsets(struct witness *w,
                        struct weir_topic_partition partition,
                        int64_t *out_begin,
                        int64_t *out_end)
{
    struct weir_error err;
    int64_t deadline_ms = clock_monotonic_ms() + WITNESS_SETTLE_MS;
    for (;;) {
        enum weir_status rc =
            weir_consumer_offsets(w->consumer, partition, out_begin, out_end, &err);
        if (rc == WEIR_OK) {
            return true;
        }
        if (rc != WEIR_EBROKER || clock_monotonic_ms() >= deadline_ms) {
            return witness_failed(w, "the check cannot ask for a partition's offsets", &err);
        }
        (void)poll(NULL, 0, WITNESS_LOOK_AGAIN_MS);
    }
}

static bool read_partition(struct witness *w,
                           struct weir_topic_partition partition,
                           struct witnessed_records *records,
                           size_t *capacity)
{
    struct weir_error err;
    int64_t begin;
    int64_t end;
    if (!ask_offsets(w, partition, &begin, &end)) {
        return false;
    }
    if (begin == end) {
        return true;
    }
    if (weir_consumer_assign(w->consumer, &partition, 1, &err) < 0 ||
        weir_consumer_seek(w->consumer, partition, begin, &err) < 0) {
        return witness_failed(w, "the check cannot read a partition", &err);
    }
    for (int64_t next = begin; next < end;) {
        const struct weir_record *record;
        if (weir_consumer_next(w->consumer, &record, &err) < 0) {
            return witness_failed(w, "the check cannot read a partition to its end", &err);
        }
        next = record->offset + 1;
        if (record->offset < end) {
            keep_record(check_arena(w->check), record,
                        push(check_arena(w->check), records, capacity));
        }
    }
    return true;
}

static bool open_consumer(struct witness *w)
{
    struct weir_error err;
    /* librdkafka asks for the next partition only after the fetch of the last one has come back, and at a partition's
     * end that takes fetch.wait.max.ms: half a second for every partition, were it not for a short wait. */
    const struct weir_option options[] = {
        { "bootstrap.servers", check_bootstrap(w->check) },
        { "consumer.timeout.ms", "10000" },
        { "auto.offset.reset", "earliest" },
        { "fetch.wait.max.ms", "5" },
        { NULL, NULL },
    };
    if (!w->consumer && weir_consumer_create(options, &w->consumer, &err) < 0) {
        return witness_failed(w, "the check's own consumer", &err);
    }
    return true;
}

bool witness_records(struct witness *w,
                     const char *topic,
                     int32_t partitions,
                     struct witnessed_records *out_records)
{
    struct witnessed_records records = { 0 };
    size_t capacity = 0;
    if (!open_consumer(w)) {
        return false;
    }
    for (int32_t i = 0; i < partitions; i++) {
        struct weir_topic_partition partition = { topic, i };
        if (!read_partition(w, partition, &records, &capacity)) {
            return false;
        }
    }
    *out_records = records;
    return true;
}

/* --- sending --- */

bool witness_send(struct witness *w,
                  const char *topic,
                  const struct witness_message *messages,
                  size_t count)
{
    struct weir_error err;
    struct weir_producer *producer;
    if (weir_producer_create(w->options, &producer, &err) < 0) {
        return witness_failed(w, "the check's own producer", &err);
    }
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < count && rc == WEIR_OK; i++) {
        struct weir_message message =
            weir_message(topic, slice_of(messages[i].key), slice_of(messages[i].value));
        message.partition = messages[i].partition;
        message.timestamp_ms = messages[i].timestamp_ms;
        rc = weir_producer_send(producer, &message, NULL, &err);
    }
    if (rc == WEIR_OK) {
        rc = weir_producer_flush(producer, WITNESS_TIMEOUT_MS, &err);
    }
    weir_producer_close(producer, 0, NULL);
    return rc == WEIR_OK || witness_failed(w, "the check cannot send its records", &err);
}
