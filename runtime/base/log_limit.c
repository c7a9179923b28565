/*
 * A limit on log lines: see log_limit.h.
 */
#include "base/log_limit.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"

enum { TEXT_MAX = 1024 };

void log_limit_init(struct log_limit *limit)
{
    *limit = (struct log_limit){ .since_ms = INT64_MIN };
    (void)pthread_mutex_init(&limit->lock, NULL);
}

void log_limit_finish(struct log_limit *limit)
{
    (void)pthread_mutex_destroy(&limit->lock);
}

/* Whether a line may be written now; *out_left_out are those before it that were not. */
static bool take(struct log_limit *limit, int64_t now_ms, int64_t *out_left_out)
{
    (void)pthread_mutex_lock(&limit->lock);
    if (limit->since_ms == INT64_MIN || now_ms - limit->since_ms >= LOG_LIMIT_PERIOD_MS) {
        limit->since_ms = now_ms;
        limit->written = 0;
    }
    bool may = limit->written < LOG_LIMIT_LINES;
    *out_left_out = limit->left_out;
    limit->written += may;
    limit->left_out = may ? 0 : limit->left_out + 1;
    (void)pthread_mutex_unlock(&limit->lock);
    return may;
}

void log_write_limited(
    const struct log *log, struct log_limit *limit, enum log_level level, const char *format, ...)
{
    int64_t left_out = 0;
    if (!take(limit, clock_monotonic_ms(), &left_out)) {
        return;
    }
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (left_out > 0) {
        log_write(log, level, "%s (%lld lines like this were left out before)", text,
                  (long long)left_out);
    } else {
        log_write(log, level, "%s", text);
    }
}
