/*
 * Which leader epoch began at which offset: the history of who led the partition
 * (org.apache.kafka.storage.internals.epoch.LeaderEpochFileCache, KIP-101).
 *
 * LESSON: leader-epochs
 *
 * Kept in `leader-epoch-checkpoint`: "0" (version), the number of entries, then "epoch start_offset" a line; replaced as a
 * whole on every change, which is once a leader. Epochs and offsets both grow strictly.
 *
 * Thread: whoever holds the log's lock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "weir/status.h"

struct epoch_entry {
    int32_t epoch;
    int64_t start_offset;
};

struct epoch_cache {
    struct epoch_entry *entries; /* owned; the oldest first */
    size_t count;
    size_t capacity;
};

void epoch_cache_finish(struct epoch_cache *c);

/* The newest epoch, -1 when there is none. */
int32_t epoch_cache_latest(const struct epoch_cache *c);

/* Begins an epoch at `start_offset`, unless it has begun. True when this changed something. Entries that the new one
 * contradicts (later offset or epoch) go. */
bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start_offset);

/* The epoch that the record at `offset` was written in; -1 when that is before the first one known. */
int32_t epoch_cache_at(const struct epoch_cache *c, int64_t offset);

/*
 * Where `epoch` ended (OffsetForLeaderEpoch): *out_epoch is the largest epoch known that is not above it, *out_end_offset
 * where the next began, which for the newest is `log_end`. An epoch older than all: itself, and where the first began. An
 * epoch newer than all: -1 and -1.
 */
void epoch_cache_end_of(const struct epoch_cache *c,
                        int32_t epoch,
                        int64_t log_end,
                        int32_t *out_epoch,
                        int64_t *out_end_offset);

/* The log was cut: entries that begin at or after `end_offset` go. True when any did. */
bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end_offset);

/* The log begins later: what ended before `start_offset` goes, what spans it begins there. True when that changed something. */
bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start_offset);

/* The file's text. */
void epoch_cache_format(const struct epoch_cache *c, struct buffer *out);

/* Replaces the content. WEIR_ECORRUPT with the line's number; the cache is then empty. */
WEIR_CHECKED enum weir_status epoch_cache_parse(struct epoch_cache *c,
                                                struct bytes text,
                                                struct weir_error *err);
