/*
 * Built expressions: see built.h and weir/stream.h.
 */
#include "streams/built.h"

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/parser.h"
#include "expressions/sql_conditions.h"

static struct weir_column *column_make(void)
{
    struct weir_column *c = MEM_NEW(struct weir_column);
    arena_init(&c->arena, 512);
    return c;
}

void weir_column_free(struct weir_column *column)
{
    while (column) {
        struct weir_column *next = column->next;
        weir_column_free(column->parts);
        sql_error_finish(&column->error);
        arena_finish(&column->arena);
        free(column);
        column = next;
    }
}

static void fail_taken(struct sql_error *error)
{
    (void)sql_fail(error, &(const struct sql_condition){ "", "", "IllegalArgumentException" },
                   "A column is used twice. Whatever takes a column takes it over: use "
                   "weir_column_copy() for the second time.");
}

/* `part` becomes a part of `whole`, and so do its errors. */
static const struct syntax *take(struct weir_column *whole, struct weir_column *part)
{
    if (part->taken) {
        fail_taken(&whole->error);
        return NULL;
    }
    part->taken = true;
    part->next = whole->parts;
    whole->parts = part;
    if (sql_failed(&part->error) && !sql_failed(&whole->error)) {
        whole->error = part->error;
        part->error = (struct sql_error){ 0 };
    }
    return part->syntax;
}

/* The node is the column's, unless something failed before it or it is too deep. */
static struct weir_column *finish(struct weir_column *c, struct syntax node)
{
    if (sql_failed(&c->error)) {
        return c;
    }
    node.depth = 1;
    node.span = span_none();
    for (int32_t i = 0; i < node.count; i++) {
        node.depth = node.args[i]->depth >= node.depth ? node.args[i]->depth + 1 : node.depth;
    }
    if (node.depth > SYNTAX_MAX_DEPTH) {
        (void)sql_fail(&c->error, &sql_parse_too_complex,
                       "An expression may be nested %d levels deep, and this one is deeper.",
                       SYNTAX_MAX_DEPTH);
        return c;
    }
    struct syntax *made = ARENA_NEW(&c->arena, struct syntax, 1);
    *made = node;
    c->syntax = made;
    return c;
}

/* --- leaves --- */

struct weir_column *weir_col(const char *name)
{
    struct weir_column *c = column_make();
    struct bytes text = arena_copy(&c->arena, bytes_of(name));
    if (bytes_equal_text(text, "*")) {
        return finish(c, (struct syntax){ .kind = SYNTAX_STAR });
    }
    bool star = bytes_ends_with(text, bytes_of(".*"));
    struct bytes path = { text.data, star ? text.len - 2 : text.len };
    struct syntax node = { .kind = star ? SYNTAX_STAR : SYNTAX_NAME, .text = text };
    if (!parse_column_name(&c->arena, path, &node.parts, &node.part_count, &c->error)) {
        return c;
    }
    return finish(c, node);
}

struct weir_column *weir_expr(const char *text)
{
    struct weir_column *c = column_make();
    if (!parse_expression(&c->arena, arena_copy(&c->arena, bytes_of(text)), &c->syntax,
                          &c->error)) {
        c->syntax = NULL;
    }
    return c;
}

static struct weir_column *literal(struct scalar value)
{
    struct weir_column *c = column_make();
    if (value.text.data) {
        value.text = arena_copy(&c->arena, value.text);
    }
    return finish(c, (struct syntax){ .kind = SYNTAX_LITERAL, .scalar = value });
}

struct weir_column *weir_lit_null(void)
{
    return literal(scalar_null(type_simple(TYPE_VOID)));
}

struct weir_column *weir_lit_bool(bool value)
{
    return literal(scalar_bool(value));
}

struct weir_column *weir_lit_int(int32_t value)
{
    return literal(scalar_int(value));
}

struct weir_column *weir_lit_long(int64_t value)
{
    return literal(scalar_of_integer(type_simple(TYPE_BIGINT), value));
}

struct weir_column *weir_lit_double(double value)
{
    return literal(scalar_double(value));
}

