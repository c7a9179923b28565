/*
 * LIKE: '%' is any text, '_' any character, what follows the escape character itself.
 *
 * A pattern is made ready once where it is a literal, and once per pattern otherwise. Prefixes, suffixes and parts of text, which most
 * patterns are, are compared as such; any other goes through the text once, and back to the last '%' where it fails.
 */
#include "expressions/analysis.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_functions.h"
#include "expressions/string_regex.h"

enum like_form {
    LIKE_EXACT,
    LIKE_PREFIX,   /* abc% */
    LIKE_SUFFIX,   /* %abc */
    LIKE_CONTAINS, /* %abc% */
    LIKE_GENERAL,
};

enum like_token {
    TOKEN_BYTE,
    TOKEN_ONE,
    TOKEN_MANY,
};

struct like_pattern {
    enum like_form form;
    struct bytes text; /* without wildcards: of all forms but the general one */
    size_t count;
    uint8_t *kinds;
    uint8_t *bytes;
};

/* --- making ready --- */

static const struct sql_condition escape_inside = { "INVALID_FORMAT.ESC_IN_THE_MIDDLE", "42601",
                                                    "AnalysisException" };
static const struct sql_condition escape_last = { "INVALID_FORMAT.ESC_AT_THE_END", "42601",
                                                  "AnalysisException" };

static bool refuse_escape(struct evaluation *ev, struct bytes pattern, struct bytes next)
{
    const struct expression nowhere = { .span = span_none() };
    struct buffer quoted;
    buffer_init(&quoted, SQL_ERROR_MAX);
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] == '\\' || pattern.data[i] == '\'') {
            buffer_append_text(&quoted, "\\");
        }
        buffer_append(&quoted, pattern.data + i, 1);
    }
    if (next.len == 0) {
        (void)evaluation_fail(ev, &nowhere, &escape_last,
                              "The format is invalid: '%.*s'. The escape character is not allowed "
                              "to end with.",
                              BYTES_ARG(buffer_bytes(&quoted)));
    } else {
        (void)evaluation_fail(ev, &nowhere, &escape_inside,
                              "The format is invalid: '%.*s'. The escape character is not allowed "
                              "to precede '%.*s'.",
                              BYTES_ARG(buffer_bytes(&quoted)), BYTES_ARG(next));
    }
    buffer_finish(&quoted);
    return false;
}

static void add_token(struct like_pattern *p, enum like_token kind, uint8_t byte)
{
    if (kind == TOKEN_MANY && p->count > 0 && p->kinds[p->count - 1] == TOKEN_MANY) {
        return;
    }
    p->kinds[p->count] = (uint8_t)kind;
    p->bytes[p->count++] = byte;
}

static void find_form(struct like_pattern *p)
{
    bool many_first = p->count > 0 && p->kinds[0] == TOKEN_MANY;
    bool many_last = p->count > 1 && p->kinds[p->count - 1] == TOKEN_MANY;
    size_t begin = many_first;
    size_t end = p->count - many_last;
    for (size_t i = begin; i < end; i++) {
        if (p->kinds[i] != TOKEN_BYTE) {
            p->form = LIKE_GENERAL;
            return;
        }
    }
    p->text = (struct bytes){ p->bytes + begin, end - begin };
    p->form = many_first && many_last ? LIKE_CONTAINS
              : many_first            ? LIKE_SUFFIX
              : many_last             ? LIKE_PREFIX
                                      : LIKE_EXACT;
}

/* `room` has two bytes for each of the pattern's. False: the escape character stands where it may not. */
static bool make_pattern(struct like_pattern *p,
                         struct bytes pattern,
                         struct bytes escape,
                         uint8_t *room,
                         struct bytes *out_wrong)
{
    *p = (struct like_pattern){ .kinds = room, .bytes = room + pattern.len };
    for (size_t at = 0; at < pattern.len;) {
        struct bytes one = { pattern.data + at, text_width(pattern, at) };
        at += one.len;
        if (bytes_equal(one, escape)) {
            one =
                (struct bytes){ pattern.data + at, at < pattern.len ? text_width(pattern, at) : 0 };
            bool fine = bytes_equal_text(one, "_") || bytes_equal_text(one, "%") ||
                        (one.len > 0 && bytes_equal(one, escape));
            if (!fine) {
                *out_wrong = one;
                return false;
            }
            at += one.len;
        } else if (bytes_equal_text(one, "%") || bytes_equal_text(one, "_")) {
            add_token(p, *one.data == '%' ? TOKEN_MANY : TOKEN_ONE, 0);
            continue;
        }
        for (size_t i = 0; i < one.len; i++) {
            add_token(p, TOKEN_BYTE, one.data[i]);
        }
    }
    find_form(p);
    return true;
}

