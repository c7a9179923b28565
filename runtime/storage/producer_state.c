/*
 * Idempotent producers: see producer_state.h.
 */
#include "storage/producer_state.h"

#include <stdlib.h>

#include "base/crc32c.h"
#include "base/error.h"
#include "base/mem.h"
#include "protocol/be.h"

enum {
    SNAPSHOT_VERSION = 1,
    SNAPSHOT_CRC_AT = 2,
    SNAPSHOT_BODY_AT = 6,
    SNAPSHOT_HEADER_SIZE = 10,
    SNAPSHOT_ENTRY_SIZE = 46,
    ENTRY_EPOCH_AT = 8,
    ENTRY_SEQUENCE_AT = 10,
    ENTRY_OFFSET_AT = 14,
    ENTRY_DELTA_AT = 22,
    ENTRY_TIMESTAMP_AT = 26,
    ENTRY_COORDINATOR_AT = 34,
    ENTRY_TRANSACTION_AT = 38,
    EXPIRY_INTERVAL_MS = 60 * 1000,
};

void producer_state_init(struct producer_state *s)
{
    *s = (struct producer_state){ 0 };
    list_init(&s->open);
}

void producer_state_finish(struct producer_state *s)
{
    for (size_t i = 0; i < s->producers.count; i++) {
        free(s->producers.entries[i].value);
    }
    map_finish(&s->producers);
    producer_state_init(s);
}

static struct producer *find(const struct producer_state *s, int64_t producer_id)
{
    int64_t storage;
    return map_get(&s->producers, map_key_i64(producer_id, &storage));
}

const struct producer *producer_state_find(const struct producer_state *s, int64_t producer_id)
{
    return producer_id < 0 ? NULL : find(s, producer_id);
}

static struct producer *find_or_add(struct producer_state *s, int64_t producer_id)
{
    struct producer *p = find(s, producer_id);
    if (!p) {
        int64_t storage;
        p = MEM_NEW(struct producer);
        p->producer_id = producer_id;
        p->epoch = NO_PRODUCER_EPOCH;
        p->coordinator_epoch = -1;
        p->transaction_first_offset = -1;
        list_init(&p->open);
        (void)map_put(&s->producers, map_key_i64(producer_id, &storage), p);
    }
    return p;
}

/* -1: no transaction is open. */
static void set_transaction(struct producer_state *s, struct producer *p, int64_t first_offset)
{
    p->transaction_first_offset = first_offset;
    list_remove(&p->open);
    if (first_offset >= 0) {
        list_push_back(&s->open, &p->open);
    }
}

static int32_t first_sequence(const struct producer_batch *b)
{
    /* The other way round the circle: INT32_MAX + 1 numbers, so going back n is going forward the rest. */
    if (b->last_sequence >= b->offset_delta) {
        return b->last_sequence - b->offset_delta;
    }
    return INT32_MAX - (b->offset_delta - b->last_sequence - 1);
}

static bool is_repeat(const struct producer_batch *b, const struct batch_header *h)
{
    return b->last_sequence >= 0 && first_sequence(b) == h->base_sequence &&
           b->last_sequence == batch_last_sequence(h);
}

/* LESSON: idempotence-check */
enum kafka_error producer_state_check(const struct producer_state *s,
                                      const struct batch_header *h,
                                      struct producer_batch *out_duplicate)
{
    const struct producer *p = h->producer_id < 0 ? NULL : find(s, h->producer_id);
    if (!p) {
        return KAFKA_NONE; /* nothing is known: any sequence may come first */
    }
    if (h->producer_epoch < p->epoch) {
        return KAFKA_INVALID_PRODUCER_EPOCH;
    }
    if (h->producer_epoch > p->epoch) {
        bool restarts = h->base_sequence == 0 || p->epoch == NO_PRODUCER_EPOCH;
        return restarts ? KAFKA_NONE : KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER;
    }
    for (int i = 0; i < p->batch_count; i++) {
        if (is_repeat(&p->batches[i], h)) {
            *out_duplicate = p->batches[i];
            return KAFKA_DUPLICATE_SEQUENCE_NUMBER;
        }
    }
    int32_t last = p->batch_count > 0 ? p->batches[p->batch_count - 1].last_sequence : NO_SEQUENCE;
    bool follows = h->base_sequence == sequence_add(last, 1);
    return follows ? KAFKA_NONE : KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER;
}

