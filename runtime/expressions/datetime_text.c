/*
 * Dates and timestamps from text: see datetime_text.h.
 */
#include "expressions/datetime_text.h"

#include <strings.h>

#include "columns/calendar.h"

/* Without what Spark trims: blanks and control characters. */
static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && (text.data[0] <= ' ' || text.data[0] == 127)) {
        text = (struct bytes){ text.data + 1, text.len - 1 };
    }
    while (text.len > 0 && (text.data[text.len - 1] <= ' ' || text.data[text.len - 1] == 127)) {
        text.len--;
    }
    return text;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* --- dates --- */

bool datetime_read_date(struct bytes text, int64_t *out_days)
{
    int64_t parts[3] = { 1, 1, 1 };
    text = trim(text);
    size_t at = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    bool negative = at && text.data[0] == '-';
    int part = 0;
    int digits = 0;
    int64_t value = 0;
    for (; at < text.len && text.data[at] != ' ' && text.data[at] != 'T'; at++) {
        uint8_t c = text.data[at];
        if (c == '-' && part < 2) {
            if (part == 0 ? digits < 4 : digits < 1) {
                return false;
            }
            parts[part++] = value;
            value = 0;
            digits = 0;
        } else if (!is_digit(c) || ++digits > (part == 0 ? 7 : 2)) {
            return false;
        } else {
            value = value * 10 + (c - '0');
        }
    }
    if ((part == 0 ? digits < 4 : digits < 1) || (part < 2 && at < text.len)) {
        return false;
    }
    parts[part] = value;
    parts[0] = negative ? -parts[0] : parts[0];
    if (!calendar_is_date(parts[0], parts[1], parts[2])) {
        return false;
    }
    *out_days = calendar_days(parts[0], (int32_t)parts[1], (int32_t)parts[2]);
    return true;
}

/* --- timestamps --- */

enum segment {
    SEGMENT_YEAR,
    SEGMENT_MONTH,
    SEGMENT_DAY,
    SEGMENT_HOUR,
    SEGMENT_MINUTE,
    SEGMENT_SECOND,
    SEGMENT_FRACTION,
    SEGMENT_ZONE,
    SEGMENT_COUNT,
};

struct reading {
    int64_t segments[SEGMENT_COUNT];
    struct bytes zone; /* null: none */
    bool time_only;
    int at; /* the segment that is being read */
    int digits;
    int64_t value;
};

static bool good_length(int segment, int digits)
{
    switch (segment) {
    case SEGMENT_YEAR: return digits >= 4 && digits <= 6;
    case SEGMENT_FRACTION: return true;
    case SEGMENT_ZONE: return digits <= 2;
    default: return digits > 0 && digits <= 2;
    }
}

/* Ends the present segment, counted as `segment`, and goes on to `next`. */
static bool close_segment(struct reading *r, int segment, int next)
{
    if (!good_length(segment, r->digits)) {
        return false;
    }
    r->segments[segment] = r->value;
    r->value = 0;
    r->digits = 0;
    r->at = next;
    return true;
}

/* A character that is no digit: what it ends depends on where it stands. */
static bool separate(struct reading *r, struct bytes text, size_t *i, bool sign)
{
    uint8_t c = text.data[*i];
    if (*i == 0 && c == 'T') {
        r->time_only = true;
        r->at = SEGMENT_HOUR;
        return true;
    }
    switch (r->at) {
    case SEGMENT_YEAR:
        if (c == ':' && !sign) {
            r->time_only = true;
            return close_segment(r, SEGMENT_HOUR, SEGMENT_MINUTE);
        }
        return c == '-' && close_segment(r, r->at, r->at + 1);
    case SEGMENT_MONTH: return c == '-' && close_segment(r, r->at, r->at + 1);
    case SEGMENT_DAY: return (c == ' ' || c == 'T') && close_segment(r, r->at, r->at + 1);
    case SEGMENT_HOUR:
    case SEGMENT_MINUTE: return c == ':' && close_segment(r, r->at, r->at + 1);
    case SEGMENT_SECOND:
    case SEGMENT_FRACTION:
        if (c == '.' && r->at == SEGMENT_SECOND) {
            return close_segment(r, r->at, SEGMENT_FRACTION);
        }
        r->zone = (struct bytes){ text.data + *i, text.len - *i };
        *i = text.len - 1;
        return close_segment(r, r->at, SEGMENT_ZONE);
    default: return false;
    }
}

