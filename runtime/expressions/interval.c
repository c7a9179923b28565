/*
 * Intervals: see interval.h.
 */
#include "expressions/interval.h"

#include <strings.h>

#include "columns/calendar.h"

static const char *const unit_names[] = { "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND" };

int64_t interval_unit_size(enum interval_unit unit)
{
    static const int64_t sizes[] = {
        [UNIT_YEAR] = 12,
        [UNIT_MONTH] = 1,
        [UNIT_DAY] = MICROS_PER_DAY,
        [UNIT_HOUR] = MICROS_PER_HOUR,
        [UNIT_MINUTE] = MICROS_PER_MINUTE,
        [UNIT_SECOND] = MICROS_PER_SECOND,
    };
    return sizes[unit];
}

/* --- reading forward --- */

struct cursor {
    struct bytes text;
    size_t at;
};

static uint8_t peek(const struct cursor *c)
{
    return c->at < c->text.len ? c->text.data[c->at] : 0;
}

static bool take(struct cursor *c, uint8_t wanted)
{
    bool there = c->at < c->text.len && c->text.data[c->at] == wanted;
    c->at += there;
    return there;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

static bool skip_blanks(struct cursor *c)
{
    size_t first = c->at;
    while (is_blank(peek(c))) {
        c->at++;
    }
    return c->at > first;
}

static bool take_word(struct cursor *c, const char *word)
{
    size_t len = strlen(word);
    if (c->text.len - c->at < len ||
        strncasecmp((const char *)c->text.data + c->at, word, len) != 0) {
        return false;
    }
    c->at += len;
    return true;
}

/* Digits; how many there were, and their value. `most` of them at most; 0 or less on failure. */
static int take_digits(struct cursor *c, int most, int64_t *out)
{
    int count = 0;
    int64_t value = 0;
    for (; is_digit(peek(c)); c->at++) {
        if (++count > most || __builtin_mul_overflow(value, (int64_t)10, &value) ||
            __builtin_add_overflow(value, (int64_t)(peek(c) - '0'), &value)) {
            return -1;
        }
    }
    *out = value;
    return count;
}

/* ".5": microseconds; up to 9 digits, of which 6 count. False: no digits, or too many. */
static bool take_fraction(struct cursor *c, bool needs_digits, int64_t *out)
{
    int64_t value = 0;
    int count = 0;
    for (; is_digit(peek(c)); c->at++) {
        count++;
        value = count <= 6 ? value * 10 + (peek(c) - '0') : value;
    }
    for (int i = count; i < 6; i++) {
        value *= 10;
    }
    *out = value;
    return count <= 9 && (count > 0 || !needs_digits);
}

static int take_sign(struct cursor *c)
{
    return take(c, '-') ? -1 : take(c, '+') ? 1 : 0;
}

/* --- numbers with units --- */

struct unit {
    const char *name;
    enum interval_unit unit;
    int64_t size;
};

static const struct unit *find_unit(struct bytes name)
{
    static const struct unit units[] = {
        { "year", UNIT_YEAR, 12 },
        { "month", UNIT_MONTH, 1 },
        { "week", UNIT_DAY, 7 * MICROS_PER_DAY },
        { "day", UNIT_DAY, MICROS_PER_DAY },
        { "hour", UNIT_HOUR, MICROS_PER_HOUR },
        { "minute", UNIT_MINUTE, MICROS_PER_MINUTE },
        { "second", UNIT_SECOND, MICROS_PER_SECOND },
        { "millisecond", UNIT_SECOND, 1000 },
        { "microsecond", UNIT_SECOND, 1 },
    };
    size_t len = name.len;
    if (len > 0 && (name.data[len - 1] | 32) == 's') {
        len--;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strlen(units[i].name) == len &&
            strncasecmp((const char *)name.data, units[i].name, len) == 0) {
            return &units[i];
        }
    }
    return NULL;
}

