/*
 * Patterns of dates and times, compiled and printed: see datetime_format.h. They are read in datetime_parse.c.
 */
#include "expressions/datetime_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/calendar.h"

/* --- what Spark forbids --- */

static bool among(const char *letters, uint8_t c)
{
    return c != 0 && strchr(letters, c) != NULL;
}

static bool is_letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Did SimpleDateFormat take it? */
static bool was_known(struct bytes text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        quoted = quoted != (text.data[i] == '\'');
        if (!quoted && is_letter(text.data[i]) && !among("GyYMLdhHmsSEuDFwWakKzXZ", text.data[i])) {
            return false;
        }
    }
    return !quoted;
}

/* A run of one letter that is too long: five of G M L E Q q, eleven of y. */
static bool too_long(struct bytes part, struct pattern_fault *fault)
{
    static const char letters[] = "GMLEQqy";
    for (const char *letter = letters; *letter; letter++) {
        size_t limit = *letter == 'y' ? 11 : 5;
        size_t run = 0;
        for (size_t i = 0; i < part.len; i++) {
            run = part.data[i] == (uint8_t)*letter ? run + 1 : 0;
            if (run == limit) {
                memset(fault->style, *letter, limit);
                fault->style[limit] = '\0';
                return true;
            }
        }
    }
    return false;
}

static enum pattern_problem forbidden_in(struct bytes part,
                                         bool reading,
                                         struct pattern_fault *fault)
{
    for (size_t i = 0; i < part.len; i++) {
        if (among("YWwuec", part.data[i])) {
            fault->letter = (char)part.data[i];
            return PATTERN_WEEK_BASED;
        }
    }
    for (size_t i = 0; i < part.len; i++) {
        if (among(reading ? "ABcenNpEFqQ" : "ABcenNp", part.data[i])) {
            fault->letter = (char)part.data[i];
            return PATTERN_ILLEGAL;
        }
    }
    return too_long(part, fault) ? PATTERN_LENGTH : PATTERN_GOOD;
}

/* Every other part between quotes counts; *out_era says whether there is a G. */
static enum pattern_problem forbidden(struct bytes text,
                                      bool reading,
                                      bool *out_era,
                                      struct pattern_fault *fault)
{
    size_t start = 0;
    bool quoted = false;
    *out_era = false;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '\'') {
            continue;
        }
        struct bytes part = { text.data + start, i - start };
        enum pattern_problem problem = quoted ? PATTERN_GOOD : forbidden_in(part, reading, fault);
        if (problem != PATTERN_GOOD) {
            return problem;
        }
        *out_era = *out_era || (!quoted && part.len && memchr(part.data, 'G', part.len) != NULL);
        quoted = !quoted;
        start = i + 1;
    }
    return PATTERN_GOOD;
}

/* --- compiling --- */

struct compiler {
    struct pattern *out;
    bool reading;
    bool era;
    int32_t active; /* the number that numbers right behind it take digits from; -1: none */
    int32_t open[PATTERN_MAX_DEPTH];
    int32_t depth;
};

static struct pattern_item *add(struct compiler *c, enum pattern_kind kind)
{
    struct pattern *p = c->out;
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        p->items = mem_resize(p->items, (size_t)p->capacity, sizeof(*p->items));
    }
    p->items[p->count] = (struct pattern_item){ .kind = kind };
    c->active = -1;
    return &p->items[p->count++];
}

/* A number; digits of several in a row are shared out as Java does: all but the first have a fixed width. */
static void add_number(struct compiler *c, struct pattern_item item)
{
    int32_t active = c->active;
    *add(c, item.kind) = item;
    int32_t own = c->out->count - 1;
    c->active = own;
    if (active < 0) {
        return;
    }
    if (item.least == item.most && item.sign == SIGN_NEVER) {
        c->out->items[active].following += item.most;
        c->out->items[own].fixed = true;
        c->active = active;
    } else {
        c->out->items[active].fixed = true;
    }
}

