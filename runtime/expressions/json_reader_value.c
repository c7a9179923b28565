/*
 * Strings, numbers and words of JSON: see json_reader.h.
 */
#include "columns/utf8.h"
#include "expressions/json_reader.h"

/* --- strings --- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_high(uint32_t c)
{
    return c >= 0xd800 && c < 0xdc00;
}

static bool is_low(uint32_t c)
{
    return c >= 0xdc00 && c < 0xe000;
}

/* Halves of characters that follow each other are one; a half alone keeps its place, as three bytes. */
static void append_unit(struct json_reader *r, struct buffer *out, uint32_t unit, uint32_t *high)
{
    uint8_t utf8[4];
    size_t len = 0;
    if (is_low(unit) && *high) {
        uint32_t c = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);
        out->len -= 3;
        utf8[len++] = (uint8_t)(0xf0 | (c >> 18));
        utf8[len++] = (uint8_t)(0x80 | ((c >> 12) & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | ((c >> 6) & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | (c & 0x3f));
    } else if (unit < 0x80) {
        utf8[len++] = (uint8_t)unit;
    } else if (unit < 0x800) {
        utf8[len++] = (uint8_t)(0xc0 | (unit >> 6));
        utf8[len++] = (uint8_t)(0x80 | (unit & 0x3f));
    } else {
        utf8[len++] = (uint8_t)(0xe0 | (unit >> 12));
        utf8[len++] = (uint8_t)(0x80 | ((unit >> 6) & 0x3f));
        utf8[len++] = (uint8_t)(0x80 | (unit & 0x3f));
        r->surrogates = r->surrogates || is_high(unit) || is_low(unit);
    }
    *high = is_high(unit) ? unit : 0;
    buffer_append(out, utf8, len);
}

/* What stands behind a backslash, as a UTF-16 unit. */
static bool read_escape(struct json_reader *r, uint32_t *out)
{
    if (r->at == r->end) {
        return false;
    }
    uint8_t c = *r->at++;
    switch (c) {
    case 'b': *out = '\b'; return true;
    case 't': *out = '\t'; return true;
    case 'n': *out = '\n'; return true;
    case 'f': *out = '\f'; return true;
    case 'r': *out = '\r'; return true;
    case '"':
    case '/':
    case '\\': *out = c; return true;
    case 'u': break;
    default:
        *out = c;
        return c < 0x80 && (r->allow.any_escape || (c == '\'' && r->allow.single_quotes));
    }
    uint32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        if (r->at == r->end) {
            return false;
        }
        int digit = hex_digit(*r->at++);
        if (digit < 0) {
            return false;
        }
        unit = unit * 16 + (uint32_t)digit;
    }
    *out = unit;
    return true;
}

static void append_run(struct buffer *out, const uint8_t *from, const uint8_t *to)
{
    struct bytes run = { from, (size_t)(to - from) };
    bool ascii = true;
    for (size_t i = 0; i < run.len && ascii; i++) {
        ascii = run.data[i] < 0x80;
    }
    if (ascii) {
        buffer_append(out, run.data, run.len);
    } else {
        utf8_repair(out, run);
    }
}

bool json_read_string(struct json_reader *r, struct buffer *out, uint8_t quote)
{
    uint32_t high = 0;
    for (;;) {
        const uint8_t *run = r->at;
        while (r->at < r->end && *r->at != quote && *r->at != '\\' &&
               (*r->at >= ' ' || r->allow.control_characters)) {
            r->at++;
        }
        if (r->at > run) {
            high = 0;
            if (out) {
                append_run(out, run, r->at);
            }
        }
        if (r->at == r->end) {
            return false;
        }
        uint8_t c = *r->at++;
        if (c == quote) {
            return true;
        }
        uint32_t unit = 0;
        if (c != '\\' || !read_escape(r, &unit)) {
            return false;
        }
        if (out) {
            append_unit(r, out, unit, &high);
        }
    }
}

struct bytes json_text(struct json_reader *r)
{
    if (r->surrogates && r->token == JSON_STRING) {
        size_t len = 0;
        for (size_t i = 0; i < r->text.len;) {
            bool half =
                r->text.data[i] == 0xed && i + 2 < r->text.len && r->text.data[i + 1] >= 0xa0;
            r->text.data[len++] = half ? '?' : r->text.data[i];
            i += half ? 3 : 1;
        }
        r->text.len = len;
        r->surrogates = false;
    }
    return buffer_bytes(&r->text);
}

/* --- words --- */

/* A part of a name in Java: what a complaint about an unknown word takes along. */
static bool is_word_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || c >= 0x80;
}

