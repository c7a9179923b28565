/*
 * Java's properties format: see properties.h.
 */
#include "base/properties.h"

#include "base/error.h"

enum {
    LINE_MAX_BYTES = 1 << 20,
    HEX_DIGITS = 4,
    SURROGATE_FIRST = 0xd800,
    SURROGATE_LAST = 0xdfff
};

void properties_init(struct properties *p, struct bytes text)
{
    *p = (struct properties){ .rest = text };
    buffer_init(&p->raw, LINE_MAX_BYTES);
    buffer_init(&p->text, LINE_MAX_BYTES);
}

void properties_finish(struct properties *p)
{
    buffer_finish(&p->raw);
    buffer_finish(&p->text);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

/* --- lines --- */

/* The text up to a line end: \n, \r or both. False at the end. */
static bool natural_line(struct properties *p, struct bytes *out)
{
    if (p->rest.len == 0) {
        return false;
    }
    size_t len = 0;
    while (len < p->rest.len && p->rest.data[len] != '\n' && p->rest.data[len] != '\r') {
        len++;
    }
    size_t skip = len < p->rest.len;
    skip +=
        skip && p->rest.data[len] == '\r' && len + 1 < p->rest.len && p->rest.data[len + 1] == '\n';
    *out = (struct bytes){ p->rest.data, len };
    p->rest = (struct bytes){ p->rest.data + len + skip, p->rest.len - len - skip };
    p->line_number++;
    while (out->len > 0 && is_blank(out->data[0])) {
        *out = (struct bytes){ out->data + 1, out->len - 1 };
    }
    return true;
}

/* Ends in an odd number of backslashes: the last one is no character but says that the line goes on. */
static bool goes_on(struct bytes line)
{
    size_t count = 0;
    while (count < line.len && line.data[line.len - 1 - count] == '\\') {
        count++;
    }
    return count % 2 == 1;
}

/* A line with all that belongs to it, in p->raw; neither blank nor a comment. */
static bool logical_line(struct properties *p, int *out_number)
{
    struct bytes line;
    do {
        if (!natural_line(p, &line)) {
            return false;
        }
    } while (line.len == 0 || line.data[0] == '#' || line.data[0] == '!');
    *out_number = p->line_number;
    buffer_clear(&p->raw);
    while (goes_on(line)) {
        buffer_append(&p->raw, line.data, line.len - 1);
        if (!natural_line(p, &line)) {
            return true;
        }
    }
    buffer_append(&p->raw, line.data, line.len);
    return true;
}

/* --- key and value --- */

static bool take_hex(struct bytes *rest, uint32_t *out_code)
{
    *out_code = 0;
    for (int i = 0; i < HEX_DIGITS; i++) {
        if (rest->len == 0) {
            return false;
        }
        uint8_t c = rest->data[0];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15) {
            return false;
        }
        *out_code = *out_code << 4 | digit;
        *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
    }
    return true;
}

static void append_utf8(struct buffer *out, uint32_t code)
{
    uint8_t bytes[3] = { (uint8_t)code };
    size_t len = 1;
    if (code >= 0x800) {
        bytes[0] = (uint8_t)(0xe0 | code >> 12);
        bytes[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        bytes[2] = (uint8_t)(0x80 | (code & 0x3f));
        len = 3;
    } else if (code >= 0x80) {
        bytes[0] = (uint8_t)(0xc0 | code >> 6);
        bytes[1] = (uint8_t)(0x80 | (code & 0x3f));
        len = 2;
    }
    buffer_append(out, bytes, len);
}

/* *rest begins behind the backslash. */
static bool take_escape(struct bytes *rest, struct buffer *out)
{
    static const char letters[] = "tnrf";
    static const char meant[] = "\t\n\r\f";
    uint8_t c = rest->data[0];
    *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
    if (c == 'u') {
        uint32_t code;
        if (!take_hex(rest, &code) || code == 0 ||
            (code >= SURROGATE_FIRST && code <= SURROGATE_LAST)) {
            return false;
        }
        append_utf8(out, code);
        return true;
    }
    for (size_t i = 0; letters[i]; i++) {
        if (c == letters[i]) {
            c = (uint8_t)meant[i];
            break;
        }
    }
    buffer_append(out, &c, 1);
    return true;
}

/* Up to the end, or to what separates a key from its value. False: an escape is none. */
static bool take_text(struct bytes *rest, bool is_key, struct buffer *out)
{
    while (rest->len > 0) {
        uint8_t c = rest->data[0];
        if (is_key && (c == '=' || c == ':' || is_blank(c))) {
            return true;
        }
        *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
        if (c != '\\') {
            buffer_append(out, &c, 1);
        } else if (rest->len > 0 && !take_escape(rest, out)) {
            return false;
        }
    }
    return true;
}

static void skip_blanks(struct bytes *rest)
{
    while (rest->len > 0 && is_blank(rest->data[0])) {
        *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
    }
}

/* Blanks, and among them at most one of = and :. */
static bool take_separator(struct bytes *rest)
{
    bool is_there = rest->len > 0;
    skip_blanks(rest);
    if (rest->len > 0 && (rest->data[0] == '=' || rest->data[0] == ':')) {
        *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
        skip_blanks(rest);
    }
    return is_there;
}

enum weir_status properties_next(struct properties *p, struct property *out, struct weir_error *err)
{
    *out = (struct property){ 0 };
    if (!logical_line(p, &out->line_number)) {
        return weir_fail(err, WEIR_ENOTFOUND, "there are no more properties");
    }
    struct bytes rest = bytes_trim(buffer_bytes(&p->raw));
    buffer_clear(&p->text);
    bool good = take_text(&rest, true, &p->text);
    size_t key_len = p->text.len;
    out->has_separator = good && take_separator(&rest);
    if (!good || !take_text(&rest, false, &p->text)) {
        return weir_fail(err, WEIR_EINVAL,
                         "not an escape: expected \\uXXXX, four hexadecimal digits of a character");
    }
    if (p->raw.overflow || p->text.overflow) {
        return weir_fail(err, WEIR_EINVAL, "the line is over %d bytes long", LINE_MAX_BYTES);
    }
    struct bytes all = buffer_bytes(&p->text);
    out->key = (struct bytes){ all.data, key_len };
    out->value = (struct bytes){ all.data + key_len, all.len - key_len };
    return WEIR_OK;
}
