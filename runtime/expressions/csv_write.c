/*
 * Rows as CSV: see csv_write.h.
 */
#include "expressions/csv_write.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_text.h"

static const struct sql_condition pattern_length = { "INVALID_DATETIME_PATTERN.LENGTH", "22007",
                                                     "SparkIllegalArgumentException" };
static const struct sql_condition pattern_letter = { "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER",
                                                     "22007", "SparkIllegalArgumentException" };
static const struct sql_condition no_delimiter = { "", "", "IllegalArgumentException" };

enum { TIME_DATE, TIME_INSTANT, TIME_CLOCK, TIME_COUNT };

struct csv_writer {
    const struct csv_options *options;
    struct sql_settings settings;
    bool skip_leading;
    bool skip_trailing;
    uint8_t escape_escape;
    int32_t pattern_count;
    struct pattern patterns[TIME_COUNT];
    struct buffer value;
};

static bool compile(struct csv_writer *w,
                    struct bytes given,
                    const char *standard,
                    struct sql_error *error)
{
    struct bytes text = bytes_is_null(given) ? bytes_of(standard) : given;
    struct pattern_fault fault;
    if (pattern_compile(text, false, &w->patterns[w->pattern_count], &fault)) {
        w->pattern_count++;
        return true;
    }
    if (fault.problem == PATTERN_LENGTH) {
        return sql_fail(error, &pattern_length,
                        "Unrecognized datetime pattern: %.*s. Too many letters in datetime "
                        "pattern: %s. Please reduce pattern length.",
                        BYTES_ARG(text), fault.style);
    }
    return sql_fail(error, &pattern_letter,
                    "Unrecognized datetime pattern: %.*s. Illegal pattern character found in "
                    "datetime pattern: %c. Please provide legal character.",
                    BYTES_ARG(text), fault.letter ? fault.letter : '?');
}

struct csv_writer *csv_writer_new(const struct csv_options *options,
                                  const struct sql_settings *settings,
                                  struct sql_error *error)
{
    struct csv_writer *w = MEM_NEW(struct csv_writer);
    w->options = options;
    w->settings = *settings;
    w->skip_leading = !options->has_leading_blanks || options->skip_leading_blanks;
    w->skip_trailing = !options->has_trailing_blanks || options->skip_trailing_blanks;
    w->escape_escape = csv_escape_escape(options);
    buffer_init(&w->value, INT32_MAX);
    if (!bytes_is_null(options->zone)) {
        (void)datetime_find_zone(settings, options->zone, &w->settings.zone);
    }
    bool ok =
        options->separator.len > 0 || sql_fail(error, &no_delimiter, "Delimiter cannot be empty");
    ok = ok && compile(w, options->date_format, "yyyy-MM-dd", error) &&
         compile(w, options->timestamp_format,
                 "yyyy-MM-dd'T'HH:mm:ss[.SSS][XX"
                 "X]",
                 error) &&
         compile(w, options->timestamp_ntz_format, "yyyy-MM-dd'T'HH:mm:ss[.SSS]", error);
    if (!ok) {
        csv_writer_free(w);
        return NULL;
    }
    return w;
}

void csv_writer_free(struct csv_writer *w)
{
    if (w) {
        for (int32_t i = 0; i < w->pattern_count; i++) {
            pattern_free(&w->patterns[i]);
        }
        buffer_finish(&w->value);
        free(w);
    }
}

bool csv_has_type(const struct type *type)
{
    return !type_is_nested(type) && type->kind != TYPE_VOID;
}

/* --- quotes --- */

static bool contains(struct bytes text, struct bytes part)
{
    for (size_t i = 0; part.len > 0 && i + part.len <= text.len; i++) {
        if (text.data[i] == part.data[0] && memcmp(text.data + i, part.data, part.len) == 0) {
            return true;
        }
    }
    return false;
}

static bool needs_quotes(const struct csv_writer *w, struct bytes text, bool first)
{
    const struct csv_options *o = w->options;
    if (o->quote_all || text.data[0] == o->quote ||
        (first && o->comment != 0 && text.data[0] == o->comment)) {
        return true;
    }
    bool quote = o->escape_quotes && o->quote != 0 && memchr(text.data, o->quote, text.len);
    return quote || memchr(text.data, '\n', text.len) || memchr(text.data, '\r', text.len) ||
           contains(text, o->separator) || contains(text, o->line_separator);
}

