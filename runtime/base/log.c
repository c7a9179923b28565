/*
 * Log lines: see log.h.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 2048 };

static const char *const level_names[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };

void log_init(struct log *log, int fd, enum log_level level_min)
{
    log->fd = fd;
    atomic_init(&log->level_min, (int)level_min);
}

enum log_level log_level(const struct log *log)
{
    return (enum log_level)atomic_load_explicit(&log->level_min, memory_order_relaxed);
}

void log_set_level(struct log *log, enum log_level level_min)
{
    atomic_store_explicit(&log->level_min, (int)level_min, memory_order_relaxed);
}

/* A log line is one line whatever a client called its topic. */
static void escape_controls(char *text)
{
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }
}

void log_write(const struct log *log, enum log_level level, const char *format, ...)
{
    if (level < log_level(log)) {
        return;
    }
    struct timespec now;
    struct tm parts;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)localtime_r(&now.tv_sec, &parts);

    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    escape_controls(text);

    char stamp[32];
    (void)strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &parts);
    char line[LINE_MAX_BYTES + 64];
    int len = snprintf(line, sizeof(line), "[%s,%03ld] %s %s\n", stamp, now.tv_nsec / 1000000,
                       level_names[level], text);
    if (write(log->fd, line, (size_t)len) < 0) {
        return; /* there is nowhere left to say so */
    }
}
