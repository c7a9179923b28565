/*
 * Analysis: see analysis.h. This file walks the tree and makes nodes; names are in analysis_names.c, and what a
 * function makes of its arguments in analysis_call.c.
 */
#include "expressions/analysis.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "expressions/analysis_parts.h"
#include "expressions/cast.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/sql_conditions.h"

struct expression *analysis_new(struct analysis *a,
                                enum expression_kind kind,
                                struct span span,
                                const struct expression *const *args,
                                int32_t count)
{
    const struct expression **copy = ARENA_NEW(a->arena, const struct expression *, (size_t)count);
    bool deterministic = true;
    for (int32_t i = 0; i < count; i++) {
        copy[i] = args[i];
        deterministic = deterministic && args[i]->deterministic;
    }
    struct expression *e = ARENA_NEW(a->arena, struct expression, 1);
    *e = (struct expression){ .kind = kind,
                              .span = span,
                              .source = a->source,
                              .args = copy,
                              .count = count,
                              .deterministic = deterministic };
    return e;
}

const struct expression *analysis_literal(struct analysis *a,
                                          struct scalar value,
                                          const struct expression *like)
{
    struct expression *e =
        analysis_new(a, EXPRESSION_LITERAL, like ? like->span : span_none(), NULL, 0);
    e->scalar = value;
    e->settings = a->settings;
    e->type = value.type;
    e->nullable = value.null;
    return e;
}

void analysis_set_arg(struct expression *call, int32_t i, const struct expression *e)
{
    ((const struct expression **)(uintptr_t)call->args)[i] = e;
}

bool analysis_replace(struct expression *call, const struct expression *replacement)
{
    if (!replacement) {
        return false;
    }
    call->replacement = replacement;
    call->type = replacement->type;
    call->nullable = replacement->nullable;
    return true;
}

bool analysis_replace_named(struct expression *call, const struct expression *replacement)
{
    call->printed_as_replacement = replacement != NULL;
    return analysis_replace(call, replacement);
}

bool arguments_nullable(const struct expression *call)
{
    for (int32_t i = 0; i < call->count; i++) {
        if (call->args[i]->nullable) {
            return true;
        }
    }
    return false;
}

bool analysis_mismatch(struct analysis *a,
                       const struct expression *call,
                       const struct sql_condition *condition,
                       const char *format,
                       ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct buffer name;
    buffer_init(&name, SQL_ERROR_MAX);
    expression_print_name(&name, call);
    if (!sql_failed(a->error)) {
        (void)sql_fail(a->error, condition, "Cannot resolve \"%.*s\" due to data type mismatch: %s",
                       BYTES_ARG(buffer_bytes(&name)), text);
        sql_error_add_line(a->error, a->source, call->span);
    }
    buffer_finish(&name);
    return false;
}

/* --- casts --- */

static const struct expression *make_cast(struct analysis *a,
                                          const struct expression *e,
                                          const struct type *type,
                                          enum cast_mode mode,
                                          bool implicit,
                                          struct span span)
{
    struct expression *cast = analysis_new(a, EXPRESSION_CAST, span, &e, 1);
    cast->type = type;
    cast->cast_mode = mode;
    cast->implicit = implicit;
    cast->nullable = e->nullable || cast_may_be_null(e->type, type, mode);
    return cast;
}

const struct expression *analysis_cast(struct analysis *a,
                                       const struct expression *e,
                                       const struct type *type)
{
    if (type_same_values(e->type, type)) {
        return e;
    }
    enum cast_mode mode = a->settings->ansi ? CAST_ANSI : CAST_LEGACY;
    return make_cast(a, e, type, mode, true, e->span);
}

/* `typed` literals: DATE'2024-01-01'. */
static const struct expression *typed_literal(struct analysis *a,
                                              const struct syntax *s,
                                              const struct expression *text)
{
    struct scalar value;
    if (cast_scalar(a->settings, a->arena, &text->scalar, s->type, &value) && !value.null) {
        const struct expression *literal = analysis_literal(a, value, text);
        return literal;
    }
    struct buffer name;
    buffer_init(&name, 256);
    type_print_sql(&name, s->type);
    (void)sql_fail(a->error, &sql_invalid_typed_literal,
                   "The value of the typed literal \"%.*s\" is invalid: '%.*s'.",
                   BYTES_ARG(buffer_bytes(&name)), BYTES_ARG(text->scalar.text));
    sql_error_add_fragment(a->error, a->source, s->span);
    sql_error_prepend(a->error, "\n");
    buffer_finish(&name);
    return NULL;
}