struct weir_column *weir_lit(const char *text)
{
    return text ? literal(scalar_text(bytes_of(text))) : weir_lit_null();
}

/* --- nodes --- */

static size_t list_length(struct weir_column *const *list)
{
    size_t count = 0;
    while (list && list[count]) {
        count++;
    }
    return count;
}

static struct weir_column *node_over(struct syntax node, struct weir_column *const *parts)
{
    struct weir_column *c = column_make();
    size_t count = list_length(parts);
    const struct syntax **args = ARENA_NEW(&c->arena, const struct syntax *, count + 1);
    for (size_t i = 0; i < count; i++) {
        args[i] = take(c, parts[i]);
    }
    node.text = node.text.data ? arena_copy(&c->arena, node.text) : node.text;
    node.args = args;
    node.count = (int32_t)count;
    return finish(c, node);
}

struct weir_column *weir_call_list(const char *function, struct weir_column *const *arguments)
{
    return node_over((struct syntax){ .kind = SYNTAX_CALL, .text = bytes_of(function) }, arguments);
}

struct weir_column *weir_call_distinct(const char *function, struct weir_column *const *arguments)
{
    return node_over(
        (struct syntax){ .kind = SYNTAX_CALL, .text = bytes_of(function), .distinct = true },
        arguments);
}

static struct weir_column *cast_as(struct weir_column *column, const char *type, const char *word)
{
    struct weir_column *c = column_make();
    const struct syntax **args = ARENA_NEW(&c->arena, const struct syntax *, 1);
    args[0] = take(c, column);
    struct syntax node = { .kind = SYNTAX_CAST, .text = bytes_of(word), .count = 1, .args = args };
    if (!sql_failed(&c->error)) {
        (void)parse_type(&c->arena, arena_copy(&c->arena, bytes_of(type)), &node.type, &c->error);
    }
    return finish(c, node);
}

struct weir_column *weir_cast(struct weir_column *column, const char *type)
{
    return cast_as(column, type, "cast");
}

struct weir_column *weir_try_cast(struct weir_column *column, const char *type)
{
    return cast_as(column, type, "try_cast");
}

struct weir_column *weir_alias(struct weir_column *column, const char *name)
{
    return node_over((struct syntax){ .kind = SYNTAX_ALIAS, .text = bytes_of(name) },
                     (struct weir_column *const[]){ column, NULL });
}

struct weir_column *weir_get_field(struct weir_column *column, const char *name)
{
    return node_over((struct syntax){ .kind = SYNTAX_FIELD, .text = bytes_of(name) },
                     (struct weir_column *const[]){ column, NULL });
}

struct weir_column *weir_get_item(struct weir_column *column, struct weir_column *key)
{
    return node_over((struct syntax){ .kind = SYNTAX_SUBSCRIPT },
                     (struct weir_column *const[]){ column, key, NULL });
}

/* --- CASE WHEN --- */

static struct weir_column *case_with(struct weir_column *before,
                                     struct weir_column *const *more,
                                     bool has_else)
{
    struct weir_column *c = column_make();
    const struct syntax *old = before ? take(c, before) : NULL;
    bool open = !before || (old && old->kind == SYNTAX_CASE && !old->has_else);
    int32_t count = open && old ? old->count : 0;
    const struct syntax **args = ARENA_NEW(&c->arena, const struct syntax *, (size_t)count + 2);
    for (int32_t i = 0; i < count; i++) {
        args[i] = old->args[i];
    }
    for (size_t i = 0; more[i]; i++) {
        args[count++] = take(c, more[i]);
    }
    if (!open) {
        (void)sql_fail(
            &c->error, &(const struct sql_condition){ "", "", "IllegalArgumentException" },
            "%s() can only be applied on a Column previously generated by when() function",
            has_else ? "otherwise" : "when");
    }
    return finish(c, (struct syntax){
                         .kind = SYNTAX_CASE, .count = count, .args = args, .has_else = has_else });
}

struct weir_column *weir_when(struct weir_column *before,
                              struct weir_column *condition,
                              struct weir_column *value)
{
    return case_with(before, (struct weir_column *const[]){ condition, value, NULL }, false);
}

