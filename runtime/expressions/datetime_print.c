/*
 * Dates and times printed by a pattern: see datetime_format.h.
 */
#include "columns/calendar.h"
#include "expressions/datetime_format.h"

const char *pattern_word(enum pattern_field field, bool full, int32_t index)
{
    static const char *const months[] = { "January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December" };
    static const char *const short_months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    static const char *const days[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday" };
    static const char *const short_days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    static const char *const quarters[] = { "1st quarter", "2nd quarter", "3rd quarter",
                                            "4th quarter" };
    static const char *const short_quarters[] = { "Q1", "Q2", "Q3", "Q4" };
    static const char *const halves[] = { "AM", "PM" };
    static const char *const eras[] = { "Before Christ", "Anno Domini" };
    static const char *const short_eras[] = { "BC", "AD" };
    static const struct {
        const char *const *full;
        const char *const *brief;
        int32_t count;
    } words[FIELD_COUNT] = {
        [FIELD_MONTH] = { months, short_months, 12 },
        [FIELD_WEEKDAY] = { days, short_days, 7 },
        [FIELD_QUARTER] = { quarters, short_quarters, 4 },
        [FIELD_AMPM] = { halves, halves, 2 },
        [FIELD_ERA] = { eras, short_eras, 2 },
    };
    if (index < 0 || index >= words[field].count) {
        return NULL;
    }
    return full ? words[field].full[index] : words[field].brief[index];
}

/* --- fields of a time --- */

/* A local time in its parts. */
struct moment {
    int64_t day;
    struct date date;
    struct clock_time clock;
};

static int64_t field_of(enum pattern_field field, const struct moment *m)
{
    switch (field) {
    case FIELD_ERA: return m->date.year >= 1;
    case FIELD_YEAR: return m->date.year;
    case FIELD_YEAR_OF_ERA: return m->date.year >= 1 ? m->date.year : 1 - (int64_t)m->date.year;
    case FIELD_QUARTER: return (m->date.month - 1) / 3 + 1;
    case FIELD_MONTH: return m->date.month;
    case FIELD_DAY: return m->date.day;
    case FIELD_DAY_OF_YEAR: return calendar_day_of_year(m->day);
    case FIELD_WEEKDAY: return calendar_weekday(m->day);
    case FIELD_WEEKDAY_IN_MONTH: return (m->date.day - 1) % 7 + 1;
    case FIELD_AMPM: return m->clock.hour / 12;
    case FIELD_HOUR: return m->clock.hour;
    case FIELD_CLOCK_HOUR: return m->clock.hour == 0 ? 24 : m->clock.hour;
    case FIELD_HOUR_OF_AMPM: return m->clock.hour % 12;
    case FIELD_CLOCK_HOUR_OF_AMPM: return m->clock.hour % 12 == 0 ? 12 : m->clock.hour % 12;
    case FIELD_MINUTE: return m->clock.minute;
    case FIELD_SECOND: return m->clock.second;
    case FIELD_NANO: return (int64_t)m->clock.micros * 1000;
    case FIELD_COUNT: break;
    }
    return 0;
}

/* --- printing --- */

/* The digits of a number that is not negative, at least `least` (up to 19) of them, to the end of `out`; where they begin. */
static int write_digits(char out[24], int64_t value, int32_t least)
{
    int at = 24;
    for (; value > 0 || 24 - at < least; value /= 10) {
        out[--at] = (char)('0' + value % 10);
    }
    return at;
}

static bool print_number(struct buffer *out, const struct pattern_item *item, int64_t value)
{
    char digits[24];
    bool negative = value < 0;
    value = negative ? -value : value;
    if (item->kind == PATTERN_REDUCED) {
        value %= 100;
        negative = false;
    }
    int at = write_digits(digits, value, item->least < 19 ? item->least : 19);
    int len = 24 - at;
    if (len > item->most || (negative && item->sign == SIGN_NEVER)) {
        return false;
    }
    if (negative || (item->sign == SIGN_EXCEEDS_PAD && len > item->least)) {
        digits[--at] = negative ? '-' : '+';
    }
    buffer_append(out, digits + at, (size_t)(24 - at));
    return true;
}

static void print_offset(struct buffer *out, const struct pattern_item *item, int32_t offset)
{
    int32_t size = offset < 0 ? -offset : offset;
    int32_t minutes = size / 60 % 60;
    const char *colon = item->style == 3 || item->style == 5 ? ":" : "";
    if (offset == 0) {
        buffer_append_text(out, item->none);
        return;
    }
    buffer_printf(out, "%c%02d", offset < 0 ? '-' : '+', size / 3600);
    if (item->style > 1 || minutes > 0) {
        buffer_printf(out, "%s%02d", colon, minutes);
    }
    if (item->style > 3 && size % 60 > 0) {
        buffer_printf(out, "%s%02d", colon, size % 60);
    }
}

static void print_gmt(struct buffer *out, bool full, int32_t offset)
{
    int32_t size = offset < 0 ? -offset : offset;
    buffer_append_text(out, "GMT");
    if (offset == 0) {
        return;
    }
    buffer_printf(out, full ? "%c%02d" : "%c%d", offset < 0 ? '-' : '+', size / 3600);
    if (full || size % 3600 > 0) {
        buffer_printf(out, ":%02d", size / 60 % 60);
    }
    if (size % 60 > 0) {
        buffer_printf(out, ":%02d", size % 60);
    }
}

/* Is it summer time: is the offset larger than the smallest of that year? */
static bool is_summer(const struct zone *zone, int64_t utc_seconds, int32_t offset)
{
    int64_t half = (int64_t)182 * SECONDS_PER_DAY;
    return zone_offset(zone, utc_seconds - half) < offset ||
           zone_offset(zone, utc_seconds + half) < offset;
}

static void print_zone_name(struct buffer *out,
                            const struct pattern_item *item,
                            const struct sql_settings *settings,
                            const struct moment *m,
                            int32_t offset)
{
    const char *region = settings->zone_name ? settings->zone_name : "UTC";
    int64_t utc = m->day * SECONDS_PER_DAY + m->clock.hour * 3600 - offset;
    const char *name =
        datetime_zone_name(region, is_summer(settings->zone, utc, offset), item->full);
    buffer_append_text(out, name ? name : region);
}

static bool print_item(const struct pattern_item *item,
                       const struct sql_settings *settings,
                       const struct moment *m,
                       int32_t offset,
                       struct buffer *out)
{
    char digits[24];
    int64_t value = 0;
    switch (item->kind) {
    case PATTERN_LITERAL: buffer_append(out, item->text.data, item->text.len); break;
    case PATTERN_NUMBER:
    case PATTERN_REDUCED: return print_number(out, item, field_of(item->field, m));
    case PATTERN_FRACTION:
        buffer_append(out, digits + write_digits(digits, field_of(FIELD_NANO, m), 9),
                      (size_t)item->most);
        break;
    case PATTERN_TEXT:
        value = field_of(item->field, m);
        value -= item->field != FIELD_AMPM && item->field != FIELD_ERA;
        buffer_append_text(out, pattern_word(item->field, item->full, (int32_t)value));
        break;
    case PATTERN_OFFSET: print_offset(out, item, offset); break;
    case PATTERN_GMT: print_gmt(out, item->full, offset); break;
    case PATTERN_ZONE_ID:
        buffer_append_text(out, settings->zone_name ? settings->zone_name : "UTC");
        break;
    case PATTERN_ZONE_NAME: print_zone_name(out, item, settings, m, offset); break;
    case PATTERN_OPEN:
    case PATTERN_CLOSE: break;
    }
    return true;
}

bool pattern_print(const struct pattern *p,
                   const struct sql_settings *settings,
                   int64_t local,
                   int32_t offset,
                   struct buffer *out)
{
    int64_t of_day = 0;
    struct moment m = { .day = calendar_day_of_micros(local, &of_day) };
    m.date = calendar_date(m.day);
    m.clock = calendar_clock(of_day);
    for (int32_t i = 0; i < p->count; i++) {
        if (!print_item(&p->items[i], settings, &m, offset, out)) {
            return false;
        }
    }
    return true;
}