/* --- matching --- */

/* Where the tokens behind a '%' may begin to match, at or behind `from`. */
static size_t next_try(const struct like_pattern *p, size_t token, struct bytes text, size_t from)
{
    if (token == p->count || p->kinds[token] != TOKEN_BYTE || from >= text.len) {
        return from;
    }
    const uint8_t *found = memchr(text.data + from, p->bytes[token], text.len - from);
    return found ? (size_t)(found - text.data) : text.len;
}

static bool matches_general(const struct like_pattern *p, struct bytes text)
{
    size_t token = 0;
    size_t at = 0;
    size_t many = SIZE_MAX; /* the last '%', and where the text behind it is tried now */
    size_t tried = 0;
    while (at < text.len) {
        enum like_token kind = token < p->count ? (enum like_token)p->kinds[token] : TOKEN_BYTE;
        if (token < p->count && kind == TOKEN_MANY) {
            many = token++;
            tried = at;
        } else if (token < p->count && kind == TOKEN_ONE) {
            at += text_width(text, at);
            token++;
        } else if (token < p->count && p->bytes[token] == text.data[at]) {
            at++;
            token++;
        } else if (many != SIZE_MAX) {
            tried = next_try(p, many + 1, text, tried + text_width(text, tried));
            at = tried;
            token = many + 1;
        } else {
            return false;
        }
    }
    while (token < p->count && p->kinds[token] == TOKEN_MANY) {
        token++;
    }
    return token == p->count;
}

static bool matches(const struct like_pattern *p, struct bytes text)
{
    switch (p->form) {
    case LIKE_EXACT: return bytes_equal(text, p->text);
    case LIKE_PREFIX: return bytes_starts_with(text, p->text);
    case LIKE_SUFFIX: return bytes_ends_with(text, p->text);
    case LIKE_CONTAINS: return text_find(text, p->text, 0) <= text.len;
    case LIKE_GENERAL: break;
    }
    return matches_general(p, text);
}

/* --- like, ilike --- */

static struct bytes escape_of(const struct expression *call)
{
    return call->count > 2 && call->args[2]->kind == EXPRESSION_LITERAL ? call->args[2]->scalar.text
                                                                        : bytes_of("\\");
}

static bool is_literal_text(const struct expression *e)
{
    return e->kind == EXPRESSION_LITERAL && e->type->kind == TYPE_STRING && !e->scalar.null;
}

static bool refuse_escape_argument(struct analysis *a, const struct expression *call)
{
    static const struct sql_condition bad = { "INVALID_ESCAPE_CHAR", "42604", "AnalysisException" };
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    expression_print_sql(&text, call->args[2]);
    (void)sql_fail(a->error, &bad,
                   "`EscapeChar` should be a string literal of length one, but got \"%.*s\".",
                   BYTES_ARG(buffer_bytes(&text)));
    sql_error_add_line(a->error, a->source, call->span);
    buffer_finish(&text);
    return false;
}

/* A literal pattern is made ready here; a wrong one is left for the evaluation to complain of. */
bool check_like(struct analysis *a, struct expression *call)
{
    const struct expression *e = call->args[1];
    if (call->count > 2 && (!is_literal_text(call->args[2]) || text_length(escape_of(call)) != 1)) {
        return refuse_escape_argument(a, call);
    }
    if (!is_literal_text(e) || call->function->name[0] != 'l') {
        return true;
    }
    struct like_pattern *p = ARENA_NEW(a->arena, struct like_pattern, 1);
    struct bytes text = arena_copy(a->arena, e->scalar.text);
    uint8_t *room = ARENA_NEW(a->arena, uint8_t, text.len * 2 + 1);
    struct bytes wrong;
    if (make_pattern(p, text, escape_of(call), room, &wrong)) {
        call->extra = p;
    }
    return true;
}

/* A pattern that is known at last, and kept until there is another. */
struct like_cache {
    struct buffer room;
    struct buffer lower;
    struct bytes pattern;
    struct like_pattern made;
};

static bool cache_pattern(struct evaluation *ev,
                          struct like_cache *cache,
                          struct bytes pattern,
                          struct bytes escape)
{
    if (cache->pattern.data && bytes_equal(cache->pattern, pattern)) {
        return true;
    }
    buffer_clear(&cache->room);
    uint8_t *room = buffer_extend(&cache->room, pattern.len * 2 + 1);
    struct bytes wrong = { 0 };
    if (!room || !make_pattern(&cache->made, pattern, escape, room, &wrong)) {
        return refuse_escape(ev, pattern, wrong);
    }
    cache->pattern = pattern;
    return true;
}

