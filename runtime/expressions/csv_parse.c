/*
 * Records of CSV: see csv_parse.h.
 *
 * Inside of quotes the parser goes by the present character and the one before it (`prev`), as univocity does: what it makes of
 * odd texts follows from that.
 */
#include "expressions/csv_parse.h"

#include <stdlib.h>

#include "base/mem.h"

enum { NO_CHARACTER = -1 };

void csv_parser_init(struct csv_parser *p, const struct csv_options *options)
{
    *p = (struct csv_parser){ .options = options, .newline = bytes_of("\n"), .normalize = true };
}

void csv_parser_finish(struct csv_parser *p)
{
    free(p->values);
    free(p->store);
}

struct bytes csv_find_newline(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n') {
            return bytes_of("\n");
        }
        if (text.data[i] == '\r') {
            bool both = i + 1 < text.len && text.data[i + 1] == '\n';
            return bytes_of(both ? "\r\n" : "\r");
        }
    }
    return bytes_of("\n");
}

/* --- where things end --- */

static bool stands_at(const struct csv_parser *p, const uint8_t *at, struct bytes what)
{
    return (size_t)(p->end - at) >= what.len && at[0] == what.data[0] &&
           memcmp(at, what.data, what.len) == 0;
}

static bool at_separator(const struct csv_parser *p)
{
    return p->at < p->end && stands_at(p, p->at, p->options->separator);
}

/* A line feed always ends a record, whatever the line ends of the text are. */
static bool at_newline(const struct csv_parser *p)
{
    return p->at < p->end && (*p->at == '\n' || stands_at(p, p->at, p->newline));
}

static void pass_newline(struct csv_parser *p)
{
    if (at_newline(p)) {
        p->at += *p->at == '\n' ? 1 : p->newline.len;
    }
}

static bool at_value_end(const struct csv_parser *p)
{
    return p->at == p->end || at_separator(p) || at_newline(p);
}

/* --- values --- */

static void add_value(struct csv_parser *p, struct bytes value)
{
    if (p->outcome != CSV_RECORD) {
        return;
    }
    int64_t max = p->options->max_characters;
    if (p->count >= p->options->max_columns || (max >= 0 && value.len > (size_t)max)) {
        p->outcome = p->count >= p->options->max_columns ? CSV_TOO_MANY_COLUMNS : CSV_TOO_LONG;
        return;
    }
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        p->values = mem_resize(p->values, (size_t)p->capacity, sizeof(*p->values));
    }
    p->values[p->count++] = value;
}

static void add_null(struct csv_parser *p)
{
    add_value(p, (struct bytes){ 0 });
}

static struct bytes without_trailing_blanks(struct bytes text)
{
    while (text.len > 0 && text.data[text.len - 1] <= ' ') {
        text.len--;
    }
    return text;
}

static void parse_plain(struct csv_parser *p)
{
    struct bytes text = { p->at, 0 };
    while (!at_value_end(p)) {
        p->at++;
    }
    text.len = (size_t)(p->at - text.data);
    if (p->options->skip_trailing_blanks) {
        text = without_trailing_blanks(text);
    }
    add_value(p, text.len > 0 ? text : (struct bytes){ 0 });
}

/* --- quoted values --- */

/* One value in quotes while it is being read. `start` has room for one byte before it: a quote that comes back. */
struct quoted {
    uint8_t *start;
    int prev; /* the character before; NO_CHARACTER */
    bool unescaped;
    bool done;
    bool trim;
    bool skipped;
};

static void put(struct csv_parser *p, int c)
{
    *p->fill++ = (uint8_t)c;
}

/* The present character, or a whole line end as one. */
static void take(struct csv_parser *p)
{
    if (p->normalize && at_newline(p)) {
        put(p, '\n');
        pass_newline(p);
    } else {
        put(p, *p->at++);
    }
}

static void take_rest(struct csv_parser *p, struct quoted *q)
{
    while (!at_value_end(p)) {
        take(p);
    }
    q->trim = p->options->skip_trailing_blanks;
    q->done = true;
}

static bool stops_at_delimiter(const struct csv_options *o)
{
    return o->unescaped_quotes != CSV_STOP_AT_CLOSING_QUOTE &&
           o->unescaped_quotes != CSV_RAISE_ERROR;
}

static void skip_rest(struct csv_parser *p, struct quoted *q)
{
    while (!at_value_end(p)) {
        p->at++;
    }
    q->skipped = true;
    q->done = true;
}

/* What was read so far is several values after all: those before the last separator are complete. */
static void give_back(struct csv_parser *p, struct quoted *q)
{
    struct bytes separator = p->options->separator;
    uint8_t *from = q->start;
    for (uint8_t *s = from; s + separator.len <= p->fill;) {
        if (memcmp(s, separator.data, separator.len) == 0) {
            add_value(p, (struct bytes){ from, (size_t)(s - from) });
            s += separator.len;
            from = s;
        } else {
            s++;
        }
    }
    q->start = from;
}

