/*
 * Records out of what a Fetch brought: a run of record batches of one partition, the last of which may be cut short.
 *
 * Left out are transactions' marks, records below the offset that was asked for (batches are sent whole), and, under
 * read_committed, records of transactions that were aborted: the response says whose those are, and a mark where each ends.
 *
 * Source: org.apache.kafka.clients.consumer.internals.CompletedFetch. Pure. Internal to the Kafka source. Thread: one at a time.
 */
#pragma once

#include "protocol/messages.h"
#include "protocol/record.h"
#include "sources/kafka_rows.h"

struct kafka_batches {
    bool committed; /* read_committed */
    bool check_crcs;
    struct bytes rest;                                  /* batches that were not begun; borrowed */
    struct fetch_response_aborted_transaction *aborted; /* sorted by first_offset; borrowed */
    int32_t aborted_count;
    int32_t aborted_at; /* those before it have begun */
    int32_t producer_count;
    int32_t producer_capacity;
    int64_t *producers; /* whose records are skipped now */
    bool open;          /* in the middle of a batch */
    struct record_reader reader;
    bool has_pending; /* a record that was read and not delivered: it is of the next range */
    struct record pending;
    int32_t header_capacity;
    struct kafka_header *headers;
};

void kafka_batches_init(struct kafka_batches *b, bool committed, bool check_crcs);
void kafka_batches_finish(struct kafka_batches *b);

/* Forgets everything. */
void kafka_batches_clear(struct kafka_batches *b);

/* What a response brought; borrowed until the next start or clear. Sorts the aborted transactions. */
void kafka_batches_start(struct kafka_batches *b, struct fetch_response_partition *response);

/* Nothing is left. */
static inline bool kafka_batches_empty(const struct kafka_batches *b)
{
    return !b->open && !b->has_pending && b->rest.len == 0;
}

/* Is there more than nothing, or than a piece of a batch? What there is may yet be no batch that can be read. */
bool kafka_batches_any(struct bytes records);

/* The offset behind the last whole batch of a response; -1: there is none. */
int64_t kafka_batches_end(struct bytes records);

/*
 * Adds records from *next on, below `until`, while there is room. *next goes on behind all that was looked at; *low: behind the
 * last record. False: the bytes are no records, `err` says why.
 */
bool kafka_batches_take(struct kafka_batches *b,
                        struct kafka_rows *rows,
                        int64_t until,
                        int64_t *low,
                        int64_t *next,
                        struct weir_error *err);
