/*
 * Where the last batches lie that were appended to a segment. Most readers are near the end of the log: they wait for
 * the next batch, or are a few behind. For them this answers from memory what the index and the .log would.
 *
 * Thread: whoever holds the log's lock.
 */
#pragma once

#include <stdbool.h>

#include "protocol/batch.h"

enum { RECENT_BATCHES = 64 };

/* A batch's place in the .log, with its header. */
struct batch_place {
    int64_t position;
    struct batch_header header;
};

struct recent_batch {
    int64_t base_offset;
    int64_t position;
    int32_t last_offset_delta;
    int32_t length;
};

struct recent_batches {
    uint32_t added;
    struct recent_batch ring[RECENT_BATCHES]; /* number n is at n % RECENT_BATCHES */
};

/* Offsets only grow. */
void recent_add(struct recent_batches *recent, const struct batch_header *h, int64_t position);

/* The first batch that reaches `offset`; false when that may be an older one, or there is none. Of the header only what
 * tells offsets and size is filled in. */
bool recent_find(const struct recent_batches *recent,
                 int64_t offset,
                 struct batch_place *out_place);
