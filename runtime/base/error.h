/*
 * Filling a struct weir_error (see weir/status.h for the convention).
 *
 * Thread: any; the error belongs to the caller.
 */
#pragma once

#include "weir/status.h"

/* Records `status` and a formatted one-line message in `err` (may be NULL) and returns `status`. */
enum weir_status weir_fail(struct weir_error *err, enum weir_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As weir_fail, with ": <what errno says>" after the message. Reads errno before anything else. */
enum weir_status weir_fail_errno(struct weir_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
