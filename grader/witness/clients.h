/*
 * Inside a witness: its clients.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/arena.h"
#include "weir/producer.h"
#include "witness/witness.h"

/*
 * How long the cluster may take to answer the check. What it does not answer in time is our fault and ends the grading of the lab, so
 * this is for a cluster that is gone, not for a machine that is busy: there answers have taken more than ten seconds.
 */
enum { WITNESS_TIMEOUT_MS = 60000, WITNESS_LOOK_AGAIN_MS = 10, WITNESS_CLAIMS_MAX = 64 };

struct witness {
    struct check *check;
    struct weir_option options[2];
    rd_kafka_t *metadata; /* asks for all topics: weir/admin.h leaves internal ones out */
    struct weir_admin *admin;
    struct weir_producer *producer; /* NULL until something is sent */
    struct weir_consumer *consumer; /* NULL until something is read */
    struct witness_tail *tails;     /* the last one that was opened; NULL: none */
    const char *claims[WITNESS_CLAIMS_MAX];
    size_t claim_count;
};

/* The cluster did not do as asked: our fault. Always false. */
bool witness_failed(struct witness *w, const char *doing, const struct weir_error *err);

/* Where a partition begins and ends. A broker that has just become its leader may not know it yet
 * (NOT_LEADER_OR_FOLLOWER): it is asked again. */
bool witness_ask_offsets(struct witness *w,
                         struct weir_consumer *consumer,
                         struct weir_topic_partition partition,
                         int64_t *out_begin,
                         int64_t *out_end);

/* The record with everything it points at, in the check's memory. */
void witness_keep_record(struct arena *a,
                         const struct weir_record *record,
                         struct witnessed_record *out);

/* Closes it, if that takes no longer than it should: when student code has deleted the topic that a consumer reads, its end may
 * never come (librdkafka 2.0.2). NULL is fine. */
void witness_close_consumer(struct weir_consumer *consumer);

/* Closes the consumers of all tails. */
void witness_close_tails(struct witness *w);
