/*
 * Reading a log whole although parts of it are damaged: how our own topics are read back when the broker starts. What cannot
 * be read is told, and costs nothing else.
 *
 * Thread: any; the log's lock is taken for moments only.
 */
#pragma once

#include "storage/partition_log.h"

/* A stretch of a log in which nothing can be read. */
struct log_damage {
    int64_t segment;  /* which file */
    int64_t position; /* from which byte on */
    int64_t bytes;
    int64_t first_offset; /* at least the records [first_offset, next_offset) are lost */
    int64_t next_offset;
    const char *reason;
};

typedef void (*log_damage_listener)(void *context, const struct log_damage *damage);

/*
 * Walks all that can be read, checksums included, from the start to the end the log has now: how our own topics are read back
 * when the broker starts. Damage is told, and the walk goes on at the next batch that is whole; a batch for which `visit` returns
 * WEIR_ECORRUPT is damaged too.
 */
WEIR_CHECKED enum weir_status partition_log_salvage(struct partition_log *log,
                                                    log_batch_visitor visit,
                                                    log_damage_listener damaged,
                                                    void *context,
                                                    struct weir_error *err);
