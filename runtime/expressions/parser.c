/*
 * The parser's frame: tokens, keywords, grammar; and how its errors read. See parser.h.
 */
#include "expressions/parser.h"

#include <stdarg.h>
#include <stdio.h>

#include "expressions/sql_build.h"
#include "sql_grammar.h"

void parse_add_token(struct parse *p, int kind, int32_t start, int32_t end)
{
    if (p->count + 1 >= p->capacity) {
        int32_t capacity = p->capacity ? p->capacity * 2 : 64;
        struct token *bigger = ARENA_NEW(p->arena, struct token, (size_t)capacity);
        if (p->count > 0) {
            memcpy(bigger, p->tokens, (size_t)p->count * sizeof(*bigger));
        }
        p->tokens = bigger;
        p->capacity = capacity;
    }
    p->tokens[p->count++] = (struct token){
        .kind = kind,
        .span = { start, end },
        .text = { p->text.data + start, (size_t)(end - start) },
    };
}

bool parse_fail(struct parse *p,
                struct span where,
                const struct sql_condition *condition,
                const char *format,
                ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (sql_failed(p->error)) {
        return false;
    }
    (void)sql_fail(p->error, condition, "%s", text);
    if (p->goal == GOAL_TYPE || p->goal == GOAL_SCHEMA) {
        sql_error_add_place(p->error, p->text, where.start);
    } else {
        sql_error_add_fragment(p->error, p->text, where);
    }
    sql_error_prepend(p->error, "\n");
    return false;
}

static bool fail_name(struct parse *p, struct bytes name, int32_t at)
{
    if (sql_failed(p->error)) {
        return false;
    }
    (void)sql_fail(
        p->error, &sql_invalid_identifier,
        "The unquoted identifier %.*s is invalid and must be back quoted as: `%.*s`.\n"
        "Unquoted identifiers can only contain ASCII letters ('a' - 'z', 'A' - 'Z'), digits ('0' - '9'), and underbar ('_').\n"
        "Unquoted identifiers must also not start with a digit.\n"
        "Different data sources and meta stores may impose additional restrictions on valid identifiers.",
        BYTES_ARG(name), BYTES_ARG(name));
    sql_error_add_place(p->error, p->text, at);
    sql_error_prepend(p->error, "\n");
    return false;
}

bool check_name(struct parse *p, const struct token *name)
{
    for (size_t i = 0; i < name->text.len; i++) {
        if (name->text.data[i] >= 0x80) {
            return fail_name(p, name->text, name->span.start);
        }
    }
    return true;
}

void fail_dashed_name(struct parse *p, struct span name, struct span dashes)
{
    struct bytes text = { p->text.data + name.start, (size_t)(name.end - name.start) };
    (void)fail_name(p, text, dashes.start);
}

void parse_syntax_error(struct parse *p, const struct token *at)
{
    if (sql_failed(p->error)) {
        return;
    }
    if (bytes_trim(p->text).len == 0) {
        (void)sql_fail(p->error, &sql_parse_empty_statement,
                       "Syntax error, unexpected empty statement.");
    } else if (at->kind == 0) {
        (void)sql_fail(p->error, &sql_parse_syntax_error, "Syntax error at or near end of input.");
    } else {
        struct bytes extra = p->extra ? at->text : bytes_of("");
        (void)sql_fail(p->error, &sql_parse_syntax_error, "Syntax error at or near '%.*s'%s%.*s%s.",
                       BYTES_ARG(at->text), p->extra ? ": extra input '" : "", BYTES_ARG(extra),
                       p->extra ? "'" : "");
    }
    sql_error_add_place(p->error, p->text, at->span.start);
    sql_error_prepend(p->error, "\n");
}

