/*
 * Triggers: see trigger.h. Source: ProcessingTimeExecutor.
 */
#include "streams/trigger.h"

#include "expressions/interval.h"
#include "streams/conditions.h"

bool trigger_interval(const char *text, int64_t *out_ms, struct sql_error *error)
{
    struct interval_value value = { 0 };
    enum interval_problem problem = interval_parse_units(bytes_of(text), &value);
    if (problem == INTERVAL_MIXED || (problem == INTERVAL_OK && value.months != 0)) {
        return sql_fail(error, &stream_month_interval, "Doesn't support month or year interval: %s",
                        text);
    }
    if (problem != INTERVAL_OK) {
        return sql_fail(error, &stream_illegal_argument, "Error parsing '%s' to interval", text);
    }
    if (value.micros < 0) {
        return sql_fail(error, &stream_illegal_argument,
                        "requirement failed: the interval of trigger should not be negative");
    }
    *out_ms = value.micros / 1000;
    return true;
}

int64_t trigger_next(int64_t interval_ms, int64_t started_ms, int64_t now_ms)
{
    if (interval_ms <= 0) {
        return now_ms;
    }
    int64_t next = started_ms / interval_ms * interval_ms + interval_ms;
    return next < now_ms ? now_ms : next;
}
