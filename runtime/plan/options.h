/*
 * Options: what option("name", "value") gave to a source or a sink. Names are not case-sensitive; the last one given counts.
 *
 * Ownership: everything lives in the arena they were copied into. Thread: any number of readers.
 */
#pragma once

#include "base/arena.h"
#include "columns/sql_error.h"

struct option_entry {
    struct bytes name; /* as it was given */
    struct bytes value;
};

struct options {
    int32_t count;
    const struct option_entry
        *entries; /* each name once, in the order in which they were first given */
};

/* A copy with one entry more, or one replaced. */
struct options options_with(struct arena *arena,
                            struct options o,
                            struct bytes name,
                            struct bytes value);

/* A copy without that entry. */
struct options options_without(struct arena *arena, struct options o, const char *name);

/* NULL bytes: not given. */
struct bytes options_get(const struct options *o, const char *name);

static inline bool options_has(const struct options *o, const char *name)
{
    return options_get(o, name).data != NULL;
}

/* "true" and "false", case ignored. Else false, with Spark's words (IllegalArgumentException: For input string: "x"). */
bool options_bool(
    const struct options *o, const char *name, bool standard, bool *out, struct sql_error *error);

/* A decimal integer of 64 bits. Else false: NumberFormatException, For input string: "x". */
bool options_integer(const struct options *o,
                     const char *name,
                     int64_t standard,
                     int64_t *out,
                     struct sql_error *error);

/* A time as Spark's configuration has it: "500", "10ms", "5s", "1m", "2h", "1d"; without a unit as `unit_ms` says. In milliseconds. */
bool options_time(const struct options *o,
                  const char *name,
                  int64_t standard_ms,
                  int64_t unit_ms,
                  int64_t *out,
                  struct sql_error *error);
