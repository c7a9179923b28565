/*
 * A limit on log lines of one kind, for those that a stranger can cause: whoever sends garbage all night must not fill the disk.
 * So many lines are written in a period; the next that is written says how many were left out.
 *
 * Thread: any.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>

#include "base/log.h"

enum { LOG_LIMIT_LINES = 20, LOG_LIMIT_PERIOD_MS = 60000 };

struct log_limit {
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int64_t since_ms; /* the period's begin; monotonic */
    int32_t written;  /* in the period */
    int64_t left_out; /* since the last that was written */
};

void log_limit_init(struct log_limit *limit);
void log_limit_finish(struct log_limit *limit);

/* As log_write(), while the limit allows. */
void log_write_limited(const struct log *log,
                       struct log_limit *limit,
                       enum log_level level,
                       const char *format,
                       ...) __attribute__((format(printf, 4, 5)));