enum interval_problem interval_add_unit(struct interval_value *value,
                                        bool first,
                                        struct bytes number,
                                        struct bytes name)
{
    const struct unit *unit = find_unit(name);
    struct cursor c = { bytes_trim(number), 0 };
    int64_t whole = 0;
    int64_t fraction = 0;
    int sign = take_sign(&c);
    int digits = take_digits(&c, 19, &whole);
    bool point = digits >= 0 && take(&c, '.');
    bool fraction_read = !point || take_fraction(&c, digits == 0, &fraction);
    if (!unit || digits < 0 || (digits == 0 && !point) || !fraction_read || c.at < c.text.len ||
        (point && strcmp(unit->name, "second") != 0)) {
        return INTERVAL_MALFORMED;
    }
    bool months = unit->unit <= UNIT_MONTH;
    if (!first && months != (value->from <= UNIT_MONTH)) {
        return INTERVAL_MIXED;
    }
    int64_t total = 0;
    if (__builtin_mul_overflow(whole, unit->size, &total) ||
        __builtin_add_overflow(total, fraction, &total)) {
        return INTERVAL_OVERFLOW;
    }
    total = sign < 0 ? -total : total;
    bool over = months ? __builtin_add_overflow((int64_t)value->months, total, &total) ||
                             total < INT32_MIN || total > INT32_MAX
                       : __builtin_add_overflow(value->micros, total, &total);
    if (over) {
        return INTERVAL_OVERFLOW;
    }
    if (months) {
        value->months = (int32_t)total;
    } else {
        value->micros = total;
    }
    value->from = first || unit->unit < value->from ? unit->unit : value->from;
    value->to = first || unit->unit > value->to ? unit->unit : value->to;
    return INTERVAL_OK;
}

enum interval_problem interval_parse_units(struct bytes text, struct interval_value *out)
{
    struct cursor c = { bytes_trim(text), 0 };
    size_t start = c.at;
    if (take_word(&c, "interval") && !skip_blanks(&c)) {
        c.at = start;
    }
    *out = (struct interval_value){ 0 };
    bool first = true;
    while (c.at < c.text.len) {
        char number[40];
        size_t len = 0;
        uint8_t sign = peek(&c);
        if (take_sign(&c)) {
            number[len++] = (char)sign;
            (void)skip_blanks(&c);
        }
        while ((is_digit(peek(&c)) || peek(&c) == '.') && len < sizeof(number)) {
            number[len++] = (char)c.text.data[c.at++];
        }
        bool apart = skip_blanks(&c);
        size_t unit = c.at;
        while (c.at < c.text.len && !is_blank(peek(&c))) {
            c.at++;
        }
        struct bytes name = { c.text.data + unit, c.at - unit };
        enum interval_problem problem =
            apart ? interval_add_unit(out, first, (struct bytes){ (uint8_t *)number, len }, name)
                  : INTERVAL_MALFORMED;
        if (problem != INTERVAL_OK) {
            return problem;
        }
        first = false;
        (void)skip_blanks(&c);
    }
    return first ? INTERVAL_MALFORMED : INTERVAL_OK;
}

/* --- one text for several units --- */

static enum interval_problem store(struct interval_value *value, bool negative, int64_t total)
{
    total = negative ? -total : total;
    if (value->from > UNIT_MONTH) {
        value->micros = total;
        return INTERVAL_OK;
    }
    if (total < INT32_MIN || total > INT32_MAX) {
        return INTERVAL_OVERFLOW;
    }
    value->months = (int32_t)total;
    return INTERVAL_OK;
}

