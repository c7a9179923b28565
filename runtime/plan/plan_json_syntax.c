/*
 * Expressions as they were written, in JSON: see plan_json.h.
 *
 *     upper(a) AS b      {"kind":"alias","text":"b","args":[{"kind":"call","text":"upper","args":[{"kind":"name","text":"a","parts":["a"]}]}]}
 *     1                  {"kind":"literal","type":"INT","value":"1"}
 *     CAST(a AS INT)     {"kind":"cast","text":"cast","type":"INT","args":[...]}
 *
 * A literal's value: integers, dates, times and intervals as their number; floats and doubles as the number that their 64 bits are;
 * decimals as the halves of their unscaled 128 bits, "high:low"; text as it is; binaries, and what is no UTF-8, in "hex"; null is "null":true.
 */
#include <string.h>

#include "columns/utf8.h"
#include "expressions/json_write.h"
#include "expressions/parser.h"
#include "plan/plan_json.h"

static const char *const kinds[] = {
    [SYNTAX_LITERAL] = "literal", [SYNTAX_NAME] = "name",   [SYNTAX_STAR] = "star",
    [SYNTAX_CALL] = "call",       [SYNTAX_CASE] = "case",   [SYNTAX_CAST] = "cast",
    [SYNTAX_ALIAS] = "alias",     [SYNTAX_FIELD] = "field", [SYNTAX_SUBSCRIPT] = "subscript",
    [SYNTAX_LAMBDA] = "lambda",   [SYNTAX_TUPLE] = "tuple",
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* --- writing --- */

void plan_json_text(struct buffer *out, const char *name, struct bytes text)
{
    if (!bytes_is_null(text)) {
        buffer_printf(out, ",\"%s\":", name);
        json_write_text(out, text, JSON_CHARACTERS);
    }
}

void plan_json_texts(struct buffer *out, const char *name, const struct bytes *texts, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (i == 0) {
            buffer_printf(out, ",\"%s\":[", name);
        } else {
            buffer_append_text(out, ",");
        }
        json_write_text(out, texts[i], JSON_CHARACTERS);
    }
    buffer_append_text(out, count > 0 ? "]" : "");
}

static void print_type(struct buffer *out, const struct type *type)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, type);
    plan_json_text(out, "type", buffer_bytes(&text));
    buffer_finish(&text);
}

static void print_text(struct buffer *out, const struct scalar *value)
{
    if (value->type->kind == TYPE_STRING && utf8_is_valid(value->text)) {
        plan_json_text(out, "value", value->text);
        return;
    }
    buffer_append_text(out, ",\"hex\":\"");
    for (size_t i = 0; i < value->text.len; i++) {
        buffer_printf(out, "%02x", value->text.data[i]);
    }
    buffer_append_text(out, "\"");
}

static void print_value(struct buffer *out, const struct scalar *value)
{
    print_type(out, value->type);
    if (value->null) {
        buffer_append_text(out, ",\"null\":true");
    } else if (type_has_bytes(value->type)) {
        print_text(out, value);
    } else if (value->type->kind == TYPE_DECIMAL) {
        buffer_printf(out, ",\"value\":\"%lld:%lld\"", (long long)(value->decimal >> 64),
                      (long long)(int64_t)(uint64_t)value->decimal);
    } else if (value->type->kind == TYPE_FLOAT || value->type->kind == TYPE_DOUBLE) {
        int64_t bits = 0;
        memcpy(&bits, &value->number, sizeof(bits));
        buffer_printf(out, ",\"value\":\"%lld\"", (long long)bits);
    } else {
        buffer_printf(out, ",\"value\":\"%lld\"", (long long)value->integer);
    }
}

static void print_flags(struct buffer *out, const struct syntax *s)
{
    buffer_append_text(out, s->has_else ? ",\"else\":true" : "");
    buffer_append_text(out, s->distinct ? ",\"distinct\":true" : "");
    buffer_append_text(out, s->ignore_nulls ? ",\"ignoreNulls\":true" : "");
}