static void put_escaped(const struct csv_writer *w, struct buffer *out, struct bytes text)
{
    const struct csv_options *o = w->options;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == o->quote) {
            buffer_append(out, &o->escape, 1);
        } else if (c == o->escape && w->escape_escape != 0) {
            buffer_append(out, &w->escape_escape, 1);
        }
        buffer_append(out, &c, 1);
    }
}

static bool is_in_quotes(const struct csv_options *o, struct bytes text)
{
    return text.len >= 2 && text.data[0] == o->quote && text.data[text.len - 1] == o->quote;
}

static struct bytes without_leading(const struct csv_writer *w, struct bytes text)
{
    while (w->skip_leading && text.len > 0 && text.data[0] <= ' ') {
        text.data++;
        text.len--;
    }
    return text;
}

static struct bytes without_trailing(const struct csv_writer *w, struct bytes text)
{
    while (w->skip_trailing && text.len > 0 && text.data[text.len - 1] <= ' ') {
        text.len--;
    }
    return text;
}

/* `text` NULL: null. Whether it needs quotes is seen before blanks at its end are taken off. */
static void put_text(const struct csv_writer *w, struct buffer *out, struct bytes text, bool first)
{
    const struct csv_options *o = w->options;
    struct bytes empty = bytes_is_null(o->empty_value) ? bytes_of("\"\"") : o->empty_value;
    bool replaced = bytes_is_null(text);
    text = without_leading(w, replaced ? o->null_value : text);
    if (text.len == 0 && !replaced) {
        replaced = true;
        text = without_leading(w, empty);
    }
    bool quotes = o->quote_all || (text.len > 0 && needs_quotes(w, text, first));
    text = without_trailing(w, text);
    if (quotes && !(replaced && is_in_quotes(o, text))) {
        buffer_append(out, &o->quote, 1);
        put_escaped(w, out, text);
        buffer_append(out, &o->quote, 1);
    } else {
        buffer_append(out, text.data, text.len);
    }
}

/* --- values --- */

static void print_time(struct csv_writer *w, const struct type *type, int64_t value)
{
    const int64_t second = 1000000;
    int64_t local = type->kind == TYPE_DATE ? value * 86400 * second : value;
    int which = type->kind == TYPE_DATE ? TIME_DATE : TIME_CLOCK;
    int32_t offset = 0;
    if (type->kind == TYPE_TIMESTAMP) {
        which = TIME_INSTANT;
        local = zone_local_micros(w->settings.zone, value);
        offset = (int32_t)((local - value) / second);
    }
    (void)pattern_print(&w->patterns[which], &w->settings, local, offset, &w->value);
}

static struct bytes print_value(struct csv_writer *w, const struct column *c, int32_t row)
{
    struct cell_format format = { CELL_SHOW, w->settings.zone };
    buffer_clear(&w->value);
    switch (c->type->kind) {
    case TYPE_STRING: return column_text(c, row);
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: print_time(w, c->type, column_integer(c, row)); break;
    default: cell_print(&w->value, &format, c, row); break;
    }
    return buffer_bytes(&w->value);
}

/* --- lines --- */

static void end_line(const struct csv_writer *w, struct buffer *out, size_t start)
{
    struct bytes end = w->options->line_separator;
    if (out->len > start) {
        buffer_append(out, bytes_is_null(end) ? (const uint8_t *)"\n" : end.data,
                      bytes_is_null(end) ? 1 : end.len);
    }
}

static void separate(const struct csv_writer *w, struct buffer *out, int32_t i)
{
    if (i > 0) {
        buffer_append(out, w->options->separator.data, w->options->separator.len);
    }
}

void csv_writer_header(struct csv_writer *w, struct buffer *out, const struct type *schema)
{
    size_t start = out->len;
    for (int32_t i = 0; i < schema->field_count; i++) {
        separate(w, out, i);
        put_text(w, out, schema->fields[i].name, i == 0);
    }
    end_line(w, out, start);
}

void csv_writer_row(struct csv_writer *w,
                    struct buffer *out,
                    struct column *const *columns,
                    int32_t count,
                    int32_t row)
{
    size_t start = out->len;
    for (int32_t i = 0; i < count; i++) {
        bool null = column_is_null(columns[i], row);
        separate(w, out, i);
        put_text(w, out, null ? (struct bytes){ 0 } : print_value(w, columns[i], row), i == 0);
    }
    end_line(w, out, start);
}
