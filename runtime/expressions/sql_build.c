/*
 * Nodes of the syntax tree, as the grammar asks for them: see sql_build.h.
 *
 * Forms that Spark's parser itself rewrites are rewritten here too: `a <> b` is NOT (a = b), `a BETWEEN b AND c` is between(a, b, c),
 * CASE x WHEN y is CASE WHEN x = y.
 */
#include "expressions/sql_build.h"

#include <strings.h>

/* --- lists --- */

static void *grown(
    struct parse *p, const void *items, int32_t count, int32_t *capacity, size_t size)
{
    if (count < *capacity) {
        return (void *)(uintptr_t)items;
    }
    *capacity = *capacity ? *capacity * 2 : 4;
    void *bigger = arena_alloc(p->arena, (size_t)*capacity, size);
    if (count > 0) {
        memcpy(bigger, items, (size_t)count * size);
    }
    return bigger;
}

struct syntax_list list_and(struct parse *p, struct syntax_list list, const struct syntax *node)
{
    list.items = grown(p, list.items, list.count, &list.capacity, sizeof(*list.items));
    list.items[list.count++] = node;
    return list;
}

struct syntax_list list_of(struct parse *p, const struct syntax *node)
{
    return list_and(p, (struct syntax_list){ 0 }, node);
}

struct syntax_list list_of_word(struct parse *p, const struct token *word)
{
    return list_of(p, build_word(p, word));
}

struct syntax_list list_and_word(struct parse *p, struct syntax_list list, const struct token *word)
{
    return list_and(p, list, build_word(p, word));
}

struct text_list texts_none(void)
{
    return (struct text_list){ 0 };
}

struct text_list texts_and(struct parse *p, struct text_list list, const struct token *text)
{
    list.items = grown(p, list.items, list.count, &list.capacity, sizeof(*list.items));
    list.items[list.count++] = *text;
    return list;
}

struct text_list texts_of(struct parse *p, const struct token *text)
{
    return texts_and(p, texts_none(), text);
}

struct field_list fields_and(struct parse *p, struct field_list list, const struct field *field)
{
    list.items = grown(p, list.items, list.count, &list.capacity, sizeof(*list.items));
    list.items[list.count++] = *field;
    return list;
}

struct field_list fields_of(struct parse *p, const struct field *field)
{
    return fields_and(p, (struct field_list){ 0 }, field);
}

/* `a``b` is a`b. */
struct bytes word_text(struct parse *p, const struct token *word)
{
    struct bytes text = word->text;
    if (text.len < 2 || text.data[0] != '`') {
        return text;
    }
    uint8_t *out = arena_alloc(p->arena, text.len, 1);
    size_t len = 0;
    for (size_t i = 1; i + 1 < text.len; i++) {
        out[len++] = text.data[i];
        i += text.data[i] == '`';
    }
    return (struct bytes){ out, len };
}

static const struct bytes *word_texts(struct parse *p, const struct text_list *words)
{
    struct bytes *texts = ARENA_NEW(p->arena, struct bytes, (size_t)words->count);
    for (int32_t i = 0; i < words->count; i++) {
        texts[i] = word_text(p, &words->items[i]);
    }
    return texts;
}

/* Of nodes that build_word() made. */
static const struct bytes *node_texts(struct parse *p, const struct syntax_list *words)
{
    struct bytes *texts = ARENA_NEW(p->arena, struct bytes, (size_t)words->count);
    for (int32_t i = 0; i < words->count; i++) {
        texts[i] = words->items[i]->text;
    }
    return texts;
}

/* --- nodes --- */

struct syntax *build_node(struct parse *p,
                          enum syntax_kind kind,
                          struct span span,
                          const struct syntax *const *args,
                          int32_t count)
{
    int32_t deepest = 0;
    for (int32_t i = 0; i < count; i++) {
        deepest = args[i]->depth > deepest ? args[i]->depth : deepest;
    }
    if (deepest >= SYNTAX_MAX_DEPTH) {
        (void)parse_fail(p, span, &sql_parse_too_complex,
                         "The statement, including potential SQL functions and referred views, was "
                         "too complex to parse.");
        return NULL;
    }
    const struct syntax **copy = ARENA_NEW(p->arena, const struct syntax *, (size_t)count);
    if (count > 0) {
        memcpy(copy, args, (size_t)count * sizeof(*args));
    }
    struct syntax *node = ARENA_NEW(p->arena, struct syntax, 1);
    *node = (struct syntax){ .kind = kind,
                             .span = span,
                             .source = p->text,
                             .count = count,
                             .args = copy,
                             .depth = deepest + 1 };
    return node;
}

