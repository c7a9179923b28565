/*
 * to_number and to_char of numbers: formats of digits, '$999,999.99MI'.
 *
 *     0 9   a digit; 0 at the start asks for exactly so many        . D   the point        , G   a group's comma
 *     $     a dollar in front     S   a sign, MI  a minus or blank, at the start or the end     PR   <angle brackets> around what is negative
 *
 * Source: ToNumberParser. What is negative under a format without a sign has a minus in front.
 */
#include <stdio.h>

#include "columns/decimal.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_fixed.h"
#include "expressions/string_functions.h"

struct picture {
    struct bytes digits; /* of the format: digits, commas and the point */
    size_t whole;        /* how many places before the point */
    size_t places;
    bool zeros; /* exactly so many digits */
    bool dollar;
    char first; /* 'S', 'M' (MI) or 0 */
    char last;  /* 'S', 'M', 'P' (PR) or 0 */
};

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

static char sign_at(struct bytes text, size_t at)
{
    uint8_t c = at < text.len ? upper(text.data[at]) : 0;
    uint8_t next = at + 1 < text.len ? upper(text.data[at + 1]) : 0;
    return c == 'S' ? 'S' : c == 'M' && next == 'I' ? 'M' : c == 'P' && next == 'R' ? 'P' : 0;
}

static bool is_group(uint8_t c)
{
    return c == ',' || upper(c) == 'G';
}

static bool is_point(uint8_t c)
{
    return c == '.' || upper(c) == 'D';
}

/* False: it is no format. */
static bool read_picture(struct picture *p, struct bytes text)
{
    *p = (struct picture){ 0 };
    size_t at = 0;
    char sign = sign_at(text, at);
    if (sign == 'S' || sign == 'M') {
        p->first = sign;
        at += sign == 'S' ? 1 : 2;
    }
    if (at < text.len && text.data[at] == '$') {
        p->dollar = true;
        at++;
    }
    size_t begin = at;
    bool point = false;
    for (; at < text.len; at++) {
        uint8_t c = text.data[at];
        bool digit = c == '0' || c == '9';
        if (is_point(c) && !point) {
            point = true;
        } else if (!digit && !(is_group(c) && !point)) {
            break;
        }
        p->zeros = p->zeros || (digit && c == '0' && p->whole == 0 && !point);
        p->whole += digit && !point;
        p->places += digit && point;
    }
    p->digits = (struct bytes){ text.data + begin, at - begin };
    sign = sign_at(text, at);
    if (sign && !p->first) {
        p->last = sign;
        at += sign == 'S' ? 1 : 2;
    }
    return at == text.len && p->whole + p->places > 0 &&
           p->whole + p->places <= DECIMAL_MAX_PRECISION;
}

/* --- to_number --- */

/* A sign where the format has one; moves *at behind it. */
static void read_sign(struct bytes text, size_t *at, char sign, bool *negative)
{
    if (sign && *at < text.len &&
        (text.data[*at] == '-' || (sign == 'S' && text.data[*at] == '+'))) {
        *negative = text.data[*at] == '-';
        (*at)++;
    }
}

/* Digits and commas as the format has them, of which the text may have fewer in front. False: it does not match. */
static bool read_digits(const struct picture *p, struct bytes text, size_t *at, int128 *out)
{
    size_t end = *at;
    while (end < text.len &&
           (is_group(text.data[end]) || (text.data[end] >= '0' && text.data[end] <= '9'))) {
        end++;
    }
    size_t format_end = 0;
    while (format_end < p->digits.len && !is_point(p->digits.data[format_end])) {
        format_end++;
    }
    if (end - *at > format_end || (p->zeros && end - *at < format_end)) {
        return false;
    }
    *out = 0;
    for (size_t i = end, k = format_end; i > *at; i--, k--) { /* from the point to the front */
        if (is_group(text.data[i - 1]) != is_group(p->digits.data[k - 1])) {
            return false;
        }
    }
    for (size_t i = *at; i < end; i++) {
        *out = is_group(text.data[i]) ? *out : *out * 10 + (text.data[i] - '0');
    }
    size_t places = 0;
    bool some = end > *at;
    if (end < text.len && text.data[end] == '.' && format_end < p->digits.len) {
        end++;
        while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9' &&
               places < p->places) {
            *out = *out * 10 + (text.data[end++] - '0');
            places++;
        }
    }
    for (; places < p->places; places++) {
        *out *= 10;
    }
    *at = end;
    return some || places > 0;
}