static void enter_epoch(struct producer *p, int16_t epoch)
{
    if (p->epoch != epoch) {
        p->epoch = epoch;
        p->batch_count = 0;
    }
}

static struct producer_batch describe(const struct batch_header *h)
{
    return (struct producer_batch){
        .last_offset = batch_last_offset(h),
        .timestamp = h->max_timestamp,
        .last_sequence = batch_last_sequence(h),
        .offset_delta = h->last_offset_delta,
    };
}

/* The oldest one goes when there are enough. */
static void make_room(struct producer *p)
{
    if (p->batch_count == PRODUCER_BATCHES_KEPT) {
        memmove(&p->batches[0], &p->batches[1],
                (PRODUCER_BATCHES_KEPT - 1) * sizeof(p->batches[0]));
        p->batch_count--;
    }
}

void producer_state_recall(struct producer_state *s, const struct batch_header *h)
{
    struct producer *p = h->producer_id < 0 ? NULL : find(s, h->producer_id);
    bool known = p && p->epoch == h->producer_epoch && p->batch_count > 0;
    if (!known || (h->attributes & BATCH_CONTROL) ||
        batch_last_offset(h) >= p->batches[p->batch_count - 1].last_offset) {
        return;
    }
    make_room(p);
    p->batches[p->batch_count] = p->batches[p->batch_count - 1];
    p->batches[p->batch_count - 1] = describe(h);
    p->batch_count++;
}

void producer_state_add(struct producer_state *s, const struct batch_header *h, int64_t now_ms)
{
    if (h->producer_id < 0) {
        return;
    }
    struct producer *p = find_or_add(s, h->producer_id);
    enter_epoch(p, h->producer_epoch);
    make_room(p);
    p->batches[p->batch_count++] = describe(h);
    p->last_timestamp = h->max_timestamp;
    p->seen_ms = now_ms;
    if ((h->attributes & BATCH_TRANSACTIONAL) && p->transaction_first_offset < 0) {
        set_transaction(s, p, h->base_offset);
    }
}

int64_t producer_state_end_transaction(struct producer_state *s,
                                       const struct batch_header *h,
                                       int32_t coordinator_epoch,
                                       int64_t now_ms)
{
    struct producer *p = find_or_add(s, h->producer_id);
    int64_t first_offset = p->transaction_first_offset;
    enter_epoch(p, h->producer_epoch);
    p->coordinator_epoch = coordinator_epoch;
    set_transaction(s, p, -1);
    p->last_timestamp = h->max_timestamp;
    p->seen_ms = now_ms;
    return first_offset;
}

int64_t producer_state_first_open(const struct producer_state *s, int64_t none)
{
    int64_t first = none;
    list_foreach(node, &s->open) {
        const struct producer *p = container_of(node, struct producer, open);
        if (p->transaction_first_offset < first) {
            first = p->transaction_first_offset;
        }
    }
    return first;
}

void producer_state_expire(struct producer_state *s, int64_t now_ms, int64_t expiration_ms)
{
    if (now_ms - s->expired_at_ms < EXPIRY_INTERVAL_MS) {
        return;
    }
    s->expired_at_ms = now_ms;
    for (size_t i = s->producers.count;
         i-- > 0;) { /* backwards: a removal moves the last one here */
        struct producer *p = s->producers.entries[i].value;
        if (p->seen_ms == 0) {
            p->seen_ms = now_ms; /* from a former life: its time runs from here */
        }
        if (p->transaction_first_offset < 0 && now_ms - p->seen_ms >= expiration_ms) {
            int64_t storage;
            (void)map_remove(&s->producers, map_key_i64(p->producer_id, &storage));
            free(p);
        }
    }
}

/* --- snapshots --- */

