/*
 * Dates and times read by a pattern: see datetime_format.h.
 *
 * First the text is matched, item by item, which gives fields; then the fields are resolved to a date, a time and a zone, strictly,
 * and what is missing is that of 1970-01-01 00:00:00. As DateTimeFormatter does, with ResolverStyle.STRICT, letters of either case.
 */
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "columns/calendar.h"
#include "columns/utf8.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_text.h"

struct match {
    const struct sql_settings *settings;
    struct bytes text;
    size_t at;
    size_t failed_at;
    bool present[FIELD_COUNT];
    int64_t values[FIELD_COUNT];
    bool has_zone;
    bool has_offset;
    int32_t offset;
    const struct zone *zone;
};

static bool fail(struct match *m, size_t at)
{
    m->failed_at = at;
    return false;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool set(struct match *m, enum pattern_field field, int64_t value, size_t at)
{
    if (m->present[field] && m->values[field] != value) {
        return fail(m, at);
    }
    m->present[field] = true;
    m->values[field] = value;
    return true;
}

/* --- numbers --- */

/* Up to `most` digits from m->at on; how many. */
static int32_t count_digits(const struct match *m, size_t at, int32_t most, int64_t *out)
{
    int32_t count = 0;
    int64_t value = 0;
    while (count < most && at + (size_t)count < m->text.len &&
           is_digit(m->text.data[at + (size_t)count])) {
        int64_t digit = m->text.data[at + (size_t)count] - '0';
        if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            break;
        }
        count++;
    }
    *out = value;
    return count;
}

static bool read_number(struct match *m, const struct pattern_item *item)
{
    size_t at = m->at;
    uint8_t sign = at < m->text.len ? m->text.data[at] : 0;
    bool signs = item->sign != SIGN_NEVER;
    if (sign == '+' && item->sign != SIGN_EXCEEDS_PAD) {
        return fail(m, at);
    }
    if (sign == '+' || sign == '-') {
        if (!signs) {
            return fail(m, at);
        }
        at++;
    } else {
        sign = 0;
    }
    int32_t most = item->fixed ? item->least : item->most;
    int64_t value = 0;
    int32_t count =
        count_digits(m, at, most + item->following > 19 ? 19 : most + item->following, &value);
    if (item->following > 0 && count > 0) { /* the numbers behind it take their share */
        int32_t share = count - item->following;
        count = count_digits(m, at, share > item->least ? share : item->least, &value);
    }
    if (count < item->least || count == 0) {
        return fail(m, at);
    }
    if (sign == '-' && value == 0) {
        return fail(m, at - 1);
    }
    if (item->sign == SIGN_EXCEEDS_PAD &&
        ((sign == '+' && count <= item->least) || (sign == 0 && count > item->least))) {
        return fail(m, sign ? at - 1 : at);
    }
    m->at = at + (size_t)count;
    value = item->kind == PATTERN_REDUCED ? 2000 + value : sign == '-' ? -value : value;
    return set(m, item->field, value, at);
}

static bool read_fraction(struct match *m, const struct pattern_item *item)
{
    int64_t value = 0;
    int32_t count = count_digits(m, m->at, item->most, &value);
    if (count < item->least) {
        return fail(m, m->at);
    }
    for (int32_t i = count; i < 9; i++) {
        value *= 10;
    }
    size_t start = m->at;
    m->at += (size_t)count;
    return set(m, FIELD_NANO, value, start);
}

/* --- words --- */

static bool starts_with(const struct match *m, const char *word)
{
    size_t len = strlen(word);
    return m->text.len - m->at >= len &&
           strncasecmp((const char *)m->text.data + m->at, word, len) == 0;
}

static bool read_text(struct match *m, const struct pattern_item *item)
{
    int32_t best = -1;
    size_t best_len = 0;
    const char *word = NULL;
    for (int32_t i = 0; (word = pattern_word(item->field, item->full, i)) != NULL; i++) {
        if (strlen(word) > best_len && starts_with(m, word)) {
            best = i;
            best_len = strlen(word);
        }
    }
    if (best < 0) {
        return fail(m, m->at);
    }
    size_t start = m->at;
    m->at += best_len;
    bool from_zero = item->field == FIELD_AMPM || item->field == FIELD_ERA;
    return set(m, item->field, from_zero ? best : best + 1, start);
}

static bool read_literal(struct match *m, const struct pattern_item *item)
{
    if (m->text.len - m->at < item->text.len ||
        strncasecmp((const char *)m->text.data + m->at, (const char *)item->text.data,
                    item->text.len) != 0) {
        return fail(m, m->at);
    }
    m->at += item->text.len;
    return true;
}

