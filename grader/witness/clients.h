/*
 * Inside a witness: its clients.
 */
#pragma once

#include <librdkafka/rdkafka.h>

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
    struct weir_consumer *consumer; /* NULL until something is read */
    const char *claims[WITNESS_CLAIMS_MAX];
    size_t claim_count;
};

/* The cluster did not do as asked: our fault. Always false. */
bool witness_failed(struct witness *w, const char *doing, const struct weir_error *err);
