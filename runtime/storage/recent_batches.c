/*
 * The last batches of a log: see recent_batches.h.
 */
#include "storage/recent_batches.h"

void recent_add(struct recent_batches *recent, const struct batch_header *h, int64_t position)
{
    recent->ring[recent->added++ % RECENT_BATCHES] = (struct recent_batch){
        .base_offset = h->base_offset,
        .position = position,
        .last_offset_delta = h->last_offset_delta,
        .length = h->length,
    };
}

bool recent_find(const struct recent_batches *recent, int64_t offset, struct batch_place *out_place)
{
    uint32_t kept = recent->added < RECENT_BATCHES ? recent->added : RECENT_BATCHES;
    const struct recent_batch *found = NULL;
    const struct recent_batch *b = NULL;
    /* From the newest on, as long as they reach the offset. */
    for (uint32_t back = 1; back <= kept; back++) {
        b = &recent->ring[(recent->added - back) % RECENT_BATCHES];
        if (b->base_offset + b->last_offset_delta < offset) {
            break;
        }
        found = b;
    }
    if (!found || (found == b && found->base_offset > offset)) {
        return false; /* the oldest one lies behind the offset: one before it may reach it */
    }
    *out_place = (struct batch_place){
        .position = found->position,
        .header = { .base_offset = found->base_offset,
                    .last_offset_delta = found->last_offset_delta,
                    .length = found->length },
    };
    return true;
}