/* --- zones --- */

static bool set_offset(struct match *m, int32_t offset)
{
    m->has_offset = true;
    m->offset = offset;
    return true;
}

/* Two digits, at most 59 but for hours. */
static bool two_digits(const struct match *m, size_t *at, int32_t *out)
{
    int64_t value = 0;
    if (count_digits(m, *at, 2, &value) != 2 || value > 59) {
        return false;
    }
    *at += 2;
    *out = (int32_t)value;
    return true;
}

/* "+hh", "+hhmm", "+hh:mm" and so on, as the pattern's style asks for. */
static bool read_offset(struct match *m, const struct pattern_item *item)
{
    size_t at = m->at;
    int32_t parts[3] = { 0 };
    int32_t needed = item->style == 1 ? 1 : 2;
    int32_t most = item->style <= 3 ? 2 : 3;
    bool colons = item->style == 3 || item->style == 5;
    uint8_t sign = at < m->text.len ? m->text.data[at] : 0;
    bool good = sign == '+' || sign == '-';
    at++;
    for (int32_t i = 0; good && i < most; i++) {
        size_t part = at;
        bool colon = i == 0 || !colons || (part < m->text.len && m->text.data[part] == ':');
        part += i > 0 && colons;
        if (!colon || !two_digits(m, &part, &parts[i])) {
            good = i >= needed;
            break;
        }
        at = part;
    }
    int32_t offset = parts[0] * 3600 + parts[1] * 60 + parts[2];
    if (good && offset <= 18 * 3600) {
        m->at = at;
        return set_offset(m, sign == '-' ? -offset : offset);
    }
    if (!starts_with(m, item->none)) {
        return fail(m, m->at);
    }
    m->at += strlen(item->none);
    return set_offset(m, 0);
}

/* The longest run of characters that zones' names have, which must be one. */
static bool is_zone_char(uint8_t c)
{
    bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    return letter || is_digit(c) || (c != 0 && strchr("/_+-:~", c) != NULL);
}

static bool read_zone(struct match *m)
{
    size_t end = m->at;
    while (end < m->text.len && end - m->at < 64 && is_zone_char(m->text.data[end])) {
        end++;
    }
    for (; end > m->at; end--) {
        struct bytes name = { m->text.data + m->at, end - m->at };
        int32_t offset = 0;
        if (zone_read_offset(name, &offset)) {
            m->at = end;
            return set_offset(m, offset);
        }
        if (datetime_find_zone(m->settings, name, &m->zone)) {
            m->has_zone = true;
            m->at = end;
            return true;
        }
    }
    return fail(m, m->at);
}

static bool read_gmt(struct match *m, const struct pattern_item *item)
{
    if (!starts_with(m, "GMT")) {
        return fail(m, m->at);
    }
    size_t start = m->at;
    m->at += 3;
    int32_t offset = 0;
    size_t end = m->at;
    while (end < m->text.len && end - start < 16 &&
           (is_digit(m->text.data[end]) || (end == m->at && strchr("+-", m->text.data[end])) ||
            m->text.data[end] == ':')) {
        end++;
    }
    (void)item;
    if (end == m->at) {
        return set_offset(m, 0);
    }
    if (!zone_read_offset((struct bytes){ m->text.data + m->at, end - m->at }, &offset)) {
        return fail(m, start);
    }
    m->at = end;
    return set_offset(m, offset);
}

/* --- items --- */

static bool read_items(struct match *m, const struct pattern *p, int32_t from, int32_t until);

/* A part that may be missing: then nothing of it counts. */
static void read_optional(struct match *m, const struct pattern *p, int32_t open, int32_t close)
{
    struct match before = *m;
    if (!read_items(m, p, open + 1, close)) {
        *m = before;
    }
}

static bool read_item(struct match *m, const struct pattern_item *item)
{
    switch (item->kind) {
    case PATTERN_LITERAL: return read_literal(m, item);
    case PATTERN_NUMBER:
    case PATTERN_REDUCED: return read_number(m, item);
    case PATTERN_FRACTION: return read_fraction(m, item);
    case PATTERN_TEXT: return read_text(m, item);
    case PATTERN_OFFSET: return read_offset(m, item);
    case PATTERN_GMT: return read_gmt(m, item);
    case PATTERN_ZONE_ID:
    case PATTERN_ZONE_NAME: return read_zone(m);
    case PATTERN_OPEN:
    case PATTERN_CLOSE: break;
    }
    return true;
}

