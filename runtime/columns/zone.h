/*
 * Time zones: how far local time is from UTC, at an instant and at a local time.
 *
 * A zone is read once from the bytes of a TZif file (RFC 8536), as the system's tzdata has them, or is a fixed offset. For times after
 * the file's last transition its footer's rule counts ("CET-1CEST,M3.5.0,M10.5.0/3").
 *
 *     offset   +1            +2            +1
 *     -----------------+-------------+-----------------     transitions, as seconds of UTC
 *                      a gap:        an overlap:
 *                      local times   local times
 *                      that are not  that are twice
 *
 * Thread: any number of readers; immutable once made.
 */
#pragma once

#include "base/bytes.h"
#include "weir/status.h"

enum { ZONE_FILE_MAX = 1 << 16 }; /* bytes of a TZif file */

struct zone;

/* A stretch of time with one offset: seconds of UTC [from, until). */
struct zone_span {
    int64_t from;
    int64_t until;
    int32_t offset; /* seconds east of Greenwich */
};

/* From a file's bytes, which are not needed afterwards. On damage WEIR_ECORRUPT and a message. */
enum weir_status zone_parse(struct bytes tzif, struct zone **out_zone, struct weir_error *err);

struct zone *zone_fixed(int32_t offset);

/* NULL is taken. */
void zone_free(struct zone *zone);

/* The offset at a second of UTC. NULL is UTC, here and below. */
int32_t zone_offset(const struct zone *zone, int64_t utc_seconds);

/* ... and for how long it counts at least: for loops over times that are mostly near each other. */
struct zone_span zone_find(const struct zone *zone, int64_t utc_seconds);

/* UTC of a local second. As java.time: in an overlap the first of the two, in a gap as much later as the gap is long. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_seconds);

/* The same in microseconds. Times near the ends of 64 bits wrap round, as Java's do. */
int64_t zone_local_micros(const struct zone *zone, int64_t utc_micros);
int64_t zone_utc_micros(const struct zone *zone, int64_t local_micros);

/*
 * The offset that a name says by itself, as ZoneId.of() and Spark read it: "Z", "UTC", "GMT+1", "+02:00", "-0330", "UTC+01:00:30".
 * False when it is the name of a region, or nothing.
 */
bool zone_read_offset(struct bytes name, int32_t *out_offset);

/* The region that a short name of Java's stands for ("CST": "America/Chicago"), or the name itself. */
struct bytes zone_region_of(struct bytes name);

/* Could it name a region, and so a file: letters, digits, ~ / . _ + -, nothing that leads out of a folder. */
bool zone_is_region_name(struct bytes name);
