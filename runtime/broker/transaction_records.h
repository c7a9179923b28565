/*
 * The records of __transaction_state: one for each transactional id, the last one counts; a null value deletes. Key and value
 * each begin with an int16, the version of what follows (protocol/schema/transaction_state.txt draws the rest). Written are
 * the versions that Kafka 4.3 writes: keys of version 0, values of version 1.
 *
 * Source: TransactionLog.java. Thread: any.
 */
#pragma once

#include "base/arena.h"
#include "coordination/transaction.h"
#include "protocol/batch_builder.h"
#include "weir/status.h"

/* A batch with the one record; it lives in `batch`, which the caller has initialised and releases. `facts` NULL deletes. */
WEIR_CHECKED enum weir_status transaction_record_write(struct bytes id,
                                                       const struct txn_facts *facts,
                                                       int64_t now_ms,
                                                       struct batch_builder *batch,
                                                       struct bytes *out_batch,
                                                       struct weir_error *err);

struct transaction_record {
    struct bytes id; /* borrows from the key */
    bool is_delete;
    struct txn_facts facts; /* the caller's: partition_set_finish(), or txn_restore() takes it */
};

/* WEIR_EPROTO: neither Kafka nor we would write this; then there are no facts. */
WEIR_CHECKED enum weir_status transaction_record_read(struct bytes key,
                                                      struct bytes value,
                                                      struct arena *arena,
                                                      struct transaction_record *out_record,
                                                      struct weir_error *err);
