/*
 * Reading single fields of a JSON object; see weir/json.h. RFC 8259's grammar, as far as finding a member needs it.
 *
 * Nesting is counted, not recursed into: a value that is skipped costs no stack however deep it is.
 */
#include "weir/json.h"

#include "base/bytes.h"
#include "base/error.h"

/* A cursor over the text. */
struct json {
    const char *at;
    const char *end;
    const char *start;
};

/* Where unescaped text goes. `full` instead of overflowing. */
struct json_text {
    char *out;
    size_t size;
    size_t len;
    bool full;
};

static void skip_blanks(struct json *j)
{
    while (j->at < j->end && strchr(" \t\r\n", *j->at) && *j->at) {
        j->at++;
    }
}

static bool eat(struct json *j, char c)
{
    skip_blanks(j);
    if (j->at < j->end && *j->at == c) {
        j->at++;
        return true;
    }
    return false;
}

static void put(struct json_text *text, char c)
{
    if (text->len + 1 < text->size) {
        text->out[text->len++] = c;
    } else {
        text->full = true;
    }
}

/* A code point in UTF-8. */
static void put_code_point(struct json_text *text, uint32_t code)
{
    if (code < 0x80) {
        put(text, (char)code);
    } else if (code < 0x800) {
        put(text, (char)(0xC0 | code >> 6));
        put(text, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        put(text, (char)(0xE0 | code >> 12));
        put(text, (char)(0x80 | (code >> 6 & 0x3F)));
        put(text, (char)(0x80 | (code & 0x3F)));
    } else {
        put(text, (char)(0xF0 | code >> 18));
        put(text, (char)(0x80 | (code >> 12 & 0x3F)));
        put(text, (char)(0x80 | (code >> 6 & 0x3F)));
        put(text, (char)(0x80 | (code & 0x3F)));
    }
}

/* Four hexadecimal digits. */
static bool read_unit(struct json *j, uint32_t *out_unit)
{
    uint32_t unit = 0;
    if (j->end - j->at < 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef0123456789ABCDEF";
        const char *digit = *j->at ? strchr(digits, *j->at) : NULL;
        if (!digit) {
            return false;
        }
        unit = unit << 4 | (uint32_t)((digit - digits) & 15);
        j->at++;
    }
    *out_unit = unit;
    return true;
}

/* What follows \u: one unit, or a high surrogate, \u and a low one. A surrogate alone becomes U+FFFD. */
static bool read_unicode(struct json *j, struct json_text *text)
{
    uint32_t unit;
    if (!read_unit(j, &unit)) {
        return false;
    }
    if (unit >= 0xD800 && unit < 0xDC00 && j->end - j->at >= 6 && j->at[0] == '\\' &&
        j->at[1] == 'u') {
        struct json ahead = { j->at + 2, j->end, j->start };
        uint32_t low;
        if (!read_unit(&ahead, &low)) {
            return false;
        }
        if (low >= 0xDC00 && low < 0xE000) {
            *j = ahead;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    put_code_point(text, unit >= 0xD800 && unit < 0xE000 ? 0xFFFD : unit);
    return true;
}

/* The cursor is behind a backslash. */
static bool read_escape(struct json *j, struct json_text *text)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    if (j->at == j->end) {
        return false;
    }
    char c = *j->at++;
    if (c == 'u') {
        return read_unicode(j, text);
    }
    const char *name = c ? strchr(names, c) : NULL;
    if (!name) {
        return false;
    }
    put(text, values[name - names]);
    return true;
}

/* A string, from its opening quote on. */
static bool read_string(struct json *j, struct json_text *text)
{
    if (!eat(j, '"')) {
        return false;
    }
    while (j->at < j->end) {
        char c = *j->at++;
        if (c == '"') {
            return true;
        }
        if ((unsigned char)c < 0x20 || (c == '\\' && !read_escape(j, text))) {
            return false;
        }
        if (c != '\\') {
            put(text, c);
        }
    }
    return false;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
           c == '.';
}

/* A number, true, false or null: its letters. */
static bool read_word(struct json *j, struct json_text *text)
{
    const char *begin = j->at;
    while (j->at < j->end && is_word(*j->at)) {
        put(text, *j->at++);
    }
    return j->at > begin;
}

/* Steps over an object or array by counting brackets; strings may hold brackets that do not count. */
static bool skip_nested(struct json *j)
{
    struct json_text nowhere = { NULL, 0, 0, false };
    size_t depth = 0;
    do {
        skip_blanks(j);
        if (j->at == j->end) {
            return false;
        }
        char c = *j->at;
        if (c == '"') {
            if (!read_string(j, &nowhere)) {
                return false;
            }
            continue;
        }
        j->at++;
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    } while (depth > 0);
    return true;
}

/* A value of any kind; `text` takes it when it is a scalar. */
static bool read_value(struct json *j, struct json_text *text, bool *out_nested)
{
    skip_blanks(j);
    *out_nested = j->at < j->end && (*j->at == '{' || *j->at == '[');
    if (*out_nested) {
        return skip_nested(j);
    }
    if (j->at < j->end && *j->at == '"') {
        return read_string(j, text);
    }
    return read_word(j, text);
}

static enum weir_status broken(const struct json *j, struct weir_error *err)
{
    return weir_fail(err, WEIR_EPROTO, "not a JSON object: byte %zu cannot stand where it does",
                     (size_t)(j->at - j->start));
}

static enum weir_status text_end(struct json_text *text, const char *name, struct weir_error *err)
{
    if (text->full) {
        return weir_fail(err, WEIR_ETOOBIG, "member \"%s\" is longer than %zu bytes", name,
                         text->size - 1);
    }
    text->out[text->len] = '\0';
    return WEIR_OK;
}

enum weir_status weir_json_text(
    struct weir_slice object, const char *name, char *out, size_t size, struct weir_error *err)
{
    const char *text = object.data ? object.data : "";
    struct json j = { text, text + object.len, text };
    char member[128];
    if (!eat(&j, '{')) {
        return broken(&j, err);
    }
    if (eat(&j, '}')) {
        return weir_fail(err, WEIR_ENOTFOUND, "the object has no member \"%s\"", name);
    }
    do {
        struct json_text key = { member, sizeof(member), 0, false };
        struct json_text value = { .size = size };
        value.out = out;
        bool nested;
        if (!read_string(&j, &key) || !eat(&j, ':') || !read_value(&j, &value, &nested)) {
            return broken(&j, err);
        }
        member[key.len] = '\0';
        if (!key.full && strlen(name) == key.len && memcmp(member, name, key.len) == 0) {
            return nested ? weir_fail(err, WEIR_EPROTO, "member \"%s\" is no text or number", name)
                          : text_end(&value, name, err);
        }
    } while (eat(&j, ','));
    if (!eat(&j, '}')) {
        return broken(&j, err);
    }
    return weir_fail(err, WEIR_ENOTFOUND, "the object has no member \"%s\"", name);
}