/* A character behind a closing quote that neither ends the value nor is a quote. */
static void unescaped_quote(struct csv_parser *p, struct quoted *q)
{
    const struct csv_options *o = p->options;
    q->unescaped = true;
    switch (o->unescaped_quotes) {
    case CSV_STOP_AT_DELIMITER:
        put(p, o->quote);
        take(p);
        *--q->start = o->quote;
        take_rest(p, q);
        break;
    case CSV_STOP_AT_CLOSING_QUOTE:
        put(p, o->quote);
        q->prev = *p->at;
        take(p);
        break;
    case CSV_BACK_TO_DELIMITER:
        give_back(p, q);
        take(p);
        q->prev = NO_CHARACTER;
        break;
    case CSV_SKIP_VALUE: skip_rest(p, q); break;
    case CSV_RAISE_ERROR:
        p->outcome = CSV_UNESCAPED_QUOTE;
        q->done = true;
        break;
    }
}

static void unescaped_before_escape(struct csv_parser *p, struct quoted *q);

/* Does the escape have an escape other than itself? Then that one is plain text before anything else. */
static bool is_escape_escape(const struct csv_options *o, int c)
{
    return o->has_escape_escape && o->escape_escape != o->escape && c == o->escape_escape;
}

/* A quote or an escape, which is what it is by the one before. Leaves the character that counts as the previous one. */
static int quote_or_escape(struct csv_parser *p, struct quoted *q, int c)
{
    const struct csv_options *o = p->options;
    int escape_escape = csv_escape_escape(o);
    if (c == o->escape && q->prev == escape_escape && escape_escape != 0) {
        put(p, o->escape);
        return NO_CHARACTER;
    }
    if (is_escape_escape(o, q->prev)) {
        put(p, q->prev);
    }
    if (q->prev == o->escape) {
        put(p, c == o->quote ? o->quote : q->prev);
        return c == o->quote ? NO_CHARACTER : c;
    }
    if (c == o->quote && q->prev == o->quote) {
        put(p, o->quote);
    } else if (q->prev == o->quote) {
        unescaped_before_escape(p, q);
        return q->prev;
    }
    return c;
}

/* An escape behind a closing quote: univocity reads on as in a value without quotes, and then passes over the separator. */
static void unescaped_before_escape(struct csv_parser *p, struct quoted *q)
{
    const struct csv_options *o = p->options;
    if (o->unescaped_quotes == CSV_RAISE_ERROR || o->unescaped_quotes == CSV_SKIP_VALUE) {
        unescaped_quote(p, q);
        return;
    }
    put(p, o->quote);
    q->prev = *p->at;
    while (!at_value_end(p)) {
        int c = *p->at;
        if (c != o->quote && c != o->escape) {
            if (q->prev == o->quote) {
                put(p, o->quote);
            }
            put(p, c);
        } else if (q->prev == o->quote && c == o->escape) {
            put(p, o->quote);
        } else {
            c = quote_or_escape(p, q, c);
        }
        q->prev = c;
        p->at++;
    }
    q->prev = NO_CHARACTER;
    q->done = p->at == p->end || at_newline(p);
    p->at -= q->done ? 0 : 1; /* the caller goes on behind it */
    p->at += q->done ? 0 : p->options->separator.len;
}

/* Blanks behind a closing quote count for nothing, unless there is more than blanks. */
static void blanks_behind(struct csv_parser *p, struct quoted *q)
{
    const struct csv_options *o = p->options;
    const uint8_t *blanks = p->at;
    while (!at_value_end(p) && *p->at <= ' ') {
        p->at++;
    }
    if (at_value_end(p)) {
        q->done = true;
        return;
    }
    if (o->unescaped_quotes == CSV_RAISE_ERROR) {
        p->outcome = CSV_UNESCAPED_QUOTE;
        q->done = true;
        return;
    }
    if (o->unescaped_quotes == CSV_SKIP_VALUE) {
        skip_rest(p, q);
        return;
    }
    put(p, o->quote);
    memcpy(p->fill, blanks, (size_t)(p->at - blanks));
    p->fill += p->at - blanks;
    int c = *p->at;
    if (stops_at_delimiter(o)) {
        take(p);
        *--q->start = o->quote;
        take_rest(p, q);
        return;
    }
    if (c != o->quote && c != o->escape) {
        put(p, c);
    }
    q->prev = c;
    p->at++;
}

static void quoted_step(struct csv_parser *p, struct quoted *q)
{
    const struct csv_options *o = p->options;
    int c = *p->at;
    if (q->prev == o->quote && at_value_end(p)) {
        q->done = true;
        return;
    }
    if (q->prev == o->quote && c <= ' ') {
        blanks_behind(p, q);
        return;
    }
    if (c == o->quote || (c == o->escape && o->escape != 0)) {
        q->prev = quote_or_escape(p, q, c);
        p->at += !q->done;
        q->done = q->done || (q->unescaped && at_value_end(p));
        return;
    }
    if (q->prev == o->quote) {
        unescaped_quote(p, q);
        return;
    }
    if ((q->prev == o->escape && o->escape != 0) || is_escape_escape(o, q->prev)) {
        put(p, q->prev);
    }
    do {
        take(p);
    } while (p->at < p->end && *p->at != o->quote && (*p->at != o->escape || o->escape == 0) &&
             !is_escape_escape(o, *p->at));
    q->prev = p->at < p->end ? *p->at : NO_CHARACTER;
    p->at += p->at < p->end;
}

