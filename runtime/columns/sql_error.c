/*
 * Errors of SQL: see sql_error.h.
 */
#include "columns/sql_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"

void sql_error_finish(struct sql_error *e)
{
    free(e->message);
    free(e->cause);
    *e = (struct sql_error){ 0 };
}

static void set_message(struct sql_error *e, struct buffer *text)
{
    free(e->message);
    e->message = mem_text(text->data, text->len);
    buffer_finish(text);
}

static void append_v(struct buffer *out, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void append_v(struct buffer *out, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len > 0) {
        char *text = mem_zalloc((size_t)len + 1, 1);
        (void)vsnprintf(text, (size_t)len + 1, format, again);
        buffer_append(out, text, len < SQL_ERROR_MAX / 2 ? (size_t)len : SQL_ERROR_MAX / 2);
        free(text);
    }
    va_end(again);
}

bool sql_fail(struct sql_error *e, const struct sql_condition *condition, const char *format, ...)
{
    if (sql_failed(e)) {
        return false;
    }
    bool bracketed = condition->name[0] && strncmp(condition->name, "_LEGACY", 7) != 0;
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    if (bracketed) {
        buffer_printf(&text, "[%s] ", condition->name);
    }
    va_list args;
    va_start(args, format);
    append_v(&text, format, args);
    va_end(args);
    if (bracketed && condition->state[0]) {
        buffer_printf(&text, " SQLSTATE: %s", condition->state);
    }
    e->condition = condition;
    set_message(e, &text);
    return false;
}

void sql_error_add(struct sql_error *e, const char *format, ...)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(&text, e->message);
    va_list args;
    va_start(args, format);
    append_v(&text, format, args);
    va_end(args);
    set_message(e, &text);
}

void sql_error_prepend(struct sql_error *e, const char *before)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(&text, before);
    buffer_append_text(&text, e->message);
    set_message(e, &text);
}

/* --- places --- */

struct place {
    int line;   /* from 1 */
    int column; /* from 0, in UTF-16 units, as Java counts */
};

static int units_of(struct bytes text)
{
    int units = 0;
    for (size_t i = 0; i < text.len; i++) {
        units += (text.data[i] & 0xc0) != 0x80;
        units += text.data[i] >= 0xf0;
    }
    return units;
}

static struct place place_of(struct bytes text, int32_t at)
{
    struct place place = { .line = 1 };
    size_t line_start = 0;
    size_t end = at < 0 ? 0 : (size_t)at < text.len ? (size_t)at : text.len;
    for (size_t i = 0; i < end; i++) {
        if (text.data[i] == '\n') {
            place.line++;
            line_start = i + 1;
        }
    }
    place.column = units_of((struct bytes){ text.data + line_start, end - line_start });
    return place;
}

static void append_repeated(struct buffer *out, char c, int count)
{
    for (int i = 0; i < count; i++) {
        buffer_append(out, &c, 1);
    }
}

static bool is_blank(struct bytes text)
{
    return bytes_trim(text).len == 0;
}

/* The lines of the text that the fragment touches, each with a line of ^ under its part. */
void sql_error_add_fragment(struct sql_error *e, struct bytes text, struct span where)
{
    if (!e->message || where.start < 0 || bytes_is_null(text)) {
        return;
    }
    struct place place = place_of(text, where.start);
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    buffer_printf(&out, "%s\n== SQL (line %d, position %d) ==\n", e->message, place.line,
                  place.column + 1);
    size_t at = 0;
    while (at < text.len) {
        const uint8_t *newline = memchr(text.data + at, '\n', text.len - at);
        size_t end = newline ? (size_t)(newline - text.data) : text.len;
        size_t from = at > (size_t)where.start ? at : (size_t)where.start;
        size_t to = end < (size_t)where.end ? end : (size_t)where.end;
        bool touched = from < to && to > at && from < end;
        if (touched && !is_blank((struct bytes){ text.data + from, to - from })) {
            buffer_append(&out, text.data + at, end - at);
            buffer_append_text(&out, "\n");
            append_repeated(&out, ' ', units_of((struct bytes){ text.data + at, from - at }));
            append_repeated(&out, '^', units_of((struct bytes){ text.data + from, to - from }));
            buffer_append_text(&out, "\n");
        }
        at = end + 1;
    }
    set_message(e, &out);
}

void sql_error_add_line(struct sql_error *e, struct bytes text, struct span where)
{
    if (!e->message || where.start < 0 || bytes_is_null(text)) {
        return;
    }
    struct place place = place_of(text, where.start);
    sql_error_add(e, "; line %d pos %d", place.line, place.column);
}

void sql_error_add_place(struct sql_error *e, struct bytes text, int32_t at)
{
    struct place place = place_of(text, at);
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    buffer_printf(&out, "%s (line %d, pos %d)\n\n== SQL ==\n", e->message, place.line,
                  place.column);
    int line = 1;
    for (size_t start = 0; start <= text.len; line++) {
        const uint8_t *newline =
            start < text.len ? memchr(text.data + start, '\n', text.len - start) : NULL;
        size_t end = newline ? (size_t)(newline - text.data) : text.len;
        buffer_append(&out, text.data + start, end - start);
        buffer_append_text(&out, "\n");
        if (line == place.line) {
            append_repeated(&out, '-', place.column);
            buffer_append_text(&out, "^^^\n");
        }
        start = end + 1;
    }
    set_message(e, &out);
}

void sql_error_set_cause(struct sql_error *e, const struct sql_error *why)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "%s: %s", why->condition->exception, why->message);
    if (why->cause) {
        buffer_printf(&text, "\nCaused by: %s", why->cause);
    }
    free(e->cause);
    e->cause = mem_text(buffer_bytes(&text).data, text.len);
    buffer_finish(&text);
}
