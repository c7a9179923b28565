/*
 * A batch in another codec than its producer chose: what is stored of a topic whose compression.type is not "producer"
 * (org.apache.kafka.storage.internals.log.LogValidator.buildRecordsAndAssignOffsets).
 *
 * The records are the same, in their order and with their times; how they are encoded, the length and the checksum are new.
 *
 * Pure; thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "protocol/batch.h"
#include "protocol/compress.h"
#include "weir/status.h"

/*
 * Appends the records of `batch`, which was found valid, to `out` in another codec, and completes *h, the header that the batch
 * is to be stored with. WEIR_ETOOBIG: `out` may not grow so far.
 */
WEIR_CHECKED enum weir_status batch_recompress(struct bytes batch,
                                               enum codec codec,
                                               int32_t level,
                                               struct batch_header *h,
                                               struct buffer *out,
                                               struct weir_error *err);
