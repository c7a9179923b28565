/*
 * Records as the check sends and reads them.
 */
#include <poll.h>
#include <stdlib.h>

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

void witness_keep_record(struct arena *a,
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

bool witness_ask_offsets(struct witness *w,
                         struct weir_consumer *consumer,
                         struct weir_topic_partition partition,
                         int64_t *out_begin,
                         int64_t *out_end)
{
    struct weir_error err;
    int64_t deadline_ms = clock_monotonic_ms() + WITNESS_TIMEOUT_MS;
    for (;;) {
        enum weir_status rc = weir_consumer_offsets(consumer, partition, out_begin, out_end, &err);
        if (rc == WEIR_OK) {
            return true;
        }
        if (rc != WEIR_EBROKER || clock_monotonic_ms() >= deadline_ms) {
            return witness_failed(w, "the check cannot ask for a partition's offsets", &err);
        }
        (void)poll(NULL, 0, WITNESS_LOOK_AGAIN_MS);
    }
}

/* Where the reading of a topic is: every partition is read at the same time, because a client that has asked for more of
 * one partition waits for that answer before it asks for another. */
struct reading {
    const char *topic;
    struct weir_topic_partition *partitions;
    int64_t *next;
    int64_t *end;
    size_t count;     /* of partitions that hold something */
    size_t remaining; /* of those, not read to their end yet */
};

static bool find_ends(struct witness *w, struct reading *r, int32_t partitions)
{
    for (int32_t i = 0; i < partitions; i++) {
        size_t n = r->count;
        r->partitions[n] = (struct weir_topic_partition){ r->topic, i };
        if (!witness_ask_offsets(w, w->consumer, r->partitions[n], &r->next[n], &r->end[n])) {
            return false;
        }
        r->count += r->next[n] < r->end[n] ? 1 : 0;
    }
    r->remaining = r->count;
    return true;
}

static bool start_reading(struct witness *w, const struct reading *r)
{
    struct weir_error err;
    enum weir_status rc = weir_consumer_assign(w->consumer, r->partitions, r->count, &err);
    for (size_t i = 0; i < r->count && rc == WEIR_OK; i++) {
        rc = weir_consumer_seek(w->consumer, r->partitions[i], r->next[i], &err);
    }
    return rc == WEIR_OK || witness_failed(w, "the check cannot read its topic", &err);
}

/* Whether this record was there when the reading began; keeps count of what is left to read. */
static bool advance(struct reading *r, const struct weir_record *record)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->partitions[i].partition == record->partition) {
            bool before = r->next[i] < r->end[i];
            r->next[i] = record->offset + 1;
            r->remaining -= before && r->next[i] >= r->end[i] ? 1 : 0;
            return record->offset < r->end[i];
        }
    }
    return false;
}

static int by_place(const void *a, const void *b)
{
    const struct witnessed_record *x = a;
    const struct witnessed_record *y = b;
    int order = (x->partition > y->partition) - (x->partition < y->partition);
    return order != 0 ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static bool open_consumer(struct witness *w)
{
    struct weir_error err;
    /* Closing waits for the answer to the last fetch, half a second by default. */
    const struct weir_option options[] = {
        { "bootstrap.servers", check_bootstrap(w->check) },
        { "consumer.timeout.ms", "60000" }, /* WITNESS_TIMEOUT_MS */
        { "auto.offset.reset", "earliest" },
        { "fetch.wait.max.ms", "5" },
        { NULL, NULL },
    };
    if (!w->consumer && weir_consumer_create(options, &w->consumer, &err) < 0) {
        return witness_failed(w, "the check's own consumer", &err);
    }
    return true;
}

bool witness_is_still_there(struct witness *w, const char *topic, int32_t partitions)
{
    const struct weir_topic_info *info = witness_topic(w, topic);
    if (check_over(w->check)) {
        return false;
    }
    if (!info || info->partition_count < (size_t)partitions) {
        check_hint(w->check, "the topic was there before; a program that writes to it or reads it "
                             "must not delete it");
        return check_fail(w->check, "the topic %s, which had %d partitions, %s", topic, partitions,
                          info ? "has fewer now" : "is not there any more");
    }
    return true;
}

bool witness_records(struct witness *w,
                     const char *topic,
                     int32_t partitions,
                     struct witnessed_records *out_records)
{
    struct arena *a = check_arena(w->check);
    struct weir_error err;
    size_t capacity = 0;
    struct reading r = {
        .topic = topic,
        .partitions = ARENA_NEW(a, struct weir_topic_partition, (size_t)partitions),
        .next = ARENA_NEW(a, int64_t, (size_t)partitions),
        .end = ARENA_NEW(a, int64_t, (size_t)partitions),
    };
    *out_records = (struct witnessed_records){ 0 };
    if (!witness_is_still_there(w, topic, partitions)) {
        return false;
    }
    if (!open_consumer(w) || !find_ends(w, &r, partitions)) {
        return false;
    }
    if (r.count > 0 && !start_reading(w, &r)) {
        return false;
    }
    while (r.remaining > 0) {
        const struct weir_record *record;
        if (weir_consumer_next(w->consumer, &record, &err) < 0) {
            return witness_failed(w, "the check cannot read its topic to its end", &err);
        }
        if (advance(&r, record)) {
            witness_keep_record(a, record, push(a, out_records, &capacity));
        }
    }
    if (out_records->count > 0) {
        qsort(out_records->items, out_records->count, sizeof(out_records->items[0]), by_place);
    }
    return true;
}

/* --- sending --- */

static bool open_producer(struct witness *w)
{
    struct weir_error err;
    const struct weir_option options[] = {
        { "bootstrap.servers", check_bootstrap(w->check) },
        { "linger.ms", "0" }, /* what is sent is flushed at once */
        { NULL, NULL },
    };
    return w->producer || weir_producer_create(options, &w->producer, &err) == WEIR_OK ||
           witness_failed(w, "the check's own producer", &err);
}

bool witness_send(struct witness *w,
                  const char *topic,
                  const struct witness_message *messages,
                  size_t count)
{
    struct weir_error err;
    if (!open_producer(w)) {
        return false;
    }
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < count && rc == WEIR_OK; i++) {
        struct weir_message message =
            weir_message(topic, slice_of(messages[i].key), slice_of(messages[i].value));
        message.partition = messages[i].partition;
        message.timestamp_ms = messages[i].timestamp_ms;
        rc = weir_producer_send(w->producer, &message, NULL, &err);
    }
    if (rc == WEIR_OK) {
        rc = weir_producer_flush(w->producer, WITNESS_TIMEOUT_MS, &err);
    }
    return rc == WEIR_OK || witness_failed(w, "the check cannot send its records", &err);
}