static bool read_segments(struct bytes text, struct reading *r)
{
    *r = (struct reading){ .segments = { 1, 1, 1 } };
    text = trim(text);
    if (text.len == 0) {
        return false;
    }
    bool sign = text.data[0] == '-' || text.data[0] == '+';
    int fraction_digits = 0;
    for (size_t i = sign; i < text.len; i++) {
        if (!is_digit(text.data[i])) {
            if (!separate(r, text, &i, sign)) {
                return false;
            }
            continue;
        }
        bool fraction = r->at == SEGMENT_FRACTION;
        if (!fraction || fraction_digits < 6) {
            r->value = r->value * 10 + (text.data[i] - '0');
            fraction_digits += fraction;
        }
        if (!fraction && ++r->digits > 6) {
            return false;
        }
    }
    if (!close_segment(r, r->at, r->at)) {
        return false;
    }
    for (; fraction_digits < 6; fraction_digits++) {
        r->segments[SEGMENT_FRACTION] *= 10;
    }
    if (sign && text.data[0] == '-') {
        r->segments[SEGMENT_YEAR] = -r->segments[SEGMENT_YEAR];
    }
    return r->segments[SEGMENT_HOUR] < 24 && r->segments[SEGMENT_MINUTE] < 60 &&
           r->segments[SEGMENT_SECOND] < 60;
}

/* Two digits; more than 99 when they are none. */
static int32_t pair(const uint8_t *p)
{
    uint8_t tens = (uint8_t)(p[0] - '0');
    uint8_t ones = (uint8_t)(p[1] - '0');
    return tens > 9 || ones > 9 ? 100 : tens * 10 + ones;
}

/* The usual form, "yyyy-MM-dd HH:mm:ss" with up to six more digits and nothing else, which is most. False: look closer. */
static bool read_usual(struct bytes text, struct reading *r)
{
    const uint8_t *p = text.data;
    if (text.len < 19 || text.len > 26 || p[4] != '-' || p[7] != '-' ||
        (p[10] != ' ' && p[10] != 'T') || p[13] != ':' || p[16] != ':' ||
        (text.len > 19 && p[19] != '.')) {
        return false;
    }
    int32_t parts[] = { pair(p),      pair(p + 2),  pair(p + 5), pair(p + 8),
                        pair(p + 11), pair(p + 14), pair(p + 17) };
    int64_t fraction = 0;
    for (size_t i = 20; i < 26; i++) {
        uint8_t digit = i < text.len ? (uint8_t)(p[i] - '0') : 0;
        if (digit > 9) {
            return false;
        }
        fraction = fraction * 10 + digit;
    }
    if (parts[0] > 99 || parts[1] > 99 || parts[2] > 99 || parts[3] > 99 || parts[4] > 23 ||
        parts[5] > 59 || parts[6] > 59) {
        return false;
    }
    *r = (struct reading){ .segments = { parts[0] * 100 + parts[1], parts[2], parts[3], parts[4],
                                         parts[5], parts[6], fraction } };
    return true;
}

static int64_t micros_of_day(const struct reading *r)
{
    const int64_t *s = r->segments;
    return ((s[SEGMENT_HOUR] * 60 + s[SEGMENT_MINUTE]) * 60 + s[SEGMENT_SECOND]) *
               MICROS_PER_SECOND +
           s[SEGMENT_FRACTION];
}