/* A value between its quotes where nothing is out of the ordinary: it stays where it is. */
static bool parse_clean(struct csv_parser *p)
{
    const struct csv_options *o = p->options;
    const uint8_t *start = p->at;
    int escape_escape = csv_escape_escape(o);
    for (const uint8_t *s = start; s + 1 < p->end; s++) {
        if (*s == o->quote) {
            bool ends = s[-1] != o->escape || s == start;
            ends = ends && (s[1] == '\n' || stands_at(p, s + 1, o->separator) ||
                            stands_at(p, s + 1, p->newline));
            if (!ends || (s == start && o->escape == o->quote)) {
                return false;
            }
            struct bytes empty = bytes_is_null(o->empty_value) ? bytes_of("") : o->empty_value;
            add_value(p, s > start ? (struct bytes){ start, (size_t)(s - start) } : empty);
            p->at = s + 1;
            return true;
        }
        bool escaped = *s == o->escape && (s[1] == o->quote || s[1] == escape_escape);
        if (escaped || (p->normalize && *s == p->newline.data[0])) {
            return false;
        }
    }
    return false;
}

/* From behind the opening quote. */
static void parse_quoted(struct csv_parser *p)
{
    struct quoted q = { .start = ++p->fill, .prev = NO_CHARACTER };
    if (p->at == p->end) {
        put(p, p->options->quote);
    }
    while (!q.done && p->at < p->end && p->outcome == CSV_RECORD) {
        quoted_step(p, &q);
    }
    struct bytes value = { q.start, (size_t)(p->fill - q.start) };
    if (q.trim) {
        value = without_trailing_blanks(value);
    }
    struct bytes empty = p->options->empty_value;
    if (q.skipped) {
        add_null(p);
    } else if (value.len > 0) {
        add_value(p, value);
    } else if (!(q.unescaped && p->options->unescaped_quotes == CSV_BACK_TO_DELIMITER)) {
        add_value(p, bytes_is_null(empty) ? bytes_of("") : empty);
    }
}

/* --- records --- */

static void skip_blanks(struct csv_parser *p)
{
    while (!at_value_end(p) && *p->at <= ' ' && *p->at != p->options->quote) {
        p->at++;
    }
}

static void parse_values(struct csv_parser *p)
{
    const struct csv_options *o = p->options;
    for (;;) {
        if (o->skip_leading_blanks) {
            skip_blanks(p);
        }
        if (p->count == 0 && (p->at == p->end || at_newline(p))) {
            return; /* blanks alone are no record */
        }
        if (at_value_end(p)) {
            add_null(p);
        } else if (*p->at == o->quote && o->quote != 0) {
            p->at++;
            if (!parse_clean(p)) {
                parse_quoted(p);
            }
        } else {
            parse_plain(p);
        }
        if (!at_separator(p) || p->outcome != CSV_RECORD) {
            return;
        }
        p->at += o->separator.len;
    }
}

/* What is unquoted is never longer than the text, but each value may get a byte more in front. */
static void make_room(struct csv_parser *p, size_t len)
{
    if (p->store_capacity < 2 * len + 8) {
        p->store_capacity = 2 * len + 8;
        p->store = mem_resize(p->store, p->store_capacity, 1);
    }
    p->fill = p->store;
}

static void skip_line(struct csv_parser *p)
{
    while (p->at < p->end && !at_newline(p)) {
        p->at++;
    }
}

enum csv_outcome csv_parse_next(struct csv_parser *p, struct bytes text, size_t *at)
{
    uint8_t comment = p->options->comment;
    p->at = text.data + *at;
    p->end = text.data + text.len;
    p->count = 0;
    p->outcome = CSV_RECORD;
    if (p->options->quote != 0) {
        make_room(p, (size_t)(p->end - p->at));
    }
    while (p->at < p->end && p->count == 0 && p->outcome == CSV_RECORD) {
        const uint8_t *start = p->at;
        if (comment != 0 && *start == comment) {
            skip_line(p);
        } else {
            parse_values(p);
        }
        p->record = (struct bytes){ start, (size_t)(p->at - start) };
        pass_newline(p);
    }
    *at = (size_t)(p->at - text.data);
    return p->count == 0 && p->outcome == CSV_RECORD ? CSV_END : p->outcome;
}

enum csv_outcome csv_parse_line(struct csv_parser *p, struct bytes line)
{
    size_t at = 0;
    enum csv_outcome outcome = csv_parse_next(p, line, &at);
    p->record = line;
    return outcome;
}
