/*
 * Tokens of JSON: see json_reader.h.
 */
#include "expressions/json_reader.h"

#include <limits.h>

enum { TEXT_MAX = INT_MAX, END_OF_TEXT = -1, BROKEN = -2 };

void json_reader_init(struct json_reader *r, struct json_leniency allow)
{
    memset(r, 0, sizeof(*r));
    r->allow = allow;
    buffer_init(&r->text, TEXT_MAX);
    buffer_init(&r->names, TEXT_MAX);
}

void json_reader_finish(struct json_reader *r)
{
    buffer_finish(&r->text);
    buffer_finish(&r->names);
}

void json_reader_start(struct json_reader *r, struct bytes text)
{
    r->at = text.data;
    r->end = text.data + text.len;
    r->token = JSON_NONE;
    r->next = JSON_NONE;
    r->incomplete = false;
    r->depth = 0;
    r->levels[0] = (struct json_level){ .scope = SCOPE_ROOT };
    buffer_clear(&r->text);
    buffer_clear(&r->names);
}

/* --- between tokens --- */

static bool skip_comment(struct json_reader *r)
{
    if (!r->allow.comments || r->at == r->end) {
        return false;
    }
    uint8_t kind = *r->at++;
    if (kind == '/') {
        while (r->at < r->end && *r->at != '\n' && *r->at != '\r') {
            r->at++;
        }
        return true;
    }
    if (kind != '*') {
        return false;
    }
    while (r->end - r->at >= 2) {
        if (r->at[0] == '*' && r->at[1] == '/') {
            r->at += 2;
            return true;
        }
        r->at++;
    }
    r->at = r->end;
    return false;
}

/* The next byte that is not blank, passed over; END_OF_TEXT, or BROKEN. */
static int next_byte(struct json_reader *r)
{
    while (r->at < r->end) {
        uint8_t c = *r->at++;
        if (c == '/') {
            if (!skip_comment(r)) {
                return BROKEN;
            }
        } else if (c > ' ') {
            return c;
        } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
            return BROKEN;
        }
    }
    return END_OF_TEXT;
}

/* --- scopes --- */

static struct json_level *level(struct json_reader *r)
{
    return &r->levels[r->depth];
}

static bool open_scope(struct json_reader *r, enum json_scope scope)
{
    if (r->depth == JSON_MAX_DEPTH) {
        return false;
    }
    size_t names_end = level(r)->name_start + level(r)->name_len;
    r->depth++;
    *level(r) = (struct json_level){ .scope = (uint8_t)scope, .name_start = names_end };
    return true;
}

static bool close_scope(struct json_reader *r, int c)
{
    enum json_scope scope = c == ']' ? SCOPE_ARRAY : SCOPE_OBJECT;
    if (level(r)->scope != scope) {
        return false;
    }
    r->depth--;
    r->token = c == ']' ? JSON_END_ARRAY : JSON_END_OBJECT;
    return true;
}

struct bytes json_name(const struct json_reader *r)
{
    bool opened = r->token == JSON_START_OBJECT || r->token == JSON_START_ARRAY;
    const struct json_level *l = &r->levels[r->depth - (opened && r->depth > 0)];
    if (!l->has_name) {
        return (struct bytes){ NULL, 0 };
    }
    return (struct bytes){ buffer_bytes(&r->names).data + l->name_start, l->name_len };
}

/* --- names --- */

static bool is_name_byte(uint8_t c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
    return letter || c >= 0x80 ||
           (!first &&
            ((c >= '0' && c <= '9') || c == '-' || c == '@' || c == '#' || c == '*' || c == '+'));
}

/* Without quotes: as JavaScript names things. */
static bool read_bare_name(struct json_reader *r, int first)
{
    if (!r->allow.unquoted_names || !is_name_byte((uint8_t)first, true)) {
        return false;
    }
    const uint8_t *start = r->at - 1;
    while (r->at < r->end && is_name_byte(*r->at, false) &&
           (*r->at == '_' || *r->at == '$' || *r->at >= '0') && *r->at != '@') {
        r->at++;
    }
    buffer_append(&r->names, start, (size_t)(r->at - start));
    return true;
}

