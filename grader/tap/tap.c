/*
 * TAP lines.
 */
#include "tap/tap.h"

#include "base/arena.h"

/* Takes `prefix` off the front of *rest. */
static bool take(struct bytes *rest, const char *prefix)
{
    struct bytes p = bytes_of(prefix);
    if (!bytes_starts_with(*rest, p)) {
        return false;
    }
    rest->data += p.len;
    rest->len -= p.len;
    return true;
}

/* Digits without a leading zero, at most seven. */
static bool take_number(struct bytes *rest, int64_t *out)
{
    size_t n = 0;
    while (n < rest->len && rest->data[n] >= '0' && rest->data[n] <= '9') {
        n++;
    }
    struct bytes digits = { rest->data, n };
    if (n == 0 || n > 7 || digits.data[0] == '0' || !bytes_parse_i64(digits, out)) {
        return false;
    }
    rest->data += n;
    rest->len -= n;
    return true;
}

/* Where " # " begins outside an escape; the length when nowhere. */
static size_t directive_at(struct bytes text)
{
    for (size_t i = 0; i + 2 < text.len; i++) {
        if (text.data[i] == '\\') {
            i++;
        } else if (text.data[i] == ' ' && text.data[i + 1] == '#' && text.data[i + 2] == ' ') {
            return i;
        }
    }
    return text.len;
}

/* `\\` and `\#` become one character; every other backslash, and every bare '#', is refused. */
static bool unescape(struct bytes text, struct arena *arena, struct bytes *out)
{
    uint8_t *to = arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '#' || c == 0) {
            return false;
        }
        if (c == '\\') {
            i++;
            if (i == text.len || (text.data[i] != '\\' && text.data[i] != '#')) {
                return false;
            }
            c = text.data[i];
        }
        to[len++] = c;
    }
    *out = (struct bytes){ to, len };
    return true;
}

static bool parse_point(struct bytes rest, struct arena *arena, struct tap_line *out)
{
    out->ok = !take(&rest, "not ");
    if (!take(&rest, "ok ") || !take_number(&rest, &out->number) || !take(&rest, " - ")) {
        return false;
    }
    size_t at = directive_at(rest);
    struct bytes text = { rest.data, at };
    rest = (struct bytes){ rest.data + at, rest.len - at };
    if (rest.len > 0) {
        out->skipped = take(&rest, " # SKIP ");
        if (!out->skipped || !out->ok || !unescape(rest, arena, &out->reason)) {
            return false;
        }
    }
    return unescape(text, arena, &out->text);
}

static enum tap_line_kind parse(struct bytes line, struct arena *arena, struct tap_line *out)
{
    struct bytes rest = line;
    if (bytes_equal_text(line, "  ---")) {
        return TAP_LINE_BLOCK;
    }
    if (take(&rest, "TAP version ")) {
        return take_number(&rest, &out->number) && rest.len == 0 ? TAP_LINE_VERSION
                                                                 : TAP_LINE_OTHER;
    }
    if (take(&rest, "1..")) {
        return take_number(&rest, &out->number) && rest.len == 0 ? TAP_LINE_PLAN : TAP_LINE_OTHER;
    }
    if (take(&rest, "# ")) {
        out->text = rest;
        return TAP_LINE_COMMENT;
    }
    if (take(&rest, "Bail out! ")) {
        return unescape(rest, arena, &out->text) ? TAP_LINE_BAIL : TAP_LINE_OTHER;
    }
    return parse_point(rest, arena, out) ? TAP_LINE_POINT : TAP_LINE_OTHER;
}

void tap_parse_line(struct bytes line, struct arena *arena, struct tap_line *out)
{
    *out = (struct tap_line){ 0 };
    out->kind = parse(line, arena, out);
}