const struct syntax *build_call(struct parse *p,
                                struct span at,
                                const char *name,
                                const struct syntax *const *args,
                                int32_t count)
{
    struct syntax *call = build_node(p, SYNTAX_CALL, at, args, count);
    if (call) {
        call->text = bytes_of(name);
    }
    return call;
}

const struct syntax *build_call1(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a)
{
    return build_call(p, at, name, &a, 1);
}

const struct syntax *build_call2(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b)
{
    return build_call(p, at, name, (const struct syntax *[]){ a, b }, 2);
}

const struct syntax *build_call3(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b,
                                 const struct syntax *c)
{
    return build_call(p, at, name, (const struct syntax *[]){ a, b, c }, 3);
}

static const struct syntax *negated_if(struct parse *p,
                                       struct span at,
                                       bool negated,
                                       const struct syntax *a)
{
    return a && negated ? build_call1(p, at, "not", a) : a;
}

const struct syntax *build_minus(struct parse *p, struct span at, const struct syntax *a)
{
    return build_call1(p, at, "unary -", a);
}

const struct syntax *build_not_equal(struct parse *p,
                                     struct span at,
                                     const struct syntax *a,
                                     const struct syntax *b)
{
    return negated_if(p, at, true, build_call2(p, at, "=", a, b));
}

/* `>>` comes as two tokens, so that `array<array<int>>` can be read; they must touch. */
const struct syntax *build_shift(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b,
                                 struct span signs)
{
    if (signs.end - signs.start != (int32_t)strlen(name)) {
        struct span last = { signs.end - 1, signs.end };
        parse_syntax_error(p, &(struct token){ .kind = '>', .span = last, .text = bytes_of(">") });
        return NULL;
    }
    return build_call2(p, at, name, a, b);
}

const struct syntax *build_between(struct parse *p,
                                   struct span at,
                                   const struct syntax *a,
                                   const struct syntax *low,
                                   const struct syntax *high,
                                   bool negated)
{
    return negated_if(p, at, negated, build_call3(p, at, "between", a, low, high));
}

const struct syntax *build_in(struct parse *p,
                              struct span at,
                              const struct syntax *a,
                              const struct syntax_list *list,
                              bool negated)
{
    struct syntax_list args = list_of(p, a);
    for (int32_t i = 0; i < list->count; i++) {
        args = list_and(p, args, list->items[i]);
    }
    return negated_if(p, at, negated, build_call(p, at, "in", args.items, args.count));
}

const struct syntax *build_like(struct parse *p,
                                struct span at,
                                const char *name,
                                const struct syntax_list *operands,
                                bool negated)
{
    return negated_if(p, at, negated, build_call(p, at, name, operands->items, operands->count));
}

/* Patterns that are all texts are arguments of one call; otherwise LIKE ANY is the OR of its patterns, LIKE ALL the AND. */
const struct syntax *build_like_any(struct parse *p,
                                    struct span at,
                                    const char *name,
                                    const struct syntax *a,
                                    const struct syntax_list *patterns,
                                    bool negated)
{
    bool all = strcmp(name, "like all") == 0;
    bool texts = true;
    struct syntax_list args = list_of(p, a);
    for (int32_t i = 0; i < patterns->count; i++) {
        const struct syntax *one = patterns->items[i];
        texts = texts && one->kind == SYNTAX_LITERAL && one->scalar.type->kind == TYPE_STRING;
        args = list_and(p, args, one);
    }
    if (texts) {
        const char *call = !negated ? name : all ? "not like all" : "not like any";
        return build_call(p, at, call, args.items, args.count);
    }
    const struct syntax *whole = NULL;
    for (int32_t i = 0; i < patterns->count; i++) {
        const struct syntax *one =
            negated_if(p, at, negated, build_call2(p, at, "like", a, patterns->items[i]));
        if (!one) {
            return NULL;
        }
        whole = whole ? build_call2(p, at, all ? "and" : "or", whole, one) : one;
        if (!whole) {
            return NULL;
        }
    }
    return whole;
}

/* `a IS TRUE` is a <=> true. */
const struct syntax *build_is(
    struct parse *p, struct span at, const struct syntax *a, bool truth, bool negated)
{
    const struct syntax *literal = build_bool(p, span_none(), truth);
    return literal ? negated_if(p, at, negated, build_call2(p, at, "<=>", a, literal)) : NULL;
}