static bool read_items(struct match *m, const struct pattern *p, int32_t from, int32_t until)
{
    for (int32_t i = from; i < until; i++) {
        const struct pattern_item *item = &p->items[i];
        if (item->kind == PATTERN_OPEN) {
            read_optional(m, p, i, item->close);
            i = item->close;
        } else if (!read_item(m, item)) {
            return false;
        }
    }
    return true;
}

/* --- resolving --- */

struct range {
    const char *name;
    int64_t low;
    int64_t high;
    const char *high_text; /* where it is not one number */
};

static const struct range ranges[FIELD_COUNT] = {
    [FIELD_YEAR] = { "Year", -999999999, 999999999, NULL },
    [FIELD_YEAR_OF_ERA] = { "YearOfEra", 1, 999999999, "999999999/1000000000" },
    [FIELD_MONTH] = { "MonthOfYear", 1, 12, NULL },
    [FIELD_DAY] = { "DayOfMonth", 1, 31, "28/31" },
    [FIELD_DAY_OF_YEAR] = { "DayOfYear", 1, 366, "365/366" },
    [FIELD_AMPM] = { "AmPmOfDay", 0, 1, NULL },
    [FIELD_HOUR] = { "HourOfDay", 0, 23, NULL },
    [FIELD_CLOCK_HOUR] = { "ClockHourOfDay", 1, 24, NULL },
    [FIELD_HOUR_OF_AMPM] = { "HourOfAmPm", 0, 11, NULL },
    [FIELD_CLOCK_HOUR_OF_AMPM] = { "ClockHourOfAmPm", 1, 12, NULL },
    [FIELD_MINUTE] = { "MinuteOfHour", 0, 59, NULL },
    [FIELD_SECOND] = { "SecondOfMinute", 0, 59, NULL },
};

static bool in_range(enum pattern_field field, int64_t value, char *out, size_t size)
{
    const struct range *r = &ranges[field];
    if (!r->name || (value >= r->low && value <= r->high)) {
        return true;
    }
    char high[32];
    (void)snprintf(high, sizeof(high), "%" PRId64, r->high);
    (void)snprintf(out, size, "Invalid value for %s (valid values %" PRId64 " - %s): %" PRId64,
                   r->name, r->low, r->high_text ? r->high_text : high, value);
    return false;
}

bool datetime_complain_date(int64_t year, int64_t month, int64_t day, char *out, size_t size)
{
    static const char *const names[] = { "JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                         "MAY",       "JUNE",     "JULY",     "AUGUST",
                                         "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER" };
    if (!in_range(FIELD_YEAR, year, out, size) || !in_range(FIELD_MONTH, month, out, size) ||
        !in_range(FIELD_DAY, day, out, size)) {
        return true;
    }
    if (calendar_is_date(year, month, day)) {
        return false;
    }
    if (day == 29) {
        (void)snprintf(out, size, "Invalid date 'February 29' as '%" PRId64 "' is not a leap year",
                       year);
    } else {
        (void)snprintf(out, size, "Invalid date '%s %" PRId64 "'", names[month - 1], day);
    }
    return true;
}

/* Fields of a date: *out_whole says whether all of it was given. */
static bool resolve_date(struct match *m, bool *out_whole, int64_t *out_day, char *out, size_t size)
{
    int64_t *v = m->values;
    if (m->present[FIELD_YEAR_OF_ERA]) {
        if (!in_range(FIELD_YEAR_OF_ERA, v[FIELD_YEAR_OF_ERA], out, size)) {
            return false;
        }
        bool before = m->present[FIELD_ERA] && v[FIELD_ERA] == 0;
        m->present[FIELD_YEAR] = m->present[FIELD_ERA];
        v[FIELD_YEAR] = before ? 1 - v[FIELD_YEAR_OF_ERA] : v[FIELD_YEAR_OF_ERA];
    }
    bool months = m->present[FIELD_MONTH] && m->present[FIELD_DAY];
    *out_whole = m->present[FIELD_YEAR] && (months || m->present[FIELD_DAY_OF_YEAR]);
    if (m->present[FIELD_YEAR] && !months && m->present[FIELD_DAY_OF_YEAR]) {
        if (!in_range(FIELD_YEAR, v[FIELD_YEAR], out, size) ||
            !in_range(FIELD_DAY_OF_YEAR, v[FIELD_DAY_OF_YEAR], out, size)) {
            return false;
        }
        if (v[FIELD_DAY_OF_YEAR] == 366 && !calendar_is_leap(v[FIELD_YEAR])) {
            (void)snprintf(out, size,
                           "Invalid date 'DayOfYear 366' as '%" PRId64 "' is not a leap year",
                           v[FIELD_YEAR]);
            return false;
        }
        *out_day = calendar_days(v[FIELD_YEAR], 1, 1) + v[FIELD_DAY_OF_YEAR] - 1;
        return true;
    }
    int64_t year = m->present[FIELD_YEAR] ? v[FIELD_YEAR] : 1970;
    int64_t month = m->present[FIELD_MONTH] ? v[FIELD_MONTH] : 1;
    int64_t day = m->present[FIELD_DAY] ? v[FIELD_DAY] : 1;
    if (datetime_complain_date(year, month, day, out, size)) {
        return false;
    }
    *out_day = calendar_days(year, (int32_t)month, (int32_t)day);
    return true;
}