static bool parse_by_picture(const struct picture *p, struct bytes text, int128 *out)
{
    size_t at = 0;
    bool negative = false;
    bool brackets = p->last == 'P' && text.len > 0 && text.data[0] == '<';
    while (at < text.len && text.data[at] == ' ') {
        at++;
    }
    at += brackets;
    read_sign(text, &at, p->first, &negative);
    if (p->dollar && (at >= text.len || text.data[at++] != '$')) {
        return false;
    }
    if (!read_digits(p, text, &at, out)) {
        return false;
    }
    if (p->last == 'P') {
        negative = brackets;
        if (brackets && (at >= text.len || text.data[at++] != '>')) {
            return false;
        }
    } else {
        read_sign(text, &at, p->last, &negative);
    }
    while (at < text.len && text.data[at] == ' ') {
        at++;
    }
    *out = negative ? -*out : *out;
    return at == text.len;
}

KERNEL(string_to_number)
{
    static const struct sql_condition invalid = { "INVALID_FORMAT.MISMATCH_INPUT", "42601",
                                                  "SparkIllegalArgumentException" };
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        struct picture p;
        struct bytes text = column_text(args[0], i);
        struct bytes format = column_text(args[1], i);
        int128 *out = &((int128 *)v.values)[i];
        if (read_picture(&p, format) && parse_by_picture(&p, text, out)) {
            continue;
        }
        if (call->function->name[2] == 'y') { /* try_to_number */
            vector_null(&v, i);
            continue;
        }
        vector_drop(&v);
        return evaluation_fail(
            ev, &(struct expression){ .span = span_none() }, &invalid,
            "The format is invalid: '%.*s'. The input \"STRING\" '%.*s' does not "
            "match the format.",
            BYTES_ARG(format), BYTES_ARG(text));
    }
    return vector_finish(&v);
}

/* --- to_char --- */

static void print_by_picture(struct buffer *out, const struct picture *p, const struct fixed *f)
{
    size_t digits = p->whole;
    if (p->first == 'S' || p->first == 'M') {
        buffer_append_text(out, f->negative ? "-" : p->first == 'S' ? "+" : " ");
    } else if (f->negative && (p->last == 'P' || !p->last)) {
        buffer_append_text(out, p->last ? "<" : "-");
    }
    buffer_append_text(out, p->dollar ? "$" : "");
    bool started = p->zeros;
    bool point = false;
    size_t place = 0;
    for (size_t i = 0; i < p->digits.len; i++) {
        uint8_t c = p->digits.data[i];
        if (is_point(c)) {
            point = true;
            buffer_append_text(out, ".");
        } else if (is_group(c)) {
            buffer_append_text(out, started ? "," : " ");
        } else if (point) {
            buffer_append(out, place < f->fraction ? f->digits + f->whole + place : "0", 1);
            place++;
        } else {
            started = started || digits <= f->whole;
            bool there = digits <= f->whole;
            buffer_append(out, there ? f->digits + f->whole - digits : started ? "0" : " ", 1);
            digits--;
        }
    }
    if (p->last == 'P') {
        buffer_append_text(out, f->negative ? ">" : " ");
    } else if (p->last) {
        buffer_append_text(out, f->negative ? "-" : p->last == 'S' ? "+" : " ");
    }
}

