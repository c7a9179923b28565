/*
 * What a session settles about the meaning of expressions. Immutable while a query runs.
 */
#pragma once

#include "columns/zone.h"

struct sql_settings {
    bool ansi;               /* spark.sql.ansi.enabled */
    bool case_sensitive;     /* spark.sql.caseSensitive */
    const struct zone *zone; /* spark.sql.session.timeZone; NULL: UTC */
    const char *zone_name;   /* as it was given: "UTC", "Europe/Rome" */
    int64_t now_us;          /* of current_timestamp() and its kin: the same in a whole batch */

    /* Other zones by name, for functions that take one; false: there is no such zone. UTC is NULL. NULL: only offsets are known. */
    bool (*find_zone)(void *zones, struct bytes name, const struct zone **out_zone);
    void *zones;
};