static bool refuse_word(struct json_reader *r)
{
    for (int i = 0; i < 256 && r->at < r->end && is_word_byte(*r->at); i++) {
        r->at++;
    }
    return false;
}

/* The rest of a word whose first `from` bytes have been read. */
static bool match(struct json_reader *r, const char *word, size_t from)
{
    for (size_t i = from; word[i]; i++) {
        if (r->at == r->end || *r->at != (uint8_t)word[i]) {
            return refuse_word(r);
        }
        r->at++;
    }
    return r->at == r->end || !is_word_byte(*r->at) || refuse_word(r);
}

static bool not_a_number(struct json_reader *r, const char *text, enum json_token *out)
{
    buffer_clear(&r->text);
    buffer_append_text(&r->text, text);
    *out = JSON_FLOAT;
    return r->allow.not_numbers;
}

/* Behind a sign: INF or Infinity. */
static bool read_signed_word(struct json_reader *r, bool negative, enum json_token *out)
{
    if (r->at == r->end || *r->at != 'I') {
        r->at += r->at < r->end;
        return false;
    }
    r->at++;
    if (r->at == r->end) {
        return false;
    }
    bool short_form = *r->at == 'N';
    if (!match(r, short_form ? "INF" : "Infinity", 1)) {
        return false;
    }
    return not_a_number(r, negative ? "-Infinity" : "Infinity", out);
}

bool json_read_word(struct json_reader *r, uint8_t first, enum json_token *out)
{
    switch (first) {
    case 't': *out = JSON_TRUE; return match(r, "true", 1);
    case 'f': *out = JSON_FALSE; return match(r, "false", 1);
    case 'n': *out = JSON_NULL; return match(r, "null", 1);
    case 'N': return match(r, "NaN", 1) && not_a_number(r, "NaN", out);
    case 'I': return match(r, "Infinity", 1) && not_a_number(r, "Infinity", out);
    case '+': return read_signed_word(r, false, out);
    default: return is_word_byte(first) && (first < '0' || first > '9') ? refuse_word(r) : false;
    }
}

/* --- numbers --- */

static size_t read_digits(struct json_reader *r)
{
    const uint8_t *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        r->at++;
    }
    buffer_append(&r->text, start, (size_t)(r->at - start));
    return (size_t)(r->at - start);
}

/* After a zero: no digit, unless leading zeros are allowed, which are dropped. */
static bool read_leading_zero(struct json_reader *r)
{
    bool digit = r->at < r->end && *r->at >= '0' && *r->at <= '9';
    if (digit && !r->allow.leading_zeros) {
        return false;
    }
    while (r->at < r->end && *r->at == '0') {
        r->at++;
    }
    if (r->at == r->end || *r->at < '0' || *r->at > '9') {
        buffer_append_text(&r->text, "0");
    }
    return true;
}

static bool refuse_byte(struct json_reader *r)
{
    r->at += r->at < r->end;
    return false;
}

/* .5e-3: what follows the whole part. *out_digits counts on. */
static bool read_fraction(struct json_reader *r, size_t *digits, enum json_token *out)
{
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        buffer_append_text(&r->text, ".");
        size_t count = read_digits(r);
        if (count == 0) {
            return refuse_byte(r);
        }
        *digits += count;
        *out = JSON_FLOAT;
    }
    if (r->at < r->end && (*r->at | 0x20) == 'e') {
        buffer_append(&r->text, r->at++, 1);
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) {
            buffer_append(&r->text, r->at++, 1);
        }
        size_t count = read_digits(r);
        if (count == 0) {
            return refuse_byte(r);
        }
        *digits += count;
        *out = JSON_FLOAT;
    }
    return true;
}

bool json_read_number(struct json_reader *r, uint8_t first, enum json_token *out)
{
    buffer_clear(&r->text);
    *out = JSON_INT;
    if (first == '-') {
        if (r->at == r->end || *r->at < '0' || *r->at > '9') {
            return read_signed_word(r, true, out);
        }
        buffer_append_text(&r->text, "-");
        first = *r->at++;
    }
    if (first == '0') {
        if (!read_leading_zero(r)) {
            return false;
        }
    } else {
        buffer_append(&r->text, &first, 1);
    }
    size_t digits = 1 + read_digits(r);
    if (!read_fraction(r, &digits, out) || digits > JSON_MAX_DIGITS) {
        return false;
    }
    if (r->depth == 0 && r->at < r->end && *r->at != ' ' && *r->at != '\t' && *r->at != '\n' &&
        *r->at != '\r') {
        return refuse_byte(r); /* values at the top are apart */
    }
    return true;
}