static bool parse(struct parse *p)
{
    if (p->text.len > SYNTAX_MAX_TEXT) {
        return sql_fail(p->error, &sql_parse_too_complex,
                        "The text has %zu bytes; an expression may have %d.", p->text.len,
                        SYNTAX_MAX_TEXT);
    }
    if (!sql_tokenize(p)) {
        return false;
    }
    parse_add_token(p, 0, (int32_t)p->text.len, (int32_t)p->text.len);
    p->count--; /* the end is there, and not counted */
    sql_demote_keywords(p);
    int failed = sql_grammar_parse(p);
    if (failed && !sql_failed(p->error)) {
        (void)sql_fail(p->error, &sql_parse_too_complex,
                       "The statement, including potential SQL functions and referred views, was "
                       "too complex to parse.");
    }
    return !failed && !sql_failed(p->error);
}

bool parse_expression(struct arena *arena,
                      struct bytes text,
                      const struct syntax **out_expression,
                      struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_EXPRESSION, .error = error };
    if (!parse(&p)) {
        return false;
    }
    *out_expression = p.expression;
    return true;
}

bool parse_type(struct arena *arena,
                struct bytes text,
                const struct type **out_type,
                struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_TYPE, .error = error };
    if (!parse(&p)) {
        return false;
    }
    *out_type = p.type;
    return true;
}

bool parse_schema(struct arena *arena,
                  struct bytes text,
                  bool allow_type,
                  const struct type **out_type,
                  struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_SCHEMA, .error = error };
    if (allow_type) {
        struct sql_error ignored = { 0 };
        bool alone = parse_type(arena, text, out_type, &ignored);
        sql_error_finish(&ignored);
        if (alone) {
            return true;
        }
    }
    if (!parse(&p)) {
        return false;
    }
    *out_type = p.type;
    return true;
}

bool parse_inline_table(struct arena *arena,
                        struct bytes text,
                        struct syntax_table *out_table,
                        struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_TABLE, .error = error };
    if (!parse(&p)) {
        return false;
    }
    *out_table = p.table;
    return true;
}

bool parse_sort(struct arena *arena,
                struct bytes text,
                struct syntax_sort *out_sort,
                struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_SORT, .error = error };
    if (!parse(&p)) {
        return false;
    }
    *out_sort = p.sort;
    return true;
}

bool parse_query(struct arena *arena,
                 struct bytes text,
                 const struct syntax_query **out_query,
                 struct sql_error *error)
{
    struct parse p = { .arena = arena, .text = text, .goal = GOAL_QUERY, .error = error };
    if (!parse(&p)) {
        return false;
    }
    *out_query = p.query;
    return true;
}

/* --- names of columns --- */

static bool bad_name(struct bytes text, struct sql_error *error)
{
    return sql_fail(
        error, &sql_invalid_attribute_name,
        "Syntax error in the attribute name: %.*s. Check that backticks appear in pairs, a "
        "quoted string is a complete name part and use a backtick only inside quoted name "
        "parts.",
        BYTES_ARG(text));
}

bool parse_column_name(struct arena *arena,
                       struct bytes text,
                       const struct bytes **out_parts,
                       int32_t *out_count,
                       struct sql_error *error)
{
    struct bytes *parts = ARENA_NEW(arena, struct bytes, text.len + 1);
    uint8_t *out = arena_alloc(arena, text.len + 1, 1);
    int32_t count = 0;
    size_t i = 0;
    for (;;) {
        uint8_t *start = out;
        bool quoted = i < text.len && text.data[i] == '`';
        for (i += quoted; i < text.len; i++) {
            bool tick = text.data[i] == '`';
            if (quoted && tick && i + 1 < text.len && text.data[i + 1] == '`') {
                i++; /* doubled */
            } else if (quoted ? tick : text.data[i] == '.') {
                break;
            } else if (tick && !quoted) {
                return bad_name(text, error);
            }
            *out++ = text.data[i];
        }
        if (quoted && i == text.len) {
            return bad_name(text, error);
        }
        i += quoted;
        parts[count++] = (struct bytes){ start, (size_t)(out - start) };
        if (i == text.len) {
            break;
        }
        if (text.data[i++] != '.' || i == text.len) {
            return bad_name(text, error);
        }
    }
    *out_parts = parts;
    *out_count = count;
    return true;
}
