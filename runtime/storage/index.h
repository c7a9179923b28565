/*
 * The two sparse indexes of a segment, in Kafka's file formats (org.apache.kafka.storage.internals.log.OffsetIndex, TimeIndex).
 *
 *     .index      8 bytes an entry    int32 relative offset   the last offset of a batch, minus the segment's base
 *                                     int32 position          where that batch begins in the .log
 *     .timeindex 12 bytes an entry    int64 timestamp         the largest one so far
 *                                     int32 relative offset   of the batch that has it
 *
 * Both columns only grow. An entry is added before a batch when more than index.interval.bytes were written since the
 * last one, so a lookup gives a place to start reading that is at most that far from the answer. Kafka preallocates the
 * file of an active segment and maps it: then zeros follow the last entry. Ours has just its entries.
 *
 * A file that is right is not touched: making an index anew compares it with what is there and writes only what differs. Where
 * a log has thousands of segments, a start would otherwise cut and write thousands of files, and a disk flushes those.
 *
 * The last entry is kept in memory: a reader near the end of the log, which is nearly every reader, needs no file.
 * Otherwise a binary search reads the page cache, from the end, in blocks. Nothing here is trusted: a caller checks what it finds in the .log.
 *
 * Thread: whoever holds the log's lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "weir/status.h"

enum index_kind { INDEX_OFFSET, INDEX_TIME };

struct index_entry {
    int64_t key;   /* relative offset, or timestamp */
    int64_t value; /* position, or relative offset */
};

struct index {
    enum index_kind kind;
    int fd;                  /* -1: not open; lookups open the file for as long as they need it */
    int64_t count;           /* entries */
    int64_t in_file;         /* at least `count`: more while the index is made anew */
    struct index_entry last; /* when count > 0 */
};

void index_init(struct index *x, enum index_kind kind);

/* Bytes of one entry in the file. */
int64_t index_entry_size(enum index_kind kind);

/*
 * Reads how many entries there are and the last one, and leaves the file closed. WEIR_ENOTFOUND: there is no file.
 * WEIR_ECORRUPT: it cannot be an index.
 */
WEIR_CHECKED enum weir_status index_load(struct index *x,
                                         int dir_fd,
                                         const char *path,
                                         struct weir_error *err);

/* Opens (makes) the file for appending. What it has besides the entries, preallocated room or no entries at all, goes. */
WEIR_CHECKED enum weir_status index_open(struct index *x,
                                         int dir_fd,
                                         const char *path,
                                         struct weir_error *err);
void index_close(struct index *x);

/*
 * Making the index anew: index_rewind(), then index_append() of all that belongs there, then index_settle(), which removes
 * what is left in the file of the old one. Of that it keeps `closing`, the entry that an index gets when its segment is
 * complete, if that comes next; NULL: there is none.
 */
void index_rewind(struct index *x);
WEIR_CHECKED enum weir_status index_settle(struct index *x,
                                           const struct index_entry *closing,
                                           struct weir_error *err);

/* Appends, unless the entry would not grow the key, or says nothing. The file must be open. */
WEIR_CHECKED enum weir_status index_append(struct index *x,
                                           struct index_entry entry,
                                           struct weir_error *err);

/*
 * The entry with the largest key that is not above `key`; false when there is none, or the file cannot be read (the
 * caller then starts at the front of the segment).
 */
bool index_lookup(const struct index *x,
                  int dir_fd,
                  const char *path,
                  int64_t key,
                  struct index_entry *out_entry);

/* The last entry is the answer for this key, and for all larger ones. */
static inline bool index_ends_before(const struct index *x, int64_t key)
{
    return x->count > 0 && key >= x->last.key;
}
