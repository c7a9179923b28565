/*
 * Expressions as they were written, as text: see plan_text_syntax.h. Depth is bounded by the parser's.
 */
#include "plan/plan_text_syntax.h"

#include "expressions/parser.h"

/* Meaning is asked for at every level of a tree that has none as a whole: bounded, so that long texts cannot make it slow. */
enum { MOST_NODES = 2000 };

static int32_t count_nodes(const struct syntax *s, int32_t most)
{
    int32_t nodes = 1;
    for (int32_t i = 0; i < s->count && nodes < most; i++) {
        nodes += count_nodes(s->args[i], most - nodes);
    }
    return nodes;
}

const struct expression *written_resolve(struct written *w, const struct syntax *s)
{
    if (w->form == WRITTEN_RAW || !w->input || s->kind == SYNTAX_STAR ||
        count_nodes(s, MOST_NODES) >= MOST_NODES) {
        return NULL;
    }
    struct sql_error ignored = { 0 };
    struct analysis a = planning_analysis(w->planning, w->input);
    a.arena = &w->tree->arena;
    a.error = &ignored;
    const struct expression *e = analyze(&a, s);
    sql_error_finish(&ignored);
    return e;
}

int32_t written_identity(struct written *w, const struct syntax *s)
{
    for (int32_t i = 0; i < w->identity_count; i++) {
        if (w->identities[i].syntax == s) {
            return w->identities[i].identity;
        }
    }
    if (w->identity_count == w->identity_capacity) {
        w->identity_capacity = w->identity_capacity ? w->identity_capacity * 2 : 8;
        struct written_alias *bigger =
            ARENA_NEW(&w->tree->arena, struct written_alias, (size_t)w->identity_capacity);
        if (w->identity_count > 0) {
            memcpy(bigger, w->identities, (size_t)w->identity_count * sizeof(*bigger));
        }
        w->identities = bigger;
    }
    int32_t identity = w->tree->identities++;
    w->identities[w->identity_count++] = (struct written_alias){ s, identity };
    return identity;
}

/* --- pieces --- */

static void print_text(struct written *w, const char *text)
{
    buffer_append_text(w->tree->out, text);
}

static void print_args(struct written *w, const struct syntax *s, int32_t first)
{
    for (int32_t i = first; i < s->count; i++) {
        print_text(w, i > first ? ", " : "");
        written_print(w, s->args[i]);
    }
}

static bool is_plain_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (!letter && c != '_' && c < 128 && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.len > 0;
}

static void print_name(struct written *w, const struct syntax *s)
{
    print_text(w, "'");
    for (int32_t i = 0; i < s->part_count; i++) {
        bool dotted = memchr(s->parts[i].data, '.', s->parts[i].len) != NULL;
        buffer_printf(w->tree->out, dotted ? "%s`%.*s`" : "%s%.*s", i ? "." : "",
                      BYTES_ARG(s->parts[i]));
    }
    w->unresolved = true;
}

static void print_star(struct written *w, const struct syntax *s)
{
    for (int32_t i = 0; i < s->part_count; i++) {
        buffer_printf(w->tree->out, "%.*s.", BYTES_ARG(s->parts[i]));
    }
    print_text(w, "*");
    w->unresolved = true;
}

/* --- calls --- */

/* What the parser makes a node of its own of, with the sign in the middle. */
static const char *infix_of(struct bytes name)
{
    static const char *const signs[] = { "+", "-", "*",  "/", "%",  "&",   "|",  "^",
                                         "=", "<", "<=", ">", ">=", "<=>", "<<", ">>" };
    static const char *const words[][2] = { { "and", "AND" }, { "or", "OR" }, { "div", "div" } };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (bytes_equal_text(name, signs[i])) {
            return signs[i];
        }
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_equal_text(name, words[i][0])) {
            return words[i][1];
        }
    }
    return NULL;
}

static void print_infix_form(struct written *w, const struct syntax *s, const char *sign)
{
    print_text(w, "(");
    written_print(w, s->args[0]);
    buffer_printf(w->tree->out, " %s ", sign);
    written_print(w, s->args[1]);
    print_text(w, ")");
}

/* Forms of the grammar that are no functions. False: it is one. */
static bool print_form(struct written *w, const struct syntax *s)
{
    const char *sign = s->count == 2 ? infix_of(s->text) : NULL;
    if (sign) {
        print_infix_form(w, s, sign);
    } else if (bytes_equal_text(s->text, "not") && s->count == 1) {
        print_text(w, "NOT ");
        written_print(w, s->args[0]);
    } else if (bytes_equal_text(s->text, "unary -") && s->count == 1) {
        print_text(w, "-");
        written_print(w, s->args[0]);
    } else if (bytes_equal_text(s->text, "in") && s->count > 1) {
        written_print(w, s->args[0]);
        print_text(w, " IN (");
        for (int32_t i = 1; i < s->count; i++) {
            print_text(w, i > 1 ? "," : "");
            written_print(w, s->args[i]);
        }
        print_text(w, ")");
    } else if (bytes_equal_text(s->text, "like") && s->count == 2) {
        written_print(w, s->args[0]);
        print_text(w, " LIKE ");
        written_print(w, s->args[1]);
    } else if (bytes_equal_text(s->text, "isnull") || bytes_equal_text(s->text, "isnotnull")) {
        buffer_printf(w->tree->out, "%.*s(", BYTES_ARG(s->text));
        print_args(w, s, 0);
        print_text(w, ")");
    } else {
        return false;
    }
    return true;
}