static void add_value(struct compiler *c,
                      enum pattern_field field,
                      int32_t least,
                      int32_t most,
                      enum pattern_sign sign)
{
    add_number(
        c,
        (struct pattern_item){
            .kind = PATTERN_NUMBER, .field = field, .least = least, .most = most, .sign = sign });
}

static void add_text(struct compiler *c, enum pattern_field field, bool full)
{
    struct pattern_item *item = add(c, PATTERN_TEXT);
    item->field = field;
    item->full = full;
}

static void add_offset(struct compiler *c, uint8_t style, const char *none)
{
    struct pattern_item *item = add(c, PATTERN_OFFSET);
    item->style = style;
    item->none = none;
}

/* One digit or more, or exactly two. */
static bool add_plain(struct compiler *c, enum pattern_field field, int32_t count)
{
    if (count == 1) {
        add_value(c, field, 1, 19, SIGN_NORMAL);
    } else if (count == 2) {
        add_value(c, field, 2, 2, SIGN_NEVER);
    }
    return count <= 2;
}

static bool add_named(struct compiler *c, enum pattern_field field, int32_t count)
{
    if (count <= 2) {
        return add_plain(c, field, count);
    }
    add_text(c, field, count == 4);
    return count <= 4;
}

static bool add_year(struct compiler *c, int32_t count)
{
    enum pattern_field field = c->era ? FIELD_YEAR_OF_ERA : FIELD_YEAR;
    if (count == 2) {
        add_number(c, (struct pattern_item){ .kind = PATTERN_REDUCED,
                                             .field = field,
                                             .least = 2,
                                             .most = 2,
                                             .sign = SIGN_NEVER });
    } else {
        add_value(c, field, count, 19, count < 4 ? SIGN_NORMAL : SIGN_EXCEEDS_PAD);
    }
    return true;
}

static bool add_fraction(struct compiler *c, int32_t count)
{
    if (count > 9) {
        return false;
    }
    struct pattern_item item = { .kind = PATTERN_FRACTION,
                                 .field = FIELD_NANO,
                                 .least = c->reading ? 1 : count,
                                 .most = count,
                                 .sign = SIGN_NEVER };
    if (item.least == item.most) {
        add_number(c, item);
    } else {
        *add(c, PATTERN_FRACTION) = item;
    }
    return true;
}

static bool add_offset_letters(struct compiler *c, uint8_t letter, int32_t count)
{
    static const char *const zeros[] = { "+00", "+0000", "+00:00", "+0000", "+00:00" };
    if (letter == 'Z') {
        if (count == 4) {
            add(c, PATTERN_GMT)->full = true;
        } else {
            add_offset(c, count == 5 ? 5 : 2, count == 5 ? "Z" : "+0000");
        }
        return count <= 5;
    }
    if (letter == 'O') {
        add(c, PATTERN_GMT)->full = count == 4;
        return count == 1 || count == 4;
    }
    if (count > 5) {
        return false;
    }
    add_offset(c, (uint8_t)count, letter == 'X' ? "Z" : zeros[count - 1]);
    return true;
}