static bool read_name(struct json_reader *r, int c)
{
    struct json_level *l = level(r);
    r->names.len = l->name_start;
    l->has_name = false;
    bool surrogates = r->surrogates;
    bool ok = c == '"' || (c == '\'' && r->allow.single_quotes)
                  ? json_read_string(r, &r->names, (uint8_t)c)
                  : read_bare_name(r, c);
    r->surrogates = surrogates;
    l->name_len = r->names.len - l->name_start;
    l->has_name = ok;
    return ok;
}

/* --- tokens --- */

/* What begins with `c`. Scopes are opened where the token is taken, which for a member is behind its name. */
static bool begin_value(struct json_reader *r, int c, enum json_token *out)
{
    switch (c) {
    case '"':
        r->incomplete = true;
        *out = JSON_STRING;
        return true;
    case '[': *out = JSON_START_ARRAY; return true;
    case '{': *out = JSON_START_OBJECT; return true;
    case '\'':
        *out = JSON_STRING;
        buffer_clear(&r->text);
        r->surrogates = false;
        return r->allow.single_quotes && json_read_string(r, &r->text, '\'');
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return json_read_number(r, (uint8_t)c, out);
    default: return c > 0 && json_read_word(r, (uint8_t)c, out);
    }
}

static bool take_token(struct json_reader *r, enum json_token token)
{
    if (token == JSON_START_OBJECT || token == JSON_START_ARRAY) {
        if (!open_scope(r, token == JSON_START_OBJECT ? SCOPE_OBJECT : SCOPE_ARRAY)) {
            return false;
        }
    }
    r->token = token;
    return true;
}

static bool skip_string(struct json_reader *r)
{
    r->incomplete = false;
    return json_read_string(r, NULL, '"');
}

/* A member of an object: its name, and the beginning of its value. */
static bool read_member(struct json_reader *r, int c)
{
    if (!read_name(r, c)) {
        return false;
    }
    r->token = JSON_NAME;
    r->next = JSON_NONE;
    if (next_byte(r) != ':') {
        return false;
    }
    return begin_value(r, next_byte(r), &r->next);
}

bool json_next(struct json_reader *r)
{
    if (r->token == JSON_NAME) {
        enum json_token token = r->next;
        r->next = JSON_NONE;
        return take_token(r, token);
    }
    if (r->incomplete && !skip_string(r)) {
        return false;
    }
    int c = next_byte(r);
    if (c == END_OF_TEXT && level(r)->scope == SCOPE_ROOT) {
        r->token = JSON_NONE;
        return true;
    }
    if (c < 0) {
        return false;
    }
    if (c == ']' || c == '}') {
        return close_scope(r, c);
    }
    if (level(r)->scope != SCOPE_ROOT) {
        bool started = level(r)->started;
        level(r)->started = true;
        if (started) {
            c = c == ',' ? next_byte(r) : BROKEN;
        }
        if (c < 0) {
            return false;
        }
    }
    if (level(r)->scope == SCOPE_OBJECT) {
        return read_member(r, c);
    }
    enum json_token token = JSON_NONE;
    return begin_value(r, c, &token) && take_token(r, token);
}

bool json_complete(struct json_reader *r)
{
    if (!r->incomplete) {
        return true;
    }
    r->incomplete = false;
    buffer_clear(&r->text);
    r->surrogates = false;
    return json_read_string(r, &r->text, '"');
}

bool json_skip_children(struct json_reader *r)
{
    if (r->token != JSON_START_OBJECT && r->token != JSON_START_ARRAY) {
        return true;
    }
    int32_t open = 1;
    while (open > 0) {
        if (!json_next(r) || r->token == JSON_NONE) {
            return false;
        }
        open += r->token == JSON_START_OBJECT || r->token == JSON_START_ARRAY;
        open -= r->token == JSON_END_OBJECT || r->token == JSON_END_ARRAY;
    }
    return true;
}
