/*
 * Settings of a session by their Spark names: which there are, what they are without being set, and what values do.
 *
 * Pure, but for conf_local_zone(). Thread: any.
 */
#pragma once

#include "base/bytes.h"
#include "columns/sql_error.h"

/* NULL: not known. Times without a unit are milliseconds. */
const char *conf_standard(const char *name);

/* Does the value do? Names that are not known take any. False: the error is set, in Spark's words. */
bool conf_check(const char *name, const char *value, struct sql_error *error);

/* "100", "10ms", "5 seconds", "1m": milliseconds. Plain numbers are as they are. */
bool conf_time(struct bytes value, int64_t *out);

/* The machine's time zone: $TZ, or UTC. */
const char *conf_local_zone(void);
