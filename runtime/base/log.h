/*
 * Log lines of a program: `[2026-11-24 01:02:03,456] LEVEL text`, as Kafka's server prints them.
 *
 * Libraries return errors; only programs (broker, command line, grader) log. One line a call, written with one
 * write(2), so lines of several threads never mix; control characters in the text are escaped.
 *
 * Thread: any.
 */
#pragma once

#include <stdatomic.h>

/* TRACE and FATAL are Kafka's, for the least level of lines that are written; no line has them. */
enum log_level {
    LOG_LEVEL_TRACE,
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_FATAL,
};

struct log {
    int fd;
    atomic_int level_min;
};

void log_init(struct log *log, int fd, enum log_level level_min);
enum log_level log_level(const struct log *log);
void log_set_level(struct log *log, enum log_level level_min);
void log_write(const struct log *log, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