const struct syntax *build_distinct(
    struct parse *p, struct span at, const struct syntax *a, const struct syntax *b, bool distinct)
{
    return negated_if(p, at, distinct, build_call2(p, at, "<=>", a, b));
}

const struct syntax *build_name(struct parse *p, struct span at, const struct text_list *parts)
{
    struct syntax *name = build_node(p, SYNTAX_NAME, at, NULL, 0);
    name->part_count = parts->count;
    name->parts = word_texts(p, parts);
    name->text = name->parts[parts->count - 1];
    return name;
}

const struct syntax *build_star(struct parse *p, struct span at, const struct text_list *parts)
{
    struct syntax *star = build_node(p, SYNTAX_STAR, at, NULL, 0);
    star->part_count = parts ? parts->count : 0;
    star->parts = parts ? word_texts(p, parts) : NULL;
    return star;
}

const struct syntax *build_alias(struct parse *p,
                                 struct span at,
                                 const struct syntax *a,
                                 const struct token *name)
{
    struct syntax *alias = build_node(p, SYNTAX_ALIAS, at, &a, 1);
    if (alias) {
        alias->text = word_text(p, name);
    }
    return alias;
}

const struct syntax *build_aliases(struct parse *p,
                                   struct span at,
                                   const struct syntax *a,
                                   const struct syntax_list *names)
{
    struct syntax *alias = build_node(p, SYNTAX_ALIAS, at, &a, 1);
    if (alias) {
        alias->part_count = names->count;
        alias->parts = node_texts(p, names);
        alias->text = alias->parts[0];
    }
    return alias;
}

/* Parentheses mean nothing by themselves, but belong to the text of what is inside. */
const struct syntax *build_group(struct parse *p, struct span at, const struct syntax *a)
{
    (void)p;
    (void)at;
    return a;
}

const struct syntax *build_tuple(struct parse *p,
                                 struct span at,
                                 const struct syntax *first,
                                 const struct syntax_list *rest)
{
    struct syntax_list all = list_of(p, first);
    for (int32_t i = 0; i < rest->count; i++) {
        all = list_and(p, all, rest->items[i]);
    }
    return build_node(p, SYNTAX_TUPLE, at, all.items, all.count);
}

const struct syntax *build_row(struct parse *p, const struct syntax *a)
{
    return a->kind == SYNTAX_TUPLE ? a : build_node(p, SYNTAX_TUPLE, a->span, &a, 1);
}

const struct syntax *build_subscript(struct parse *p,
                                     struct span at,
                                     const struct syntax *a,
                                     const struct syntax *index)
{
    return build_node(p, SYNTAX_SUBSCRIPT, at, (const struct syntax *[]){ a, index }, 2);
}

const struct syntax *build_field(struct parse *p,
                                 struct span at,
                                 const struct syntax *a,
                                 const struct token *name)
{
    struct syntax *field = build_node(p, SYNTAX_FIELD, at, &a, 1);
    if (field) {
        field->text = word_text(p, name);
    }
    return field;
}

/* `word`: CAST, TRY_CAST or ::. */
const struct syntax *build_cast(struct parse *p,
                                struct span at,
                                const struct token *word,
                                const struct syntax *a,
                                const struct type *type)
{
    struct syntax *cast = build_node(p, SYNTAX_CAST, at, &a, 1);
    if (cast) {
        cast->text = word->text.len == 8 ? bytes_of("try_cast") : bytes_of("cast");
        cast->type = type;
    }
    return cast;
}

const struct syntax *build_case(struct parse *p,
                                struct span at,
                                const struct syntax *subject,
                                const struct syntax_list *whens,
                                const struct syntax *otherwise)
{
    struct syntax_list args = { 0 };
    for (int32_t i = 0; i < whens->count; i += 2) {
        const struct syntax *when = whens->items[i];
        if (subject) {
            when = build_call2(p, when->span, "=", subject, when);
        }
        if (!when) {
            return NULL;
        }
        args = list_and(p, list_and(p, args, when), whens->items[i + 1]);
    }
    if (otherwise) {
        args = list_and(p, args, otherwise);
    }
    struct syntax *node = build_node(p, SYNTAX_CASE, at, args.items, args.count);
    if (node) {
        node->has_else = otherwise != NULL;
    }
    return node;
}

static bool is_word_of(struct bytes text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text.len == strlen(words[i]) &&
            strncasecmp((const char *)text.data, words[i], text.len) == 0) {
            return true;
        }
    }
    return false;
}

