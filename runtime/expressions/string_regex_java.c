/*
 * Java's regular expressions in PCRE2's syntax: see string_regex.h for what differs all the same.
 *
 * Most of the syntax is the same, and copied. Escapes become code points where both would read them differently, POSIX classes their
 * brackets, and classes inside classes are taken apart: [a-z[0-9]] is one class, [a-z&&[^m]] a lookahead and a class.
 */
#include <strings.h>

#include "expressions/string_regex.h"

enum { CLASS_MAX_DEPTH = 16 };

struct translation {
    struct bytes text;
    size_t at;
    struct buffer *out;
    bool repeatable; /* what was written last may be repeated */
};

static int peek(const struct translation *t, size_t ahead)
{
    return t->at + ahead < t->text.len ? t->text.data[t->at + ahead] : -1;
}

static bool copy(struct translation *t, size_t count)
{
    buffer_append(t->out, t->text.data + t->at, count);
    t->at += count;
    return true;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_digit(int c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* --- escapes --- */

static bool put_code(struct translation *t, uint32_t code)
{
    buffer_printf(t->out, "\\x{%x}", code);
    return code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
}

/* `count` digits at t->at; -1: there are not so many. */
static int64_t read_hex(struct translation *t, int count)
{
    int64_t code = 0;
    for (int i = 0; i < count; i++) {
        int digit = hex_digit(peek(t, 0));
        if (digit < 0) {
            return -1;
        }
        code = code * 16 + digit;
        t->at++;
    }
    return code;
}

/* \uXXXX, maybe a pair of surrogates. */
static bool unicode_escape(struct translation *t)
{
    int64_t code = read_hex(t, 4);
    if (code >= 0xd800 && code < 0xdc00 && peek(t, 0) == '\\' && peek(t, 1) == 'u') {
        t->at += 2;
        int64_t low = read_hex(t, 4);
        if (low < 0xdc00 || low >= 0xe000) {
            return false;
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return code >= 0 && put_code(t, (uint32_t)code);
}

/* \xHH, \x{H...}. */
static bool hex_escape(struct translation *t)
{
    if (peek(t, 0) != '{') {
        int64_t code = read_hex(t, 2);
        return code >= 0 && put_code(t, (uint32_t)code);
    }
    t->at++;
    uint32_t code = 0;
    int digits = 0;
    while (hex_digit(peek(t, 0)) >= 0 && digits++ < 6) {
        code = code * 16 + (uint32_t)hex_digit(peek(t, 0));
        t->at++;
    }
    return digits > 0 && peek(t, 0) == '}' && t->at++ && put_code(t, code);
}

/* \0n, \0nn, \0mnn with m up to 3. */
static bool octal_escape(struct translation *t)
{
    uint32_t code = 0;
    int digits = 0;
    while (digits < 3 && peek(t, 0) >= '0' && peek(t, 0) <= '7' && code < 32) {
        code = code * 8 + (uint32_t)(peek(t, 0) - '0');
        t->at++;
        digits++;
    }
    return digits > 0 && put_code(t, code);
}

/* \p{...}: POSIX names are ASCII's, Is... and the rest Unicode's. */
static bool property_escape(struct translation *t, bool negated, bool in_class)
{
    static const char *const posix[] = { "Alpha", "Lower", "Upper", "Digit", "Alnum",  "Punct",
                                         "Graph", "Print", "Blank", "Cntrl", "XDigit", "Space" };
    size_t begin = t->at;
    size_t end = begin + 1;
    if (peek(t, 0) == '{') {
        begin++;
        const uint8_t *close = memchr(t->text.data + begin, '}', t->text.len - begin);
        if (!close) {
            return false;
        }
        end = (size_t)(close - t->text.data);
    } else if (begin >= t->text.len) {
        return false;
    }
    struct bytes name = { t->text.data + begin, end - begin };
    t->at = begin > 0 && t->text.data[begin - 1] == '{' ? end + 1 : end;
    for (size_t i = 0; i < sizeof(posix) / sizeof(posix[0]); i++) {
        if (bytes_equal_text(name, posix[i])) {
            char lower[8] = { 0 };
            for (size_t k = 0; posix[i][k]; k++) {
                lower[k] = (char)(posix[i][k] | 32);
            }
            buffer_printf(t->out, in_class ? "[:%s%s:]" : "[[:%s%s:]]", negated ? "^" : "", lower);
            return true;
        }
    }
    if (bytes_equal_text(name, "ASCII")) {
        buffer_append_text(t->out, in_class  ? negated ? "\\x{80}-\\x{10ffff}" : "\\x00-\\x7f"
                                   : negated ? "[^\\x00-\\x7f]"
                                             : "[\\x00-\\x7f]");
        return true;
    }
    bool is = name.len > 2 && name.data[0] == 'I' && name.data[1] == 's';
    size_t skip = is ? 2 : 0;
    const uint8_t *equals = memchr(name.data, '=', name.len);
    skip = equals ? (size_t)(equals - name.data) + 1 : skip;
    struct bytes rest = { name.data + skip, name.len - skip };
    const char *known = bytes_equal_text(rest, "Alphabetic")    ? "L"
                        : bytes_equal_text(rest, "Letter")      ? "L"
                        : bytes_equal_text(rest, "Uppercase")   ? "Lu"
                        : bytes_equal_text(rest, "Lowercase")   ? "Ll"
                        : bytes_equal_text(rest, "Digit")       ? "Nd"
                        : bytes_equal_text(rest, "Punctuation") ? "P"
                        : bytes_equal_text(rest, "White_Space") ? "Xsp"
                                                                : NULL;
    rest = is && known ? bytes_of(known) : rest;
    buffer_printf(t->out, "\\%c{%.*s}", negated ? 'P' : 'p', BYTES_ARG(rest));
    return true;
}

/* \Q...\E, every character by itself. */
static bool quoted(struct translation *t)
{
    while (t->at < t->text.len && !(peek(t, 0) == '\\' && peek(t, 1) == 'E')) {
        int c = peek(t, 0);
        if (c < 0x80 && !is_letter(c) && !is_digit(c)) {
            buffer_append_text(t->out, "\\");
        }
        (void)copy(t, 1);
    }
    t->at += t->at < t->text.len ? 2 : 0;
    return true;
}

static bool escape(struct translation *t, bool in_class)
{
    int c = peek(t, 1);
    t->at += 2;
    switch (c) {
    case -1: return false;
    case 'u': return unicode_escape(t);
    case 'x': return hex_escape(t);
    case '0': return octal_escape(t);
    case 'p':
    case 'P': return property_escape(t, c == 'P', in_class);
    case 'Q': return quoted(t);
    case 'c': {
        int control = peek(t, 0);
        t->at++;
        return control >= 0 && put_code(t, (uint32_t)control ^ 64);
    }
    default: break;
    }
    const char *letters = in_class ? "adDefhHnrsStvVwW" : "aAbBdDefGhHknrRsStvVwWXzZ";
    if (is_letter(c) && !strchr(letters, c)) {
        return false;
    }
    if (in_class && is_digit(c)) {
        return false;
    }
    t->at -= 2;
    return copy(t, 2);
}

/* --- classes --- */

/*
 * A class is a list of sets: the first one written, then one for each && behind it. `sets` gets the plain members; what cannot be
 * a member of a plain class (a negated class inside) becomes an alternative in `others`.
 */
static bool class_body(struct translation *t, int depth);

/* The members up to ']' or '&&', and classes without '^' among them. */
static bool class_members(struct translation *t, struct buffer *others, int depth)
{
    bool first = true;
    for (;;) {
        int c = peek(t, 0);
        if (c < 0) {
            return false;
        }
        if ((c == ']' && !first) || (c == '&' && peek(t, 1) == '&')) {
            return true;
        }
        if (c == '[' && peek(t, 1) != '^') {
            t->at++;
            if (depth >= CLASS_MAX_DEPTH || !class_members(t, others, depth + 1) ||
                peek(t, 0) != ']') {
                return false; /* [a[b&&c]] is refused */
            }
            t->at++;
        } else if (c == '[') {
            struct buffer *plain = t->out;
            t->out = others;
            buffer_append_text(others, "|");
            t->at++;
            bool fine = depth < CLASS_MAX_DEPTH && class_body(t, depth + 1);
            t->out = plain;
            if (!fine) {
                return false;
            }
        } else if (c == '\\') {
            if (!escape(t, true)) {
                return false;
            }
        } else if (strchr("]^:.=", c)) { /* [:a:] is no POSIX class in Java */
            buffer_append_text(t->out, "\\");
            (void)copy(t, 1);
        } else {
            (void)copy(t, 1);
        }
        first = false;
    }
}

/* One set as a class, or as alternatives. */
static bool class_set(struct translation *t, bool negated, int depth)
{
    struct buffer *out = t->out;
    struct buffer plain;
    struct buffer others;
    buffer_init(&plain, out->max);
    buffer_init(&others, out->max);
    t->out = &plain;
    bool fine = class_members(t, &others, depth);
    t->out = out;
    if (fine && others.len == 0 && plain.len > 0) {
        buffer_append_text(out, negated ? "[^" : "[");
        buffer_append(out, plain.data, plain.len);
        buffer_append_text(out, "]");
    } else if (fine && others.len > 0) {
        buffer_append_text(out, negated ? "(?:(?!" : "(?:");
        if (plain.len > 0) {
            buffer_append_text(out, "[");
            buffer_append(out, plain.data, plain.len);
            buffer_append_text(out, "]");
            buffer_append(out, others.data, others.len);
        } else {
            buffer_append(out, others.data + 1, others.len - 1);
        }
        buffer_append_text(out, negated ? ")(?s:.))" : ")");
    } else {
        fine = false;
    }
    buffer_finish(&plain);
    buffer_finish(&others);
    return fine;
}

/* Behind '[': the whole class with its ']'. */
static bool class_body(struct translation *t, int depth)
{
    bool negated = peek(t, 0) == '^';
    t->at += negated;
    struct buffer *out = t->out;
    struct buffer left;
    buffer_init(&left, out->max);
    t->out = &left;
    bool fine = class_set(t, negated && false, depth);
    bool intersection = fine && peek(t, 0) == '&';
    struct buffer heads;
    buffer_init(&heads, out->max);
    while (fine && peek(t, 0) == '&' && peek(t, 1) == '&') {
        t->at += 2;
        t->out = &heads;
        buffer_append_text(&heads, "(?=");
        fine = class_set(t, false, depth);
        buffer_append_text(&heads, ")");
    }
    t->out = out;
    fine = fine && peek(t, 0) == ']';
    t->at++;
    if (fine && !intersection && negated && left.data[0] == '[') {
        buffer_append_text(out, "[^");
        buffer_append(out, left.data + 1, left.len - 1);
    } else if (fine) {
        buffer_append_text(out, negated ? "(?:(?!" : intersection ? "(?:" : "");
        buffer_append(out, heads.data, heads.len);
        buffer_append(out, left.data, left.len);
        buffer_append_text(out, negated ? ")(?s:.))" : intersection ? ")" : "");
    }
    buffer_finish(&left);
    buffer_finish(&heads);
    return fine;
}

/* --- groups and repetition --- */

/* (?flags) and (?flags: without those that PCRE2 reads otherwise. */
static bool flags(struct translation *t)
{
    buffer_append_text(t->out, "(?");
    t->at += 2;
    for (int c = peek(t, 0); c != ')' && c != ':'; c = peek(t, 0)) {
        if (c < 0 || !strchr("idmsuxU-", c)) {
            return false;
        }
        if (strchr("imsx-", c)) {
            buffer_append(t->out, t->text.data + t->at, 1);
        }
        t->at++;
    }
    t->repeatable = false;
    return copy(t, 1);
}

static bool group(struct translation *t)
{
    t->repeatable = false;
    if (peek(t, 1) == '*') {
        return false;
    }
    if (peek(t, 1) != '?') {
        return copy(t, 1);
    }
    int kind = peek(t, 2);
    if (kind == ':' || kind == '=' || kind == '!' || kind == '>') {
        return copy(t, 3);
    }
    if (kind == '<') {
        return peek(t, 3) == '=' || peek(t, 3) == '!' || is_letter(peek(t, 3)) ? copy(t, 4) : false;
    }
    return flags(t);
}

/* {n}, {n,}, {n,m}: Java takes nothing else behind a '{'. */
static bool braces(struct translation *t)
{
    size_t at = 1;
    while (is_digit(peek(t, at))) {
        at++;
    }
    bool fine = at > 1 && t->repeatable;
    if (peek(t, at) == ',') {
        at++;
        while (is_digit(peek(t, at))) {
            at++;
        }
    }
    return fine && peek(t, at) == '}' && copy(t, at + 1);
}

bool regex_translate(struct buffer *out, struct bytes pattern)
{
    struct translation t = { .text = pattern, .out = out };
    bool fine = true;
    while (fine && t.at < pattern.len) {
        int c = peek(&t, 0);
        bool repeatable = true;
        switch (c) {
        case '\\': fine = escape(&t, false); break;
        case '[':
            t.at++;
            fine = class_body(&t, 0);
            break;
        case '(':
            fine = group(&t);
            repeatable = false;
            break;
        case '{': fine = braces(&t); break;
        case '|':
            repeatable = false;
            fine = copy(&t, 1);
            break;
        default: fine = copy(&t, 1); break;
        }
        t.repeatable = repeatable;
    }
    return fine;
}
