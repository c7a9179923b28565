/*
 * JSON as a tree: see log_json.h.
 */
#include "checkpoint/log_json.h"

struct parser {
    struct bytes text;
    size_t at;
    struct arena *arena;
};

static bool parse_value(struct parser *p, struct log_json *out, int depth);

static int peek(const struct parser *p)
{
    return p->at < p->text.len ? p->text.data[p->at] : -1;
}

static void skip_space(struct parser *p)
{
    int c = peek(p);
    while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        p->at++;
        c = peek(p);
    }
}

static bool take(struct parser *p, int wanted)
{
    if (peek(p) != wanted) {
        return false;
    }
    p->at++;
    return true;
}

static bool take_word(struct parser *p, const char *word)
{
    struct bytes rest = { p->text.data + p->at, p->text.len - p->at };
    if (!bytes_starts_with(rest, bytes_of(word))) {
        return false;
    }
    p->at += strlen(word);
    return true;
}

/* --- numbers --- */

static bool skip_digits(struct parser *p)
{
    size_t start = p->at;
    while (peek(p) >= '0' && peek(p) <= '9') {
        p->at++;
    }
    return p->at > start;
}

static bool parse_number(struct parser *p, struct log_json *out)
{
    size_t start = p->at;
    (void)take(p, '-');
    if (!take(p, '0') && !skip_digits(p)) {
        return false;
    }
    if (take(p, '.') && !skip_digits(p)) {
        return false;
    }
    if (peek(p) == 'e' || peek(p) == 'E') {
        p->at++;
        if (peek(p) == '+' || peek(p) == '-') {
            p->at++;
        }
        if (!skip_digits(p)) {
            return false;
        }
    }
    out->kind = LOG_JSON_NUMBER;
    out->text = (struct bytes){ p->text.data + start, p->at - start };
    return true;
}

/* --- strings --- */

static bool parse_hex4(struct parser *p, uint32_t *out)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(p);
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return false;
        }
        value = value << 4 | digit;
        p->at++;
    }
    *out = value;
    return true;
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* After \u; halves of a pair come together, and never alone. */
static bool parse_code_point(struct parser *p, uint32_t *out)
{
    uint32_t low;
    if (!parse_hex4(p, out) || (*out >= 0xdc00 && *out < 0xe000)) {
        return false;
    }
    if (*out < 0xd800 || *out > 0xdbff) {
        return true;
    }
    if (!take(p, '\\') || !take(p, 'u') || !parse_hex4(p, &low) || low < 0xdc00 || low > 0xdfff) {
        return false;
    }
    *out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* After the backslash. */
static bool parse_escape(struct parser *p, uint8_t *out, size_t *len)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    uint32_t c;
    if (take(p, 'u')) {
        if (!parse_code_point(p, &c)) {
            return false;
        }
        *len += put_utf8(out + *len, c);
        return true;
    }
    const char *name = peek(p) > 0 ? strchr(names, peek(p)) : NULL;
    if (!name) {
        return false;
    }
    out[(*len)++] = (uint8_t)meant[name - names];
    p->at++;
    return true;
}

static bool parse_string(struct parser *p, struct bytes *out)
{
    if (!take(p, '"')) {
        return false;
    }
    size_t end = p->at;
    while (end < p->text.len && p->text.data[end] != '"') {
        end += p->text.data[end] == '\\' ? 2 : 1;
    }
    uint8_t *copy =
        arena_alloc(p->arena, end - p->at + 1, 1); /* no escape is shorter than what it means */
    size_t len = 0;
    while (!take(p, '"')) {
        int c = peek(p);
        if (c < ' ') { /* the end, too */
            return false;
        }
        p->at++;
        if (c != '\\') {
            copy[len++] = (uint8_t)c;
        } else if (!parse_escape(p, copy, &len)) {
            return false;
        }
    }
    *out = (struct bytes){ copy, len };
    return true;
}

/* --- arrays and objects --- */

/* NOLINTNEXTLINE(misc-no-recursion): LOG_JSON_DEPTH bounds it */
static bool parse_members(struct parser *p, struct log_json *out, int depth)
{
    bool object = out->kind == LOG_JSON_OBJECT;
    int close = object ? '}' : ']';
    const struct log_json **link = &out->first;
    p->at++;
    skip_space(p);
    if (take(p, close)) {
        return true;
    }
    do {
        struct log_json *member = ARENA_NEW(p->arena, struct log_json, 1);
        skip_space(p);
        if (object) {
            if (!parse_string(p, &member->name)) {
                return false;
            }
            skip_space(p);
            if (!take(p, ':')) {
                return false;
            }
        }
        if (!parse_value(p, member, depth + 1)) {
            return false;
        }
        *link = member;
        link = &member->next;
        skip_space(p);
    } while (take(p, ','));
    return take(p, close);
}

/* NOLINTNEXTLINE(misc-no-recursion): LOG_JSON_DEPTH bounds it */
static bool parse_value(struct parser *p, struct log_json *out, int depth)
{
    skip_space(p);
    switch (peek(p)) {
    case '{':
    case '[':
        out->kind = peek(p) == '{' ? LOG_JSON_OBJECT : LOG_JSON_ARRAY;
        return depth < LOG_JSON_DEPTH && parse_members(p, out, depth);
    case '"': out->kind = LOG_JSON_STRING; return parse_string(p, &out->text);
    case 't': out->kind = LOG_JSON_TRUE; return take_word(p, "true");
    case 'f': out->kind = LOG_JSON_FALSE; return take_word(p, "false");
    case 'n': out->kind = LOG_JSON_NULL; return take_word(p, "null");
    default: return parse_number(p, out);
    }
}

const struct log_json *log_json_parse(struct bytes text, struct arena *arena, size_t *out_at)
{
    struct parser p = { .text = text, .arena = arena };
    struct log_json *value = ARENA_NEW(arena, struct log_json, 1);
    bool ok = parse_value(&p, value, 0);
    if (ok) {
        skip_space(&p);
        ok = p.at == text.len;
    }
    *out_at = p.at;
    return ok ? value : NULL;
}

const struct log_json *log_json_member(const struct log_json *object, const char *name)
{
    const struct log_json *found = NULL;
    if (!object || object->kind != LOG_JSON_OBJECT) {
        return NULL;
    }
    for (const struct log_json *m = object->first; m; m = m->next) {
        found = bytes_equal_text(m->name, name) ? m : found;
    }
    return found;
}

bool log_json_text(const struct log_json *value, struct bytes *out)
{
    if (!value || value->kind != LOG_JSON_STRING) {
        return false;
    }
    *out = value->text;
    return true;
}

bool log_json_integer(const struct log_json *value, int64_t *out)
{
    return value && value->kind == LOG_JSON_NUMBER && bytes_parse_i64(value->text, out);
}

bool log_json_bool(const struct log_json *value, bool *out)
{
    if (!value || (value->kind != LOG_JSON_TRUE && value->kind != LOG_JSON_FALSE)) {
        return false;
    }
    *out = value->kind == LOG_JSON_TRUE;
    return true;
}

void log_json_print_text(struct buffer *out, struct bytes text)
{
    static const char special[] = "\"\\\b\f\n\r\t";
    static const char names[] = "\"\\bfnrt";
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        const char *at = c ? strchr(special, c) : NULL;
        if (at) {
            buffer_printf(out, "\\%c", names[at - special]);
        } else if (c < ' ') {
            buffer_printf(out, "\\u%04X", (unsigned)c);
        } else {
            buffer_append(out, &c, 1);
        }
    }
    buffer_append_text(out, "\"");
}