static bool like_rows(struct evaluation *ev,
                      const struct expression *call,
                      struct column *const *args,
                      const struct rows *rows,
                      uint8_t *out)
{
    bool lower = call->function->name[0] == 'i';
    struct bytes escape = escape_of(call);
    struct like_cache cache = { 0 };
    struct buffer text;
    buffer_init(&cache.room, (size_t)TEXTS_MAX * 2);
    buffer_init(&cache.lower, TEXTS_MAX);
    buffer_init(&text, TEXTS_MAX);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        struct bytes pattern = column_text(args[1], i);
        struct bytes subject = column_text(args[0], i);
        if (lower) {
            if (!args[1]->constant || !cache.pattern.data) {
                cache.pattern.data = NULL;
                text_lower(&cache.lower, pattern);
            }
            pattern = buffer_bytes(&cache.lower);
            text_lower(&text, subject);
            subject = buffer_bytes(&text);
        }
        ok = cache_pattern(ev, &cache, pattern, escape);
        if (ok && matches(&cache.made, subject)) {
            bit_set(out, i);
        }
    }
    buffer_finish(&text);
    buffer_finish(&cache.room);
    buffer_finish(&cache.lower);
    return ok;
}

KERNEL(string_like)
{
    struct vector v = vector_new(call->type, rows);
    if (call->extra) {
        const struct like_pattern *p = call->extra;
        for (int32_t i = 0; i < rows->count; i++) {
            if (row_counts(rows, i) && matches(p, column_text(args[0], i))) {
                bit_set(v.values, i);
            }
        }
    } else if (!like_rows(ev, call, args, rows, v.values)) {
        vector_drop(&v);
        return NULL;
    }
    return vector_finish(&v);
}

/* a LIKE b, a LIKE b ESCAPE 'c' */
void print_like(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    struct bytes escape = escape_of(call);
    argument(out, call->args[0]);
    buffer_append_text(out, " LIKE ");
    argument(out, call->args[1]);
    if (!bytes_equal_text(escape, "\\")) {
        buffer_printf(out, " ESCAPE '%.*s'", BYTES_ARG(escape));
    }
}

/* --- like any, like all: of literals --- */

bool check_like_any(struct analysis *a, struct expression *call)
{
    struct like_pattern *list = ARENA_NEW(a->arena, struct like_pattern, (size_t)call->count);
    for (int32_t i = 1; i < call->count; i++) {
        if (!is_literal_text(call->args[i])) {
            return true;
        }
        struct bytes text = arena_copy(a->arena, call->args[i]->scalar.text);
        uint8_t *room = ARENA_NEW(a->arena, uint8_t, text.len * 2 + 1);
        struct bytes wrong;
        if (!make_pattern(&list[i], text, bytes_of("\\"), room, &wrong)) {
            return true; /* the evaluation says so */
        }
    }
    call->extra = list;
    return true;
}

/* Some pattern that is wrong is why there are none. */
static struct column *refuse_patterns(struct evaluation *ev,
                                      const struct expression *call,
                                      struct column *const *args)
{
    struct like_cache cache = { 0 };
    buffer_init(&cache.room, (size_t)TEXTS_MAX * 2);
    for (int32_t i = 1; i < call->count; i++) {
        if (!cache_pattern(ev, &cache, column_text(args[i], 0), bytes_of("\\"))) {
            break;
        }
    }
    buffer_finish(&cache.room);
    return NULL;
}

KERNEL(string_like_any)
{
    const struct like_pattern *list = call->extra;
    const char *name = call->function->name;
    bool negated = name[0] == 'n'; /* NOT LIKE ALL: none of them; NOT LIKE ANY: not all of them */
    bool all = name[strlen(name) - 1] == 'l';
    if (!list) {
        return refuse_patterns(ev, call, args);
    }
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        bool result = all;
        for (int32_t k = 1; row_counts(rows, i) && result == all && k < call->count; k++) {
            result = matches(&list[k], column_text(args[0], i)) != negated;
        }
        if (result) {
            bit_set(v.values, i);
        }
    }
    return vector_finish(&v);
}

/* The patterns are no part of the name. */
void print_like_any(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    buffer_printf(out, "%.*s(", BYTES_ARG(call->name));
    argument(out, call->args[0]);
    buffer_append_text(out, ")");
}
