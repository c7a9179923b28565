/*
 * Settings of a session: see conf.h.
 */
#include "streams/conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "streams/conditions.h"

enum conf_kind {
    CONF_TEXT,
    CONF_BOOLEAN,
    CONF_COUNT, /* 1 and up */
    CONF_TIME,  /* 0 and up, in milliseconds */
};

enum { COUNT_MAX = 100000 }; /* partitions, batches: each costs memory */

struct conf_entry {
    const char *name;
    const char *standard; /* NULL: not set */
    enum conf_kind kind;
};

/* clang-format off */
static const struct conf_entry entries[] = {
    { "spark.sql.ansi.enabled", "true", CONF_BOOLEAN },
    { "spark.sql.caseSensitive", "false", CONF_BOOLEAN },
    { "spark.sql.session.timeZone", NULL, CONF_TEXT },
    { "spark.sql.shuffle.partitions", NULL, CONF_COUNT },
    { "spark.sql.streaming.checkpointLocation", NULL, CONF_TEXT },
    { "spark.sql.streaming.checkpoint.sync", "false", CONF_BOOLEAN },
    { "spark.sql.streaming.maxBatchesToRetainInMemory", "2", CONF_COUNT },
    { "spark.sql.streaming.minBatchesToRetain", "100", CONF_COUNT },
    { "spark.sql.streaming.multipleWatermarkPolicy", "min", CONF_TEXT },
    { "spark.sql.streaming.noDataMicroBatches.enabled", "true", CONF_BOOLEAN },
    { "spark.sql.streaming.noDataProgressEventInterval", "10000", CONF_TIME },
    { "spark.sql.streaming.numRecentProgressUpdates", "100", CONF_COUNT },
    { "spark.sql.streaming.pollingDelay", "10", CONF_TIME },
    { "spark.sql.streaming.schemaInference", "false", CONF_BOOLEAN },
    { "spark.sql.streaming.stateStore.maintenanceInterval", "60000", CONF_TIME },
    { "spark.sql.streaming.stateStore.minDeltasForSnapshot", "10", CONF_COUNT },
    { "spark.sql.streaming.stopActiveRunOnRestart", "true", CONF_BOOLEAN },
    { "spark.sql.streaming.stopTimeout", "0", CONF_TIME },
};
/* clang-format on */

static const struct conf_entry *find(const char *name)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        if (strcmp(entries[i].name, name) == 0) {
            return &entries[i];
        }
    }
    return NULL;
}

const char *conf_standard(const char *name)
{
    const struct conf_entry *entry = find(name);
    return entry ? entry->standard : NULL;
}

static int64_t unit_ms(struct bytes unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {
        { "", 1 },           { "ms", 1 },         { "s", 1000 },        { "m", 60000 },
        { "min", 60000 },    { "h", 3600000 },    { "d", 86400000 },    { "second", 1000 },
        { "seconds", 1000 }, { "minute", 60000 }, { "minutes", 60000 },
    };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (unit.len == strlen(units[i].name) &&
            strncasecmp((const char *)unit.data, units[i].name, unit.len) == 0) {
            return units[i].ms;
        }
    }
    return 0;
}

bool conf_time(struct bytes value, int64_t *out)
{
    struct bytes text = bytes_trim(value);
    size_t digits = 0;
    while (digits < text.len &&
           (isdigit(text.data[digits]) || (digits == 0 && text.data[0] == '-'))) {
        digits++;
    }
    int64_t number;
    struct bytes unit = bytes_trim((struct bytes){ text.data + digits, text.len - digits });
    int64_t ms = unit_ms(unit);
    return bytes_parse_i64((struct bytes){ text.data, digits }, &number) && ms > 0 &&
           !__builtin_mul_overflow(number, ms, out);
}

static bool is_boolean(const char *value)
{
    return strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0;
}

bool conf_check(const char *name, const char *value, struct sql_error *error)
{
    const struct conf_entry *entry = find(name);
    int64_t number = 0;
    if (!entry || entry->kind == CONF_TEXT) {
        return true;
    }
    if (entry->kind == CONF_BOOLEAN) {
        return is_boolean(value) ||
               sql_fail(
                   error, &stream_conf_type,
                   "The value '%s' in the config \"%s\" is invalid. It should be a/an 'boolean' value.",
                   value, name);
    }
    if (!conf_time(bytes_of(value), &number)) {
        return sql_fail(
            error, &stream_conf_type,
            "The value '%s' in the config \"%s\" is invalid. It should be a/an '%s' value.", value,
            name, entry->kind == CONF_COUNT ? "int" : "long");
    }
    if (number < (entry->kind == CONF_COUNT ? 1 : 0)) {
        return sql_fail(
            error, &stream_conf_requirement,
            "The value '%s' in the config \"%s\" is invalid. The value of %s must be %s.", value,
            name, name, entry->kind == CONF_COUNT ? "positive" : "at least 0");
    }
    if (entry->kind == CONF_COUNT && number > COUNT_MAX) {
        return sql_fail(
            error, &stream_conf_requirement,
            "The value '%s' in the config \"%s\" is invalid. The value of %s must be at "
            "most %d.",
            value, name, name, COUNT_MAX);
    }
    return true;
}

const char *conf_local_zone(void)
{
    const char *zone = getenv("TZ");
    return zone && zone[0] && zone[0] != ':' ? zone : "UTC";
}
