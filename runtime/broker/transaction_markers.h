/*
 * Transaction markers: a control batch in each partition of a transaction, which says how it ended.
 *
 *     batch      transactional and control bits, producer id and epoch, no sequence
 *     record     key: int16 version = 0, int16 type (0 abort, 1 commit);  value: int16 version = 0, int32 coordinator epoch
 *
 * Sources: EndTransactionMarker.java, ControlRecordType.java, KafkaApis.handleWriteTxnMarkersRequest.
 * Thread: the transaction's owner.
 */
#pragma once

#include "broker/transactions.h"

/* To all partitions that still exist. False: one could not be written. *out_has_groups: __consumer_offsets is among them. */
bool transaction_write_markers(struct txn_shard *shard,
                               const struct transaction *txn,
                               bool *out_has_groups);
