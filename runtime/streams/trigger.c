/*
 * Triggers: see trigger.h. Source: ProcessingTimeExecutor.
 */
#include "streams/trigger.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "expressions/interval.h"
#include "streams/conditions.h"

static bool refuse(const char *text,
                   const struct sql_condition *condition,
                   const char *what,
                   struct bytes word,
                   struct sql_error *error)
{
    return sql_fail(
        error, condition,
        "Error parsing '%s' to interval. Please ensure that the value provided is in a valid format for "
        "defining an interval. You can reference the documentation for the correct format. %s %.*s%s",
        text, what, BYTES_ARG(word), condition == &stream_interval_no_unit ? " but hit EOL." : ".");
}

static bool next_word(struct bytes *rest, struct bytes *out)
{
    *rest = bytes_trim(*rest);
    return bytes_cut(rest, ' ', out) && out->len > 0;
}

static bool begins_number(struct bytes word)
{
    return isdigit(word.data[0]) || (word.data[0] != '\0' && strchr("+-.", word.data[0]));
}

/* What is wrong with a text that is no interval: numbers and units take turns. */
static bool refuse_interval(const char *text, struct sql_error *error)
{
    static const char prefix[] = "interval";
    struct bytes rest = bytes_of(text);
    struct bytes number;
    struct bytes unit;
    if (!next_word(&rest, &number)) {
        return sql_fail(error, &stream_illegal_argument, "interval cannot be null or blank.");
    }
    if (number.len == strlen(prefix) &&
        strncasecmp((const char *)number.data, prefix, number.len) == 0 &&
        !next_word(&rest, &number)) {
        return refuse(text, &stream_interval_value, "Invalid value", bytes_of(prefix), error);
    }
    do {
        struct interval_value value = { 0 };
        if (!begins_number(number)) {
            return refuse(text, &stream_interval_number, "Unrecognized number", number, error);
        }
        if (!next_word(&rest, &unit)) {
            return refuse(text, &stream_interval_no_unit, "Expect a unit name after", number,
                          error);
        }
        if (interval_add_unit(&value, true, bytes_of("1"), unit) == INTERVAL_MALFORMED) {
            return refuse(text, &stream_interval_unit, "Invalid unit", unit, error);
        }
    } while (next_word(&rest, &number));
    return refuse(text, &stream_interval_value, "Invalid value", bytes_of(text), error);
}

bool trigger_interval(const char *text, int64_t *out_ms, struct sql_error *error)
{
    struct interval_value value = { 0 };
    enum interval_problem problem = interval_parse_units(bytes_of(text), &value);
    if (problem == INTERVAL_MIXED || (problem == INTERVAL_OK && value.months != 0)) {
        return sql_fail(error, &stream_month_interval, "Doesn't support month or year interval: %s",
                        text);
    }
    if (problem != INTERVAL_OK) {
        return refuse_interval(text, error);
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