/* Do all arguments have a meaning? Then the call is at fault, and its function is known. */
static bool knows_arguments(struct written *w, const struct syntax *s)
{
    for (int32_t i = 0; i < s->count; i++) {
        if (!written_resolve(w, s->args[i])) {
            return false;
        }
    }
    return w->form == WRITTEN_MIXED && function_find(s->text);
}

/* What a known function keeps besides its arguments. False: nothing. */
static bool print_known(struct written *w, const struct syntax *s)
{
    bool reads = bytes_equal_text(s->text, "from_json") && s->count > 1;
    bool writes = bytes_equal_text(s->text, "to_json");
    if (!reads && !writes && !bytes_equal_text(s->text, "size")) {
        return false;
    }
    const char *zone = w->planning->settings->sql->zone_name;
    buffer_printf(w->tree->out, "%.*s(", BYTES_ARG(s->text));
    const struct type *type = NULL;
    struct sql_error ignored = { 0 };
    if (reads && s->args[1]->kind == SYNTAX_LITERAL && !bytes_is_null(s->args[1]->scalar.text) &&
        parse_schema(&w->tree->arena, s->args[1]->scalar.text, true, &type, &ignored)) {
        plan_print_fields(w->tree->out, type);
        print_text(w, ", ");
    }
    sql_error_finish(&ignored);
    written_print(w, s->args[0]);
    if (reads || writes) {
        buffer_printf(w->tree->out, ", Some(%s)", zone ? zone : "UTC");
    }
    print_text(w, writes ? ")" : ", false)");
    return true;
}

static void print_call(struct written *w, const struct syntax *s)
{
    bool built = s->span.start < 0;
    bool known = knows_arguments(w, s);
    w->unresolved = true;
    if (((known || !built) && print_form(w, s)) || (known && print_known(w, s))) {
        return;
    }
    bool quoted = !is_plain_name(s->text);
    buffer_printf(w->tree->out, quoted ? "%s`%.*s`(" : "%s%.*s(", known ? "" : "'",
                  BYTES_ARG(s->text));
    print_text(w, s->distinct ? "distinct " : "");
    if (s->count == 1 && s->args[0]->kind == SYNTAX_STAR && bytes_equal_text(s->text, "count")) {
        print_text(w, "1");
    } else {
        print_args(w, s, 0);
    }
    print_text(w, ")");
}

static void print_case(struct written *w, const struct syntax *s)
{
    print_text(w, "CASE");
    for (int32_t i = 0; i + 1 < s->count; i += 2) {
        print_text(w, " WHEN ");
        written_print(w, s->args[i]);
        print_text(w, " THEN ");
        written_print(w, s->args[i + 1]);
    }
    if (s->count % 2 == 1) {
        print_text(w, " ELSE ");
        written_print(w, s->args[s->count - 1]);
    }
    print_text(w, " END");
    w->unresolved = true;
}

static void print_cast(struct written *w, const struct syntax *s)
{
    print_text(w, bytes_equal_text(s->text, "try_cast") ? "try_cast(" : "cast(");
    written_print(w, s->args[0]);
    print_text(w, " as ");
    type_print(w->tree->out, s->type);
    print_text(w, ")");
    w->unresolved = true;
}

static void print_pair(struct written *w, const struct syntax *s)
{
    written_print(w, s->args[0]);
    print_text(w, "[");
    if (s->kind == SYNTAX_FIELD) {
        buffer_append(w->tree->out, s->text.data, s->text.len);
    } else {
        written_print(w, s->args[1]);
    }
    print_text(w, "]");
    w->unresolved = true;
}

static void print_literal_value(struct written *w, const struct syntax *s)
{
    struct expression literal = { .kind = EXPRESSION_LITERAL,
                                  .type = s->scalar.type,
                                  .scalar = s->scalar };
    plan_print_expression(w->tree->out, &literal);
}

void written_print(struct written *w, const struct syntax *s)
{
    const struct expression *e = written_resolve(w, s);
    if (e) {
        tree_expression(w->tree, w->tree->out, e, w->ids, 0);
        return;
    }
    switch (s->kind) {
    case SYNTAX_LITERAL: print_literal_value(w, s); break;
    case SYNTAX_NAME: print_name(w, s); break;
    case SYNTAX_STAR: print_star(w, s); break;
    case SYNTAX_CALL: print_call(w, s); break;
    case SYNTAX_CASE: print_case(w, s); break;
    case SYNTAX_CAST: print_cast(w, s); break;
    case SYNTAX_ALIAS:
        written_print(w, s->args[0]);
        buffer_printf(w->tree->out, " AS %.*s", BYTES_ARG(s->text));
        break;
    case SYNTAX_FIELD:
    case SYNTAX_SUBSCRIPT: print_pair(w, s); break;
    case SYNTAX_LAMBDA:
        print_text(w, "lambdafunction(");
        print_args(w, s, 0);
        print_text(w, ")");
        break;
    case SYNTAX_TUPLE:
        print_text(w, "'struct(");
        print_args(w, s, 0);
        print_text(w, ")");
        w->unresolved = true;
        break;
    }
}
