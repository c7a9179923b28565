/*
 * Walking the batches of a .log file from front to back, headers only or whole batches, in large reads.
 *
 * The scan checks just what it needs not to run astray (a length that fits, magic 2); checksums and offsets are the
 * caller's business.
 *
 * Thread: one at a time.
 */
#pragma once

#include <stdint.h>

#include "protocol/batch.h"
#include "weir/status.h"

enum batch_scan_state {
    BATCH_SCAN_FOUND,
    BATCH_SCAN_END,     /* exactly at the end of the range */
    BATCH_SCAN_TORN,    /* the range ends inside a batch */
    BATCH_SCAN_CORRUPT, /* what is there is no batch of version 2 */
    BATCH_SCAN_IO,      /* the file cannot be read; errno says why */
};

struct batch_scan {
    int fd;           /* borrowed */
    int64_t position; /* of the batch found last */
    int64_t next;     /* where to look on */
    int64_t end;
    struct batch_header header; /* of the batch found last */
    uint8_t *chunk;             /* owned; holds [chunk_at, chunk_at + chunk_len) of the file */
    int64_t chunk_at;
    size_t chunk_len;
    size_t chunk_size;
};

enum { BATCH_SCAN_CHUNK_LOOKUP = 8 << 10, BATCH_SCAN_CHUNK_ALL = 256 << 10 };

/* Over [position, end) of the file, read in steps of `chunk_size`. */
void batch_scan_init(
    struct batch_scan *s, int fd, int64_t position, int64_t end, size_t chunk_size);
void batch_scan_finish(struct batch_scan *s);

/* The next header. After anything but FOUND the scan is over and `next` is where it stopped. */
enum batch_scan_state batch_scan_next(struct batch_scan *s);

/* All bytes of the batch found last; valid until the next call. False when the file cannot be read. */
bool batch_scan_load(struct batch_scan *s, struct bytes *out_batch);