void syntax_print_json(struct buffer *out, const struct syntax *s)
{
    buffer_printf(out, "{\"kind\":\"%s\"", kinds[s->kind]);
    plan_json_text(out, "text", s->text);
    plan_json_texts(out, "parts", s->parts, s->part_count);
    if (s->kind == SYNTAX_LITERAL) {
        print_value(out, &s->scalar);
    } else if (s->type) {
        print_type(out, s->type);
    }
    print_flags(out, s);
    if (s->filter) {
        buffer_append_text(out, ",\"filter\":");
        syntax_print_json(out, s->filter);
    }
    for (int32_t i = 0; i < s->count; i++) {
        buffer_append_text(out, i ? "," : ",\"args\":[");
        syntax_print_json(out, s->args[i]);
    }
    buffer_append_text(out, s->count > 0 ? "]}" : "}");
}

/* --- reading --- */

bool plan_json_read_texts(struct arena *arena,
                          const struct json_node *list,
                          const struct bytes **out,
                          int32_t *out_count,
                          struct sql_error *error)
{
    struct bytes *texts = ARENA_NEW(arena, struct bytes, (size_t)list->count);
    int32_t i = 0;
    for (const struct json_node *n = list->first; n; n = n->next) {
        if (n->kind != NODE_TEXT) {
            return plan_json_fail(error, "a name that is no text");
        }
        texts[i++] = n->text;
    }
    *out = texts;
    *out_count = list->count;
    return true;
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

static bool read_hex(struct arena *arena, struct bytes hex, struct bytes *out)
{
    uint8_t *bytes = arena_alloc(arena, hex.len / 2 + 1, 1);
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        int high = hex_digit(hex.data[i]);
        int low = hex_digit(hex.data[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        bytes[i / 2] = (uint8_t)(high * 16 + low);
    }
    *out = (struct bytes){ bytes, hex.len / 2 };
    return hex.len % 2 == 0;
}

static bool read_number(struct bytes text, struct scalar *out)
{
    int64_t number = 0;
    if (out->type->kind == TYPE_DECIMAL) {
        struct bytes high;
        struct bytes low = text;
        int64_t half = 0;
        bool ok = bytes_cut(&low, ':', &high) && !bytes_is_null(low) &&
                  bytes_parse_i64(high, &half) && bytes_parse_i64(low, &number);
        out->decimal = (int128)(((uint128)(uint64_t)half << 64) | (uint64_t)number);
        return ok;
    }
    if (!bytes_parse_i64(text, &number)) {
        return false;
    }
    if (out->type->kind == TYPE_FLOAT || out->type->kind == TYPE_DOUBLE) {
        memcpy(&out->number, &number, sizeof(number));
    } else {
        out->integer = number;
    }
    return true;
}

static bool fits(const struct scalar *value)
{
    int64_t v = value->integer;
    switch (value->type->kind) {
    case TYPE_BOOLEAN: return v == 0 || v == 1;
    case TYPE_TINYINT: return v == (int8_t)v;
    case TYPE_SMALLINT: return v == (int16_t)v;
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS: return v == (int32_t)v;
    default: return true;
    }
}

static bool read_literal(struct arena *arena,
                         const struct json_node *node,
                         struct syntax *s,
                         struct sql_error *error)
{
    struct scalar *value = &s->scalar;
    value->type = s->type;
    s->type = NULL;
    if (!value->type || type_is_nested(value->type)) {
        return plan_json_fail(error, "a literal without a type that it may have");
    }
    value->null = json_node_bool(node, "null") || value->type->kind == TYPE_VOID;
    struct bytes text = json_node_text(node, "value");
    struct bytes hex = json_node_text(node, "hex");
    bool ok = true;
    if (value->null) {
        ok = true;
    } else if (type_has_bytes(value->type)) {
        value->text = text;
        ok = bytes_is_null(text) ? !bytes_is_null(hex) && read_hex(arena, hex, &value->text) : true;
    } else {
        ok = !bytes_is_null(text) && read_number(text, value) && fits(value);
    }
    return ok || plan_json_fail(error, "a literal whose value is none of its type");
}

/* What each kind must have, so that nobody else need ask. */
static bool check(const struct syntax *s, struct sql_error *error)
{
    bool ok = true;
    switch (s->kind) {
    case SYNTAX_NAME: ok = s->part_count > 0 && !bytes_is_null(s->text); break;
    case SYNTAX_CALL: ok = !bytes_is_null(s->text); break;
    case SYNTAX_CASE: ok = s->count > 1 && (s->count % 2 == 1) == s->has_else; break;
    case SYNTAX_CAST:
        ok = s->count == 1 && s->type && !bytes_is_null(s->text);
        if (ok && bytes_equal_text(s->text, "typed")) { /* DATE'2024-01-01' */
            ok = s->args[0]->kind == SYNTAX_LITERAL && !bytes_is_null(s->args[0]->scalar.text);
        }
        break;
    case SYNTAX_ALIAS: ok = s->count == 1 && (!bytes_is_null(s->text) || s->part_count > 0); break;
    case SYNTAX_FIELD: ok = s->count == 1 && !bytes_is_null(s->text); break;
    case SYNTAX_SUBSCRIPT: ok = s->count == 2; break;
    case SYNTAX_LAMBDA: ok = s->count == 1 && s->part_count > 0; break;
    case SYNTAX_TUPLE: ok = s->count > 0; break;
    case SYNTAX_LITERAL:
    case SYNTAX_STAR: break;
    }
    return ok || plan_json_fail(error, "a \"%s\" without all that it needs", kinds[s->kind]);
}

static bool read_kind(const struct json_node *node, struct syntax *s, struct sql_error *error)
{
    struct bytes name = json_node_text(node, "kind");
    for (int k = 0; k < KIND_COUNT; k++) {
        if (bytes_equal_text(name, kinds[k])) {
            s->kind = (enum syntax_kind)k;
            return true;
        }
    }
    return plan_json_fail(error, "an expression of an unknown kind, \"%.*s\"", BYTES_ARG(name));
}

static bool read_args(struct arena *arena,
                      const struct json_node *node,
                      struct syntax *s,
                      struct sql_error *error)
{
    const struct json_node *list = json_node_list(node, "args");
    const struct json_node *filter = json_node_find(node, "filter");
    const struct syntax **args = ARENA_NEW(arena, const struct syntax *, (size_t)list->count);
    for (const struct json_node *n = list->first; n; n = n->next) {
        const struct syntax *arg = syntax_read_json(arena, n, error);
        if (!arg) {
            return false;
        }
        s->depth = arg->depth >= s->depth ? arg->depth + 1 : s->depth;
        args[s->count++] = arg;
    }
    s->args = args;
    if (filter) {
        s->filter = syntax_read_json(arena, filter, error);
        s->depth = s->filter && s->filter->depth >= s->depth ? s->filter->depth + 1 : s->depth;
    }
    return !filter || s->filter;
}

const struct syntax *syntax_read_json(struct arena *arena,
                                      const struct json_node *node,
                                      struct sql_error *error)
{
    struct syntax *s = ARENA_NEW(arena, struct syntax, 1);
    s->span = span_none();
    s->depth = 1;
    s->text = json_node_text(node, "text");
    s->has_else = json_node_bool(node, "else");
    s->distinct = json_node_bool(node, "distinct");
    s->ignore_nulls = json_node_bool(node, "ignoreNulls");
    struct bytes type = json_node_text(node, "type");
    bool ok = read_kind(node, s, error) &&
              plan_json_read_texts(arena, json_node_list(node, "parts"), &s->parts, &s->part_count,
                                   error) &&
              (bytes_is_null(type) || parse_type(arena, type, &s->type, error)) &&
              (s->kind != SYNTAX_LITERAL || read_literal(arena, node, s, error)) &&
              read_args(arena, node, s, error) && check(s, error);
    if (ok && s->depth > SYNTAX_MAX_DEPTH) {
        ok = plan_json_fail(error, "an expression that is too deep");
    }
    return ok ? s : NULL;
}