/* The unit in timestampdiff(HOUR, a, b) is a keyword, not a column; so it is in datediff and others, given three arguments. */
static void build_unit(struct parse *p, struct syntax *call)
{
    static const char *const differences[] = { "timestampdiff", "datediff", "date_diff" };
    static const char *const sums[] = { "timestampadd", "dateadd", "date_add" };
    static const char *const units[] = { "year",   "quarter",     "month",      "week",
                                         "day",    "dayofyear",   "hour",       "minute",
                                         "second", "millisecond", "microsecond" };
    const struct syntax *unit = call->count == 3 ? call->args[0] : NULL;
    if (!unit || unit->kind != SYNTAX_NAME || unit->part_count != 1 || call->part_count != 1 ||
        !is_word_of(unit->parts[0], units, sizeof(units) / sizeof(units[0]))) {
        return;
    }
    bool difference = is_word_of(call->text, differences, 3);
    if (difference || is_word_of(call->text, sums, 3)) {
        const struct syntax **args = ARENA_NEW(p->arena, const struct syntax *, 3);
        args[0] = build_literal(p, unit->span, scalar_text(unit->parts[0]));
        args[1] = call->args[1];
        args[2] = call->args[2];
        call->args = args;
        call->text = bytes_of(difference ? "timestampdiff" : "timestampadd");
    }
}

const struct syntax *build_function(struct parse *p,
                                    struct span at,
                                    const struct text_list *name,
                                    const struct syntax_list *args,
                                    struct call_options options)
{
    struct syntax *call =
        build_node(p, SYNTAX_CALL, at, args ? args->items : NULL, args ? args->count : 0);
    if (call) {
        call->part_count = name->count;
        call->parts = word_texts(p, name);
        call->text = call->parts[name->count - 1];
        call->distinct = options.distinct;
        call->ignore_nulls = options.ignore_nulls;
        call->filter = options.filter;
        build_unit(p, call);
    }
    return call;
}

const struct syntax *build_extract(struct parse *p,
                                   struct span at,
                                   const struct token *field,
                                   const struct syntax *from)
{
    return build_call2(p, at, "extract", build_word(p, field), from);
}

/* `side`: BOTH, LEADING or TRAILING; NULL is BOTH. As functions: trim(what from text) is btrim with the text first. */
const struct syntax *build_trim(struct parse *p,
                                struct span at,
                                const struct token *side,
                                const struct syntax *what,
                                const struct syntax *from)
{
    static const char *const names[] = { "trim both", "trim leading", "trim trailing" };
    int which = 0;
    if (side) {
        uint8_t first = side->text.data[0] | 32;
        which = first == 'l' ? 1 : first == 't' ? 2 : 0;
    }
    return what ? build_call2(p, at, names[which], from, what)
                : build_call1(p, at, names[which], from);
}

const struct syntax *build_lambda(struct parse *p,
                                  struct span at,
                                  const struct token *name,
                                  const struct syntax *body)
{
    struct syntax *lambda = build_node(p, SYNTAX_LAMBDA, at, &body, 1);
    if (lambda) {
        struct text_list one = texts_of(p, name);
        lambda->part_count = 1;
        lambda->parts = word_texts(p, &one);
    }
    return lambda;
}

/* (x, y) -> body: what was read as a list of expressions must be names. */
const struct syntax *build_lambda_of(struct parse *p,
                                     struct span at,
                                     const struct syntax *first,
                                     const struct syntax_list *rest,
                                     const struct syntax *body)
{
    int32_t count = 1 + (rest ? rest->count : 0);
    struct bytes *names = ARENA_NEW(p->arena, struct bytes, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        const struct syntax *name = i == 0 ? first : rest->items[i - 1];
        if (name->kind != SYNTAX_NAME || name->part_count != 1) {
            parse_syntax_error(
                p, &(struct token){ .kind = '(', .span = name->span, .text = bytes_of("->") });
            return NULL;
        }
        names[i] = name->text;
    }
    struct syntax *lambda = build_node(p, SYNTAX_LAMBDA, at, &body, 1);
    if (lambda) {
        lambda->part_count = count;
        lambda->parts = names;
    }
    return lambda;
}

struct syntax_table build_table(struct parse *p,
                                const struct syntax_list *rows,
                                const struct token *name,
                                const struct syntax_list *columns)
{
    return (struct syntax_table){
        .name = name ? word_text(p, name) : (struct bytes){ 0 },
        .column_count = columns ? columns->count : 0,
        .columns = columns ? node_texts(p, columns) : NULL,
        .row_count = rows->count,
        .rows = rows->items,
    };
}