static void write_entry(const struct producer *p, uint8_t *out)
{
    bool any = p->batch_count > 0;
    struct producer_batch newest = { .last_offset = -1, .last_sequence = NO_SEQUENCE };
    if (any) {
        newest = p->batches[p->batch_count - 1];
    }
    be_write_i64(out, p->producer_id);
    be_write_i16(out + ENTRY_EPOCH_AT, p->epoch);
    be_write_i32(out + ENTRY_SEQUENCE_AT, newest.last_sequence);
    be_write_i64(out + ENTRY_OFFSET_AT, newest.last_offset);
    be_write_i32(out + ENTRY_DELTA_AT, newest.offset_delta);
    be_write_i64(out + ENTRY_TIMESTAMP_AT, p->last_timestamp);
    be_write_i32(out + ENTRY_COORDINATOR_AT, p->coordinator_epoch);
    be_write_i64(out + ENTRY_TRANSACTION_AT, p->transaction_first_offset);
}

void producer_state_write(const struct producer_state *s, struct buffer *out)
{
    size_t start = out->len;
    size_t size = SNAPSHOT_HEADER_SIZE + s->producers.count * SNAPSHOT_ENTRY_SIZE;
    uint8_t *raw = buffer_extend(out, size);
    if (!raw) {
        return;
    }
    be_write_i16(raw, SNAPSHOT_VERSION);
    be_write_i32(raw + SNAPSHOT_BODY_AT, (int32_t)s->producers.count);
    for (size_t i = 0; i < s->producers.count; i++) {
        write_entry(s->producers.entries[i].value,
                    raw + SNAPSHOT_HEADER_SIZE + i * SNAPSHOT_ENTRY_SIZE);
    }
    uint32_t crc = crc32c(0, out->data + start + SNAPSHOT_BODY_AT, size - SNAPSHOT_BODY_AT);
    be_write_i32(raw + SNAPSHOT_CRC_AT, (int32_t)crc);
}

static void read_entry(struct producer_state *s, const uint8_t *raw)
{
    struct producer *p = find_or_add(s, be_read_i64(raw));
    p->epoch = be_read_i16(raw + ENTRY_EPOCH_AT);
    p->last_timestamp = be_read_i64(raw + ENTRY_TIMESTAMP_AT);
    p->coordinator_epoch = be_read_i32(raw + ENTRY_COORDINATOR_AT);
    set_transaction(s, p, be_read_i64(raw + ENTRY_TRANSACTION_AT));
    p->batch_count = 0;
    struct producer_batch newest = {
        .last_offset = be_read_i64(raw + ENTRY_OFFSET_AT),
        .timestamp = p->last_timestamp,
        .last_sequence = be_read_i32(raw + ENTRY_SEQUENCE_AT),
        .offset_delta = be_read_i32(raw + ENTRY_DELTA_AT),
    };
    if (newest.last_sequence >= 0 && newest.offset_delta >= 0) {
        p->batches[p->batch_count++] = newest;
    }
}

enum weir_status producer_state_read(struct producer_state *s,
                                     struct bytes snapshot,
                                     struct weir_error *err)
{
    const uint8_t *raw = snapshot.data;
    if (snapshot.len < SNAPSHOT_HEADER_SIZE || be_read_i16(raw) != SNAPSHOT_VERSION) {
        return weir_fail(err, WEIR_ECORRUPT, "not a producer snapshot of version %d",
                         SNAPSHOT_VERSION);
    }
    uint32_t crc = crc32c(0, raw + SNAPSHOT_BODY_AT, snapshot.len - SNAPSHOT_BODY_AT);
    int32_t count = be_read_i32(raw + SNAPSHOT_BODY_AT);
    if ((uint32_t)be_read_i32(raw + SNAPSHOT_CRC_AT) != crc || count < 0 ||
        snapshot.len != SNAPSHOT_HEADER_SIZE + (size_t)count * SNAPSHOT_ENTRY_SIZE) {
        return weir_fail(err, WEIR_ECORRUPT, "a producer snapshot of %zu bytes is damaged",
                         snapshot.len);
    }
    for (int32_t i = 0; i < count; i++) {
        read_entry(s, raw + SNAPSHOT_HEADER_SIZE + (size_t)i * SNAPSHOT_ENTRY_SIZE);
    }
    return WEIR_OK;
}