struct weir_column *weir_otherwise(struct weir_column *when, struct weir_column *value)
{
    return case_with(when, (struct weir_column *const[]){ value, NULL }, true);
}

/* --- order --- */

struct weir_column *weir_order(struct weir_column *column, bool descending, bool nulls_last)
{
    column->order = (struct sort_order){ descending, nulls_last };
    return column;
}

struct weir_column *weir_asc(struct weir_column *column)
{
    return weir_order(column, false, false);
}

struct weir_column *weir_desc(struct weir_column *column)
{
    return weir_order(column, true, true);
}

/* --- copying --- */

/* Texts that nodes were parsed from are copied once, though many nodes point at each. */
struct copying {
    struct arena *arena;
    struct bytes source;
    struct bytes copy;
};

static struct bytes copy_source(struct copying *c, struct bytes source)
{
    if (source.data && source.data != c->source.data) {
        c->source = source;
        c->copy = arena_copy(c->arena, source);
    }
    return source.data ? c->copy : source;
}

static struct bytes copy_bytes(struct copying *c, struct bytes b)
{
    return b.data ? arena_copy(c->arena, b) : b;
}

static const struct syntax *copy_node(struct copying *c, const struct syntax *from)
{
    struct syntax *to = ARENA_NEW(c->arena, struct syntax, 1);
    *to = *from;
    to->source = copy_source(c, from->source);
    to->text = copy_bytes(c, from->text);
    struct bytes *parts = ARENA_NEW(c->arena, struct bytes, (size_t)from->part_count + 1);
    for (int32_t i = 0; i < from->part_count; i++) {
        parts[i] = arena_copy(c->arena, from->parts[i]);
    }
    to->parts = parts;
    if (from->kind == SYNTAX_LITERAL) {
        to->scalar.type = type_copy(c->arena, from->scalar.type);
        to->scalar.text = copy_bytes(c, from->scalar.text);
    }
    to->type = from->type ? type_copy(c->arena, from->type) : NULL;
    to->filter = from->filter ? copy_node(c, from->filter) : NULL;
    const struct syntax **args =
        ARENA_NEW(c->arena, const struct syntax *, (size_t)from->count + 1);
    for (int32_t i = 0; i < from->count; i++) {
        args[i] = copy_node(c, from->args[i]);
    }
    to->args = args;
    return to;
}

static const struct syntax *copy_syntax(struct arena *arena, const struct syntax *from)
{
    struct copying c = { .arena = arena };
    return copy_node(&c, from);
}

struct weir_column *weir_column_copy(const struct weir_column *column)
{
    struct weir_column *c = column_make();
    c->order = column->order;
    if (sql_failed(&column->error)) {
        c->error.condition = column->error.condition;
        c->error.message = mem_text(column->error.message, strlen(column->error.message));
    } else {
        c->syntax = copy_syntax(&c->arena, column->syntax);
    }
    return c;
}

bool built_take(struct arena *arena,
                struct weir_column *const *columns,
                const struct syntax *const **out_list,
                const struct sort_order **out_orders,
                int32_t *out_count,
                struct sql_error *error)
{
    size_t count = list_length(columns);
    const struct syntax **list = ARENA_NEW(arena, const struct syntax *, count + 1);
    struct sort_order *orders = ARENA_NEW(arena, struct sort_order, count + 1);
    for (size_t i = 0; i < count; i++) { /* before anything is freed */
        if (columns[i]->taken) {
            fail_taken(error);
            return false;
        }
        columns[i]->taken = true;
    }
    for (size_t i = 0; i < count; i++) {
        if (sql_failed(&columns[i]->error) && !sql_failed(error)) {
            *error = columns[i]->error;
            columns[i]->error = (struct sql_error){ 0 };
        } else if (!sql_failed(error)) {
            list[i] = copy_syntax(arena, columns[i]->syntax);
            orders[i] = columns[i]->order;
        }
        weir_column_free(columns[i]);
    }
    *out_list = list;
    *out_count = (int32_t)count;
    if (out_orders) {
        *out_orders = orders;
    }
    return !sql_failed(error);
}
