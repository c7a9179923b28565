/*
 * Tails: topics read as they grow, each by a consumer of its own.
 */
#include "base/arena.h"
#include "witness/clients.h"

struct witness_tail {
    struct witness *witness;
    struct witness_tail *before; /* the one that was opened before it */
    struct weir_consumer *consumer;
    struct weir_topic_partition *partitions;
    int64_t *next; /* the offset behind the last record that was returned */
    size_t count;  /* of partitions */
};

void witness_close_tails(struct witness *w)
{
    for (struct witness_tail *t = w->tails; t; t = t->before) {
        witness_close_consumer(t->consumer);
    }
    w->tails = NULL;
}

static bool start(struct witness_tail *t)
{
    struct weir_error err;
    /* Closing waits for the answer to the last fetch. */
    const struct weir_option options[] = {
        { "bootstrap.servers", check_bootstrap(t->witness->check) },
        { "auto.offset.reset", "earliest" },
        { "fetch.wait.max.ms", "20" },
        { NULL, NULL },
    };
    enum weir_status rc = weir_consumer_create(options, &t->consumer, &err);
    if (rc == WEIR_OK) {
        rc = weir_consumer_assign(t->consumer, t->partitions, t->count, &err);
    }
    for (size_t i = 0; i < t->count && rc == WEIR_OK; i++) {
        /* By number: left to itself the client takes half a second to find out where the beginning is. */
        int64_t end;
        if (!witness_ask_offsets(t->witness, t->consumer, t->partitions[i], &t->next[i], &end)) {
            return false;
        }
        rc = weir_consumer_seek(t->consumer, t->partitions[i], t->next[i], &err);
    }
    return rc == WEIR_OK || witness_failed(t->witness, "the check cannot follow its topic", &err);
}

struct witness_tail *witness_tail(struct witness *w, const char *topic, int32_t partitions)
{
    struct arena *a = check_arena(w->check);
    struct witness_tail *t = ARENA_NEW(a, struct witness_tail, 1);
    *t = (struct witness_tail){
        .witness = w,
        .before = w->tails,
        .partitions = ARENA_NEW(a, struct weir_topic_partition, (size_t)partitions),
        .next = ARENA_NEW(a, int64_t, (size_t)partitions),
        .count = (size_t)partitions,
    };
    for (int32_t i = 0; i < partitions; i++) {
        t->partitions[i] = (struct weir_topic_partition){ topic, i };
    }
    w->tails = t;
    return start(t) ? t : NULL;
}

const struct witnessed_record *witness_tail_next(struct witness_tail *tail, int timeout_ms)
{
    struct weir_error err;
    struct weir_records records;
    struct arena *a = check_arena(tail->witness->check);
    if (check_over(tail->witness->check)) {
        return NULL;
    }
    if (weir_consumer_poll(tail->consumer, timeout_ms, 1, &records, &err) < 0) {
        const struct weir_topic_partition *first = &tail->partitions[0];
        if (witness_is_still_there(tail->witness, first->topic, (int32_t)tail->count)) {
            witness_failed(tail->witness, "the check cannot follow its topic", &err);
        }
        return NULL;
    }
    if (records.count == 0) {
        return NULL;
    }
    struct witnessed_record *record = ARENA_NEW(a, struct witnessed_record, 1);
    witness_keep_record(a, &records.items[0], record);
    tail->next[record->partition] = record->offset + 1;
    return record;
}

bool witness_tail_is_done(struct witness_tail *tail)
{
    for (size_t i = 0; i < tail->count; i++) {
        int64_t begin;
        int64_t end;
        if (!witness_ask_offsets(tail->witness, tail->consumer, tail->partitions[i], &begin,
                                 &end)) {
            return false;
        }
        if (tail->next[i] < end && begin < end) {
            return false;
        }
    }
    return true;
}
