/*
 * POSIX's TZ text: see zone_rule.h.
 */
#include "columns/zone_rule.h"

#include "columns/calendar.h"

enum {
    HOURS_MAX = 167, /* of a rule's time; RFC 8536 */
    DEFAULT_SECONDS = 2 * 3600,
};

/* --- reading --- */

static bool take(struct bytes *text, char c)
{
    if (text->len == 0 || text->data[0] != (uint8_t)c) {
        return false;
    }
    text->data++;
    text->len--;
    return true;
}

static bool read_number(struct bytes *text, int32_t max, int32_t *out_value)
{
    int32_t value = 0;
    size_t i = 0;
    for (; i < text->len && text->data[i] >= '0' && text->data[i] <= '9' && value <= max; i++) {
        value = value * 10 + (text->data[i] - '0');
    }
    text->data += i;
    text->len -= i;
    *out_value = value;
    return i > 0 && value <= max;
}

/* "CEST" or "<+0330>" */
static bool read_name(struct bytes *text)
{
    bool quoted = take(text, '<');
    size_t i = 0;
    while (i < text->len &&
           (quoted ? text->data[i] != '>'
                   : (text->data[i] | 0x20) >= 'a' && (text->data[i] | 0x20) <= 'z')) {
        i++;
    }
    text->data += i;
    text->len -= i;
    return i >= 3 && (!quoted || take(text, '>'));
}

/* "-3:30", "2", "+167:59:59" */
static bool read_time(struct bytes *text, int32_t *out_seconds)
{
    bool negative = take(text, '-');
    if (!negative) {
        (void)take(text, '+');
    }
    int32_t hours = 0;
    int32_t minutes = 0;
    int32_t seconds = 0;
    if (!read_number(text, HOURS_MAX, &hours) ||
        (take(text, ':') && !read_number(text, 59, &minutes)) ||
        (take(text, ':') && !read_number(text, 59, &seconds))) {
        return false;
    }
    seconds += hours * 3600 + minutes * 60;
    *out_seconds = negative ? -seconds : seconds;
    return true;
}

static bool read_day(struct bytes *text, struct rule_day *day)
{
    bool read = false;
    *day = (struct rule_day){ .form = RULE_DAY, .seconds = DEFAULT_SECONDS };
    if (take(text, 'M')) {
        day->form = RULE_MONTH_WEEK_DAY;
        read = read_number(text, 12, &day->month) && take(text, '.') &&
               read_number(text, 5, &day->week) && take(text, '.') &&
               read_number(text, 6, &day->day) && day->month > 0 && day->week > 0;
    } else if (take(text, 'J')) {
        day->form = RULE_DAY_NO_LEAP;
        read = read_number(text, 365, &day->day) && day->day > 0;
    } else {
        read = read_number(text, 365, &day->day);
    }
    return read && (!take(text, '/') || read_time(text, &day->seconds));
}

bool zone_rule_parse(struct bytes text, struct zone_rule *out_rule)
{
    struct zone_rule rule = { .present = true };
    int32_t west = 0;
    if (!read_name(&text) || !read_time(&text, &west)) {
        return false;
    }
    rule.standard = -west;
    if (text.len > 0) {
        rule.has_summer = true;
        if (!read_name(&text)) {
            return false;
        }
        rule.summer = rule.standard + 3600;
        if (text.len > 0 && text.data[0] != ',') {
            if (!read_time(&text, &west)) {
                return false;
            }
            rule.summer = -west;
        }
        if (!take(&text, ',') || !read_day(&text, &rule.begins) || !take(&text, ',') ||
            !read_day(&text, &rule.ends) || text.len > 0) {
            return false;
        }
    }
    *out_rule = rule;
    return true;
}

/* --- using --- */

static int64_t day_of_rule(const struct rule_day *rule, int64_t year)
{
    if (rule->form == RULE_DAY) {
        return calendar_days(year, 1, 1) + rule->day;
    }
    if (rule->form == RULE_DAY_NO_LEAP) {
        int32_t leap = calendar_is_leap(year) && rule->day >= 60 ? 1 : 0;
        return calendar_days(year, 1, 1) + rule->day - 1 + leap;
    }
    int64_t first = calendar_days(year, rule->month, 1);
    int32_t weekday = calendar_weekday(first) % 7; /* Sunday is 0 here */
    int64_t day = first + (rule->day - weekday + 7) % 7 + (int64_t)(rule->week - 1) * 7;
    return day < first + calendar_days_in_month(year, rule->month) ? day : day - 7;
}

/* Moves the ends of the span to a change at `at`, when that is nearer to `time`. */
static void narrow(struct zone_span *span, int64_t time, int64_t at)
{
    if (at <= time && at > span->from) {
        span->from = at;
    } else if (at > time && at < span->until) {
        span->until = at;
    }
}

struct zone_span zone_rule_find(const struct zone_rule *rule, int64_t utc_seconds)
{
    struct zone_span span = { INT64_MIN, INT64_MAX, rule->standard };
    if (!rule->has_summer) {
        return span;
    }
    int64_t second_of_day = utc_seconds % SECONDS_PER_DAY;
    int64_t day = utc_seconds / SECONDS_PER_DAY - (second_of_day < 0 ? 1 : 0);
    int64_t year = calendar_date(day).year;
    /* The changes of the years around: the last one before decides. */
    for (int64_t y = year - 1; y <= year + 1; y++) {
        int64_t begins =
            day_of_rule(&rule->begins, y) * SECONDS_PER_DAY + rule->begins.seconds - rule->standard;
        int64_t ends =
            day_of_rule(&rule->ends, y) * SECONDS_PER_DAY + rule->ends.seconds - rule->summer;
        int64_t before = span.from;
        narrow(&span, utc_seconds, begins);
        if (span.from != before) {
            span.offset = rule->summer;
            before = span.from;
        }
        narrow(&span, utc_seconds, ends);
        if (span.from != before) {
            span.offset = rule->standard;
        }
    }
    return span;
}
