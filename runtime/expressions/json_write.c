/*
 * JSON text: see json_write.h, and json_copy_value() of json_reader.h.
 */
#include "expressions/json_write.h"

#include <math.h>

#include "columns/double_text.h"
#include "expressions/json_reader.h"

static void write_unit(struct buffer *out, uint32_t unit)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[6] = { '\\',
                           'u',
                           digits[unit >> 12 & 15],
                           digits[unit >> 8 & 15],
                           digits[unit >> 4 & 15],
                           digits[unit & 15] };
    buffer_append(out, text, sizeof(text));
}

static void write_escape(struct buffer *out, uint8_t c)
{
    switch (c) {
    case '"': buffer_append_text(out, "\\\""); break;
    case '\\': buffer_append_text(out, "\\\\"); break;
    case '\b': buffer_append_text(out, "\\b"); break;
    case '\t': buffer_append_text(out, "\\t"); break;
    case '\n': buffer_append_text(out, "\\n"); break;
    case '\f': buffer_append_text(out, "\\f"); break;
    case '\r': buffer_append_text(out, "\\r"); break;
    default: write_unit(out, c); break;
    }
}

/* Length of the character that begins here, by its first byte; no more than there is. */
static size_t character_length(struct bytes text, size_t at)
{
    uint8_t c = text.data[at];
    size_t len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return len <= text.len - at ? len : text.len - at;
}

static uint32_t decode(const uint8_t *s, size_t len)
{
    uint32_t c = len == 1 ? s[0] : s[0] & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        c = (c << 6) | (s[i] & 0x3fU);
    }
    return c;
}

static void write_wide(struct buffer *out, const uint8_t *s, size_t len, enum json_charset charset)
{
    uint32_t c = decode(s, len);
    bool half = c >= 0xd800 && c < 0xe000;
    if (c >= 0x10000 && charset != JSON_CHARACTERS) {
        c -= 0x10000;
        write_unit(out, 0xd800 + (c >> 10 & 0x3ff));
        write_unit(out, 0xdc00 + (c & 0x3ff));
    } else if (charset == JSON_ASCII || (half && charset == JSON_UTF8)) {
        write_unit(out, c & 0xffff);
    } else if (half) {
        buffer_append_text(out, "?");
    } else {
        buffer_append(out, s, len);
    }
}

void json_write_text(struct buffer *out, struct bytes text, enum json_charset charset)
{
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < text.len;) {
        size_t run = i;
        while (i < text.len && text.data[i] >= ' ' && text.data[i] != '"' && text.data[i] != '\\' &&
               text.data[i] < 0x80) {
            i++;
        }
        buffer_append(out, text.data + run, i - run);
        if (i < text.len && text.data[i] >= 0x80) {
            size_t len = character_length(text, i);
            write_wide(out, text.data + i, len, charset);
            i += len;
        } else if (i < text.len) {
            write_escape(out, text.data[i++]);
        }
    }
    buffer_append_text(out, "\"");
}

static void write_number(struct buffer *out, const char *text, size_t len, bool finite)
{
    buffer_append_text(out, finite ? "" : "\"");
    buffer_append(out, text, len);
    buffer_append_text(out, finite ? "" : "\"");
}

void json_write_double(struct buffer *out, double value)
{
    char text[DOUBLE_TEXT_MAX];
    write_number(out, text, double_text(text, value), isfinite(value));
}

void json_write_float(struct buffer *out, float value)
{
    char text[DOUBLE_TEXT_MAX];
    write_number(out, text, float_text(text, value), isfinite(value));
}

/* --- json_copy_value() --- */

/* Words for numbers have been settled by the reader: NaN, Infinity, -Infinity. */
static double float_value(struct bytes text)
{
    double value = 0;
    if (text.data[text.len - 1] == 'N') {
        return (double)NAN;
    }
    if (text.data[text.len - 1] == 'y') {
        return text.data[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    }
    (void)double_parse(text, &value);
    return value;
}

static bool copy_scalar(struct json_reader *r, struct buffer *out, enum json_charset charset)
{
    struct bytes text = buffer_bytes(&r->text);
    switch (r->token) {
    case JSON_STRING:
        if (!json_complete(r)) {
            return false;
        }
        json_write_text(out, buffer_bytes(&r->text), charset);
        return true;
    case JSON_INT:
        if (bytes_equal_text(text, "-0")) {
            text = bytes_of("0");
        }
        buffer_append(out, text.data, text.len);
        return true;
    case JSON_FLOAT: json_write_double(out, float_value(text)); return true;
    case JSON_TRUE: buffer_append_text(out, "true"); return true;
    case JSON_FALSE: buffer_append_text(out, "false"); return true;
    default: buffer_append_text(out, "null"); return true;
    }
}

bool json_copy_value(struct json_reader *r, struct buffer *out, enum json_charset charset)
{
    int32_t depth = 0;
    bool comma = false;
    do {
        bool closes = r->token == JSON_END_OBJECT || r->token == JSON_END_ARRAY;
        if (comma && !closes) {
            buffer_append_text(out, ",");
        }
        comma = true;
        switch (r->token) {
        case JSON_START_OBJECT:
        case JSON_START_ARRAY:
            buffer_append_text(out, r->token == JSON_START_OBJECT ? "{" : "[");
            comma = false;
            depth++;
            break;
        case JSON_END_OBJECT:
        case JSON_END_ARRAY:
            buffer_append_text(out, r->token == JSON_END_OBJECT ? "}" : "]");
            depth--;
            break;
        case JSON_NAME:
            json_write_text(out, json_name(r), charset);
            buffer_append_text(out, ":");
            comma = false;
            break;
        default:
            if (!copy_scalar(r, out, charset)) {
                return false;
            }
        }
        if (depth > 0 && (!json_next(r) || r->token == JSON_NONE)) {
            return false;
        }
    } while (depth > 0);
    return true;
}