static const struct expression *analyze_cast(struct analysis *a, const struct syntax *s)
{
    const struct expression *operand = analyze(a, s->args[0]);
    if (!operand) {
        return NULL;
    }
    if (bytes_equal_text(s->text, "typed")) {
        return typed_literal(a, s, operand);
    }
    enum cast_mode mode = bytes_equal_text(s->text, "try_cast") ? CAST_TRY
                          : a->settings->ansi                   ? CAST_ANSI
                                                                : CAST_LEGACY;
    const struct expression *cast = make_cast(a, operand, s->type, mode, false, s->span);
    return cast_allowed(operand->type, s->type, mode) || analysis_refuse_cast(a, cast) ? cast
                                                                                       : NULL;
}

/* --- constants --- */

bool expression_is_constant(const struct expression *e)
{
    if (e->kind == EXPRESSION_COLUMN || e->kind == EXPRESSION_VARIABLE ||
        e->kind == EXPRESSION_AGGREGATE || !e->deterministic ||
        (e->function && e->function->never_constant)) {
        return false;
    }
    for (int32_t i = 0; i < e->count; i++) {
        if (!expression_is_constant(e->args[i])) {
            return false;
        }
    }
    return true;
}

bool analysis_constant(struct analysis *a, const struct expression *e, struct scalar *out_value)
{
    if (!expression_is_constant(e) || type_is_nested(e->type)) {
        return false;
    }
    if (e->kind == EXPRESSION_LITERAL) {
        *out_value = e->scalar;
        return true;
    }
    struct evaluation ev = { .settings = a->settings, .rows = 1, .error = a->error };
    struct column *c = evaluate_once(&ev, e);
    if (!c) {
        return false;
    }
    *out_value = scalar_of_row(c, 0);
    out_value->text =
        bytes_is_null(out_value->text) ? out_value->text : arena_copy(a->arena, out_value->text);
    column_release(c);
    return true;
}

/* --- the walk --- */

static bool analyze_list(struct analysis *a,
                         const struct syntax *const *list,
                         int32_t count,
                         const struct expression ***out)
{
    const struct expression **args = ARENA_NEW(a->arena, const struct expression *, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        args[i] = list[i]->kind == SYNTAX_LAMBDA ? analysis_unbound_lambda(a, list[i])
                                                 : analyze(a, list[i]);
        if (!args[i]) {
            return false;
        }
    }
    *out = args;
    return true;
}

static const struct expression *analyze_call(struct analysis *a, const struct syntax *s)
{
    const struct expression **args = NULL;
    int32_t count = s->count;
    const struct syntax *const *list = s->args;
    if (count == 1 && list[0]->kind == SYNTAX_STAR && list[0]->part_count == 0) {
        return analysis_call_of_star(a, s);
    }
    return analyze_list(a, list, count, &args) ? analysis_call_syntax(a, s, args) : NULL;
}

static const struct expression *analyze_case(struct analysis *a, const struct syntax *s)
{
    const struct expression **args = NULL;
    if (!analyze_list(a, s->args, s->count, &args)) {
        return NULL;
    }
    return analysis_call(a, "case", args, s->count, s->span);
}

static const struct expression *analyze_named(struct analysis *a,
                                              const char *function,
                                              const struct syntax *s)
{
    const struct expression **args = NULL;
    if (!analyze_list(a, s->args, s->count, &args)) {
        return NULL;
    }
    return analysis_call(a, function, args, s->count, s->span);
}

static const struct expression *analyze_node(struct analysis *a, const struct syntax *s)
{
    switch (s->kind) {
    case SYNTAX_LITERAL: {
        struct expression like = { .span = s->span };
        return analysis_literal(a, s->scalar, &like);
    }
    case SYNTAX_NAME: return analysis_name(a, s);
    case SYNTAX_FIELD: {
        const struct expression *base = analyze(a, s->args[0]);
        return base ? analysis_field(a, base, s->text, s->span) : NULL;
    }
    case SYNTAX_CALL: return analyze_call(a, s);
    case SYNTAX_CASE: return analyze_case(a, s);
    case SYNTAX_CAST: return analyze_cast(a, s);
    case SYNTAX_SUBSCRIPT: return analyze_named(a, "[]", s);
    case SYNTAX_TUPLE: return analyze_named(a, "tuple", s);
    case SYNTAX_ALIAS: {
        const struct expression *named = analyze(a, s->args[0]);
        return named ? analysis_alias(a, named, s) : NULL;
    }
    case SYNTAX_LAMBDA: return analysis_unbound_lambda(a, s);
    case SYNTAX_STAR:
        (void)sql_fail(a->error, &sql_star_usage, "Invalid usage of '*' in expression.");
        sql_error_add_line(a->error, a->source, s->span);
        return NULL;
    }
    return NULL;
}

/* A text's own nodes may stand in another's, or in built ones: places are told of the text that they are in. */
const struct expression *analyze(struct analysis *a, const struct syntax *s)
{
    struct bytes around = a->source;
    a->source = bytes_is_null(s->source) ? around : s->source;
    const struct expression *e = analyze_node(a, s);
    a->source = around;
    return e;
}