/* The first unit may have many digits; the others two, within what a clock shows. */
static enum interval_problem parse_parts(struct cursor *c,
                                         struct interval_value *value,
                                         int64_t *out_total)
{
    static const int64_t most[] = {
        [UNIT_MONTH] = 11, [UNIT_HOUR] = 23, [UNIT_MINUTE] = 59, [UNIT_SECOND] = 59
    };
    int64_t total = 0;
    for (int unit = (int)value->from; unit <= (int)value->to; unit++) {
        int64_t part = 0;
        bool first = unit == (int)value->from;
        uint8_t before = unit == UNIT_MONTH ? '-' : unit == UNIT_HOUR ? ' ' : ':';
        if (!first && !take(c, before)) {
            return INTERVAL_MALFORMED;
        }
        int digits = take_digits(c, first || unit == UNIT_MONTH ? 19 : 2, &part);
        if (digits <= 0) {
            return INTERVAL_MALFORMED;
        }
        if (!first && part > most[unit]) {
            return INTERVAL_OVERFLOW;
        }
        if (__builtin_mul_overflow(part, interval_unit_size((enum interval_unit)unit), &part) ||
            __builtin_add_overflow(total, part, &total)) {
            return INTERVAL_OVERFLOW;
        }
    }
    int64_t fraction = 0;
    if (value->to == UNIT_SECOND && take(c, '.') && !take_fraction(c, true, &fraction)) {
        return INTERVAL_MALFORMED;
    }
    if (__builtin_add_overflow(total, fraction, &total)) {
        return INTERVAL_OVERFLOW;
    }
    *out_total = total;
    return INTERVAL_OK;
}

enum interval_problem interval_parse_range(struct bytes text, struct interval_value *value)
{
    struct cursor c = { bytes_trim(text), 0 };
    int64_t total = 0;
    bool negative = take_sign(&c) < 0;
    enum interval_problem problem = parse_parts(&c, value, &total);
    if (problem != INTERVAL_OK) {
        return problem;
    }
    return c.at < c.text.len ? INTERVAL_MALFORMED : store(value, negative, total);
}

/* --- casts --- */

enum interval_problem interval_parse_cast(struct bytes text, struct interval_value *value)
{
    struct cursor c = { bytes_trim(text), 0 };
    if (!take_word(&c, "interval")) {
        return interval_parse_range(text, value);
    }
    int64_t total = 0;
    if (!skip_blanks(&c)) {
        return INTERVAL_MALFORMED;
    }
    bool negative = take_sign(&c) < 0;
    if (!take(&c, '\'')) {
        return INTERVAL_MALFORMED;
    }
    negative = (take_sign(&c) < 0) != negative;
    enum interval_problem problem = parse_parts(&c, value, &total);
    if (problem != INTERVAL_OK) {
        return problem;
    }
    bool good = take(&c, '\'') && skip_blanks(&c) && take_word(&c, unit_names[value->from]);
    if (value->from != value->to) {
        good = good && skip_blanks(&c) && take_word(&c, "to") && skip_blanks(&c) &&
               take_word(&c, unit_names[value->to]);
    }
    return good && c.at == c.text.len ? store(value, negative, total) : INTERVAL_MALFORMED;
}

void interval_print_formats(struct buffer *out, enum interval_unit from, enum interval_unit to)
{
    static const char *const letters[] = { "y", "m", "d", "h", "m", "s.n" };
    struct buffer form;
    buffer_init(&form, 64);
    for (int unit = (int)from; unit <= (int)to; unit++) {
        const char *before = unit == UNIT_MONTH ? "-" : unit == UNIT_HOUR ? " " : ":";
        buffer_append_text(&form, unit > (int)from ? before : "");
        buffer_append_text(&form, letters[unit]);
    }
    buffer_printf(out, "`[+|-]%.*s`, `INTERVAL [+|-]'[+|-]%.*s' %s", BYTES_ARG(buffer_bytes(&form)),
                  BYTES_ARG(buffer_bytes(&form)), unit_names[from]);
    if (from != to) {
        buffer_printf(out, " TO %s", unit_names[to]);
    }
    buffer_append_text(out, "`");
    buffer_finish(&form);
}
