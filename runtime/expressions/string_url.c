/*
 * parse_url: parts of a URL, as java.net.URI reads it.
 */
#include "expressions/string_functions.h"

struct url {
    struct bytes scheme; /* all of them null where there is none */
    struct bytes authority;
    struct bytes user;
    struct bytes host;
    struct bytes path;
    struct bytes query;
    struct bytes fragment;
};

static bool is_letter(uint8_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Only what a URI may hold: no blanks, quotes, brackets of most kinds; a '%' with two digits. */
static bool is_clean(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c == 0x7f || strchr("\"<>\\^`{|}", c)) {
            return false;
        }
        if (c == '%' &&
            (i + 2 >= text.len || !is_hex(text.data[i + 1]) || !is_hex(text.data[i + 2]))) {
            return false;
        }
    }
    return true;
}

static struct bytes part(struct bytes text, size_t from, size_t to)
{
    return (struct bytes){ text.data + from, to - from };
}

static size_t find_any(struct bytes text, size_t from, const char *stops)
{
    while (from < text.len && (text.data[from] == 0 || !strchr(stops, text.data[from]))) {
        from++;
    }
    return from;
}

static bool parse_scheme(struct url *u, struct bytes *text)
{
    size_t end = find_any(*text, 0, ":/?#");
    if (end == text->len || text->data[end] != ':') {
        return true;
    }
    if (end == 0 || !is_letter(text->data[0])) {
        return false;
    }
    u->scheme = part(*text, 0, end);
    *text = part(*text, end + 1, text->len);
    return text->len > 0;
}

static void parse_authority(struct url *u, struct bytes text)
{
    u->authority = text;
    size_t at = find_any(text, 0, "@");
    size_t host = 0;
    if (at < text.len) {
        u->user = part(text, 0, at);
        host = at + 1;
    }
    size_t end = host < text.len && text.data[host] == '[' ? find_any(text, host, "]") + 1
                                                           : find_any(text, host, ":");
    end = end > text.len ? text.len : end;
    if (end > host) {
        u->host = part(text, host, end);
    }
}

static bool parse(struct url *u, struct bytes text)
{
    *u = (struct url){ 0 };
    if (!is_clean(text)) {
        return false;
    }
    size_t mark = find_any(text, 0, "#");
    if (mark < text.len) {
        u->fragment = part(text, mark + 1, text.len);
        text.len = mark;
    }
    if (!parse_scheme(u, &text)) {
        return false;
    }
    if (u->scheme.data && text.data[0] != '/') {
        return true; /* mailto:a@b has no parts */
    }
    size_t question = find_any(text, 0, "?");
    if (question < text.len) {
        u->query = part(text, question + 1, text.len);
        text.len = question;
    }
    size_t path = 0;
    if (text.len >= 2 && text.data[0] == '/' && text.data[1] == '/') {
        path = find_any(text, 2, "/");
        parse_authority(u, part(text, 2, path));
    }
    u->path = part(text, path, text.len);
    return true;
}

static struct bytes query_value(struct bytes query, struct bytes key)
{
    struct bytes item;
    while (query.data && bytes_cut(&query, '&', &item)) {
        if (item.len > key.len && bytes_starts_with(item, key) && item.data[key.len] == '=') {
            return part(item, key.len + 1, item.len);
        }
    }
    return (struct bytes){ 0 };
}

static struct bytes url_part(struct row_call *c, const struct url *u, struct bytes name)
{
    if (bytes_equal_text(name, "HOST")) {
        return u->host;
    }
    if (bytes_equal_text(name, "PATH")) {
        return u->path;
    }
    if (bytes_equal_text(name, "QUERY")) {
        return u->query;
    }
    if (bytes_equal_text(name, "REF")) {
        return u->fragment;
    }
    if (bytes_equal_text(name, "PROTOCOL")) {
        return u->scheme;
    }
    if (bytes_equal_text(name, "AUTHORITY")) {
        return u->authority;
    }
    if (bytes_equal_text(name, "USERINFO")) {
        return u->user;
    }
    if (!bytes_equal_text(name, "FILE") || !u->path.data) {
        return (struct bytes){ 0 };
    }
    buffer_clear(&c->scratch);
    buffer_append(&c->scratch, u->path.data, u->path.len);
    if (u->query.data) {
        buffer_append_text(&c->scratch, "?");
        buffer_append(&c->scratch, u->query.data, u->query.len);
    }
    return buffer_bytes(&c->scratch);
}

static enum row_outcome parse_url_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition invalid = { "INVALID_URL", "22P02",
                                                  "SparkIllegalArgumentException" };
    struct bytes text = column_text(c->args[0], row);
    struct bytes name = column_text(c->args[1], row);
    struct url u;
    if (!parse(&u, text)) {
        if (!c->ev->settings->ansi || c->call->function->name[0] == 't') {
            return ROW_NULL;
        }
        (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, &invalid,
                              "The url is invalid: %.*s. Use `try_parse_url` to tolerate invalid "
                              "URL and return NULL instead.",
                              BYTES_ARG(text));
        return ROW_FAILED;
    }
    struct bytes found = { 0 };
    if (c->call->count == 2) {
        found = url_part(c, &u, name);
    } else if (bytes_equal_text(name, "QUERY")) {
        found = query_value(u.query, column_text(c->args[2], row));
    }
    if (!found.data) {
        return ROW_NULL;
    }
    texts_add(&c->out, found);
    return ROW_VALUE;
}

KERNEL(string_parse_url)
{
    return texts_by_row(ev, call, args, rows, parse_url_row);
}