static bool resolve_time(struct match *m, int64_t *out_micros, char *out, size_t size)
{
    const int64_t *v = m->values;
    for (int field = FIELD_AMPM; field <= FIELD_SECOND; field++) {
        if (m->present[field] && !in_range((enum pattern_field)field, v[field], out, size)) {
            return false;
        }
    }
    int64_t half = m->present[FIELD_AMPM] ? v[FIELD_AMPM] * 12 : 0;
    int64_t hour = half; /* afternoon alone is noon */
    if (m->present[FIELD_HOUR]) {
        hour = v[FIELD_HOUR];
    } else if (m->present[FIELD_CLOCK_HOUR]) {
        hour = v[FIELD_CLOCK_HOUR] % 24;
    } else if (m->present[FIELD_CLOCK_HOUR_OF_AMPM]) {
        hour = v[FIELD_CLOCK_HOUR_OF_AMPM] % 12 + half;
    } else if (m->present[FIELD_HOUR_OF_AMPM]) {
        hour = v[FIELD_HOUR_OF_AMPM] + half;
    }
    *out_micros = ((hour * 60 + v[FIELD_MINUTE]) * 60 + v[FIELD_SECOND]) * MICROS_PER_SECOND +
                  v[FIELD_NANO] / 1000;
    return true;
}

/* Java counts characters in UTF-16. */
static int32_t java_index(struct bytes text, size_t until)
{
    int32_t index = 0;
    for (size_t at = 0; at < until && at < text.len;) {
        index += utf8_next(text, &at) >= 0x10000 ? 2 : 1;
    }
    return index;
}

/* The text as Java's message has it: 64 characters at most. */
static void complain(struct bytes text, char *message, const char *what)
{
    size_t cut = 0;
    for (int32_t i = 0; i < 64 && cut < text.len; i++) {
        (void)utf8_next(text, &cut);
    }
    (void)snprintf(message, PATTERN_MESSAGE_MAX, "Text '%.*s%s' could not be parsed%s", (int)cut,
                   (const char *)text.data, cut < text.len ? "..." : "", what);
}

bool pattern_read(const struct pattern *p,
                  const struct sql_settings *settings,
                  struct bytes text,
                  struct pattern_time *out,
                  char message[PATTERN_MESSAGE_MAX])
{
    struct match m = { .settings = settings, .text = text };
    char what[160];
    bool matched = read_items(&m, p, 0, p->count);
    if (!matched || m.at < text.len) {
        (void)snprintf(what, sizeof(what), "%s at index %d", matched ? ", unparsed text found" : "",
                       java_index(text, matched ? m.at : m.failed_at));
        complain(text, message, what);
        return false;
    }
    int64_t day = 0;
    int64_t micros = 0;
    bool whole = true;
    memcpy(what, ": ", 3);
    bool date = resolve_date(&m, &whole, &day, what + 2, sizeof(what) - 2);
    if (!date &&
        !whole) { /* found out when the missing parts are filled in: Java says it in other words */
        (void)snprintf(message, PATTERN_MESSAGE_MAX, "%s", what + 2);
        return false;
    }
    if (!date || !resolve_time(&m, &micros, what + 2, sizeof(what) - 2)) {
        complain(text, message, what);
        return false;
    }
    *out = (struct pattern_time){
        .has_zone = m.has_zone, .has_offset = m.has_offset, .offset = m.offset, .zone = m.zone
    };
    if (__builtin_mul_overflow(day, MICROS_PER_DAY, &out->local) ||
        __builtin_add_overflow(out->local, micros, &out->local)) {
        (void)snprintf(message, PATTERN_MESSAGE_MAX, "long overflow");
        return false;
    }
    return true;
}