bool datetime_find_zone(const struct sql_settings *settings,
                        struct bytes name,
                        const struct zone **out_zone)
{
    int32_t offset = 0;
    *out_zone = NULL;
    name = bytes_trim(name);
    if (settings->find_zone) {
        return settings->find_zone(settings->zones, name, out_zone);
    }
    return zone_read_offset(name, &offset) && offset == 0;
}

/* Local microseconds. False: there is no such day, or it is too far away. */
static bool local_of(const struct reading *r, int64_t today, int64_t *out)
{
    const int64_t *s = r->segments;
    if (!r->time_only && !calendar_is_date(s[SEGMENT_YEAR], s[SEGMENT_MONTH], s[SEGMENT_DAY])) {
        return false;
    }
    int64_t days = r->time_only ? today
                                : calendar_days(s[SEGMENT_YEAR], (int32_t)s[SEGMENT_MONTH],
                                                (int32_t)s[SEGMENT_DAY]);
    return !__builtin_mul_overflow(days, MICROS_PER_DAY, out) &&
           !__builtin_add_overflow(*out, micros_of_day(r), out);
}

bool datetime_read_timestamp(const struct sql_settings *settings, struct bytes text, int64_t *out)
{
    struct reading r;
    const struct zone *zone = settings->zone;
    if (!read_usual(text, &r) && !read_segments(text, &r)) {
        return false;
    }
    int32_t offset = 0;
    bool fixed = r.zone.data && zone_read_offset(bytes_trim(r.zone), &offset);
    if (r.zone.data && !fixed && !datetime_find_zone(settings, r.zone, &zone)) {
        return false;
    }
    int64_t local = 0;
    int64_t today = 0;
    if (r.time_only) {
        int64_t now = settings->now_us;
        int64_t here = fixed ? now + offset * MICROS_PER_SECOND : zone_local_micros(zone, now);
        today = datetime_floor(here, MICROS_PER_DAY);
    }
    if (!local_of(&r, today, &local)) {
        return false;
    }
    *out = fixed ? local - offset * MICROS_PER_SECOND : zone_utc_micros(zone, local);
    return true;
}

bool datetime_read_local(const struct sql_settings *settings, struct bytes text, int64_t *out)
{
    struct reading r;
    const struct zone *zone = NULL;
    int32_t offset = 0;
    if (!read_segments(text, &r) || r.time_only) {
        return false;
    }
    if (r.zone.data && !zone_read_offset(bytes_trim(r.zone), &offset) &&
        !datetime_find_zone(settings, r.zone, &zone)) {
        return false;
    }
    return local_of(&r, 0, out);
}

bool datetime_read_word(const struct sql_settings *settings, struct bytes text, int64_t *out_local)
{
    static const char *const words[] = { "epoch", "now", "yesterday", "today", "tomorrow" };
    text = trim(text);
    for (int i = 0; i < 5; i++) {
        if (text.len != strlen(words[i]) ||
            strncasecmp((const char *)text.data, words[i], text.len) != 0) {
            continue;
        }
        *out_local = i == 0   ? 0
                     : i == 1 ? zone_local_micros(settings->zone, settings->now_us)
                              : (datetime_today(settings) + i - 3) * MICROS_PER_DAY;
        return true;
    }
    return false;
}

/* --- local times --- */

int64_t datetime_back_to_utc(const struct zone *zone, int64_t local, int64_t utc)
{
    int32_t before = zone_offset(zone, datetime_floor(utc, MICROS_PER_SECOND));
    int64_t same = (int64_t)((uint64_t)local - (uint64_t)(before * MICROS_PER_SECOND));
    return zone_offset(zone, datetime_floor(same, MICROS_PER_SECOND)) == before
               ? same
               : zone_utc_micros(zone, local);
}

int64_t datetime_today(const struct sql_settings *settings)
{
    return datetime_floor(zone_local_micros(settings->zone, settings->now_us), MICROS_PER_DAY);
}