static enum row_outcome to_char_row(struct row_call *c, int32_t row)
{
    struct picture p;
    struct fixed f;
    if (!read_picture(&p, column_text(c->args[1], row))) {
        return ROW_NULL;
    }
    fixed_of_decimal(&f, column_decimal(c->args[0], row), c->args[0]->type->scale);
    fixed_round(&f, p.places, true);
    size_t lead = f.whole == 1 && f.digits[0] == '0' && p.places > 0 ? 1 : 0;
    buffer_clear(&c->scratch);
    if (f.whole - lead > p.whole) { /* does not fit */
        f = (struct fixed){ .negative = f.negative };
        print_by_picture(&c->scratch, &p, &f);
        for (size_t i = 0; i < c->scratch.len; i++) {
            uint8_t *b = &c->scratch.data[i];
            *b = *b == '0' || *b == ' ' ? '#' : *b;
        }
    } else {
        print_by_picture(&c->scratch, &p, &f);
    }
    texts_add(&c->out, buffer_bytes(&c->scratch));
    return ROW_VALUE;
}

KERNEL(string_to_char)
{
    return texts_by_row(ev, call, args, rows, to_char_row);
}

/* --- analysis --- */

static bool refuse_picture(struct analysis *a, const struct expression *call, struct bytes format)
{
    static const struct sql_condition wrong = { "INVALID_FORMAT.UNEXPECTED_TOKEN", "42601",
                                                "AnalysisException" };
    (void)sql_fail(
        a->error, &wrong,
        "The format is invalid: '%.*s'. Found the unexpected '%.*s' in the format string; "
        "the structure of the format string must match: `[MI|S]` `[$]` "
        "`[0|9|G|,]*` `[.|D]` `[0|9]*` `[$]` `[PR|MI|S]`.",
        BYTES_ARG(format), BYTES_ARG(format));
    sql_error_add_line(a->error, a->source, call->span);
    return false;
}

/* The format decides the type, and so must be constant. */
bool check_string_to_number(struct analysis *a, struct expression *call)
{
    struct scalar format;
    struct picture p = { .whole = DECIMAL_MAX_PRECISION };
    if (!expression_is_constant(call->args[1])) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        expression_print_sql(&text, call->args[1]);
        (void)analysis_mismatch(a, call, &sql_non_foldable,
                                "the input `format` should be a foldable \"STRING\" expression; "
                                "however, got \"%.*s\".",
                                BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    if (!analysis_constant(a, call->args[1], &format)) {
        return false;
    }
    if (!format.null && !read_picture(&p, format.text)) {
        return refuse_picture(a, call, format.text);
    }
    call->type = type_decimal(a->arena, (int)(p.whole + p.places), (int)p.places);
    return true;
}

/* Of a date or time it is date_format(). */
bool resolve_string_to_char(struct analysis *a, struct expression *call)
{
    enum type_kind kind = call->args[0]->type->kind;
    if (kind == TYPE_DATE || kind == TYPE_TIMESTAMP || kind == TYPE_TIMESTAMP_NTZ) {
        return analysis_replace(call, analysis_call(a, "date_format", call->args, 2, call->span));
    }
    const struct type *number = implicit_type(a->arena, a->settings, call->args[0]->type, 'n');
    const struct type *format = implicit_type(a->arena, a->settings, call->args[1]->type, 's');
    if (!number || !format) {
        return analysis_unexpected_type(a, call, number ? 1 : 0,
                                        number ? "\"STRING\"" : "\"DECIMAL\"");
    }
    number = decimal_for_integer(a->arena, number);
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], number));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], format));
    struct scalar value;
    struct picture p;
    if (expression_is_constant(call->args[1]) && analysis_constant(a, call->args[1], &value) &&
        !value.null && !read_picture(&p, value.text)) {
        return refuse_picture(a, call, value.text);
    }
    call->type = type_simple(TYPE_STRING);
    call->nullable = arguments_nullable(call);
    return !sql_failed(a->error);
}

void print_to_char(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    if (call->replacement) {
        argument(out, call->replacement);
        return;
    }
    buffer_printf(out, "%.*s(", BYTES_ARG(call->name));
    argument(out, call->args[0]);
    buffer_append_text(out, ", ");
    argument(out, call->args[1]);
    buffer_append_text(out, ")");
}