static bool add_letters(struct compiler *c, uint8_t letter, int32_t count)
{
    switch (letter) {
    case 'G': add_text(c, FIELD_ERA, count == 4); return count <= 4;
    case 'y': return add_year(c, count);
    case 'M':
    case 'L': return add_named(c, FIELD_MONTH, count);
    case 'Q':
    case 'q': return add_named(c, FIELD_QUARTER, count);
    case 'd': return add_plain(c, FIELD_DAY, count);
    case 'D':
        if (count == 1) {
            return add_plain(c, FIELD_DAY_OF_YEAR, count);
        }
        add_value(c, FIELD_DAY_OF_YEAR, count, 3, SIGN_NEVER);
        return count <= 3;
    case 'E': add_text(c, FIELD_WEEKDAY, count == 4); return count <= 4;
    case 'F': return count == 1 && add_plain(c, FIELD_WEEKDAY_IN_MONTH, count);
    case 'a': add_text(c, FIELD_AMPM, false); return count == 1;
    case 'H': return add_plain(c, FIELD_HOUR, count);
    case 'k': return add_plain(c, FIELD_CLOCK_HOUR, count);
    case 'K': return add_plain(c, FIELD_HOUR_OF_AMPM, count);
    case 'h': return add_plain(c, FIELD_CLOCK_HOUR_OF_AMPM, count);
    case 'm': return add_plain(c, FIELD_MINUTE, count);
    case 's': return add_plain(c, FIELD_SECOND, count);
    case 'S': return add_fraction(c, count);
    case 'V': (void)add(c, PATTERN_ZONE_ID); return count == 2;
    case 'z': add(c, PATTERN_ZONE_NAME)->full = count == 4; return count <= 4;
    case 'Z':
    case 'O':
    case 'X':
    case 'x': return add_offset_letters(c, letter, count);
    default: return false;
    }
}

/* Text in quotes from text[*at] on; '' is a quote. */
static bool add_quoted(struct compiler *c, struct bytes text, size_t *at)
{
    size_t start = ++*at;
    if (start < text.len && text.data[start] == '\'') {
        add(c, PATTERN_LITERAL)->text = (struct bytes){ text.data + start, 1 };
        return true;
    }
    while (*at < text.len) {
        if (text.data[*at] == '\'') {
            add(c, PATTERN_LITERAL)->text = (struct bytes){ text.data + start, *at - start };
            if (*at + 1 >= text.len || text.data[*at + 1] != '\'') {
                return true;
            }
            start = *at + 1; /* a doubled quote begins the next piece */
            *at += 2;
        } else {
            (*at)++;
        }
    }
    return false;
}

static bool open_or_close(struct compiler *c, uint8_t bracket)
{
    if (bracket == '[') {
        (void)add(c, PATTERN_OPEN);
        if (c->depth == PATTERN_MAX_DEPTH) {
            return false;
        }
        c->open[c->depth++] = c->out->count - 1;
        return true;
    }
    (void)add(c, PATTERN_CLOSE);
    if (c->depth == 0) {
        return false;
    }
    c->out->items[c->open[--c->depth]].close = c->out->count - 1;
    return true;
}

static bool compile(struct compiler *c, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t letter = text.data[i];
        bool good = true;
        if (is_letter(letter)) {
            size_t first = i;
            while (i + 1 < text.len && text.data[i + 1] == letter) {
                i++;
            }
            good = add_letters(c, letter, (int32_t)(i - first) + 1);
        } else if (letter == '\'') {
            good = add_quoted(c, text, &i);
        } else if (letter == '[' || letter == ']') {
            good = open_or_close(c, letter);
        } else if (letter == '{' || letter == '}' || letter == '#') {
            good = false;
        } else {
            add(c, PATTERN_LITERAL)->text = (struct bytes){ text.data + i, 1 };
        }
        if (!good) {
            return false;
        }
    }
    while (c->depth > 0) { /* what is left open ends here */
        (void)open_or_close(c, ']');
    }
    return true;
}

bool pattern_compile(struct bytes text,
                     bool reading,
                     struct pattern *out,
                     struct pattern_fault *fault)
{
    *out = (struct pattern){ 0 };
    *fault = (struct pattern_fault){ .was_known = was_known(text) };
    struct compiler c = { .out = out, .reading = reading, .active = -1 };
    fault->problem =
        text.len > PATTERN_MAX ? PATTERN_WRONG : forbidden(text, reading, &c.era, fault);
    if (fault->problem == PATTERN_GOOD && !compile(&c, text)) {
        fault->problem = PATTERN_WRONG;
        pattern_free(out);
    }
    return fault->problem == PATTERN_GOOD;
}

void pattern_free(struct pattern *p)
{
    free(p->items);
    *p = (struct pattern){ 0 };
}
