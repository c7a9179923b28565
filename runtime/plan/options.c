/*
 * Options: see options.h.
 */
#include "plan/options.h"

#include <strings.h>

#include "plan/plan_conditions.h"

static bool same_name(struct bytes a, struct bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

struct options options_with(struct arena *arena,
                            struct options o,
                            struct bytes name,
                            struct bytes value)
{
    struct option_entry *entries = ARENA_NEW(arena, struct option_entry, (size_t)o.count + 1);
    int32_t at = o.count;
    for (int32_t i = 0; i < o.count; i++) {
        entries[i] = o.entries[i];
        if (same_name(name, o.entries[i].name)) {
            at = i;
        }
    }
    if (at == o.count) {
        entries[at].name = arena_copy(arena, name);
        o.count++;
    }
    entries[at].value = arena_copy(arena, value);
    o.entries = entries;
    return o;
}

struct options options_without(struct arena *arena, struct options o, const char *name)
{
    struct option_entry *entries = ARENA_NEW(arena, struct option_entry, (size_t)o.count + 1);
    int32_t kept = 0;
    for (int32_t i = 0; i < o.count; i++) {
        if (!same_name(o.entries[i].name, bytes_of(name))) {
            entries[kept++] = o.entries[i];
        }
    }
    return (struct options){ kept, entries };
}

struct bytes options_get(const struct options *o, const char *name)
{
    for (int32_t i = 0; i < o->count; i++) {
        if (same_name(o->entries[i].name, bytes_of(name))) {
            return o->entries[i].value;
        }
    }
    return (struct bytes){ 0 };
}

bool options_bool(
    const struct options *o, const char *name, bool standard, bool *out, struct sql_error *error)
{
    struct bytes value = options_get(o, name);
    if (bytes_is_null(value)) {
        *out = standard;
        return true;
    }
    bool yes = same_name(value, bytes_of("true"));
    if (!yes && !same_name(value, bytes_of("false"))) {
        return sql_fail(error, &plan_illegal_argument, "For input string: \"%.*s\"",
                        BYTES_ARG(value));
    }
    *out = yes;
    return true;
}

bool options_integer(const struct options *o,
                     const char *name,
                     int64_t standard,
                     int64_t *out,
                     struct sql_error *error)
{
    struct bytes value = options_get(o, name);
    if (bytes_is_null(value)) {
        *out = standard;
        return true;
    }
    struct bytes digits = value;
    if (value.len > 1 && value.data[0] == '+') { /* Java's parseLong takes one */
        digits = (struct bytes){ value.data + 1, value.len - 1 };
        if (digits.data[0] == '-') {
            digits.len = 0;
        }
    }
    if (!bytes_parse_i64(digits, out)) {
        return sql_fail(error, &plan_number_format, "For input string: \"%.*s\"", BYTES_ARG(value));
    }
    return true;
}

/* --- times --- */

static const struct time_unit {
    const char *name;
    int64_t us;
} units[] = {
    { "us", 1 },         { "ms", 1000 },      { "s", 1000000 },     { "m", 60000000 },
    { "min", 60000000 }, { "h", 3600000000 }, { "d", 86400000000 },
};

static bool find_unit(struct bytes name, int64_t *out_us)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (same_name(name, bytes_of(units[i].name))) {
            *out_us = units[i].us;
            return true;
        }
    }
    return false;
}

static bool bad_time(struct bytes value, struct sql_error *error)
{
    return sql_fail(error, &plan_number_format,
                    "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), "
                    "minutes (m or min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed "
                    "to parse time string: %.*s",
                    BYTES_ARG(value));
}

/* JavaUtils.timeStringAs: a sign, digits, and a unit without blanks between. */
bool options_time(const struct options *o,
                  const char *name,
                  int64_t standard_ms,
                  int64_t unit_ms,
                  int64_t *out,
                  struct sql_error *error)
{
    struct bytes value = options_get(o, name);
    if (bytes_is_null(value)) {
        *out = standard_ms;
        return true;
    }
    struct bytes text = bytes_trim(value);
    size_t digits = text.len > 0 && text.data[0] == '-';
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    struct bytes unit = { text.data + digits, text.len - digits };
    int64_t number = 0;
    int64_t us = unit_ms * 1000;
    if (!bytes_parse_i64((struct bytes){ text.data, digits }, &number) ||
        (unit.len > 0 && !find_unit(unit, &us)) || __builtin_mul_overflow(number, us, &number)) {
        return bad_time(value, error);
    }
    *out = number / 1000;
    return true;
}
